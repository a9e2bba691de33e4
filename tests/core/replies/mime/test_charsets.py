"""Bytes as text: a lossless decoding wins, damage stays at its byte, and a guess is marked as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.replies import decode_bodies
from service.core.replies.mime.charsets import decoded_text

WORDS = {
    "Arabic": ("كان اليوم هادئا.", ("cp1256", "iso8859_6")),
    "Bulgarian": ("Днес беше спокоен ден и пих чай.", ("cp1251",)),
    "Chinese": ("今天下班后去骑车，天气很好。", ("gb18030",)),
    "Chinese, traditional": ("今天下班後去騎車，天氣很好。", ("big5",)),
    "Czech": ("Dnes byl klidný den, šel jsem na procházku a četl si.", ("cp1250", "iso8859_2")),
    "English": ("“You’re early,” she said — and I was, for once…", ("cp1252",)),
    "French": ("Ça va. Une journée très calme, à la fenêtre.", ("cp1252",)),
    "German": ("Schön wär’s, früh ins Bett, größer träumen.", ("cp1252",)),
    "Greek": ("Σήμερα ήταν ήσυχα. Ήπια τσάι και διάβασα.", ("cp1253", "iso8859_7")),
    "Hebrew": ("היום הלכתי לים וקראתי ספר טוב.", ("cp1255", "iso8859_8")),
    "Hungarian": ("Ma csendes nap volt, őszi eső és fűszeres tea.", ("cp1250", "iso8859_2")),
    "Japanese": ("今日は静かでした。お茶を飲みました。", ("cp932", "euc_jp", "iso2022_jp")),
    "Korean": ("오늘은 조용했어요. 회색 스웨터를 입었어요.", ("cp949",)),
    "Lithuanian": ("Šiandien buvo rami diena, gėriau arbatą.", ("cp1257",)),
    "Polish": ("Dzień dobry, sweter jest źle złożony i żółty.", ("cp1250", "iso8859_2")),
    "Russian": ("Спал плохо. Но вечером гуляли.", ("cp1251", "koi8_r", "iso8859_5")),
    "Spanish": ("¿Mañana? ¡Sí!", ("cp1252",)),
    "Thai": ("วันนี้เงียบมาก ฉันดื่มชาและอ่านหนังสือ", ("cp874",)),
    "Turkish": ("Bugün çok sakin bir gündü, güneşi gördüm.", ("cp1254",)),
    "Ukrainian": ("Сьогодні тихо. Їла яблука і читала книжку.", ("cp1251", "koi8_u")),
}
CASES = [pytest.param(text, name, id=f"{who}, {name}") for who, (text, names) in WORDS.items() for name in names]
NAMED_WRONGLY = (
    "windows-1252", "iso-8859-1", "iso-8859-2", "koi8-r", "windows-1251", "us-ascii", "gb2312", "big5", "shift_jis",
    "euc-kr", "iso-2022-jp", "windows-1256", "x-no-such", "",
)  # fmt: skip


@pytest.mark.parametrize("label", ["", "utf-8", "us-ascii", "x-unknown"])
@pytest.mark.parametrize(("text", "charset"), CASES)
def test_a_charset_that_no_label_tells_is_recognised(text: str, charset: str, label: str) -> None:
    assert decoded_text(text.encode(charset), label).text == text


@pytest.mark.parametrize("label", NAMED_WRONGLY)
@pytest.mark.parametrize("text", [text for text, _ in WORDS.values()], ids=WORDS)
def test_utf_8_is_read_as_utf_8_whatever_it_is_said_to_be(text: str, label: str) -> None:
    found = decoded_text(text.encode(), label)
    assert (found.text, found.guessed) == (text, False)


@pytest.mark.parametrize(("text", "charset"), CASES)
def test_a_label_that_is_right_is_believed(text: str, charset: str) -> None:
    found = decoded_text(text.encode(charset), charset)
    assert (found.text, found.guessed) == (text, False)


@pytest.mark.parametrize(("text", "charset"), [("联通", "gb18030"), ("ﾃｽﾄ", "cp932"), ("쨉", "cp949")])
def test_a_word_whose_bytes_happen_to_be_utf_8_is_read_as_its_label_says(text: str, charset: str) -> None:
    assert decoded_text(text.encode(charset), charset).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Größe, süß".encode() + b"\xff.", "Größe, süß\ufffd."),
        ("Größ".encode() + b"\xc3", "Größ\ufffd"),
        (b"\x80" + "Früh am Tag, größer.".encode(), "\ufffdFrüh am Tag, größer."),
        ("Сегодня ".encode() + b"\xd0" + "тихо.".encode(), "Сегодня \ufffdтихо."),
        ("今日は".encode() + b"\xe9" + "静か。".encode(), "今日は\ufffd静か。"),
    ],
)
def test_damage_is_one_character_and_the_letters_around_it_stay(raw: bytes, text: str) -> None:
    assert decoded_text(raw, "utf-8").text == text
    assert decoded_text(raw, "").text == text


@pytest.mark.parametrize(
    ("raw", "label", "text"),
    [
        ("Grün, süß".encode("cp1252") + b"\x81.", "windows-1252", "Grün, süß\ufffd."),
        (
            "今天很好，我们去散步，天气也好。".encode("gb18030") + b"\xff",
            "gb2312",
            "今天很好，我们去散步，天气也好。\ufffd",
        ),
        ("今日は静かでした。".encode("cp932")[:-1], "shift_jis", "今日は静かでした\ufffd"),
        (b"It\x92s fine.", "utf-8", "It’s fine."),
        ("Ok 🎉 fine".encode() + b"\x92s", "utf-8", "Ok 🎉 fine\ufffds"),
    ],
)
def test_damage_does_not_change_the_charset(raw: bytes, label: str, text: str) -> None:
    assert decoded_text(raw, label).text == text


def test_tags_do_not_stand_in_the_way_of_a_guess() -> None:
    html = "<p>Сегодня <b>тихо</b>. Серый свитер.</p>"
    for charset, label in (("koi8_r", "us-ascii"), ("cp1251", "iso-8859-1"), ("cp1251", "utf-8")):
        assert decoded_text(html.encode(charset), label).text == html
    western = "<p>größer<b>süß</b>er</p>"
    assert decoded_text(western.encode("cp1252"), "iso-8859-1").text == western


def test_utf_16_without_a_label_is_seen_by_its_nuls() -> None:
    for charset in ("utf-16-le", "utf-16-be", "utf-16"):
        assert decoded_text("Hello there, it is me.".encode(charset)).text == "Hello there, it is me."


@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", ""])
def test_each_line_of_text_in_two_charsets_is_read_in_its_own(label: str) -> None:
    words, footer = "Añoranza: el jersey – verde 🙂", "Pie de página: más información"
    above = decoded_text(f"{words}\n\n".encode() + footer.encode("latin-1"), label)
    assert above.text == f"{words}\n\n{footer}"
    below = decoded_text(words.replace("🙂", "").replace("–", "-").encode("latin-1") + f"\n\n{footer}".encode(), label)
    assert below.text == f"Añoranza: el jersey - verde \n\n{footer}"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'\x1b$B-!-"-#\x1b(B', "①②③"),  # row 13, NEC's
        (b"\x1b$B|b\x1b(B", "髙"),  # row 92, IBM's, as NEC placed it
        (b"\x1b$BLk!AD+\x1b(B", "夜～朝"),
        (b"\x1b$B:#F|$O1+\x1b(J ok", "今日は雨 ok"),
        (b"\x1b$B:#F|\n\x1b$B1+\x1b(B", "今日\n雨"),
        (b"\x1b(IC=D\x1b(B\x1b$B1+\x1b(B", "ﾃｽﾄ雨"),
        (b"\x1b$(D\x30\x21\x1b(B \x1b$B1+\x1b(B", "丂 雨"),
        (b"\x1b$B:#F|1\x1b(B.", "今日\ufffd."),
    ],
)
@pytest.mark.parametrize("label", ["iso-2022-jp", "", "us-ascii", "utf-8"])
def test_escape_sequences_are_read_with_vendors_characters(raw: bytes, text: str, label: str) -> None:
    assert decoded_text(raw, label).text == text


def test_escape_characters_that_a_gateway_took_out_are_put_back() -> None:
    raw = "今日は雨、だいぶ寒い。 tea 読書。".encode("iso2022_jp").replace(b"\x1b", b"")
    assert decoded_text(raw, "iso-2022-jp").text == "今日は雨、だいぶ寒い。 tea 読書。"
    assert decoded_text(b"It was $B or (B, I forget", "us-ascii").text == "It was $B or (B, I forget"


def test_vendors_characters_are_read_in_euc_jp() -> None:
    assert decoded_text(b"\xad\xa1 \xba\xa3\xc6\xfc\x8e\xc3 \x8f\xb0\xa1", "euc-jp").text == "① 今日ﾃ 丂"


def test_bytes_that_are_all_nuls_are_no_utf_16() -> None:
    assert decoded_text(b"\0" * 100).text == "\0" * 100


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "hz"])
def test_units_of_several_bytes_are_read_by_their_label(name: str) -> None:
    text = "今天很好。 Fine."
    assert decoded_text(text.encode(name), name).text == text


def test_only_a_guess_is_called_one() -> None:
    guessed = decode_bodies(b"Content-Type: text/plain\r\n\r\n" + "Сегодня тихо.".encode("koi8-r"))
    assert (guessed.plain, guessed.guessed) == ("Сегодня тихо.", True)
    named = decode_bodies(b"Content-Type: text/plain; charset=koi8-r\r\n\r\n" + "Сегодня тихо.".encode("koi8-r"))
    assert (named.plain, named.guessed) == ("Сегодня тихо.", False)


@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="windows-1251">',
        "<META CHARSET=windows-1251>",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        "<meta content='text/html;charset=windows-1251' http-equiv=Content-Type>",
        '<?xml version="1.0" encoding="windows-1251"?>',
    ],
)
def test_html_says_its_charset_itself_where_its_header_does_not(head: str) -> None:
    html = f"<html><head>{head}</head><body>Да.</body></html>"
    found = decode_bodies(b"Content-Type: text/html\r\n\r\n" + html.encode("cp1251"))
    assert (found.html, found.guessed) == (html, False)


@given(st.text(max_size=60), st.sampled_from(NAMED_WRONGLY[:-1]), st.binary(max_size=8))
def test_no_bytes_and_no_label_make_it_raise(text: str, label: str, more: bytes) -> None:
    decoded_text(text.encode("utf-8", "replace") + more, label, "utf-8")
    decoded_text(more, label)
