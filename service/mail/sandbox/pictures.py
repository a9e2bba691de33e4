"""Redrawing pictures in a separate child process.

Run as `python -m service.mail.sandbox.pictures` by `PictureRedrawer`: decoding a photo of 48 million pixels takes all
the memory that such a process may use, so it does nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from service.core.journal.photos import Picture, UnreadablePictureError
from service.mail.sandbox.child_process import ChildProcess, ChildTimeoutError, module_command
from service.mail.sandbox.child_server import serve

WALL_SECONDS = 6.0
ALL_SECONDS = 40.0  # shorter than the lease on a mail
_REFUSED = b"{}"


@dataclass(slots=True)
class PictureRedrawer:
    """Redraws pictures in a child process, one after another."""

    wall_seconds: float = WALL_SECONDS
    all_seconds: float = ALL_SECONDS
    _child: ChildProcess = field(
        default_factory=lambda: ChildProcess(module_command("service.mail.sandbox.pictures")), repr=False
    )

    def redraw(self, pictures: Sequence[bytes], *, quarter_turns: int = 0) -> Iterator[Picture | None]:
        """Yield each picture redrawn, or None if it cannot be; never raises for any content.

        Each is turned to the right by `quarter_turns` (0 to 3).

        All pictures together get 40 seconds; after that, None is yielded for the others.
        """
        deadline = time.monotonic() + self.all_seconds
        for data in pictures:
            left = deadline - time.monotonic()
            yield self._redrawn(quarter_turns, data, min(left, self.wall_seconds)) if left > 0 else None

    def _redrawn(self, quarter_turns: int, data: bytes, seconds: float) -> Picture | None:
        try:
            return _answered(self._child.ask(bytes([quarter_turns]) + data, seconds))
        except ChildTimeoutError:
            return None

    def close(self) -> None:
        """End the child."""
        self._child.close()


def _answered(answer: bytes) -> Picture | None:
    head, _, data = answer.partition(b"\n")
    return Picture(**json.loads(head), data=data) if data else None


def _answer_to(question: bytes) -> bytes:
    """Return the answer to a question: a byte that says by how many quarters to turn, then the picture."""
    try:
        picture = redraw(question[1:], question[0])
    except UnreadablePictureError:
        return _REFUSED
    head = {"content_type": picture.content_type, "width": picture.width, "height": picture.height}
    return json.dumps(head).encode("ascii") + b"\n" + picture.data


if __name__ == "__main__":
    from service.mail.sandbox.redraw import redraw  # only here: a worker never loads a decoder

    serve(sys.stdin.buffer, sys.stdout.buffer, _answer_to)
