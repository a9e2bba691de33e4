"""Prose in many languages comes back whole from a reply, whichever mail program sends it and wherever it stands."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.replies import decode_bodies
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.languages import LANGUAGES
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import new_mail, reply_as
from tests.harness.mail.reply_examples import ADDRESS, DATA, HTML, NAME, SENT, TEXT, read, squeezed

PROSE = tomllib.loads((DATA / "prose.toml").read_text("utf-8"))
PROMPT = MailboxMail(
    mail_id="1",
    provider_id="20260903102000.1@in.steps.example",
    accepted_at=datetime(2026, 9, 3, 10, 20, tzinfo=UTC),
    sender=f"{NAME} <{ADDRESS}>",
    recipient="mia@mail.example",
    subject=SENT.subject,
    text=TEXT,
    html=f"<html><body>{HTML}</body></html>",
    headers=(("Reply-To", ADDRESS),),
    variables={},
)
# Three paragraphs of one language at most, so that hundreds of combinations take seconds; each in the order drawn.
texts = st.sampled_from(sorted(PROSE)).flatmap(
    lambda language: st.lists(st.sampled_from(PROSE[language]["paragraphs"]), min_size=1, max_size=3, unique=True)
)


def paragraphs_of(words: str) -> list[str]:
    return [squeezed(paragraph) for paragraph in words.split("\n\n")]


def kept(raw: bytes) -> str:
    bodies = decode_bodies(raw)
    return squeezed(read(bodies.plain, bodies.html).bare)


@pytest.mark.parametrize("client", CLIENTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=texts.map("\n\n".join), where=st.sampled_from(Where), language=st.sampled_from(sorted(LANGUAGES)))
def test_prose_comes_back_whole_from_every_program(client: str, words: str, where: Where, language: str) -> None:
    found = kept(reply_as(client, PROMPT, words, where, language=language))
    if where is Where.BETWEEN:
        places = [found.find(paragraph) for paragraph in paragraphs_of(words)]
        assert -1 not in places
        assert places == sorted(places)
    else:
        assert found == squeezed(words)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts.map("\n\n".join))
def test_prose_comes_back_whole_without_a_quotation(words: str) -> None:
    mail = new_mail(sender="mia@mail.example", to=ADDRESS, subject="Re: x", words=words, sent_at=PROMPT.accepted_at)
    assert kept(mail) == squeezed(words)


def test_every_text_has_a_source() -> None:
    assert len(PROSE) >= 10
    assert all(text["source"] and text["paragraphs"] for text in PROSE.values())
