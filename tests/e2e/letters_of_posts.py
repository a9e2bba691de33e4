"""Letters made of posts as blogs write them: the email of each, and its page, as they go out and are shown."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from service.app import create_app
from service.core.journal.photos import Picture
from service.flows.outgoing.emails.letter import frozen_of
from service.flows.outgoing.letters.letter_drafts import LetterDraft, add_picture, make_draft
from service.flows.outgoing.letters.letter_scheduling import Straightaway, schedule
from service.models import LetterFormat, LetterState
from tests.harness.feeds.real_posts import content_of
from tests.harness.mail.pictures import encoded
from tests.harness.sending import open_sending_harness

PICTURE = encoded(Image.new("RGB", (640, 480), "teal"))
INSIDE = f"data:image/jpeg;base64,{base64.b64encode(PICTURE).decode()}"
_SOURCE = re.compile(r'(?<=src=")(?:cid:|[^"]*/letters/pictures/)[^"]+')
_SHEET = re.compile(r'<div class="sheet".*(?=</body>)', re.DOTALL)
_ARTICLE = re.compile(r"<article.*</article>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LetterOfPost:
    """The HTML part of a letter's email, and its page."""

    kind: str
    email: str
    page: str


def letters_of(posts: Iterable[dict[str, Any]], database: Path, folder: Path) -> list[LetterOfPost]:
    """Return the letter of each post, which has begun to go out; `database` is a migrated file, to be copied."""
    shutil.copy(database, file := folder / "smallsteps.db")
    with open_sending_harness(f"sqlite:///{file}", folder) as opened:
        runtime, site = opened.runtime, create_app(opened.runtime).test_client()
        letters, now = [], opened.clock()
        for post in posts:
            with runtime.database.write() as session:
                draft = LetterDraft(title=post["kind"], content=content_of(post), format=LetterFormat.HTML)
                made = make_draft(session, draft, now)
                for url in re.findall(r'<img [^>]*src="([^"]+)"', draft.content):
                    add_picture(session, made.id, url, Picture("image/jpeg", 640, 480, PICTURE), now)
                made = schedule(session, runtime.email_context(), made.id, Straightaway(), now)
                made.state, made.cursor = LetterState.SENT, 0
                path, email = f"/letters/{made.slug}", frozen_of(made).ordinary.html
            letters.append(LetterOfPost(post["kind"], email, site.get(path).text))
    return letters


def all_emails(letters: Iterable[LetterOfPost]) -> str:
    """Return one document with all emails one below the other, their pictures in it, since a checker starts slowly."""
    return _joined([letter.email for letter in letters], _SHEET)


def all_pages(letters: Iterable[LetterOfPost]) -> str:
    """Return one page with all letters one below the other."""
    return _joined([letter.page for letter in letters], _ARTICLE)


def _joined(documents: list[str], part: re.Pattern[str]) -> str:
    parts = [found.group() for document in documents if (found := part.search(document))]
    assert len(parts) == len(documents)
    numbered = "\n".join(f'<div id="post-{number}">{one}</div>' for number, one in enumerate(parts, start=1))
    return _SOURCE.sub(INSIDE, part.sub(lambda _: numbered, documents[0], count=1))
