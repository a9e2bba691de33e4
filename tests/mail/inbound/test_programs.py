"""A reply written in the local post office as any of its mail programs arrives whole, by either form of the route."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.core.replies import SentEmail
from service.flows.outgoing import emails
from service.mail.inbound.inbound_mail import parse_post, read_mail
from service.mail.sandbox.reading import MailContent, read
from service.mail.signature import sign
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.languages import LANGUAGES
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import reply_as
from service.postoffice.route import route_form
from tests.harness.mail.sample_emails import BATCH, LINKS, WORDS, composer

NOW = datetime(2026, 5, 6, 8, 0, tzinfo=UTC)
REPLY = "Tired, but the kettle was on.\n\nMy sister wrote: come on Sunday.\n\n- soup\n- bread\n- nobody hurried"
SIGNED = sign("key", timestamp=int(NOW.timestamp()), token="t" * 50)


@pytest.fixture(scope="module")
def mail() -> MailboxMail:
    """A prompt as it arrived, with one person's own links in it."""
    email = emails.prompt.compose(composer(), WORDS, None, LINKS)
    return MailboxMail(
        mail_id="1",
        provider_id="20260506080000.1@mail.example.org",
        accepted_at=NOW,
        sender=email.sender,
        recipient="maya@home.example",
        subject=email.subject,
        text=email.text,
        html=email.html,
        headers=(("Reply-To", email.reply_to),),
        variables={},
    )


@pytest.fixture(scope="module")
def sent() -> SentEmail:
    """What is kept of the batch, with placeholders where people differ."""
    email = emails.prompt.compose(composer(), WORDS, None, BATCH)
    return SentEmail(email.subject, email.text, email.html, LINKS.reply_address, "Small Steps")


@pytest.mark.parametrize("as_mime", [False, True], ids=["as fields", "as raw MIME"])
@pytest.mark.parametrize("where", [Where.TOP, Where.BOTTOM])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("client", CLIENTS)
def test_exactly_the_words_arrive(
    mail: MailboxMail, sent: SentEmail, client: str, language: str, where: Where, as_mime: bool
) -> None:
    raw = reply_as(client, mail, REPLY, where, language=language)
    # Line by line: Thunderbird makes each line a paragraph, and its paragraphs stay.
    assert _lines(_words(raw, mail, sent, as_mime=as_mime)) == _lines(REPLY)


@pytest.mark.parametrize("client", CLIENTS)
def test_words_between_the_quoted_lines_arrive_in_their_order(mail: MailboxMail, sent: SentEmail, client: str) -> None:
    words = _words(reply_as(client, mail, REPLY, Where.BETWEEN), mail, sent, as_mime=True)
    at = 0
    for line in _lines(REPLY):
        at = words.index(line, at)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def _words(raw: bytes, mail: MailboxMail, sent: SentEmail, *, as_mime: bool) -> str:
    posted = route_form(raw, recipients=[mail.reply_to], signature=SIGNED, as_mime=as_mime)
    inbound = read_mail(parse_post(*posted))
    return read(MailContent(inbound.raw_mime, inbound.plain, inbound.html), sent).words.text
