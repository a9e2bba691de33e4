"""Drafts of letters: made at the desk or from a file, and edited until they are scheduled."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from service.core.journal.photos import Picture
from service.core.letters.xml_characters import has_controls, without_controls
from service.db import random_id
from service.models import Letter, LetterFormat, LetterPicture, LetterSource, LetterState, LetterVisibility, SeenPost

LONGEST_SOURCE_BYTES = 200_000
LONGEST_TITLE = 200
_LONGEST_SLUG = 60
_LONGEST_ORIGIN = 200
_LONGEST_URL = 2_000
_NOT_FREE = {"this-is-a-test", "subscribe", "pictures"}  # pages of their own
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")

log = structlog.get_logger()


class LetterError(Exception):
    """A letter cannot be changed or sent as asked; the message is a sentence for the writer."""


class LetterTitleError(LetterError):
    """The title cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDraft:
    """What a draft is made of, or changed to.

    `origin` is the file's name, `canonical_url` the post's own address if it was published elsewhere first.
    """

    title: str
    content: str
    format: LetterFormat = LetterFormat.MARKDOWN
    visible: LetterVisibility = LetterVisibility.PUBLIC
    source: LetterSource = LetterSource.DESK
    origin: str | None = None
    canonical_url: str | None = None
    slug: str = ""


def make_draft(session: Session, draft: LetterDraft, now: datetime) -> Letter:
    """Return a new letter that nobody gets before it is scheduled.

    Raises:
        LetterError: it has no title or no text, is too long, or this file or post is a letter already.
    """
    title, content = _checked(draft)
    if draft.origin is not None and Letter.by_origin(session, draft.source, draft.origin):
        raise LetterError("There is a letter from this file or post already.")
    letter = Letter(
        id=random_id(),
        slug=_free_slug(session, draft.slug or title, is_listed=draft.visible == LetterVisibility.PUBLIC),
        title=title,
        source=draft.source,
        origin=draft.origin,
        canonical_url=draft.canonical_url,
        format=draft.format,
        content=content,
        visible=draft.visible,
        state=LetterState.DRAFT,
        created_at=now,
        edited_at=now,
    )
    session.add(letter)
    session.flush()
    return letter


def edit_draft(session: Session, letter_id: int, draft: LetterDraft, now: datetime, *, by_hand: bool = True) -> Letter:
    """Change a draft and return it; source, origin and slug stay. `by_hand` keeps its source from changing it later.

    Raises:
        LetterError: there is no such letter, it is no draft any more, or the new text cannot be kept.
    """
    title, content = _checked(draft)
    letter = find_letter(session, letter_id)
    if letter.state != LetterState.DRAFT:
        raise LetterError("This letter is fixed: what was scheduled is never edited. Take it back first.")
    if draft.visible != letter.visible:
        is_listed = draft.visible == LetterVisibility.PUBLIC
        letter.slug = _free_slug(session, draft.slug or title, is_listed=is_listed)
    letter.title, letter.content, letter.format = title, content, draft.format
    letter.visible, letter.canonical_url = draft.visible, draft.canonical_url
    if by_hand:
        letter.is_touched = True
        SeenPost.keep_back(session, letter_id)
    letter.edited_at = now
    return letter


def add_picture(session: Session, letter_id: int, name: str, picture: Picture, now: datetime) -> None:
    """Store a redrawn picture, named as the content names it: by its file's name or its address.

    Raises:
        LetterError: there is no such letter, or it is no draft any more.
    """
    if find_letter(session, letter_id).state != LetterState.DRAFT:
        raise LetterError("This letter is fixed: its pictures stay as they are.")
    LetterPicture.put(session, letter_id, name, picture, now)


def throw_away(session: Session, letter_id: int) -> None:
    """Delete a draft with its pictures. A post of a blog that it was made of stays known, and makes no draft again.

    Raises:
        LetterError: there is no such letter, or it is no draft any more.
    """
    letter = find_letter(session, letter_id)
    if letter.state != LetterState.DRAFT:
        raise LetterError("Only a draft can be thrown away. What was scheduled is taken back or stopped.")
    SeenPost.forget_letter(session, letter_id)
    session.delete(letter)
    log.info("letter.thrown_away", letter=letter_id)


def find_letter(session: Session, letter_id: int) -> Letter:
    """Return a letter, locked.

    Raises:
        LetterError: there is none with this id.
    """
    letter = Letter.locked(session, letter_id)
    if letter is None:
        raise LetterError("There is no letter with this id.")
    return letter


def _checked(draft: LetterDraft) -> tuple[str, str]:
    title = " ".join(draft.title.split())
    if not title:
        raise LetterTitleError("The letter has no title.")
    if has_controls(title):
        raise LetterTitleError("The title has a character that can’t be shown (a control character). Type it again.")
    if len(title) > LONGEST_TITLE:
        raise LetterTitleError(f"The title is longer than {LONGEST_TITLE} characters.")
    _check_source(draft)
    return title, checked_content(draft.content)


def _check_source(draft: LetterDraft) -> None:
    if draft.origin is not None and (len(draft.origin) > _LONGEST_ORIGIN or has_controls(draft.origin)):
        raise LetterError(f"Give the file a name of {_LONGEST_ORIGIN} characters at most, all of which can be shown.")
    url = draft.canonical_url
    if url is None:
        return
    if not url.startswith(("http://", "https://")) or len(url) > _LONGEST_URL or has_controls(url):
        raise LetterError("The post’s own address (canonical_url) begins with https:// or http://.")


def checked_content(text: str) -> str:
    """Return a text without control characters, which no page and no feed may hold.

    Raises:
        LetterError: it is empty or too long.
    """
    content = without_controls(text.replace("\r\n", "\n"))
    if not content.strip():
        raise LetterError("The letter has no text.")
    if len(content.encode("utf-8", "replace")) > LONGEST_SOURCE_BYTES:
        raise LetterError(f"The text is longer than {LONGEST_SOURCE_BYTES // 1000} kB.")
    return content


def _free_slug(session: Session, wanted: str, *, is_listed: bool) -> str:
    """Return a slug that no letter has; that of a letter which is not listed cannot be guessed."""
    plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().lower()
    slug = _NOT_IN_SLUGS.sub("-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or "letter"
    if not is_listed:
        return f"{slug}-{random_id():x}"
    taken = Letter.slugs_like(session, slug) | _NOT_FREE
    numbered = (f"{slug}-{number}" for number in range(2, len(taken) + 3))
    return slug if slug not in taken else next(other for other in numbered if other not in taken)
