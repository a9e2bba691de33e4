"""Posts of forty kinds as letters: each sentence and link is in the text part, and nothing runs or is too long."""

from __future__ import annotations

import re

import pytest

from service.core.feeds.post_html import clean_post
from service.flows.desk.letter_preview import preview_html
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_freezing import MOST_HTML_BYTES, compose_letter
from service.models import LetterFormat
from tests.core.letters.test_letter_from_html import XSS
from tests.harness.feeds.feeds import FeedsHarness
from tests.harness.feeds.real_posts import BASE, POSTS, content_of

RUNS = re.compile(
    r"<script|<iframe|<object|<embed|<svg|<form|<[^>]+\son\w+\s*=|(?:href|src)=[\"']?\s*(?:javascript|data):",
    re.IGNORECASE,
)


def squeezed(text: str) -> str:
    """Return a text without white space and marks of quotation, which differ where lines are wrapped."""
    return re.sub(r"[\s>]+", "", text)


def test_there_are_forty_kinds() -> None:
    assert len(POSTS) == 40
    assert len({post["kind"] for post in POSTS}) == 40


def test_each_kind_of_post_is_whole_as_a_letter(feeds: FeedsHarness) -> None:
    context = feeds.runtime.email_context()
    wrong = []
    with feeds.runtime.database.write() as session:
        for post in POSTS:
            content = content_of(post)
            letter = make_draft(
                session, LetterDraft(title="A post", content=content, format=LetterFormat.HTML), feeds.clock()
            )
            frozen = compose_letter(session, context, letter).frozen
            html, page = frozen.ordinary.html, frozen.page_html
            text = squeezed(frozen.ordinary.text)
            wrong += [f"{post['kind']}: no {said}" for said in post["has"] if squeezed(said) not in text]
            shown = (html, page, frozen.ordinary.text, frozen.discreet.html)
            wrong += [f"{post['kind']}: {said}" for said in post.get("not", ()) if any(said in one for one in shown)]
            wrong += [f"{post['kind']}: runs" for one in shown[:2] if RUNS.search(one)]
            wrong += [
                f"{post['kind']}: long" for one in (html, frozen.discreet.html) if len(one.encode()) > MOST_HTML_BYTES
            ]
            assert frozen.ordinary.text.count("long.example.org") in {0, post.get("repeat", 1)}
    assert wrong == []


@pytest.mark.parametrize("is_repeated", [False, True], ids=["once", "all at once"])
def test_nothing_that_runs_gets_into_the_email_its_page_or_the_preview(
    feeds: FeedsHarness, *, is_repeated: bool
) -> None:
    context = feeds.runtime.email_context()
    bodies = ["".join(XSS)] if is_repeated else XSS
    with feeds.runtime.database.write() as session:
        for body in bodies:
            content = f"<p>Calm.</p>{clean_post(body, BASE)}"
            draft = LetterDraft(title="Calm", content=content, format=LetterFormat.HTML)
            letter = make_draft(session, draft, feeds.clock())
            frozen = compose_letter(session, context, letter).frozen
            for shown in (frozen.ordinary.html, frozen.page_html, preview_html(session, context, letter.id)):
                assert not RUNS.search(shown), body
