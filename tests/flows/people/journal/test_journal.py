"""The journal: entries are sealed for their owner, opened with what was trimmed, and changed."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.journal.entry_text import WORDS_BYTES, piece_key
from service.core.library.prompts import Library
from service.core.replies.values import TrimmedPiece
from service.core.sealing import SealError
from service.db import Database
from service.flows.people.journal import journal
from service.models import Entry, Keyring, Subscriber
from tests.harness.people.people import DAY, NOW, join

TODAY = date(2026, 5, 13)
WORDS = "The bus was late.\n\nI did not mind."


def test_words_are_sealed_for_their_owner(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        ben = join(session, keyring, library, Address.parse("ben@example.com"))
        entry = _add(session, keyring, ana)
        assert b"bus" not in entry.sealed_words
        assert [opened.words for opened in journal.open_entries(keyring, ana, [entry])] == [WORDS]
        with pytest.raises(SealError):
            journal.open_entries(keyring, ben, [entry])
        assert Entry.find(session, ben.id, entry.id) is None


def test_only_answering_a_prompt_is_counted(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        _add(session, keyring, ana)
        assert (ana.prompts_answered, ana.last_answered_on) == (0, None)
        _add(session, keyring, ana, prompt_id="three-words")
        assert (ana.prompts_answered, ana.last_answered_on) == (1, TODAY)


def test_adding_the_same_entry_twice_adds_one(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        first = _add(session, keyring, ana, entry_id=77, prompt_id="three-words")
        assert _add(session, keyring, ana, entry_id=77, prompt_id="three-words") is first
        assert Entry.count_for(session, ana.id) == 1
        assert ana.prompts_answered == 1


def test_text_beyond_the_size_limit_is_kept(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        entry = _add(session, keyring, ana, words="é" * WORDS_BYTES, over="the end")
        found = journal.open_whole_entry(keyring, ana, entry)
    assert len(found.entry.words.encode()) == WORDS_BYTES
    assert found.entry.has_more
    assert found.over == "é" * (WORDS_BYTES // 2) + "the end"


def test_a_null_character_and_a_lone_surrogate_are_replaced(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        entry = _add(session, keyring, ana, words="a\x00b\ud83dc\ud83d\ude00")
        [opened] = journal.open_entries(keyring, ana, [entry])
    assert opened.words == "a\ufffdb\ufffdc\U0001f600"


def test_editing_keeps_the_creation_time_and_the_trimmed_pieces(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        entry = _add(session, keyring, ana, trimmed=(TrimmedPiece("footer", "-- \nAna", 3),))
        journal.edit_entry(keyring, ana, entry, "The bus came.", NOW + DAY)
        found = journal.open_whole_entry(keyring, ana, entry)
    assert found.entry.words == "The bus came."
    assert (entry.created_at, entry.changed_at) == (NOW, NOW + DAY)
    assert [piece.text for piece in found.pieces.values()] == ["-- \nAna"]


def test_a_trimmed_piece_is_restored_once_to_its_place(database: Database, keyring: Keyring, library: Library) -> None:
    piece = TrimmedPiece("quotation", "> my mother used to say so", 1)
    with database.write() as session:
        ana = join(session, keyring, library)
        entry = _add(session, keyring, ana, trimmed=(piece,))
        assert journal.restore_trimmed(keyring, ana, entry, piece_key(piece), NOW)
        assert not journal.restore_trimmed(keyring, ana, entry, piece_key(piece), NOW)
        [opened] = journal.open_entries(keyring, ana, [entry])
    assert opened.words.split("\n")[:2] == ["The bus was late.", "> my mother used to say so"]
    assert not opened.has_more


def _add(session: Session, keyring: Keyring, person: Subscriber, words: str = WORDS, **fields: Any) -> Entry:
    new_entry = journal.NewEntry(words=words, written_on=TODAY, source="page", **fields)
    return journal.add_entry(session, keyring, person, new_entry, NOW)
