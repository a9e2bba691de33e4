"""No letter begins while a check of the doctor fails, however long ago it was scheduled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.flows.checks.before_letters import record_run
from service.flows.checks.finding import fail
from service.flows.outgoing.letters.letter_scheduling import AtInstant, schedule
from service.inline import tick_inline
from service.models import DoctorRun, Letter, LetterPause, LetterState, WriterMail, WriterMailKind
from tests.harness.people.letters import LettersHarness
from tests.harness.sending import open_sending_harness

DAYS = timedelta(days=3)


@pytest.fixture
def letters(migrated_sqlite: Path, tmp_path: Path) -> Iterator[LettersHarness]:
    """Letters of a service whose pages nobody serves, which the doctor finds."""
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as sending:
        yield LettersHarness(sending)


def begin(letters: LettersHarness, *, anyway: bool = False) -> int:
    """Schedule a letter for in three days, and tick then."""
    letter_id = letters.draft()
    record_run(letters.runtime.database, [], letters.clock())  # all was well when it was scheduled
    with letters.runtime.database.write() as session:
        when = AtInstant(letters.clock() + DAYS)
        schedule(session, letters.runtime.email_context(), letter_id, when, letters.clock(), anyway=anyway)
    letters.clock.move(DAYS)
    tick_inline(letters.runtime, at=letters.clock(), send=False)
    return letter_id


def test_a_letter_pauses_where_a_check_fails_when_it_is_to_begin_and_its_writers_are_told(
    letters: LettersHarness,
) -> None:
    letters.reader("a@example.com")
    letter_id = begin(letters)
    with letters.runtime.database.read() as session:
        letter = session.get_one(Letter, letter_id)
        assert (letter.state, letter.paused_because) == (LetterState.PAUSED, LetterPause.CHECKS)
        [mail] = session.scalars(select(WriterMail).where(WriterMail.kind == WriterMailKind.LETTER_NOT_BEGUN))
        checks = mail.open_values(letters.runtime.keyring)["checks"].split(", ")
        run = DoctorRun.last(session)
        assert run is not None
        assert checks == run.failed_checks
    assert "https" in checks
    assert "clock" not in checks  # it is the clock that asks
    assert letters.times() == {}
    letters.resume(letter_id)
    record_run(letters.runtime.database, [], letters.clock())  # it is mended
    tick_inline(letters.runtime, at=letters.clock(), send=False)
    assert len(letters.times()) == 1


def test_a_letter_that_was_sent_anyway_begins_over_the_failure(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = begin(letters, anyway=True)
    assert letters.state(letter_id) == LetterState.SENDING
    with letters.runtime.database.read() as session:
        run = DoctorRun.last(session)
        assert run is not None
        assert run.failed_checks == []  # nobody looked again


def test_a_letter_that_has_begun_goes_on_over_a_failure(letters: LettersHarness) -> None:
    """What is under way has rules of its own for pausing: the results of its emails."""
    letters.reader("a@example.com")
    letter_id = begin(letters, anyway=True)
    letters.pause(letter_id)
    record_run(letters.runtime.database, [fail("spf", "There is none.", "Add it.")], letters.clock())
    letters.resume(letter_id)
    tick_inline(letters.runtime, at=letters.clock(), send=False)
    assert letters.state(letter_id) == LetterState.SENDING
