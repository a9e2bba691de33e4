from __future__ import annotations

import string
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.journal_export.day_one_form import DayOnePhoto, day_one_json, escaped
from service.core.journal_export.exported import ExportedEntry
from service.core.journal_import.programs.dayone import unescaped
from tests.harness.journals.journals import entries_in, photo, read_journal, zipped


def entry(words: str, on: date = date(2026, 5, 13), written_at: datetime | None = None) -> ExportedEntry:
    written_at = written_at or datetime(2026, 5, 13, 9, tzinfo=UTC)
    return ExportedEntry(id="77", on=on, written_at=written_at, zone="Pacific/Auckland", words=words)


@settings(max_examples=60)
@given(st.text(string.punctuation + "ab \n\\", max_size=60))
def test_escapes_are_undone_to_the_same_words(words: str) -> None:
    assert unescaped(escaped(words)) == words


def test_an_entry_keeps_its_day_where_it_was_written_on_another() -> None:
    late = entry("Past midnight.", written_at=datetime(2026, 5, 13, 13, tzinfo=UTC))  # 01:00 on the 14th there
    _, items = read_journal(b"".join(day_one_json([(late, [])])))
    assert [each.on for each in entries_in(items)] == [late.on]


def test_photos_are_found_in_their_order() -> None:
    photos = [DayOnePhoto(f"{number:032X}", f"{number:032x}", "jpeg", 64, 48) for number in (2, 1)]
    data = zipped(
        {"Journal.json": b"".join(day_one_json([(entry("Two."), photos)])), **{each.path: photo() for each in photos}}
    )
    _, items = read_journal(data)
    [found] = entries_in(items)
    assert (found.words, found.photos) == ("Two.", tuple(each.path for each in photos))
