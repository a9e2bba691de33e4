"""The process that reads journal files, as the workers use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from service.core.journal_import.detect import TOO_MUCH
from service.core.journal_import.reading.imported import ImportItem, RefusedFileError
from service.mail.sandbox.child_process import ChildEndedError, ChildProcess, ChildTimeoutError, module_command
from service.mail.sandbox.journal_reading import JSON_ANSWER, PHOTO, RANGE_BYTES, WANTED, item_from_json

WALL_SECONDS: Final = 60.0
LONGEST_NAME: Final = 60

log = structlog.get_logger()


class SlowReadingError(Exception):
    """The child did not answer in time, as on a machine that has much to do; another attempt may succeed."""


@dataclass(frozen=True, slots=True)
class JournalFile:
    """An upload: `read` returns so many of its bytes from an offset; `title` is its name, `zone` its owner's."""

    size: int
    title: str = field(repr=False)
    zone: str
    read: Callable[[int, int], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class JournalKind:
    """What a file turned out to be: the key of its format, and what people call it."""

    key: str
    title: str


@dataclass(slots=True)
class JournalReader:
    """Reads one journal file in a child process; a hostile file can only end its own child."""

    file: JournalFile
    wall_seconds: float = WALL_SECONDS
    _child: ChildProcess = field(
        default_factory=lambda: ChildProcess(module_command("service.mail.sandbox.journal_reading")), repr=False
    )
    _opened: int = 0

    def open(self, skip: int = 0) -> JournalKind:
        """Open the file, with its first `skip` items passed over; return what it is.

        Raises:
            RefusedFileError: it is no journal, or too much; the message is for its owner.
            SealError, StorageError, SlowReadingError: the file cannot be read now.
        """
        self._opened += 1
        file = self.file
        question = {"size": file.size, "title": file.title, "zone": file.zone, "skip": skip}
        answer = self._answer(question)
        return JournalKind(answer["key"], answer["title"])

    def items(self, skip: int = 0) -> Iterator[ImportItem]:
        """Yield the items after the first `skip`; raises the same errors as `open`.

        If a photo ends the child in between, the file is opened again and this goes on.
        """
        if not self._opened:
            self.open(skip)
        at, opened = skip, self._opened
        while True:
            if opened != self._opened or not self._opened:
                self.open(at)
                opened = self._opened
            batch = self._answer({})["items"]
            if not batch:
                return
            for values in batch:
                at += 1
                yield item_from_json(values)

    def photo(self, reference: str) -> bytes | None:
        """Return a photo by the reference in an entry, or None where it cannot be read."""
        try:
            answer = self._ask({"photo": reference})
        except ChildTimeoutError:
            self._opened += 1
            return None
        return answer[1:] if answer[:1] == PHOTO else None

    def close(self) -> None:
        """End the child."""
        self._child.close()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._ask(question)
        except ChildEndedError:
            raise RefusedFileError(TOO_MUCH) from None
        except ChildTimeoutError:
            raise SlowReadingError from None
        assert answer[:1] == JSON_ANSWER
        found: dict[str, Any] = json.loads(answer[1:])
        for part, error in found.get("failed", ()):
            log.error("import.reader_failed", part=_name(part), error=_name(error))
        if "lost" in found:  # a child that ended between two questions; the new one has no file
            raise SlowReadingError
        if "refused" in found:
            raise RefusedFileError(found["refused"])
        return found

    def _ask(self, question: dict[str, Any]) -> bytes:
        """Return the answer to a question, with the ranges of the file given that the child asks for meanwhile."""
        message = json.dumps(question).encode("ascii")
        while True:
            answer = self._child.ask(message, self.wall_seconds)
            if answer[:1] != WANTED:
                return answer
            offset, length = int.from_bytes(answer[1:9], "big"), int.from_bytes(answer[9:17], "big")
            message = self.file.read(offset, min(length, RANGE_BYTES))


def _name(said: str) -> str:
    """Return a name as the child says it, if it is one: nothing else of a file may get into the log."""
    is_name = said.replace("_", "").isalnum() and said.isascii() and len(said) <= LONGEST_NAME
    return said if is_name else "other"
