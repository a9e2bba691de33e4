"""The emails that ask about a reply are known again, in whichever mail program they are quoted."""

from __future__ import annotations

from functools import cache

import pytest

from service.core.replies import SentEmail, decode_bodies, read_words
from service.mail.outbound.mailer import OutgoingEmail
from service.postoffice.clients import CLIENTS
from service.postoffice.mailbox import MailboxMail
from service.postoffice.quotation import Where
from service.postoffice.replies import reply_as
from tests.harness.people import NOW
from tests.harness.reply_examples import NAME, phrases
from tests.harness.sample_emails import every_email

ANA = "ana@example.com"
WORDS = "The lamp hums, and I listened.\n\nThen I slept."
ASKING = (
    "step_chosen",
    "step_chosen_discreet",
    "command_not_a_step",
    "could_not_keep_left_out",
    "could_not_keep_all_left_out",
)


@cache
def emails() -> dict[str, OutgoingEmail]:
    return every_email()


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ASKING)
def test_exactly_the_words_of_a_reply_are_kept(name: str, client: str, where: Where) -> None:
    email = emails()[name]
    headers = (("Reply-To", email.reply_to), ("Subject", email.subject))
    mail = MailboxMail("1", "1", NOW, email.sender, ANA, email.subject, email.text, email.html, headers, {})
    bodies = decode_bodies(reply_as(client, mail, WORDS, where))
    sent = SentEmail(email.subject, email.text, email.html, email.reply_to, NAME)
    words = read_words(bodies.plain, bodies.html, sent, phrases())
    assert (words.text.split(), words.set_aside) == (WORDS.split(), ())
