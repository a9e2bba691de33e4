"""Quiet dates, as reading and resting keep them."""

from __future__ import annotations

from datetime import date

from service.core.library.prompts import Library
from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.db import Database
from service.flows.people.journal.digest_reading import DigestReader
from service.flows.people.settings import quiet_dates
from service.flows.people.subscription import account
from service.flows.people.subscription.account import Rest, Resting
from service.models import Keyring, QuietDate, Subscriber
from tests.harness.journals.diary import take_step, write
from tests.harness.people.members import member
from tests.harness.people.people import NOW

MAY = date(2026, 5, 1)
QUIET, OTHER = date(2026, 5, 12), date(2026, 5, 20)
SPAN = QuietSpan(MonthDay(5, 10), MonthDay(5, 14))


def keep_quiet(database: Database, keyring: Keyring, person: Subscriber, label: str = "") -> None:
    with database.write() as session:
        quiet_dates.add(session, keyring, session.get_one(Subscriber, person.id), SPAN, label=label, now=NOW)


def create_subscriber(database: Database, keyring: Keyring) -> Subscriber:
    with database.write() as session:
        return member(session, keyring, looking_from=NOW)  # the noon of Wednesday 13 May


def test_words_and_steps_of_a_quiet_date_do_not_come_back(
    database: Database, keyring: Keyring, library: Library
) -> None:
    reader = DigestReader(keyring, library, frozenset())
    asked = next(
        p.id for p in library.for_locale("en-GB") if p.resurface and p.kind == "question" and p.theme == "rest"
    )
    person = create_subscriber(database, keyring)
    for year in (2025, 2026):
        write(database, keyring, person, QUIET.replace(year=year), "The hospital called in the morning.", asked)
    write(database, keyring, person, OTHER, "The first warm evening, and nobody in the park.", asked)
    take_step(database, keyring, person, "Ring the hospital.", QUIET)
    with database.read() as session:
        owner = session.get_one(Subscriber, person.id)
        frozen = reader.month(session, owner, MAY)
        assert frozen is not None
        assert "hospital called" in frozen.to_json()
        assert "Ring the hospital" in frozen.to_json()
    keep_quiet(database, keyring, person)
    with database.read() as session:
        owner = session.get_one(Subscriber, person.id)
        read = (
            reader.month(session, owner, MAY),
            reader.year(session, owner, 2026),
            reader.without_removed_entries(session, owner, frozen),
        )
        assert quiet_dates.is_quiet(session, owner, QUIET)
        assert not quiet_dates.is_quiet(session, owner, OTHER)
    for one in read:
        assert one is not None
        assert "hospital" not in one.to_json()
        assert "warm evening" in one.to_json()


def test_the_next_question_is_after_the_quiet_dates_and_skipping_one_skips_that(
    database: Database, keyring: Keyring
) -> None:
    person = create_subscriber(database, keyring)
    keep_quiet(database, keyring, person)
    with database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        assert quiet_dates.next_question_on(session, owner) == date(2026, 5, 15)
        assert account.rest(session, owner, Rest.SKIP_ONE, NOW) == Resting(date(2026, 5, 16))


def test_a_label_is_sealed_and_bound_to_its_date(database: Database, keyring: Keyring) -> None:
    person = create_subscriber(database, keyring)
    keep_quiet(database, keyring, person, "Mum’s day")
    with database.read() as session:
        [row] = QuietDate.of_subscriber(session, person.id)
        assert row.sealed_label is not None
        assert "Mum" not in row.sealed_label.decode("latin-1")
        owner = session.get_one(Subscriber, person.id)
        [named] = quiet_dates.named_quiet_dates(session, keyring, owner)
    assert named.label == "Mum’s day"
    assert "Mum" not in repr(named)


def test_nobody_removes_another_persons_quiet_date(database: Database, keyring: Keyring) -> None:
    person = create_subscriber(database, keyring)
    keep_quiet(database, keyring, person)
    with database.write() as session:
        other = member(session, keyring, "ben@example.com")
        [row] = QuietDate.of_subscriber(session, person.id)
        quiet_dates.remove(session, other, str(row.id))
    with database.read() as session:
        assert QuietDate.of_subscriber(session, person.id)
