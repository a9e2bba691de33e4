"""Zips that hold more than one kind of journal: one is read, and every other file with words is listed."""

from __future__ import annotations

import json

import pytest

from service.core.journal_import.reading import unread_files
from service.core.journal_import.reading.unread_files import FORMATTED, MORE_OTHERS, OTHER_FORM
from tests.harness.journals.journals import entries_in, journal, left_out_in, read_journal, zipped

DAY_ONE = json.dumps(
    {
        "metadata": {"version": "1.0"},
        "entries": [{"uuid": "A", "creationDate": "2024-05-01T10:00:00Z", "timeZone": "UTC", "text": "One"}],
    }
).encode()
DABBLE_ME = b'[{"date": "2021-01-02T00:00:00.000Z", "body": "Two"}]'
OHLIFE = "2012-03-04\n\nThrée\n"
LITTER = {
    "style.css": b"p {}",
    ".DS_Store": b"x",
    ".obsidian/app.json": b"{}",
    "Templates/day.md": b"# {{date}}",
    "Resources/font.bin": b"\0\1\2",
    "empty.md": b" ",
    "README.md": b"Hello",
    "cover.svg": b"<svg/>",
}

MIXED: dict[str, tuple[dict[str, bytes], str, str, list[tuple[str, str, str]]]] = {
    "Day One beside Markdown, a document, a zip and a database": (
        {
            "Journal.json": DAY_ONE,
            "Notes/2024-03-05.md": b"Crocus",
            "Notes/b.rtf": b"{\\rtf1 Words}",
            "Old/c.zip": zipped({"a": b"b"}),
            "Old/d.diary": b"SQLite format 3\0" + bytes(90),
            **LITTER,
        },
        "dayone",
        "One",
        [
            ("Notes/2024-03-05.md", OTHER_FORM, "Crocus"),
            ("Notes/b.rtf", FORMATTED, ""),
            ("Old/c.zip", OTHER_FORM, ""),
            ("Old/d.diary", OTHER_FORM, ""),
        ],
    ),
    "OhLife beside Dabble Me": (
        {"ohlife.txt": OHLIFE.encode("utf-16"), "dabble.json": DABBLE_ME},
        "dabble_me_json",
        "Two",
        [("ohlife.txt", OTHER_FORM, OHLIFE.strip())],
    ),
    "Keep beside another service's JSON": (
        {
            "Takeout/Keep/a.json": b'{"title": "Diary", "textContent": "Tea", "isTrashed": false,'
            b' "createdTimestampUsec": 1714550000000000}',
            "Takeout/Keep/a.html": b"<p>Tea",
            "Takeout/Keep/Labels.txt": b"x",
            "mine.json": DABBLE_ME,
        },
        "keep",
        "Diary\n\nTea",
        [("mine.json", OTHER_FORM, DABBLE_ME.decode())],
    ),
    "our own export beside Markdown": (
        {
            "x/journal.json": b'{"format": 1, "entries": [{"id": "1", "on": "2026-05-13",'
            b' "written_at": "2026-05-13T20:00:00+00:00", "words": "Bus"}]}',
            "x/README.txt": b"Yours",
            "x/index.html": b"<p>Bus",
            "x/journal/2026-05.md": b"Bus",
            "x/mails/2026-05-13-1.eml": b"Bus",
            "x/manifest.json": b"{}",
            "notes/2026-05.md": b"Car",
        },
        "small_steps",
        "Bus",
        [("notes/2026-05.md", OTHER_FORM, "Car")],
    ),
    "Journey beside Dabble Me": (
        {"1.json": b'{"id": "1", "date_journal": 1714600000000, "text": "Rain"}', "2.json": DABBLE_ME},
        "journey",
        "Rain",
        [("2.json", OTHER_FORM, DABBLE_ME.decode())],
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_what_is_in_another_form_than_the_rest_is_listed_with_its_words(name: str) -> None:
    members, key, words, left = MIXED[name]
    found, items = read_journal(zipped(members))
    assert (found, [entry.words for entry in entries_in(items)]) == (key, [words])
    assert [(item.place, item.reason, item.words) for item in left_out_in(items)] == left


@pytest.mark.parametrize("name", ["day_one", "day_one_classic", "apple", "journey", "logseq", "daylio_backup", "diaro"])
def test_the_files_of_one_service_are_all_read_or_no_entries(name: str) -> None:
    left = left_out_in(read_journal(journal(name, **LITTER))[1])
    assert OTHER_FORM not in [item.reason for item in left]


def test_where_very_many_files_are_in_another_form_the_last_item_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_files, "MOST_LISTED", 2)
    monkeypatch.setattr(unread_files, "LARGEST_WORDS_BYTES", 3)
    members = {f"{number}.md": b"A b" if number else b"A bc" for number in range(5)}
    left = left_out_in(read_journal(zipped({"Journal.json": DAY_ONE, **members}))[1])
    assert [(item.place, item.reason, item.words) for item in left] == [
        ("0.md", OTHER_FORM, ""),
        ("1.md", OTHER_FORM, "A b"),
        ("2.md", MORE_OTHERS, ""),
    ]
