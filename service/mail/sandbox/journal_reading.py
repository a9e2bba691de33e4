"""Reading journal files in a process of its own, limited in time and memory.

Run as `python -m service.mail.sandbox.journal_reading` by the `JournalReader`. The file stays with the parent, sealed:
the child asks for the bytes that it needs, range by range, and never holds the whole, a key or a name on a disk.
A question is JSON; an answer begins with a letter that says what it is.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from service.core.journal_import.detect import DAMAGED, TOO_MUCH, UNREADABLE, detect, read_items
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles
from service.core.journal_import.reading.imported import (
    ImportedDraft,
    ImportedEntry,
    ImportedExtras,
    ImportedQuestion,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    RefusedFileError,
)
from service.core.journal_import.reading.local_days import with_local_days
from service.core.replies.values import TrimmedPiece
from service.mail.sandbox.child_server import receive, send, serve
from service.mail.sandbox.phrase_files import load_client_phrases

CPU_SECONDS: Final = 30
MEMORY_BYTES: Final = 400 * 1024 * 1024  # of addresses; what is resident stays below 300 MB
RANGE_BYTES: Final = 512 * 1024
BATCH_CHARACTERS: Final = 512 * 1024
_INSTANTS: Final = ("at", "changed_at", "draft_saved_at")
WANTED, JSON_ANSWER, PHOTO, NO_PHOTO = b"W", b"J", b"P", b"N"


class RemoteFile(io.RawIOBase):
    """A file whose bytes the parent has: each read asks it for a range."""

    def __init__(self, size: int, wanted: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size, self._at, self._wanted = size, 0, wanted

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the place in the file."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read a range into a buffer."""
        length = min(len(buffer), RANGE_BYTES, max(0, self._size - self._at))
        data = self._wanted(self._at, length) if length else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclass(slots=True)
class JournalServer:
    """Answers the questions about one file: what it is, its next items, and a photo."""

    wanted: Callable[[int, int], bytes] = field(repr=False)
    _files: ImportFiles | None = field(default=None, repr=False)
    _format: JournalFormat | None = None
    _items: Iterator[ImportItem] = field(default_factory=lambda: iter(()), repr=False)
    _failed: list[tuple[str, str]] = field(default_factory=list)

    def answer_to(self, asked: bytes) -> bytes:
        """Return the answer to a question; an error is named by a sentence, without the file's content.

        `failed` in it are the parts that ended in an unexpected error, each with the class of that alone.
        """
        question: dict[str, Any] = json.loads(asked)
        if "photo" in question:
            return self._photo(question["photo"])
        try:
            return JSON_ANSWER + (self._open(question) if "size" in question else self._next()).encode("ascii")
        except RefusedFileError as refused:
            answer: dict[str, Any] = {"refused": str(refused)}
        except DamagedFileError:
            answer = {"refused": DAMAGED}
        except (MemoryError, FileBoundError):
            answer = {"refused": TOO_MUCH}
        except Exception as error:  # noqa: BLE001 - a file may make a parser raise anything; its name tells which
            self._failed.append((self._format.key if self._format else "open", type(error).__name__))
            answer = {"refused": UNREADABLE}
        return JSON_ANSWER + json.dumps(answer | {"failed": self._failed}).encode("ascii")

    def _open(self, question: dict[str, Any]) -> str:
        file: BinaryIO = io.BufferedReader(RemoteFile(question["size"], self.wanted), RANGE_BYTES)
        self._files = ImportFiles(file, question["title"])
        self._format, self._failed = None, []
        self._format = detect(self._files, load_client_phrases(), lambda *failed: self._failed.append(failed))
        items = with_local_days(read_items(self._files, self._format), ZoneInfo(question["zone"]))
        self._items = islice(items, question["skip"], None)
        return json.dumps({"key": self._format.key, "title": self._format.title, "failed": self._failed})

    def _next(self) -> str:
        if self._files is None:
            return '{"lost": true}'
        batch: list[str] = []
        room = BATCH_CHARACTERS
        while room > 0 and (item := next(self._items, None)) is not None:
            batch.append(json.dumps(item_to_json(item)))
            room -= len(batch[-1])
        return f'{{"items": [{", ".join(batch)}]}}'

    def _photo(self, reference: str) -> bytes:
        if self._files is None or self._format is None:
            return NO_PHOTO
        try:
            return PHOTO + self._format.photo(self._files, reference)
        except Exception:  # noqa: BLE001 - see above; a photo that cannot be read is reported with its entry
            return NO_PHOTO


def item_to_json(item: ImportItem) -> dict[str, Any]:
    """Return an item as it travels to the parent."""
    values = {name: getattr(item, name) for name in item.__slots__}
    for name in ("on", "saved_at", *_INSTANTS):
        if values.get(name) is not None:
            values[name] = values[name].isoformat()
    if "trimmed" in values:
        values["trimmed"] = [asdict(piece) for piece in values["trimmed"]]
    return values


def item_from_json(values: dict[str, Any]) -> ImportItem:
    """Return the item that `item_to_json` wrote."""
    if values.keys() == {"place", "words"}:
        return ImportedQuestion(**values)
    if "saved_at" in values:
        times = {"on": date.fromisoformat(values["on"]), "saved_at": datetime.fromisoformat(values["saved_at"])}
        return ImportedDraft(**values | times)
    if "quiet_dates" in values:
        return ImportedExtras(**values)
    if "reason" in values:
        return LeftOutEntry(**values)
    lists = {name: tuple(values[name]) for name in ("photos", "tags", "left_behind")}
    instants = {name: datetime.fromisoformat(values[name]) for name in _INSTANTS if values[name]}
    trimmed = tuple(TrimmedPiece(**piece) for piece in values["trimmed"])
    on = date.fromisoformat(values["on"]) if values["on"] else None
    return ImportedEntry(**values | lists | instants | {"on": on, "trimmed": trimmed})


def _ask_parent(questions: BinaryIO, answers: BinaryIO, offset: int, length: int) -> bytes:
    send(answers, WANTED + offset.to_bytes(8, "big") + length.to_bytes(8, "big"))
    return receive(questions) or b""


if __name__ == "__main__":
    load_client_phrases()
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    server = JournalServer(lambda offset, length: _ask_parent(questions, answers, offset, length))
    serve(questions, answers, server.answer_to, cpu_seconds=CPU_SECONDS, memory_bytes=MEMORY_BYTES)
