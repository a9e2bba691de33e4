"""Letters written as files: each becomes a draft, and a draft follows its file until it is scheduled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.orm import Session

from service.core.journal.photos import Picture
from service.core.letters.letter_file import LetterFile
from service.core.letters.letter_markdown import read_markdown
from service.flows.outgoing.letters.letter_drafts import LetterDraft, add_picture, edit_draft, make_draft
from service.models import Letter, LetterSource, LetterState, LetterVisibility


class ImportResult(StrEnum):
    """What became of a file."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "the same"
    FIXED = "fixed: it was scheduled, and its text stays"
    EDITED = "edited at the desk: the file no longer changes it"


@dataclass(frozen=True, slots=True)
class ImportedLetter:
    """A file, the letter it became, and what that meant."""

    name: str
    letter_id: int
    result: ImportResult
    missing: tuple[str, ...] = field(default=())


def pictures_named(file: LetterFile, folder: Path) -> dict[str, Path]:
    """Return the pictures that a file's text names and that stand in its folder, by their name in the text."""
    named = {picture.name for picture in read_markdown(file.content).pictures()}
    found = {name: path for name in named if (path := _picture_file(folder.resolve(), name))}
    return dict(sorted(found.items()))


def _picture_file(root: Path, name: str) -> Path | None:
    """Return the file of a picture within a folder, or None.

    The reader of Markdown writes `%20` for a space in a name, and other letters likewise.
    """
    for written in (name, unquote(name)):
        path = root / written.replace("\0", "")
        if path.resolve().is_relative_to(root) and path.is_file():
            return path.resolve()
    return None


def import_letter(
    session: Session, name: str, file: LetterFile, pictures: Mapping[str, Picture], now: datetime
) -> ImportedLetter:
    """Make or change the draft of a file, with its redrawn pictures.

    Raises:
        LetterError: the file has no title or no text, or is too long.
    """
    draft = LetterDraft(
        title=file.title,
        content=file.content,
        visible=LetterVisibility(file.visible),
        source=LetterSource.FILE,
        origin=name,
        canonical_url=file.canonical_url,
    )
    known = Letter.by_origin(session, LetterSource.FILE, name)
    letter_id, result = _store(session, known, draft, now)
    if result in {ImportResult.NEW, ImportResult.CHANGED, ImportResult.SAME}:
        for picture_name, picture in pictures.items():
            add_picture(session, letter_id, picture_name, picture, now)
    return ImportedLetter(name, letter_id, result, _missing(file, pictures))


def _store(session: Session, known: Letter | None, draft: LetterDraft, now: datetime) -> tuple[int, ImportResult]:
    if known is None:
        return make_draft(session, draft, now).id, ImportResult.NEW
    if known.state != LetterState.DRAFT:
        return known.id, ImportResult.FIXED
    if known.is_touched:
        return known.id, ImportResult.EDITED
    before = (known.title, known.content, known.visible, known.canonical_url)
    changed = edit_draft(session, known.id, draft, now, by_hand=False)
    after = (changed.title, changed.content, changed.visible, changed.canonical_url)
    return known.id, ImportResult.SAME if before == after else ImportResult.CHANGED


def _missing(file: LetterFile, pictures: Mapping[str, Picture]) -> tuple[str, ...]:
    named: Sequence[str] = [picture.name for picture in read_markdown(file.content).pictures()]
    return tuple(dict.fromkeys(name for name in named if name not in pictures))
