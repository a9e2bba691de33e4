"""Letters from the draft to the mailbox: once to each who asked, at their own hour, and nothing more after a pause."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from service.core.settings.schedule import Days
from service.flows.outgoing.letters import letter_states
from service.flows.outgoing.letters.letter_drafts import LetterDraft, LetterError, edit_draft
from service.flows.outgoing.letters.letter_scheduling import AtInstant, OwnHour, Straightaway
from service.models import (
    Letter,
    LetterPause,
    LetterState,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.people.letters import NEVER_ASKED, LettersHarness
from tests.harness.people.members import EVERY_DAY
from tests.harness.people.people import NOW
from tests.harness.sending import LEASE, open_sending_harness


@pytest.fixture
def letters(migrated_sqlite: Path, tmp_path: Path) -> Iterator[LettersHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path, letters_from="Wren Alder") as sending:
        yield LettersHarness(sending)


@pytest.fixture
def on_both(database_url: str, tmp_path: Path) -> Iterator[LettersHarness]:
    """The same on SQLite and on PostgreSQL, where the database matters."""
    with open_sending_harness(database_url, tmp_path) as sending:
        yield LettersHarness(sending)


def test_a_letter_goes_once_to_each_who_asked_and_to_nobody_else(on_both: LettersHarness) -> None:
    letters = on_both
    for number in range(5):
        letters.reader(f"reader{number}@example.com")
    letters.reader("no-letters@example.com", wants_letters=False)
    letters.reader("not-confirmed@example.com", letters_confirmed_at=None)
    letters.reader("resting@example.com", status=SubscriberStatus.RESTING)
    letters.reader("late@example.com", letters_confirmed_at=NOW + timedelta(hours=1))
    barred = letters.reader("barred@example.com")
    with letters.runtime.database.write() as session:
        Suppression.add(session, barred.address_hash, SuppressionReason.BOUNCED, NOW)
    letter_id = letters.scheduled()
    assert letters.tick() == 0
    letters.clock.move(timedelta(minutes=5))
    assert letters.send_due() == {"sent": 5}
    assert letters.send_due() == {}
    assert sorted(mail.recipient for mail in letters.sending.mails()) == [f"reader{n}@example.com" for n in range(5)]
    assert letters.state(letter_id) == LetterState.SENT


def test_a_letter_has_its_own_sender_list_and_way_out_and_no_mark_of_a_program(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letters.reader("with+plus@example.com")
    letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    assert letters.send_due() == {"sent": 2}
    for mail in letters.sending.mails():
        assert (mail.subject, mail.sender) == ("Ice", "Wren Alder <hello@mail.example.org>")
        assert "letters.mail.example.org" in (mail.header("List-Id") or "")
        assert (mail.header("Feedback-ID") or "").endswith(":letters")
        assert mail.header("Auto-Submitted") is None
        assert mail.reply_to.startswith("r-")
        assert "/unsubscribe/" in (mail.header("List-Unsubscribe") or "")
        assert mail.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert "%recipient" not in mail.text + mail.html + str(mail.headers)
        assert "and a fox (https://blog.example.org/fox)" in mail.text
        assert "The pond has frozen." in mail.html


def test_at_their_own_hour_each_gets_it_on_the_first_day_without_another_email(letters: LettersHarness) -> None:
    tuesday = date(2026, 5, 19)
    free = letters.reader("free@example.com", days=NEVER_ASKED)
    busy = letters.reader("busy@example.com", days=Days.of(1, 2))  # Tuesday and Wednesday
    full = letters.reader("full@example.com", days=Days.of(1, 2, 3))
    daily = letters.reader("daily@example.com", days=EVERY_DAY)
    letters_only = letters.reader("only@example.com", days=EVERY_DAY, wants_questions=False)
    far = letters.reader("far@example.com", zone="Pacific/Kiritimati")
    letters.move_to(datetime(2026, 5, 17, 9, tzinfo=UTC))
    letters.scheduled(OwnHour(tuesday))
    letters.move_to(datetime(2026, 5, 18, 10, tzinfo=UTC))
    letters.tick()
    at = letters.times()
    assert at[free.id] == datetime(2026, 5, 19, 7, tzinfo=UTC)
    assert at[busy.id] == datetime(2026, 5, 21, 7, tzinfo=UTC)
    assert at[full.id] == datetime(2026, 5, 21, 7, tzinfo=UTC)  # in place of that day's question
    assert at[daily.id] == datetime(2026, 5, 19, 7, tzinfo=UTC)
    assert at[letters_only.id] == datetime(2026, 5, 19, 7, tzinfo=UTC)
    assert at[far.id] == datetime(2026, 5, 18, 18, tzinfo=UTC)


def test_the_question_of_a_letters_day_is_left_out_and_the_next_days_comes(letters: LettersHarness) -> None:
    letters.reader("daily@example.com", days=EVERY_DAY)
    letters.move_to(datetime(2026, 5, 17, 9, tzinfo=UTC))
    letters.scheduled(OwnHour(date(2026, 5, 19)))
    for day in (18, 19, 20):
        letters.move_to(datetime(2026, 5, day, 7, tzinfo=UTC))
        letters.send_due()
    assert [mail.variables["kind"] for mail in letters.sending.mails()] == ["prompt", "letter", "prompt"]


def test_several_clocks_plan_what_one_plans(letters: LettersHarness) -> None:
    for number in range(7):
        letters.reader(f"reader{number}@example.com")
    letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    assert [letters.tick() for _ in range(3)] == [7, 0, 0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_ten_clocks_at_once_plan_what_one_plans(on_both: LettersHarness) -> None:
    for number in range(20):
        on_both.reader(f"reader{number}@example.com")
    on_both.scheduled()
    on_both.clock.move(timedelta(minutes=5))
    with ThreadPoolExecutor(10) as clocks:
        planned = sum(clocks.map(lambda _: on_both.tick(), range(10)))
    assert (planned + on_both.tick(), len(on_both.times())) == (20, 20)


def test_a_letter_can_be_taken_back_until_it_begins_and_leaves_nothing(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(minutes=4, seconds=59))
    assert letters.tick() == 0
    with letters.runtime.database.write() as session:
        assert letter_states.take_back(session, letter_id).state == LetterState.DRAFT
    letters.clock.move(timedelta(minutes=5))
    assert letters.tick() == 0
    letters.schedule(letter_id, Straightaway())
    letters.clock.move(timedelta(minutes=5))
    assert letters.send_due() == {"sent": 1}
    with letters.runtime.database.write() as session, pytest.raises(LetterError):
        letter_states.take_back(session, letter_id)


def test_a_paused_letter_keeps_its_rows_and_resuming_sends_exactly_the_rest(on_both: LettersHarness) -> None:
    letters = on_both
    for number in range(4):
        letters.reader(f"reader{number}@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    letters.tick()
    ids, letters.sending.queue.deliveries = letters.sending.queue.deliveries, []
    letters.sending.send(ids[:1])
    letters.pause(letter_id)
    letters.sending.send(ids)
    letters.clock.move(timedelta(hours=2))
    assert letters.send_due() == {}
    assert letters.sending.states() == {"planned": 3, "sent": 1}
    letters.resume(letter_id)
    assert letters.send_due() == {"sent": 3}
    assert len({mail.recipient for mail in letters.sending.mails()}) == 4
    assert letters.send_due() == {}
    assert letters.state(letter_id) == LetterState.SENT


def test_what_a_worker_claimed_before_the_pause_is_not_sent(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    letters.tick()
    sender = letters.runtime.sender()
    original = sender.email_builder.build

    def pause_meanwhile(*arguments: Any) -> Any:
        letters.pause(letter_id)
        return original(*arguments)

    object.__setattr__(sender, "email_builder", _Builder(pause_meanwhile, sender.email_builder))
    sender.send(letters.sending.queue.deliveries)
    assert letters.sending.mails() == []
    assert letters.sending.states() == {"planned": 1}


class _Builder:
    """A builder during whose work something happens."""

    def __init__(self, build: Any, real: Any) -> None:
        self.build, self.context = build, real.context


def test_somebody_who_stops_letters_after_the_planning_gets_none(letters: LettersHarness) -> None:
    person = letters.reader("a@example.com")
    letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    letters.tick()
    with letters.runtime.database.write() as session:
        session.get_one(Subscriber, person.id).wants_letters = False
    letters.send_due()
    assert letters.sending.states() == {"skipped": 1}
    assert letters.sending.mails() == []


def test_a_stopped_letter_ends_for_everybody_who_has_not_had_it(letters: LettersHarness) -> None:
    for number in range(3):
        letters.reader(f"reader{number}@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    letters.tick()
    letters.sending.send(letters.sending.queue.deliveries[:1])
    with letters.runtime.database.write() as session:
        assert letter_states.stop(session, letter_id) == 2
    assert letters.send_due() == {}
    assert letters.sending.states() == {"sent": 1, "skipped": 2}
    assert letters.state(letter_id) == LetterState.STOPPED


def test_a_letter_that_is_a_day_late_asks_instead_of_going(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(hours=25))
    assert letters.send_due() == {}
    with letters.runtime.database.read() as session:
        assert session.get_one(Letter, letter_id).paused_because == LetterPause.LATE
    letters.resume(letter_id)
    assert letters.send_due() == {"sent": 1}


def test_planned_emails_that_are_a_day_late_ask_instead_of_going(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    letters.tick()
    ids = letters.sending.queue.deliveries
    letters.clock.move(timedelta(hours=25))
    with letters.runtime.database.write() as session:
        # A job that was enqueued before, and that runs before the next tick.
        assert delivery_claims.claim(session, ids, lease=LEASE, now=letters.clock()) == []
    assert letters.send_due() == {}
    assert letters.state(letter_id) == LetterState.PAUSED
    letters.resume(letter_id)
    assert letters.send_due() == {"sent": 1}


def test_what_is_scheduled_is_never_edited_and_a_time_that_has_passed_is_refused(letters: LettersHarness) -> None:
    letter_id = letters.draft()
    with pytest.raises(LetterError, match="has passed"):
        letters.schedule(letter_id, AtInstant(NOW))
    with pytest.raises(LetterError, match="begun somewhere"):
        letters.schedule(letter_id, OwnHour(NOW.date()))
    letters.schedule(letter_id, AtInstant(NOW + timedelta(hours=1)))
    with letters.runtime.database.write() as session, pytest.raises(LetterError, match="never edited"):
        edit_draft(session, letter_id, LetterDraft(title="x", content="y"), NOW)
    with pytest.raises(LetterError, match="scheduled before"):
        letters.schedule(letter_id, Straightaway())


def crash(letters: LettersHarness) -> None:
    """Have a worker claim two emails and end before it has handed them over."""
    with letters.runtime.database.write() as session:
        delivery_claims.claim(session, letters.sending.queue.deliveries[:2], lease=-LEASE, now=letters.clock())


def pause_for_a_while(letters: LettersHarness, letter_id: int) -> None:
    if letters.state(letter_id) in {LetterState.SCHEDULED, LetterState.SENDING}:
        letters.pause(letter_id)
        letters.send_due()
        letters.resume(letter_id)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_stops_in_between_each_gets_it_once(letters: LettersHarness, seed: int) -> None:
    """Ticks, pauses, and workers that end before their request, in any order: nothing is lost and nothing doubled."""
    for number in range(9):
        letters.reader(f"reader{number}@example.com")
    letter_id = letters.scheduled()
    letters.clock.move(timedelta(minutes=5))
    steps = (
        letters.tick,
        lambda: letters.sending.send(letters.sending.queue.deliveries[:2]),
        lambda: crash(letters),
        lambda: pause_for_a_while(letters, letter_id),
    )
    for step in Random(seed).choices(steps, k=14):
        step()
        letters.clock.move(timedelta(seconds=50))
    for _ in range(3):
        letters.clock.move(timedelta(minutes=6))
        letters.send_due()
    assert sorted(mail.recipient for mail in letters.sending.mails()) == [f"reader{n}@example.com" for n in range(9)]
    assert letters.state(letter_id) == LetterState.SENT
