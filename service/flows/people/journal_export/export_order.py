"""What an export is to be: whose journal, in which form, and where its bytes go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from service.core.journal_export.book_period import WHOLE_JOURNAL, BookPeriod
from service.models import ExportForm, Subscriber

PHOTO_PARTS: Final = 10  # how much of the work a photo is, against an entry in one file


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be written: whose journal, in which form, when, and for a book the entries of which dates.

    `write` gets the bytes of the file in order. `on_progress` is told how many parts more are done; what it raises ends
    the writing. A photo or mail that cannot be read ends it too, unless `skips_unreadable`.
    """

    person: Subscriber
    form: ExportForm
    now: datetime
    write: Callable[[bytes], object] = field(repr=False)
    on_progress: Callable[[int], None] = lambda _parts: None
    skips_unreadable: bool = False
    period: BookPeriod = WHOLE_JOURNAL

    @property
    def today(self) -> date:
        """Return the local date of the export."""
        return self.now.astimezone(self.person.zone).date()
