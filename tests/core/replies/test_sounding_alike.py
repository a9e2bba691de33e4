"""Sentences that sound like the lines of programs and companies stay; those lines go, with what belongs to them."""

from __future__ import annotations

import pytest

from tests.harness.mail.reply_examples import ADDRESS, GMAIL_EN, NAME, SENT, TEXT, quoted, read

QUOTATION = f"{GMAIL_EN}\n{quoted(TEXT)}"
SENTENCES = (
    "Please consider the environment before asking Tom how the barbecue went.",
    "No virus found in this family, at last. Everyone is well again.",
    "You are receiving this because I promised to write every day.",
    "Sent with love and spark, the day was good.",
    "Sent on the go today: bread, milk, a letter.",
    "Sent from a mobile kitchen at the market: dumplings, rain.",
    "Norton antivirus took the whole morning of the library.",
    "This message has been scanned by the cat.",
    "Tänk på miljön, sa läraren, och alla skrattade.",
    "Denk aan het milieu, zei de juf tegen iedereen.",
    "Sent from my bed, with the old Nokia beside it.",
    "Handelsregister und Amtsgericht, den ganzen Tag, und dann doch noch Eis am See gegessen.",
    "The postcard was lovely. Sent from Nokia, in Finland.",
    "Lovely. Sent from my iPhone, as you can tell.",
    "From:\nmy window\n\nTo:\nthe sea",
)
FOOTERS = (
    "--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
    "--\nОтправлено из Mail.ru для Android",
    "--\nОтправлено из мобильного приложения Яндекс Почты",
    "Sent from the all new AOL app for iOS",
    "Sent with Tuta; enjoy secure & ad-free emails:\nhttps://tuta.com/free-email",
    "Securely sent with Tuta Mail. Claim your encrypted mailbox today!\nhttps://tuta.com",
    "네이버 메일 앱에서 보냄",
    "Wysłano z aplikacji mobilnej WP Poczty",
    "Provenance : Courrier pour Windows",
    "Please consider the environment before printing this email",
    "You are receiving this because you are subscribed to this thread.",
    "No virus found in this message. Checked by AVG.",
    "--\nI take full responsibility for any typos and refuse to blame them on my\ncellphone",
)
COMPANY = (
    "Acme Widgets Ltd. Registered in England and Wales No. 01234567. Registered office: 1 High Street, London.\n"
    "This message is intended only for the addressee."
)
VALUES_BELOW_LABELS = (
    f"From:\n{NAME} <{ADDRESS}>\nSent:\nThursday, September 3, 2026 10:20 AM\n"
    f"To:\nMia Wren <mia@mail.example>\nSubject:\n{SENT.subject}\n\n{TEXT}"
)


@pytest.mark.parametrize("words", SENTENCES)
@pytest.mark.parametrize("below", [QUOTATION, ""], ids=["above a quotation", "alone"])
def test_a_sentence_that_sounds_like_a_footer_stays(words: str, below: str) -> None:
    assert read(f"{words}\n\n{below}").text == words


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_programs_footer_goes_with_its_delimiter(footer: str) -> None:
    found = read(f"A good day by the lake.\n\n{footer}\n\n{QUOTATION}")
    assert found.text == "A good day by the lake."
    assert " ".join(footer.split()) in " ".join(" ".join(piece.text for piece in found.trimmed).split())


def test_the_particulars_of_a_company_go() -> None:
    words = "A long day, and a good one, with the children at the lake until late."
    assert read(f"{words}\n\n{COMPANY}\n\n{QUOTATION}").text == words


@pytest.mark.parametrize(
    "line", ["Checked by AVG? No, checked by grandmother.", "To unsubscribe from this group, bake."]
)
def test_words_that_begin_like_a_footer_are_asked_about_where_nothing_else_is_left(line: str) -> None:
    assert [piece.text for piece in read(f"{line}\n\n{QUOTATION}").set_aside] == [line]
    assert read(f"A long day by the lake.\n\n{line}\n\n{QUOTATION}").set_aside == ()


@pytest.mark.parametrize("device", ["Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone"])
def test_a_device_line_behind_a_sentence_on_its_line_goes(device: str) -> None:
    found = read(f"Fine day. {device}\n\n{QUOTATION}")
    assert (found.text, found.trimmed[0].text) == ("Fine day.", device)


def test_headers_with_their_values_below_the_labels_go() -> None:
    assert read(f"Fine day.\n\n{VALUES_BELOW_LABELS}").text == "Fine day."
