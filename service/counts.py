"""What a process has counted and not yet written to the database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Counted = dict[tuple[str, str], int]


@dataclass(slots=True)
class Counts:
    """Numbers of this process by name and label, written to the database now and then; any thread may add to them."""

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, name: str, label: str = "", number: int = 1) -> None:
        """Count something; the label is one of a few fixed words."""
        with self._lock:
            self._counted[name, label] += number

    def take(self) -> Counted:
        """Return what was counted since the last call, and begin again."""
        with self._lock:
            taken, self._counted = dict(self._counted), Counter()
        return taken

    @contextmanager
    def to_write(self) -> Iterator[Counted]:
        """Yield what was counted since the last time; it is put back if writing it fails."""
        taken = self.take()
        try:
            yield taken
        except BaseException:
            self.put_back(taken)
            raise

    def put_back(self, taken: Counted) -> None:
        """Add what could not be written."""
        with self._lock:
            self._counted.update(taken)
