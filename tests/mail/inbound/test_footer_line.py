"""The line that teaches what can be replied: it names commands, and it is never taken for somebody's words."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from itertools import product

import pytest

from service.core.replies import SentEmail
from service.core.replies.classify.commands import Verb
from service.flows.outgoing import emails
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.mail.sandbox.reading import MailContent, read
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import reply_as
from service.template_files import load_command_phrases
from tests.harness.mail.sample_emails import DEEP, LIGHTER, LINKS, STEP, WORDS, composer, emails_in_mode

NOW = datetime(2026, 5, 6, 8, 0, tzinfo=UTC)
LINE = "Reply “smaller”, “pause” or “help” at any time."
REPLY = "The lamp hums, and I listened.\n\nThen I slept."
PHRASES = load_command_phrases()["en"]
EMAILS = emails_in_mode()
QUESTIONS = (
    ("prompt", False),
    ("prompt", True),
    ("prompt_with_lighter", True),
    ("prompt_with_step", False),
    ("welcome", False),
    ("quiet_month", False),
)


@cache
def composed(name: str, links: Links, *, is_discreet: bool) -> OutgoingEmail:
    made = composer(is_discreet=is_discreet)
    if name == "welcome":
        return emails.welcome.compose(made, WORDS, links, "on Sundays at 8 in the morning, London time")
    if name == "quiet_month":
        return emails.quiet_month.compose(made, "May", "What would you like a little less of?", links)
    prompt, lighter = {
        "prompt": (WORDS, None),
        "prompt_with_lighter": (DEEP, LIGHTER),
        "prompt_with_step": (STEP, None),
    }[name]
    return emails.prompt.compose(made, prompt, lighter, links)


def words_kept(client: str, where: Where, name: str, words: str, *, is_discreet: bool = False) -> str:
    """Return what is kept of a reply to an email that is known as it is composed again, with placeholders."""
    email = composed(name, LINKS, is_discreet=is_discreet)
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
    known = composed(name, WITH_WRITE_LINK, is_discreet=is_discreet)
    sender_name = composer().sender_name(known.subject)
    sent = SentEmail(known.subject, known.text, known.html, LINKS.reply_address, sender_name)
    raw = reply_as(client, mail, words, where, language="en")
    return read(MailContent(raw, "", ""), sent).words.text


@pytest.mark.parametrize(("name", "is_discreet"), QUESTIONS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_reply_to_a_question_is_kept_without_the_line(client: str, name: str, is_discreet: bool) -> None:
    for where in Where:
        kept = words_kept(client, where, name, REPLY, is_discreet=is_discreet)
        assert kept.split() == REPLY.split(), where


@pytest.mark.parametrize("client", CLIENTS)
def test_a_command_that_the_line_teaches_arrives_as_one(client: str) -> None:
    taught = (("Smaller", Verb.SMALLER), ("pause", Verb.PAUSE), ("Help", Verb.HELP))
    for name, (word, verb) in product(("prompt", "welcome"), taught):
        command = PHRASES.read(words_kept(client, Where.TOP, name, word), date(2026, 5, 6))
        assert command is not None
        assert command.verb is verb


@pytest.mark.parametrize("name", EMAILS)
def test_the_line_stands_in_the_footer_of_every_question_and_nowhere_else(name: str) -> None:
    email = EMAILS[name]
    is_question = name.startswith(("prompt", "quiet_month"))
    assert email.text.partition("\n--\n")[2].startswith(LINE) is is_question
    assert (LINE in email.html) is is_question


def test_the_line_and_the_welcome_name_commands_and_help_names_them_all() -> None:
    taught = [re.findall("“([^”]+)”", text) for text in (LINE, _paragraph(EMAILS["welcome"].text, "a single word"))]
    for words in taught:
        assert {_verb(word) for word in words} == {Verb.SMALLER, Verb.PAUSE, Verb.HELP}
    listed = re.findall("“([^”]+)”", EMAILS["command_help"].text.partition("\n--\n")[0])
    assert {_verb(word) for word in listed if word != "Help now"} == set(Verb) - {Verb.HELP, Verb.NOT_A_STEP}


def _paragraph(text: str, words: str) -> str:
    return next(" ".join(part.split()) for part in text.split("\n\n") if words in " ".join(part.split()))


def _verb(words: str) -> Verb:
    command = PHRASES.read(words, date(2026, 5, 6))
    assert command is not None, words
    return command.verb
