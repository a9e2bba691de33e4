"""The entries of journal.json (docs/journal.schema.json): written by the export, read by the import."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Self, get_args

from service.core.journal.steps import StepState
from service.core.replies.values import Reason, TrimmedPiece

JOURNAL_FORMAT: Final = 1
_REASONS: Final[Mapping[Any, Reason]] = {reason: reason for reason in get_args(Reason)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEntry:
    """One entry as journal.json has it; the schema says what each field means.

    `written_at` is an aware instant with the offset that its `zone` (IANA) had. `photos` are paths within the zip.
    `photo_descriptions` are as many as the photos, "" where one has none. `left_out` is what the reader left out of the
    words of a reply, `earlier_words` are those before the last change, as long as they are kept, and `draft_words`
    those of a change that was begun and not saved, with the instant at which they were kept.
    """

    id: str
    on: date
    written_at: datetime
    zone: str
    words: str = field(repr=False)
    changed_at: datetime | None = None
    question: str = field(default="", repr=False)
    prompt: str | None = None
    photos: tuple[str, ...] = ()
    photo_descriptions: tuple[str, ...] = field(default=(), repr=False)
    tags: tuple[str, ...] = field(default=(), repr=False)
    kept_out: bool = False
    left_out: tuple[TrimmedPiece, ...] = field(default=(), repr=False)
    earlier_words: str | None = field(default=None, repr=False)
    draft_words: str | None = field(default=None, repr=False)
    draft_saved_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in journal.json."""
        return {
            "id": self.id,
            "on": self.on.isoformat(),
            "written_at": self.written_at.isoformat(),
            "zone": self.zone,
            "changed_at": self.changed_at.isoformat() if self.changed_at else None,
            "question": self.question,
            "prompt": self.prompt,
            "words": self.words,
            "photos": list(self.photos),
            "photo_descriptions": list(self.photo_descriptions),
            "tags": list(self.tags),
            "kept_out": self.kept_out,
            "left_out": [{"words": each.text, "why": each.reason, "line": each.at} for each in self.left_out],
            "earlier_words": self.earlier_words,
            "draft_words": self.draft_words,
            "draft_saved_at": self.draft_saved_at.isoformat() if self.draft_saved_at else None,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Return the entry of an object in journal.json.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or is not what the schema says.
        """
        changed, prompt = found.get("changed_at"), found.get("prompt")
        earlier, draft, saved = (found.get(name) for name in ("earlier_words", "draft_words", "draft_saved_at"))
        return cls(
            id=_text(found["id"]),
            on=date.fromisoformat(found["on"]),
            written_at=_instant(found["written_at"]),
            zone=_text(found.get("zone", "")),
            words=_text(found["words"]),
            changed_at=_instant(changed) if changed is not None else None,
            question=_text(found.get("question", "")),
            prompt=_text(prompt) if prompt is not None else None,
            photos=tuple(map(_text, found.get("photos", ()))),
            photo_descriptions=tuple(map(_text, found.get("photo_descriptions", ()))),
            tags=tuple(map(_text, found.get("tags", ()))),
            kept_out=found.get("kept_out") is True,
            left_out=tuple(map(_left_out, found.get("left_out", ()))),
            earlier_words=_text(earlier) if earlier is not None else None,
            draft_words=_text(draft) if draft is not None else None,
            draft_saved_at=_instant(saved) if saved is not None else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedStep:
    """One small step as journal.json has it; `entry` is the id of the entry that it was chosen in, or None."""

    id: str
    words: str = field(repr=False)
    chosen_on: date
    state: str
    answered_on: date | None = None
    entry: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in journal.json."""
        return {
            "id": self.id,
            "words": self.words,
            "chosen_on": self.chosen_on.isoformat(),
            "state": self.state,
            "answered_on": self.answered_on.isoformat() if self.answered_on else None,
            "entry": self.entry,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Return the step of an object in journal.json.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or is not what the schema says.
        """
        answered, entry = found.get("answered_on"), found.get("entry")
        return cls(
            id=_text(found["id"]),
            words=_text(found["words"]),
            chosen_on=date.fromisoformat(found["chosen_on"]),
            state=StepState(found["state"]),
            answered_on=date.fromisoformat(answered) if answered is not None else None,
            entry=_text(entry) if entry is not None else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedDraft:
    """Words for a local day that were begun and not saved, as journal.json has them; `saved_at` is an aware instant."""

    on: date
    words: str = field(repr=False)
    saved_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in journal.json."""
        return {"on": self.on.isoformat(), "words": self.words, "saved_at": self.saved_at.isoformat()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Return the draft of an object in journal.json.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or is not what the schema says.
        """
        return cls(
            on=date.fromisoformat(found["on"]), words=_text(found["words"]), saved_at=_instant(found["saved_at"])
        )


@dataclass(frozen=True, slots=True)
class ExportedQuestion:
    """One question of the person's own that they want to be asked, as journal.json has it."""

    id: str
    words: str = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in journal.json."""
        return {"id": self.id, "words": self.words}


def journal_json(
    entries: Iterable[ExportedEntry],
    steps: Iterable[ExportedStep],
    drafts: Iterable[ExportedDraft] = (),
    questions: Iterable[ExportedQuestion] = (),
) -> Iterator[bytes]:
    """Yield journal.json in pieces, a question, an entry, a step or a draft a line."""
    yield f'{{"format": {JOURNAL_FORMAT}, "questions": ['.encode()
    yield from json_lines(question.to_json() for question in questions)
    yield b'\n], "entries": ['
    yield from json_lines(entry.to_json() for entry in entries)
    yield b'\n], "steps": ['
    yield from json_lines(step.to_json() for step in steps)
    yield b'\n], "drafts": ['
    yield from json_lines(draft.to_json() for draft in drafts)
    yield b"\n]}\n"


def json_lines(items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the items of a JSON list, a line each, with commas between them."""
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + _as_json(item)


def _as_json(item: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(item, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which UTF-8 cannot hold
        return json.dumps(item).encode()


def _left_out(value: Any) -> TrimmedPiece:
    """Return a piece that was left out; earlier exports have its words alone, and then it stands at the end."""
    found = {"words": value, "why": "quotation", "line": sys.maxsize} if isinstance(value, str) else value
    line = found["line"]
    if not isinstance(line, int) or isinstance(line, bool) or line < 0:
        raise ValueError("the number of a line is expected")
    return TrimmedPiece(_REASONS[found["why"]], _text(found["words"]), line)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value


def _instant(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return found
