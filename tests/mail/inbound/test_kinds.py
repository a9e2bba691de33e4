"""Each kind of prompt reads its reply as it should: from any mail program to the journal, the digest and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from service.core.library.prompts import Prompt
from service.core.month.digest import Digest, make_digest
from service.core.month.resurfacing import DigestEntry
from service.core.replies import SentEmail
from service.flows.outgoing import emails
from service.mail.inbound.inbound_mail import parse_post, read_mail
from service.mail.sandbox.reading import MailContent, read
from service.mail.signature import sign
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import reply_as
from service.postoffice.route import route_form
from service.template_files import load_library, load_step_phrases
from tests.harness.mail.sample_emails import LINKS, composer

LIBRARY = load_library()
PROMPTS = {prompt.id: prompt for prompt in LIBRARY.for_locale("en-GB")}
NOW = datetime(2026, 5, 6, 8, 0, tzinfo=UTC)
SIGNED = sign("key", timestamp=int(NOW.timestamp()), token="t" * 50)
LETTER = """Dear me,

You carried a lot this spring, and nobody saw most of it.

From: the one who was there
To: the one who still is

Put the bag down when you read this.

With love,
Anna

PS: the geraniums lived."""


@dataclass(frozen=True, slots=True)
class Kind:
    prompt: Prompt
    reply: str


KINDS = {
    "words": Kind(PROMPTS["three-words"], "tired, hopeful, cold"),
    "words in lines": Kind(PROMPTS["three-words"], "Tired\nHopeful\nCold"),
    "line-start": Kind(PROMPTS["nearly-silly"], "After I lock the door, I will stand still for one breath."),
    "line-start, its line copied": Kind(PROMPTS["nearly-silly"], '"After I make tea, I will look out of the window."'),
    "letter": Kind(next(prompt for prompt in PROMPTS.values() if prompt.id == "to-next-month"), LETTER),
    "question": Kind(PROMPTS["smallest-first-move"], "Find the pen."),
    "tiny-act": Kind(PROMPTS["one-drawer"], "The shoes.\n\nThey stand in a row now, and the rest does not."),
    "look-back": Kind(PROMPTS["learning-to"], "Swimming. The first thing I could do was float."),
}


def _words(kind: Kind, client: str, where: Where = Where.TOP) -> str:
    """Return what is kept of the reply, written in one mail program under the real email."""
    lighter = LIBRARY.get(kind.prompt.lighter or "")
    email = emails.prompt.compose(composer(), kind.prompt, lighter, LINKS)
    mail = MailboxMail(
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
    sent = SentEmail(email.subject, email.text, email.html, LINKS.reply_address, "Small Steps")
    raw = reply_as(client, mail, kind.reply, where)
    posted = route_form(raw, recipients=[mail.reply_to], signature=SIGNED, as_mime=False)
    inbound = read_mail(parse_post(*posted))
    return read(MailContent(inbound.raw_mime, inbound.plain, inbound.html), sent).words.text


def _digest(prompt: Prompt, words: str) -> Digest:
    digest = make_digest(date(2026, 5, 1), [DigestEntry(1, date(2026, 5, 6), words, prompt)], "And June?")
    assert digest
    return digest


@pytest.mark.parametrize("where", [Where.TOP, Where.BOTTOM])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", KINDS)
def test_a_reply_to_each_kind_is_kept_line_by_line(name: str, client: str, where: Where) -> None:
    kind = KINDS[name]
    assert [line for line in _words(kind, client, where).split("\n") if line] == [
        line for line in kind.reply.split("\n") if line
    ]


@pytest.mark.parametrize("name", ["words", "words in lines"])
@pytest.mark.parametrize("client", CLIENTS)
def test_three_words_stay_words_and_are_no_passage(name: str, client: str) -> None:
    digest = _digest(KINDS[name].prompt, _words(KINDS[name], client))
    assert [words.lower() for words in digest.words] == ["tired, hopeful, cold"]
    assert digest.passages == ()


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("line-start", "After I lock the door, I will stand still for one breath."),
        ("line-start, its line copied", "After I make tea, I will look out of the window."),
        ("question", "Find the pen."),
    ],
)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_step_is_read_from_what_any_mail_program_sends(name: str, chosen: str, client: str) -> None:
    kind = KINDS[name]
    assert load_step_phrases()["en"].step_in(_words(kind, client), kind.prompt) == chosen


@pytest.mark.parametrize("client", CLIENTS)
def test_a_letter_keeps_its_greeting_and_its_close_and_comes_back_as_whole_sentences(client: str) -> None:
    words = _words(KINDS["letter"], client)
    assert words.startswith("Dear me,")
    assert words.endswith("PS: the geraniums lived.")
    (passage,) = _digest(KINDS["letter"].prompt, words).passages
    assert passage.text in " ".join(words.split())
