"""What holds for every text: nothing is lost, nothing raises, every line is accounted for."""

from __future__ import annotations

from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.replies import ReplyWords, SentEmail
from service.core.replies.quotation.line_matching import fold
from tests.harness.mail.reply_examples import (
    GMAIL_EN,
    HTML,
    SENT,
    TEXT,
    attributed,
    headed,
    languages,
    quoted,
    read,
    squeezed,
)

# Words that begin as lines of mail programs do, so that chance finds the traps.
BEGINNINGS = (
    "",
    "",
    "",
    "On ",
    "Am ",
    "From: ",
    "Date: ",
    "- ",
    "* ",
    "1. ",
    "> ",
    "-- ",
    "Sent from ",
    "wrote: ",
    "=====",
)
sentences = st.builds(
    lambda start, words, end: f"{start}{' '.join(words)}{end}",
    st.sampled_from(BEGINNINGS),
    st.lists(
        st.sampled_from(("tea", "rain", "Mia", "Regen", "дождь", "雨", "sea", "wrote", "10", "so")),
        min_size=2,
        max_size=9,
    ),
    st.sampled_from((".", "!", "", ":", ",")),
)
# A quotation of one's own right below the mail's may be either; no entry begins with one here.
entries = (
    st.lists(sentences | st.just(""), min_size=1, max_size=8)
    .map("\n".join)
    .filter(lambda text: text.strip()[:1] not in {"", ">"})
)
PIECES = (
    "> ",
    ">",
    "\n",
    "\n\n",
    "-- \n",
    "On 3 Sep 2026 at 10:20, a <a@b.c> wrote:",
    "From: a@b.c\n",
    "Sent: 2026-09-03 10:20\n",
    "To: b\n",
    "<div>",
    "</div>",
    "<blockquote type=cite>",
    "</blockquote>",
    "<b>",
    "<a href=http://x>",
    "<br>",
    "<p>",
    "&lt;",
    "\x00",
    "\ud800",
    "Sent from my iPhone\n",
    "What made you smile today?\n",
    "words",
    TEXT,
    "________________\n",
    "-----Original Message-----\n",
)
anything = st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def accounted(found: ReplyWords) -> str:
    """All letters of the words, the pieces and the rest."""
    return "".join(map(fold, (found.text, *(piece.text for piece in found.trimmed), found.over)))


def letters(text: str) -> list[str]:
    return sorted(fold(text))


@given(entries, st.sampled_from(languages()["gmail"] + languages()["bare"]), st.data())
def test_words_around_a_marked_quotation_come_back_whole(words: str, attribution: str, data: st.DataObject) -> None:
    mail = data.draw(st.sampled_from(list(attributed(words, attribution))))
    for plain, html in ((mail.plain, None), (None, mail.html), (mail.plain, mail.html)):
        found = squeezed(read(plain, html).bare)
        assert all(squeezed(line) in found for line in words.split("\n") if not line.startswith("-- "))


@given(entries, st.sampled_from(languages()["headers"]), st.data())
def test_words_above_an_unmarked_quotation_come_back_whole(words: str, labels: list[str], data: st.DataObject) -> None:
    mail = data.draw(st.sampled_from(list(headed(words, labels))))
    for plain, html in ((mail.plain, None), (None, mail.html)):
        found = squeezed(read(plain, html).bare)
        assert all(squeezed(line) in found for line in words.split("\n") if not line.startswith("-- "))


@given(entries, entries)
def test_answers_between_the_quoted_lines_come_back_in_order(first: str, second: str) -> None:
    start, end = TEXT.split("Just reply")
    plain = f"{GMAIL_EN}\n{quoted(start)}\n\n{first}\n\n{quoted('Just reply' + end)}\n\n{second}"
    found = squeezed(read(plain).bare)
    for line in (first + "\n" + second).split("\n"):
        if not line.startswith(("-- ", ">")):
            assert squeezed(line) in found


@settings(max_examples=300)
@given(anything, st.sampled_from((SENT, None)))
def test_every_line_of_a_text_is_in_the_words_or_in_a_piece(plain: str, sent: SentEmail | None) -> None:
    found = read(plain, None, sent)
    assert letters(accounted(found)) == letters("\n".join(map(fold, plain.split("\n"))))


@settings(max_examples=300)
@given(anything, anything, st.sampled_from((SENT, None)))
def test_nothing_makes_it_raise(plain: str, html: str, sent: SentEmail | None) -> None:
    for found in (read(plain, html, sent), read(None, html, sent)):
        found.text.encode()
        found.bare.encode()


@given(entries)
def test_every_line_of_html_is_in_the_words_or_in_a_piece(words: str) -> None:
    lines = "".join(f"<div>{escape(line)}</div>" for line in words.split("\n"))
    found = read(None, f"{lines}<div>Sent from my iPhone</div><blockquote type=cite>{HTML}</blockquote>")
    whole = accounted(found)
    assert all(fold(line) in whole for line in words.split("\n"))
    assert fold("What made you smile today?") in whole
    assert fold("A small question for today") in whole


@given(entries)
def test_a_piece_knows_its_place(words: str) -> None:
    found = read(f"{words}\n\n{GMAIL_EN}\n\n{quoted(TEXT)}")
    assert all(0 <= piece.at <= len(found.text.split("\n")) for piece in found.trimmed)
