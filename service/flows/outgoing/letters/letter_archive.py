"""Letters on pages: those that everybody can read, one by its address, and what its page shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.core.letters.letter_html import HtmlTarget, write_html
from service.core.letters.letter_markdown import read_markdown
from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.letters.frozen_letter import FrozenLetter
from service.flows.outgoing.letters.letter_drafts import LetterError, checked_content, find_letter
from service.flows.outgoing.letters.letter_freezing import MOST_OUTPUT_BYTES, page_url_of, pictures_on_page
from service.models import Letter, LetterPicture, LetterVisibility

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A letter as its page shows it; `is_listed` says that search engines may find it here."""

    letter_id: int
    slug: str
    title: str
    html: str = field(repr=False)
    published_at: datetime
    changed_on: date | None
    canonical_url: str | None
    is_listed: bool

    @property
    def on(self) -> date:
        """Return the date (UTC) on which it began to go out."""
        return self.published_at.date()


def listed_letters(session: Session, limit: int = MOST_LISTED) -> list[LetterPage]:
    """Return the letters that everybody can read, the newest first."""
    return [_page(letter) for letter in Letter.published(session, limit)]


def find_page(session: Session, slug: str) -> LetterPage | None:
    """Return the page of a letter that has begun to go out and can be read, or None."""
    letter = Letter.by_slug(session, slug)
    return _page(letter) if letter is not None and _has_page(letter) else None


def find_picture(session: Session, picture_id: int) -> tuple[str, bytes] | None:
    """Return the type and the bytes of a picture on a letter's page, or None."""
    picture = session.get(LetterPicture, picture_id)
    if picture is None or not _has_page(session.get_one(Letter, picture.letter_id)):
        return None
    return picture.content_type, picture.data


def change_page(session: Session, context: EmailContext, letter_id: int, content: str, now: datetime) -> None:
    """Change what a letter's page says, in Markdown; the page says on which day. The email stays as it went.

    Raises:
        LetterError: there is no such letter, it has no page yet, or the new text cannot be kept.
    """
    letter = find_letter(session, letter_id)
    if letter.frozen is None or letter.visible == LetterVisibility.NOBODY:
        raise LetterError("This letter has no page: it is a draft, or nobody may read it there.")
    stored = LetterPicture.of_letter(session, letter.id)
    target = HtmlTarget(pictures_on_page(context, stored), page_url_of(context, letter), is_page=True)
    html = "\n".join(write_html(read_markdown(checked_content(content)), target))
    if len(html.encode()) > MOST_OUTPUT_BYTES:
        raise LetterError("The page is too large: more than 1 MB.")
    letter.frozen = replace(FrozenLetter.from_json(letter.frozen), page_html=html).as_json()
    letter.changed_on = now.date()


def _has_page(letter: Letter) -> bool:
    return letter.has_begun and letter.visible != LetterVisibility.NOBODY


def _page(letter: Letter) -> LetterPage:
    assert letter.frozen is not None and letter.starts_at is not None  # noqa: PT018 - both come with the schedule
    return LetterPage(
        letter_id=letter.id,
        slug=letter.slug,
        title=letter.title,
        html=FrozenLetter.from_json(letter.frozen).page_html,
        published_at=letter.starts_at,
        changed_on=letter.changed_on,
        canonical_url=letter.canonical_url,
        is_listed=letter.visible == LetterVisibility.PUBLIC and letter.canonical_url is None,
    )
