"""Each rule of the reader: what goes, and what stays because it is the person's."""

from __future__ import annotations

import pytest

from service.core.replies import SentEmail
from service.core.replies.reader import CAP, LINES
from tests.harness.mail.reply_examples import ADDRESS, GMAIL_EN, HTML, SENT, TEXT, quoted, read

QUOTED = f"{GMAIL_EN}\n\n{quoted(TEXT)}"
HEADERS = f"From: Small Steps <{ADDRESS}>\nSent: Thursday, September 3, 2026 10:20\nTo: Mia\nSubject: {SENT.subject}"
CITED = '<blockquote class="gmail_quote" style="border-left:1px solid">'


# --- the person's words stay -----------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("On Monday I wrote:\n\nI am never going to finish this.", id="wrote in prose"),
        pytest.param("Grandpa's diary, 12 June 1944. He wrote:\n\nRain. Bread.", id="a date and wrote in prose"),
        pytest.param("On 12 June 2026 at 7:15 I wrote:\n\nDear diary.", id="one's own diary, dated"),
        pytest.param("Am 12.06.2026 um 7:15 schrieb ich:\n\nLiebes Tagebuch.", id="one's own diary in German"),
        pytest.param("From: the person I was\nTo: the one I am\nSubject: sleep", id="a letter's head"),
        pytest.param("Date: 3 March 2026\nTo: Grandma\n\nI kept your chair.", id="a letter with a date"),
        pytest.param("> Worry is a rocking chair.\n\nMy aunt said that.", id="a quotation of one's own"),
        pytest.param("5 > 3, as I told Leo.\n\n2 < 4 he believed.", id="signs in prose"),
        pytest.param("Three things:\n- tea\n- bread\n- you", id="a list is no signature"),
        pytest.param("Morning: fine.\n\n--\n\nEvening: warm.", id="a drawn line"),
        pytest.param("Title\n--\nRoses are red,\nviolets are blue.", id="verse below hyphens"),
        pytest.param("-- and then he came back, I should say.", id="hyphens in prose"),
        pytest.param("Plan\n\n==========\n\nLess screen.", id="a line of signs"),
        pytest.param("Sent from my heart", id="sent from no device"),
        pytest.param("Sent from my iPhone, she always signed.", id="a device in a sentence"),
        pytest.param("Get up, get dressed, get out.", id="get without a program"),
        pytest.param("Reply above this line, said the form.\n\nI did.", id="a service's words in prose"),
        pytest.param("Begin forwarded thinking: what would I say?", id="forwarded in prose"),
        pytest.param("Thanks,\n\nI said, and meant it.", id="thanks in the middle"),
        pytest.param("What made you smile today?\n\nThe dog.", id="the prompt's own words typed"),
        pytest.param("We met at 10:20 on 3.9.2026:\n\nshe laughed", id="a date and a colon"),
        pytest.param("My letter is confidential and for you.", id="a legal word in prose"),
        pytest.param("The cat 👩‍👩‍👧 sat.\n\nمساء الخير é", id="joined emoji, right to left, combining"),
    ],
)
@pytest.mark.parametrize("sent", [SENT, None], ids=["prompt known", "prompt unknown"])
@pytest.mark.parametrize(
    "below", ["", f"\n\n{QUOTED}", f"\n\n{'_' * 32}\n{HEADERS}\n\n{TEXT}"], ids=["alone", "marked", "headed"]
)
def test_real_content_is_kept_whole(words: str, sent: SentEmail | None, below: str) -> None:
    assert read(words + below, None, sent).text == words


def test_a_letter_pasted_above_the_quotation_is_kept() -> None:
    words = "Ann sent me this:\n\nFrom: Ann <ann@x.example>\nSent: Monday, 3 August 2026 10:00\nTo: me\n\nI miss you."
    assert read(f"{words}\n\n{QUOTED}").text == words


def test_a_pasted_letter_is_kept_where_too_little_would_be_left() -> None:
    words = f"Look:\n\nFrom: Ann <ann@x.example>\nSent: Monday, 3 August 2026 10:00\nTo: me\n\n{'I miss you. ' * 20}"
    assert read(words).text == words.strip()


def test_what_a_person_forwards_is_the_persons() -> None:
    words = (
        "Look.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@x.example>\nDate: Mon, 3 Aug 2026 9:00\n\nHi."
    )
    assert read(words, None, None).text == words


# --- what we sent goes -----------------------------------------------------------------------


def test_the_prompt_is_known_unmarked_and_without_attribution() -> None:
    assert read(f"The dog.\n\n{TEXT}").text == "The dog."


def test_the_prompt_is_known_with_its_lines_wrapped_anew() -> None:
    wrapped = TEXT.replace("a line is enough", "a line is\nenough").replace("Steps\nRest", "Steps Rest")
    assert read(f"The dog.\n\n{wrapped}").text == "The dog."


def test_placeholders_in_what_went_out_match_nothing() -> None:
    sent = SentEmail(SENT.subject, TEXT.replace("/abc", "/%recipient.stop_url%"), HTML, "%recipient.reply_address%")
    assert read(f"The dog.\n\n{TEXT}", None, sent).text == "The dog."


def test_a_few_identical_lines_without_any_mark_are_not_the_quotation() -> None:
    words = "You ask:\nWhat made you smile today?\n\nThe dog."
    assert read(words).text == words


def test_answers_between_quoted_lines_are_kept_in_order() -> None:
    plain = (
        f"{GMAIL_EN}\n> What made you smile today?\n\nThe dog.\n\n> Just reply to this email: a line is enough\n\nSo."
    )
    assert read(plain).text == "The dog.\n\nSo."


def test_answers_between_unmarked_lines_are_kept_in_order() -> None:
    before, after = TEXT.split("Just reply")
    assert read(f"{HEADERS}\n\n{before}The dog.\n\nJust reply{after}\nSo.").text == "The dog.\n\nSo."


def test_words_typed_inside_the_quotation_lose_its_marks() -> None:
    plain = f"{GMAIL_EN}\n{quoted(TEXT)}".replace("> Just", "> the dog\n> Just")
    assert read(plain).text == "the dog"
    html = f'<div class="gmail_quote"><div class="gmail_attr">{GMAIL_EN}</div>{CITED}{HTML}</blockquote></div>'
    assert read(None, html.replace("<p>Just", "<p>the dog</p><p>Just")).text == "the dog"


def test_words_typed_in_the_container_of_the_quotation_are_kept() -> None:
    quotation = f'<div class="gmail_attr">{GMAIL_EN}</div>{CITED}{HTML}</blockquote>'
    html = f'<div class="gmail_quote">{quotation}<div>So.</div></div>'
    assert read(None, html).text == "So."


def test_an_older_mail_of_ours_goes_by_our_address() -> None:
    older = GMAIL_EN.replace(ADDRESS, "r-zzz@in.steps.example")
    for below in ("\n\n> Something else", "\nSomething else, and more of it than was answered."):
        assert read(f"Yes.\n\n{older}{below}").text == "Yes."


def test_an_older_thread_below_the_prompt_goes_too() -> None:
    assert read(f"The dog.\n\n{QUOTED}\n>\n> On 3/4/26 10:00, Mia wrote:\n> > The cat.").text == "The dog."


def test_an_attribution_on_the_line_of_the_words_is_cut_off() -> None:
    assert read("reply On Wed, Apr 4, 2012 at 3:59 PM, bob@example.com wrote:\n> Hi", None, None).text == "reply"


def test_a_mail_of_nothing_but_the_quotation_has_no_words() -> None:
    for empty in (QUOTED, f" \n\n{QUOTED}", "", " \n \n", None):
        assert read(empty).text == ""
    assert read(None, f'<div><br></div><div class="gmail_quote">{CITED}{HTML}</blockquote></div>').text == ""


# --- footers and signatures ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        pytest.param("-- \nMia Hartmann\n\nHead of Things\n+44 20 7946 0102", "signature", id="delimiter of RFC 3676"),
        pytest.param("--\nMia Hartmann\nHead of Things", "signature", id="two hyphens above a name"),
        pytest.param("Sent from my Wiko RIDGE 4G", "footer", id="a device nobody told us"),
        pytest.param("<https://www.avast.com/x>\tVirus-free.www.avast.com", "footer", id="virus note"),
        pytest.param("CONFIDENTIALITY NOTICE: This e-mail and any attachments are private.", "footer", id="legal"),
        pytest.param("_______________\nriders mailing list\nriders@lists.example", "footer", id="mailing list"),
    ],
)
@pytest.mark.parametrize("below", ["", f"\n\n{QUOTED}"], ids=["at the end", "beside the quotation"])
def test_a_footer_goes_and_can_be_put_back(tail: str, reason: str, below: str) -> None:
    found = read(f"Fine.\n\n{tail}{below}")
    assert found.text == "Fine."
    assert (found.trimmed[0].reason, found.trimmed[0].text, found.trimmed[0].at) == (reason, tail, 1)


def test_a_signature_that_the_html_marks_goes() -> None:
    found = read(None, '<div>Hi</div><div class="gmail_signature"><b>Mia</b><br>CEO</div>')
    assert (found.text, found.trimmed[0].reason) == ("Hi", "signature")


def test_an_entry_typed_into_the_signature_is_kept() -> None:
    words = "I typed all of this inside the signature by accident today."
    assert read(None, f'<div id="Signature"><p>{words}</p></div>').text == words


# --- both parts ------------------------------------------------------------------------------


def test_a_placeholder_text_part_gives_way_to_the_html() -> None:
    assert read("Your mail program does not show HTML.", f"<p>The dog.</p>{HTML}").text == "The dog."


def test_words_that_only_the_text_part_has_are_kept() -> None:
    assert read("The dog.\n\nAnd the rain.", "<p>The dog.</p>").text == "The dog.\n\nAnd the rain."


def test_an_empty_html_part_gives_way_to_the_text() -> None:
    assert read("The dog.", "<html><body><img src='cid:1'></body></html>").text == "The dog."


def test_hidden_html_is_not_among_the_words() -> None:
    found = read(None, '<div>Hi</div><div style="display: none">secret</div>')
    assert found.text == "Hi"
    assert found.trimmed[0].text == "secret"


# --- what can be kept of it ------------------------------------------------------------------


def test_nothing_of_a_value_is_in_its_representation() -> None:
    found = read(f"Secret words\n\n-- \nMia\n\n{QUOTED}")
    assert "Secret" not in repr(found)
    assert "Mia" not in repr(found)
    assert "smile" not in repr(SENT)


def test_nul_marks_and_lone_surrogates_are_replaced() -> None:
    assert read("a\x00b\ufdd0c\ud800d").text.replace("\ufffd", "") == "abcd"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * (CAP // 4), id="one line"),
        pytest.param("a line of words\n" * (CAP // 10), id="many characters"),
        pytest.param("x\n" * (2 * LINES), id="many lines"),
    ],
)
def test_what_is_beyond_the_cap_is_kept_beside_the_words(text: str) -> None:
    found = read(text)
    assert found.over
    assert "".join((found.text + found.over).split()) == "".join(text.split())
    html = read(None, "<p>" + text.replace("\n", "<br>") + "</p>")
    assert html.over
    assert "".join((html.text + html.over).split()) == "".join(text.split())


def test_a_reply_to_an_email_that_is_no_longer_known_is_not_left_without_words() -> None:
    unknown = SentEmail("", "", "", ADDRESS, SENT.sender_name)
    found = read(f"{GMAIL_EN}\n\n> What made you smile?\n> The swallows, and the soup.", sent=unknown)
    assert "The swallows, and the soup." in found.bare
    assert ADDRESS not in found.bare


# --- two parts that differ ---------------------------------------------------------------------


def test_a_sentence_that_only_the_html_has_is_kept() -> None:
    quotation = f'<div class="gmail_quote"><div class="gmail_attr">{GMAIL_EN}</div>{CITED}{HTML}</blockquote></div>'
    found = read(f"The dog.\n\n{QUOTED}", f"<div>The dog.<div>Only in the HTML.</div></div>{quotation}")
    assert found.text == "The dog.\nOnly in the HTML."


def test_a_sentence_that_only_the_text_has_is_kept() -> None:
    quotation = f'<div class="gmail_quote"><div class="gmail_attr">{GMAIL_EN}</div>{CITED}{HTML}</blockquote></div>'
    assert read(f"The dog.\n\nOnly in the text.\n\n{QUOTED}", f"<div>The dog.</div>{quotation}").text == (
        "The dog.\n\nOnly in the text."
    )
