"""Every email is known again, in whichever mail program it is quoted."""

from __future__ import annotations

import pytest

from service.core.replies import SentEmail, decode_bodies, read_words
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import reply_as
from tests.harness.mail.reply_examples import NAME, phrases
from tests.harness.mail.sample_emails import every_email
from tests.harness.people.people import NOW

ANA = "ana@example.com"
WORDS = "The lamp hums, and I listened.\n\nThen I slept."
# Every email but those of batches, whose placeholders have tests of their own, and those that take no reply.
EVERY = {
    name: email
    for name, email in every_email().items()
    if email.reply_to.startswith("r-") and "%recipient." not in email.reply_to
}
# These share one template and differ in a few words: of them each program answers a third at each place.
ALIKE = ("command_", "could_not_keep_", "confirmation_", "step_taken", "step_not_yet", "step_let_go", "less_often_")


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("client", CLIENTS)
def test_exactly_the_words_of_a_reply_to_any_email_are_kept(client: str, where: Where) -> None:
    turn = [*CLIENTS].index(client) + [*Where].index(where)
    answered = [name for number, name in enumerate(EVERY) if not (name.startswith(ALIKE) and (number + turn) % 3)]
    assert [name for name in answered if _kept(name, client, where) != WORDS.split()] == []


def _kept(name: str, client: str, where: Where) -> list[str]:
    """Return the words that are kept; what was left out in doubt counts as one more."""
    email = EVERY[name]
    headers = (("Reply-To", email.reply_to), ("Subject", email.subject))
    mail = MailboxMail("1", "1", NOW, email.sender, ANA, email.subject, email.text, email.html, headers, {})
    bodies = decode_bodies(reply_as(client, mail, WORDS, where))
    sent = SentEmail(email.subject, email.text, email.html, email.reply_to, NAME)
    words = read_words(bodies.plain, bodies.html, sent, phrases())
    return [*words.text.split(), *(repr(piece) for piece in words.set_aside)]
