"""Where little is left of a reply, what was left out and may be the person's is set aside, so that they are asked."""

from __future__ import annotations

from functools import cache

import pytest

from service.core.journal.entry_text import line_key, with_set_aside, without_known
from service.core.replies import ReplyWords, SentEmail, decode_bodies, read_words
from service.mail.outbound.mailer import OutgoingEmail
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import reply_as
from tests.harness.mail.reply_examples import ADDRESS, GMAIL_EN, NAME, TEXT, phrases, quoted, read
from tests.harness.mail.sample_emails import every_email
from tests.harness.people.people import NOW

ANA = "ana@example.com"
QUOTED = ("welcome", "prompt_with_lighter", "receipt", "step_follow_up", "digest", "command_help")
VERSE = "the kettle sings low\nrain walks along the gutter\nnobody needs me"
NOTICE = (
    "This message is for the intended recipient only. If you have received this message in error, please delete it. "
    "Any unauthorised use is prohibited, and no liability is accepted for errors in it."
)
SIGNATURE = "Anna Smith\nSmith & Daughters Ltd\n+44 20 7946 0000"
OTHERS = "> The bus was late, and so was I.\n> We walked home along the river in the end.\n"


@cache
def emails() -> dict[str, OutgoingEmail]:
    return every_email()


def aside(words: ReplyWords) -> list[str]:
    return [piece.text for piece in words.set_aside]


@pytest.mark.parametrize(
    ("plain", "kept", "expected"),
    [
        pytest.param(f"Fine.\n-- \n{VERSE}", "Fine.", f"-- \n{VERSE}", id="verse under a delimiter"),
        pytest.param(f"-- \n{VERSE}", "", f"-- \n{VERSE}", id="nothing but verse under a delimiter"),
        pytest.param(f"Ok.\n\n{quoted(TEXT)}\n\n{NOTICE}", "Ok.", NOTICE, id="a notice below our quotation"),
        pytest.param(
            f"Ok.\n\nOn Monday, 3 May 2026 at 10:01, Mo <mo@example.org> wrote:\n{OTHERS}",
            "Ok.",
            "The bus was late, and so was I.\nWe walked home along the river in the end.",
            id="a quotation of somebody else",
        ),
    ],
)
def test_what_may_be_the_persons_is_set_aside_where_less_than_a_third_is_left(
    plain: str, kept: str, expected: str
) -> None:
    words = read(plain)
    assert words.text == kept
    assert [text.removeprefix("-- \n") for text in aside(words)] == [expected.removeprefix("-- \n")]


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_that_a_mail_program_puts_around_a_short_reply_is_set_aside(client: str, where: Where) -> None:
    for name in QUOTED:
        email = emails()[name]
        headers = (("Reply-To", email.reply_to), ("Subject", email.subject))
        mail = MailboxMail("1", "1", NOW, email.sender, ANA, email.subject, email.text, email.html, headers, {})
        bodies = decode_bodies(reply_as(client, mail, "Ok", where))
        sent = SentEmail(email.subject, email.text, email.html, email.reply_to, NAME)
        words = read_words(bodies.plain, bodies.html, sent, phrases())
        assert (name, words.text.strip(), aside(words)) == (name, "Ok", [])


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param(f"Ok.\n\n-- \n{SIGNATURE}", id="a signature with a telephone number"),
        pytest.param(f"Ok.\n\n-- \nAnna Smith\n\n{GMAIL_EN}\n{quoted(TEXT)}", id="a name and our quotation"),
        pytest.param("Ok.\n\nSent from my iPhone", id="a device"),
        pytest.param(f"{VERSE}.\n\n-- \n{VERSE}", id="as much is left as was taken"),
    ],
)
def test_what_is_certainly_not_the_persons_is_not_set_aside(plain: str) -> None:
    words = read(plain)
    assert words.trimmed
    assert aside(words) == []


def test_a_quotation_is_taken_for_ours_where_we_do_not_know_what_we_sent() -> None:
    reply = f"Ok.\n\nOn Monday, 3 May 2026 at 10:01, Mo <mo@example.org> wrote:\n{OTHERS}"
    assert aside(read(reply, sent=None)) == []
    nothing_else = reply.removeprefix("Ok.\n\n")
    assert aside(read(nothing_else, sent=None)) == [OTHERS.replace("> ", "").strip()]


def test_words_and_what_was_set_aside_are_put_back_in_their_order() -> None:
    words = read(f"Fine.\n-- \n{VERSE}\n\n{GMAIL_EN}\n{quoted(TEXT)}")
    text, left = with_set_aside(words.text, words.trimmed)
    assert [line for line in text.splitlines() if line.strip(" -")] == ["Fine.", *VERSE.splitlines()]
    assert left
    assert not any(piece.set_aside for piece in left)


def test_a_footer_that_is_known_is_set_aside_no_more() -> None:
    words = read(f"Ok.\n\n{quoted(TEXT)}\n\n{NOTICE}")
    known = {line_key(line) for line in NOTICE.splitlines()}
    assert not any(piece.set_aside for piece in without_known(words.trimmed, known))
    assert without_known(words.trimmed, {"something else"}) == words.trimmed


def test_a_reply_to_an_email_that_is_no_longer_known_is_not_asked_about_its_quotation() -> None:
    unknown = SentEmail("", "", "", reply_address=ADDRESS, sender_name=NAME)
    assert aside(read(f"Ok.\n\n{GMAIL_EN}\n{quoted(TEXT)}", sent=unknown)) == []
