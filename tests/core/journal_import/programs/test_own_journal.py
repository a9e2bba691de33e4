"""Our own exports in the forms of earlier revisions: each comes in whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.core.journal_import.reading.imported import ImportedDraft, ImportedEntry, ImportedExtras, ImportedQuestion
from tests.harness.journals.journals import left_out_in, photo, read_journal, zipped

AT = datetime(2026, 5, 13, 20, tzinfo=UTC)
# As it was at first; each revision below is one more step.
FIRST: dict[str, Any] = {
    "id": "9",
    "on": "2026-05-13",
    "written_at": "2026-05-13T21:00:00+01:00",
    "zone": "Europe/London",
    "changed_at": None,
    "question": "What went past?",
    "prompt": None,
    "words": "A bus.",
    "photos": ["photos/2026-05-13-1.jpg"],
    "tags": ["bus"],
    "kept_out": True,
}
STEP = {"id": "4", "words": "Walk", "chosen_on": "2026-05-13", "state": "taken", "answered_on": None, "entry": "9"}
DRAFT = {"on": "2026-05-14", "words": "Begun", "saved_at": "2026-05-13T20:00:00+00:00"}
QUESTION = {"id": "7", "words": "And now?"}
LINES = {"left_out": ["> On Monday", "-- "]}
DESCRIBED = {"photo_descriptions": ["Red"], "earlier_words": "A tram."}
OLDER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "only what was required": (
        {},
        {"id": "9", "on": "2026-05-13", "written_at": FIRST["written_at"], "words": "A bus."},
    ),
    "entries alone": ({}, FIRST),
    "small steps, and lines that were left out": ({"steps": [STEP]}, FIRST | LINES),
    "own questions": ({"questions": [QUESTION], "steps": [STEP]}, FIRST | LINES | {"prompt": "own/7"}),
    "drafts, descriptions and the wording before": ({"steps": [STEP], "drafts": [DRAFT]}, FIRST | LINES | DESCRIBED),
    "drafts of changes, without when they were kept": ({}, FIRST | LINES | DESCRIBED | {"draft_words": "A car."}),
}


@pytest.mark.parametrize("name", OLDER)
def test_an_export_of_an_earlier_revision_comes_in_whole(name: str) -> None:
    besides, entry = OLDER[name]
    whole = json.dumps({"format": 1, **besides, "entries": [entry]}).encode()
    found, items = read_journal(zipped({"journal.json": whole, "photos/2026-05-13-1.jpg": photo()}))
    assert (found, left_out_in(items)) == ("small_steps", [])
    [own] = [item for item in items if isinstance(item, ImportedEntry)]
    assert (own.words, own.on, own.at, own.source_id) == ("A bus.", date(2026, 5, 13), AT, "9")
    assert own.photos == tuple(entry.get("photos", ()))
    assert (own.tags, own.is_kept_out) == (tuple(entry.get("tags", ())), entry.get("kept_out", False))
    assert own.question or own.own_question or "question" not in entry
    assert [piece.text for piece in own.trimmed] == entry.get("left_out", [])
    assert [*own.photo_descriptions.values()] == entry.get("photo_descriptions", [])
    assert (own.earlier_words, own.draft_words) == (entry.get("earlier_words"), entry.get("draft_words"))
    assert [item.words for item in items if isinstance(item, ImportedDraft)] == ["Begun"] * ("drafts" in besides)
    assert [item.words for item in items if isinstance(item, ImportedQuestion)] == ["And now?"] * (
        "questions" in besides
    )
    assert [item.steps for item in items if isinstance(item, ImportedExtras)] == [(STEP,)] * ("steps" in besides)
