from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from service.config import ROOT
from service.core.journal.entry_text import restore_piece
from service.core.journal.steps import StepState
from service.core.journal_export.exported import (
    JOURNAL_FORMAT,
    ExportedDraft,
    ExportedEntry,
    ExportedStep,
    journal_json,
)
from service.core.journal_import.reading.imported import ImportedDraft, ImportedEntry, ImportedExtras
from service.core.replies.values import TrimmedPiece
from tests.harness.journals.journals import entries_in, read_journal

SCHEMA = json.loads((ROOT / "docs" / "journal.schema.json").read_text("utf-8"))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200)
PIECES = st.builds(TrimmedPiece, reason=st.sampled_from(["quotation", "signature"]), text=WORDS, at=st.integers(0, 99))
GENERATED: Mapping[str, st.SearchStrategy[Any]] = {
    "id": st.integers(1, 2**63 - 1).map(str),
    "on": st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    "written_at": INSTANTS,
    "zone": st.sampled_from(["Europe/London", "Pacific/Apia"]),
    "words": WORDS,
    "changed_at": st.none() | INSTANTS,
    "question": WORDS | st.just(""),
    "prompt": st.none() | st.just("a-window"),
    "photo_descriptions": st.lists(WORDS, max_size=2).map(tuple),
    "tags": st.lists(WORDS, max_size=2).map(tuple),
    "kept_out": st.booleans(),
    "left_out": st.lists(PIECES, max_size=2).map(tuple),
    "earlier_words": st.none() | WORDS,
    "draft_words": st.none() | WORDS,
    "draft_saved_at": st.none() | INSTANTS,
}
ENTRIES = st.builds(ExportedEntry, **GENERATED)
# What the import finds of each field; those of photos and questions need the other files of an export or a journal.
READ_BACK: Mapping[str, Callable[[ImportedEntry], object]] = {
    "id": lambda found: found.source_id,
    "on": lambda found: found.on,
    "written_at": lambda found: found.at,
    "zone": lambda found: found.zone,
    "words": lambda found: found.words,
    "changed_at": lambda found: found.changed_at,
    "prompt": lambda found: found.prompt_id,
    "tags": lambda found: found.tags,
    "kept_out": lambda found: found.is_kept_out,
    "left_out": lambda found: found.trimmed,
    "earlier_words": lambda found: found.earlier_words,
    "draft_words": lambda found: found.draft_words,
    "draft_saved_at": lambda found: found.draft_saved_at,
}


def test_the_schema_names_every_field_and_the_form() -> None:
    entry = ExportedEntry(id="1", on=date(2026, 5, 13), written_at=datetime(2026, 5, 13, tzinfo=UTC), zone="", words="")
    described = SCHEMA["$defs"]["entry"]
    assert described["properties"].keys() == entry.to_json().keys()
    assert set(described["required"]) <= entry.to_json().keys()
    assert SCHEMA["properties"]["format"]["const"] == JOURNAL_FORMAT


def test_the_schema_names_every_field_of_a_step() -> None:
    step = ExportedStep(id="1", words="", chosen_on=date(2026, 5, 13), state=StepState.OPEN)
    described = SCHEMA["$defs"]["step"]
    assert described["properties"].keys() == step.to_json().keys()
    assert set(described["required"]) <= step.to_json().keys()
    assert set(described["properties"]["state"]["enum"]) == set(StepState)


def test_the_schema_names_every_field_of_a_draft() -> None:
    draft = ExportedDraft(on=date(2026, 5, 13), words="", saved_at=datetime(2026, 5, 13, tzinfo=UTC))
    assert SCHEMA["$defs"]["draft"]["properties"].keys() == draft.to_json().keys()


def test_half_a_surrogate_pair_is_written_as_its_escape() -> None:
    step = ExportedStep(id="1", words="a\ud83d", chosen_on=date(2026, 5, 13), state=StepState.OPEN)
    written = json.loads(b"".join(journal_json([], [step, step])))
    assert [each["words"] for each in written["steps"]] == ["a\ud83d"] * 2


@settings(max_examples=40)
@given(ENTRIES)
def test_an_entry_reads_back_as_it_was(entry: ExportedEntry) -> None:
    written = json.loads(json.dumps(entry.to_json()))
    assert ExportedEntry.from_json(written) == entry


STEPS = st.builds(
    ExportedStep,
    id=st.integers(1, 2**63 - 1).map(str),
    words=WORDS.filter(str.strip),
    chosen_on=st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    state=st.sampled_from(StepState),
    answered_on=st.none() | st.dates(),
    entry=st.none() | st.just("1"),
)
DRAFTS = st.builds(ExportedDraft, on=st.dates(), words=WORDS.filter(str.strip), saved_at=INSTANTS)


@settings(max_examples=20)
@given(st.lists(ENTRIES, max_size=2), st.lists(STEPS, min_size=1, max_size=3), st.lists(DRAFTS, max_size=2))
def test_what_is_written_fits_the_schema_and_its_steps_read_back(
    entries: list[ExportedEntry], steps: list[ExportedStep], drafts: list[ExportedDraft]
) -> None:
    written = b"".join(journal_json(entries, steps, drafts))
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(written))
    [extras] = [item for item in read_journal(written)[1] if isinstance(item, ImportedExtras)]
    assert [ExportedStep.from_json(values) for values in extras.steps] == steps
    found = [item for item in read_journal(written)[1] if isinstance(item, ImportedDraft)]
    assert [(each.on, each.words, each.saved_at) for each in found] == [
        (each.on, each.words, each.saved_at) for each in drafts
    ]


@settings(max_examples=20)
@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_the_import_reads_what_the_export_writes_without_touching_a_word(entries: list[ExportedEntry]) -> None:
    key, items = read_journal(b"".join(journal_json(entries, [])))
    found = entries_in(items)
    assert key == "small_steps"
    for name, read in READ_BACK.items():
        assert [read(each) for each in found] == [getattr(each, name) for each in entries], name


def test_no_field_of_an_entry_is_left_out_of_these_tests() -> None:
    fields = {field.name for field in dataclasses.fields(ExportedEntry)}
    assert GENERATED.keys() | {"photos"} == fields
    assert READ_BACK.keys() | {"photos", "photo_descriptions", "question"} == fields


def test_what_an_earlier_export_left_out_comes_back_below_the_words() -> None:
    entry = ExportedEntry(
        id="1", on=date(2026, 5, 13), written_at=datetime(2026, 5, 13, tzinfo=UTC), zone="", words="a"
    )
    [piece] = ExportedEntry.from_json(entry.to_json() | {"left_out": ["-- \nAna"]}).left_out
    assert restore_piece("a", piece, [piece]) == ("a\n-- \nAna", ())
