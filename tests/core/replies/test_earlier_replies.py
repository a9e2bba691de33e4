"""A reply to one's own sent mail adds what is new in it, and not what was said before."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import pytest

from tests.harness.mail.reply_examples import ADDRESS, GMAIL_EN, HTML, NAME, SENT, TEXT, quoted, read

NEW = "Second thought: the blue one."
BEFORE = "The grey one. It has forgiven me everything."
THEIRS = "Mia Wren <mia@mail.example>"
NAMED = replace(SENT, recipient_names=("Mia Wren", "mia@mail.example"))
KNOWN = replace(SENT, earlier_replies=(BEFORE,))
OLD_RULE = "-----Original Message-----"
YAHOO = f"    On Thursday, 3 September 2026 at 11:20:00 BST, {THEIRS} wrote:"
OURS = quoted(f"{GMAIL_EN}\n\n{quoted(TEXT)}")
OUTLOOK = f"From: {NAME} <{ADDRESS}>\nSent: Thursday, 3 September 2026 10:20\nTo: {THEIRS}\nSubject: {SENT.subject}"
HEADERS = f"From: {THEIRS}\nSent: Thursday, 3 September 2026 11:20\nTo: {NAME} <{ADDRESS}>\nSubject: RE: {SENT.subject}"

ATTRIBUTIONS = {
    "Gmail": f"On Thu, Sep 3, 2026 at 11:20 AM {THEIRS} wrote:",
    "Gmail, wrapped": "On Thu, Sep 3, 2026 at 11:20 AM Mia Wren\n<mia@mail.example> wrote:",
    "Gmail in German": f"Am Do., 3. Sept. 2026 um 11:20 Uhr schrieb {THEIRS}:",
    "Gmail in French": f"Le jeu. 3 sept. 2026 à 11:20, {THEIRS} a écrit :",
    "Thunderbird": "On 03/09/2026 11:20, Mia Wren wrote:",
    "Thunderbird in German": "Am 03.09.26 um 11:20 schrieb Mia Wren:",
    "Apple Mail": f"> On 3 Sep 2026, at 11:20, {THEIRS} wrote:\n> ",
    "the address alone": "On 3 Sep 2026 at 11:20, mia@mail.example wrote:",
    "Proton": f"On Thursday, September 3rd, 2026 at 11:20 AM, {THEIRS} wrote:",
    "in Japanese": f"2026年9月3日(木) 11:20 {THEIRS}:",
}
BLOCKS = {
    "Outlook in a browser": f"{'_' * 32}\n{HEADERS}\n\n{BEFORE}\n\n{'_' * 32}\n{OUTLOOK}\n\n{TEXT}",
    "Outlook on a desktop": f"{HEADERS}\n\n{BEFORE}\n\n\n{OUTLOOK}\n\n{TEXT}",
    "an old Outlook": f"{OLD_RULE}\n{HEADERS}\n\n{BEFORE}\n\n{OLD_RULE}\n{OUTLOOK}\n\n{TEXT}",
    "a wrapped sender": f"{HEADERS.replace(' <mia', chr(10) + '<mia')}\n\n{BEFORE}\n\n{OUTLOOK}\n\n{TEXT}",
    "Yahoo": f"{YAHOO}  \n \n {BEFORE}\n\n    {GMAIL_EN}\n \n{TEXT}",
}


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_what_is_quoted_under_ones_own_name_goes(attribution: str) -> None:
    mail = f"{NEW}\n\n{attribution}\n{quoted(BEFORE)}\n> \n{OURS}"
    assert read(mail, None, NAMED).text == NEW


@pytest.mark.parametrize("thread", BLOCKS.values(), ids=BLOCKS)
def test_what_stands_under_ones_own_headers_goes(thread: str) -> None:
    assert read(f"{NEW}\n\n{thread}", None, NAMED).text == NEW


def test_the_html_of_ones_own_reply_goes() -> None:
    cite = '<blockquote class="gmail_quote" style="border-left:1px solid">'
    inner = f'<div class="gmail_quote"><div class="gmail_attr">{escape(GMAIL_EN)}</div>{cite}{HTML}</blockquote></div>'
    mine = f'<div class="gmail_attr">{escape(ATTRIBUTIONS["Gmail"])}</div>{cite}<div>{BEFORE}</div>{inner}</blockquote>'
    assert read(None, f'<div>{NEW}</div><div class="gmail_quote">{mine}</div>', NAMED).text == NEW


def test_an_attribution_on_the_line_of_the_words_is_split_from_them() -> None:
    assert read(f"{NEW} {ATTRIBUTIONS['Gmail']}\n{quoted(BEFORE)}\n> \n{OURS}", None, NAMED).text == NEW


def test_a_thread_of_several_own_replies_goes() -> None:
    third = f"{ATTRIBUTIONS['Thunderbird']}\n{quoted('The blue one.')}\n> \n"
    second = quoted(f"{ATTRIBUTIONS['Gmail']}\n{quoted(BEFORE)}\n> \n{OURS}")
    assert read(f"Or the red one.\n\n{third}{second}", None, NAMED).text == "Or the red one."


def test_known_quoted_text_goes_whatever_name_is_above_it() -> None:
    for above in ("", "On 3 Sep 2026 at 11:20, me wrote:\n"):
        assert read(f"{NEW}\n\n{above}{quoted(BEFORE)}\n> \n{OURS}", None, KNOWN).text == NEW
    assert read(f"{NEW}\n\n{quoted(BEFORE)}", None, KNOWN).text == NEW


def test_a_reply_that_only_quotes_what_is_known_has_no_words() -> None:
    assert (
        read(
            f"{ATTRIBUTIONS['Gmail']}\n{quoted(BEFORE)}\n> \n{OURS}", None, replace(NAMED, earlier_replies=(BEFORE,))
        ).text
        == ""
    )


def test_what_was_set_aside_can_be_put_back() -> None:
    found = read(f"{NEW}\n\n{ATTRIBUTIONS['Gmail']}\n{quoted(BEFORE)}\n> \n{OURS}", None, NAMED)
    assert any(BEFORE in piece.text for piece in found.trimmed)


def test_a_letter_to_oneself_is_kept() -> None:
    letter = "From: Mia Wren\nTo: Mia Wren, in ten years\nDate: 3 September 2026, 10:20\n\nDear you, I am well."
    assert read(f"{letter}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}", None, NAMED).text == letter
    assert read(f"{letter}\n\n{OUTLOOK}\n\n{TEXT}", None, NAMED).text == letter


def test_somebody_elses_words_under_their_name_are_kept() -> None:
    others = "On 3 Sep 2026 at 11:20, Tom wrote to Mia's mother:\n\nThe swallows are back."
    assert read(f"{others}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}", None, NAMED).text == others


def test_words_below_ones_own_quoted_reply_are_kept() -> None:
    mail = f"{ATTRIBUTIONS['Gmail']}\n{quoted(BEFORE)}\n\n{NEW}\n\n{quoted(BEFORE)}\n{OURS}"
    assert read(mail, None, NAMED).text == NEW


def test_the_same_words_again_are_kept_where_nothing_quotes_them() -> None:
    assert (
        read(f"{BEFORE}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}", None, replace(NAMED, earlier_replies=(BEFORE,))).text
        == BEFORE
    )


def test_ones_own_name_in_a_sentence_is_kept() -> None:
    for said in ("They called me Mia Wren, as in 2019:", "Mia Wren, 3 September 2026", "Mia Wren wrote a poem:"):
        assert read(f"{said}\n\nSo.\n\n{GMAIL_EN}\n\n{quoted(TEXT)}", None, NAMED).text == f"{said}\n\nSo."
