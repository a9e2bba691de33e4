"""Reading a month or a year for digests and their pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from service.core.library.prompt_timing import PromptTiming
from service.core.library.prompts import Library
from service.core.month.digest import Digest
from service.db import Database
from service.flows.people.journal.digest_reading import DigestReader, last_day_of, quiet_question, year_question
from service.models import Entry, Keyring, Step, Subscriber
from tests.harness.journals.diary import take_step, write
from tests.harness.people.members import member

MAY = date(2026, 5, 1)
MONTHS = range(1, 13)
PARK = "The first warm evening, and nobody in the park."
LILAC = "The lilac came out, and stood by the bins."


@pytest.fixture
def reader(keyring: Keyring, library: Library) -> DigestReader:
    return DigestReader(keyring, library, frozenset({"soup", "later", "came", "sat", "and"}))


def create_subscriber(database: Database, keyring: Keyring, **columns: Any) -> Subscriber:
    with database.write() as session:
        return member(session, keyring, **columns)


def asked(library: Library) -> str:
    """Return the id of a prompt whose replies a digest may quote."""
    return next(p.id for p in library.for_locale("en-GB") if p.resurface and p.kind == "question" and p.theme == "rest")


def read(database: Database, reader: DigestReader, person: Subscriber, month: date = MAY) -> Digest:
    with database.read() as session:
        digest = reader.month(session, session.get_one(Subscriber, person.id), month)
    assert digest is not None
    return digest


def read_remaining(database: Database, reader: DigestReader, person: Subscriber, frozen: Digest) -> Digest | None:
    with database.read() as session:
        return reader.without_removed_entries(session, session.get_one(Subscriber, person.id), frozen)


def keep_out(session: Session, entry_id: int) -> None:
    session.get_one(Entry, entry_id).is_kept_out = True


def test_the_digest_holds_the_months_words_and_leaves_out_what_is_kept_out(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, date(2026, 5, 3), PARK, asked(library))
    hidden = write(database, keyring, person, date(2026, 5, 4), "Only for me, and for no other day.", asked(library))
    write(database, keyring, person, date(2026, 6, 2), "That was June and belongs to another month.", asked(library))
    with database.write() as session:
        keep_out(session, hidden)
    text = read(database, reader, person).to_json()
    assert PARK in text
    assert "Only for me" not in text
    assert "That was June" not in text
    with database.read() as session:
        owner = session.get_one(Subscriber, person.id)
        assert reader.month(session, owner, date(2026, 4, 1)) is None
        assert reader.year(session, owner, 2025) is None


@pytest.mark.parametrize(("is_wanted", "expected"), [(True, LILAC), (False, None)], ids=["wanted", "not wanted"])
def test_a_passage_of_a_year_ago_is_quoted_if_look_backs_are_wanted(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader, is_wanted: bool, expected: str | None
) -> None:
    person = create_subscriber(database, keyring, wants_look_backs=is_wanted)
    write(database, keyring, person, date(2025, 5, 12), LILAC, asked(library))
    write(database, keyring, person, date(2025, 6, 1), "June, and too late for this.", asked(library))
    write(database, keyring, person, date(2026, 5, 3), PARK, asked(library))
    found = read(database, reader, person).then_and_now
    assert (found.text if found else None) == expected


def test_a_look_back_needs_one_more_query(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    for day in range(1, 29):
        write(database, keyring, person, date(2025, 5, day), LILAC, asked(library))
    write(database, keyring, person, date(2026, 5, 3), PARK, asked(library))

    def queries(*, wants_look_backs: bool) -> int:
        asked: list[str] = []
        with database.read() as session:
            owner = session.get_one(Subscriber, person.id)
            owner.wants_look_backs = wants_look_backs

            def record(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
                asked.append(statement)

            with session.no_autoflush:
                event.listen(database.engine, "before_cursor_execute", record)
                reader.month(session, owner, MAY)
                event.remove(database.engine, "before_cursor_execute", record)
            session.expunge_all()
        return len(asked)

    assert queries(wants_look_backs=True) == queries(wants_look_backs=False) + 1


@pytest.mark.parametrize(
    ("is_wanted", "word", "thread_word"),
    [(True, "Priya", "Priya"), (False, "Priya", None), (True, "soup", None)],
    ids=["wanted", "not wanted", "an ordinary word"],
)
def test_a_thread_is_found_again_if_it_is_wanted(
    database: Database,
    keyring: Keyring,
    library: Library,
    reader: DigestReader,
    is_wanted: bool,
    word: str,
    thread_word: str | None,
) -> None:
    person = create_subscriber(database, keyring, wants_thread=is_wanted)
    for month in (2, 3, 4):
        for day in (4, 9, 14):
            write(database, keyring, person, date(2026, month, day), "Rain on the roof again.", asked(library))
    for day in (3, 9, 20):
        write(database, keyring, person, date(2026, 5, day), f"Later on came {word}, and we sat.", asked(library))
    digest = read(database, reader, person)
    assert (digest.thread.word if digest.thread else None) == thread_word
    frozen = Digest.from_json(digest.to_json())
    assert frozen.thread is None
    again = read_remaining(database, reader, person, frozen)
    assert again is not None
    assert again.thread == digest.thread
    with database.read() as session:
        assert reader.with_thread(session, session.get_one(Subscriber, person.id), frozen).thread == digest.thread


def test_the_digest_has_only_steps_taken_in_its_month(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, date(2026, 5, 3), PARK, asked(library))
    take_step(database, keyring, person, "Ring Priya", date(2026, 5, 31))
    take_step(database, keyring, person, "Find the pen", date(2026, 6, 1))
    assert [(step.words, step.taken_on) for step in read(database, reader, person).steps] == [
        ("Ring Priya", date(2026, 5, 31))
    ]


def test_a_step_in_a_month_without_entries_makes_no_digest(
    database: Database, keyring: Keyring, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    take_step(database, keyring, person, "Ring Priya", date(2026, 5, 8))
    with database.read() as session:
        assert reader.month(session, session.get_one(Subscriber, person.id), MAY) is None


def test_a_frozen_digest_is_shown_without_removed_entries(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    old = write(database, keyring, person, date(2025, 5, 12), LILAC, asked(library))
    park = write(database, keyring, person, date(2026, 5, 3), PARK, asked(library))
    write(database, keyring, person, date(2026, 5, 9), "Rain, and the radio on low.", asked(library))
    gone = take_step(database, keyring, person, "Ring Priya", date(2026, 5, 8))
    take_step(database, keyring, person, "Find the pen", date(2026, 5, 9))
    frozen = read(database, reader, person)
    assert read_remaining(database, reader, person, frozen) == frozen
    with database.write() as session:
        Entry.remove(session, person.id, park)
        keep_out(session, old)
        Step.remove(session, person.id, gone)
    remaining = read_remaining(database, reader, person, frozen)
    assert remaining is not None
    assert [passage.text for passage in remaining.passages] == ["Rain, and the radio on low."]
    assert [step.words for step in remaining.steps] == ["Find the pen"]
    assert remaining.then_and_now is None
    assert remaining.days == (date(2026, 5, 9),)


def test_later_entries_are_not_added_to_a_frozen_digest(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, date(2026, 5, 3), PARK, asked(library))
    frozen = read(database, reader, person)
    write(database, keyring, person, date(2026, 5, 9), "Rain, and the radio on low.", asked(library))
    take_step(database, keyring, person, "Ring Priya", date(2026, 5, 8))
    assert read_remaining(database, reader, person, frozen) == frozen


def test_a_year_holds_its_months_and_its_steps(
    database: Database, keyring: Keyring, library: Library, reader: DigestReader
) -> None:
    person = create_subscriber(database, keyring)
    for on in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 3), date(2026, 12, 31), date(2027, 1, 1)):
        write(database, keyring, person, on, f"It was {on:%B} in {on.year}.", asked(library))
    take_step(database, keyring, person, "Ring Priya", date(2026, 12, 31))
    with database.read() as session:
        year = reader.year(session, session.get_one(Subscriber, person.id), 2026)
    assert year is not None
    assert year.months_sentence == "You wrote in January, May and December."
    texts = [passage.text for passage in year.passages]
    assert texts == ["It was January in 2026.", "It was May in 2026.", "It was December in 2026."]
    assert [step.words for step in year.steps] == ["Ring Priya"]


def test_the_months_question_is_light_and_the_same_for_everybody(library: Library) -> None:
    question = quiet_question(library, "en-GB", MAY)
    assert (question.depth, question.kind) == (1, "question")
    assert question != quiet_question(library, "en-GB", date(2026, 6, 1))


@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_the_question_of_a_month_or_a_year_is_not_about_a_single_day(library: Library, locale: str) -> None:
    carried = {quiet_question(library, locale, date(year, month, 1)) for year in range(2026, 2036) for month in MONTHS}
    carried |= {year_question(library, locale, year) for year in range(2026, 2036)}
    assert len(carried) >= 5
    for phrase in ("this week", "this morning", "tonight", "tomorrow", "heute", "morgen", "diese woche"):
        assert [prompt.question for prompt in carried if phrase in prompt.question.casefold()] == []
    assert not any(prompt.asks_for_step for prompt in carried)


@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_the_years_question_differs_from_those_of_the_months_around_its_end(library: Library, locale: str) -> None:
    for year in range(2026, 2040):
        around = [quiet_question(library, locale, date(year + (month == 1), month, 1)) for month in (10, 11, 12, 1)]
        assert year_question(library, locale, year) not in around


def test_a_question_that_the_writers_retired_is_in_no_later_month_or_year(library: Library) -> None:
    mine = Library(library.files)
    month, year = quiet_question(mine, "en-GB", MAY), year_question(mine, "en-GB", 2026)
    retired = (PromptTiming(date(2026, 6, 2), is_retired=True),)
    mine.take_own((), {month.id: retired, year.id: retired})
    assert quiet_question(mine, "en-GB", MAY) == month  # it went on 1 June, and a reply is still compared with it
    later = {quiet_question(mine, "en-GB", date(2027 + n // 12, n % 12 + 1, 1)) for n in range(60)}
    later |= {year_question(mine, "en-GB", 2026 + n) for n in range(20)}
    assert not later & {month, year}
    everything = {prompt.id: retired for prompt in mine.files}
    mine.take_own((), everything)
    assert quiet_question(mine, "en-GB", date(2027, 1, 1)).depth == 1


def test_the_last_day_of_a_month_is_found_up_to_the_end_of_the_calendar() -> None:
    assert last_day_of(date(2024, 2, 1)) == date(2024, 2, 29)
    assert last_day_of(date(9999, 12, 1)) == date.max


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_to_an_own_question_is_as_what_answers_none(
    database: Database, keyring: Keyring, reader: DigestReader
) -> None:
    digests = []
    for address, prompt_id in (("ana@example.com", ""), ("bo@example.com", "own/27")):
        person = create_subscriber(database, keyring, address=address)
        write(database, keyring, person, date(2026, 5, 3), PARK, prompt_id)
        digests.append(read(database, reader, person))
    assert digests[0] == digests[1]
    assert digests[0].days == (date(2026, 5, 3),)
