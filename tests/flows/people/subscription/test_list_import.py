"""Importing a list: nothing is overwritten, nobody is imported or asked twice, and nobody unconfirmed gets letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.config import ROOT
from service.core.addresses import Address
from service.core.library.prompts import Library
from service.core.list_import import ListedPerson, ListService, ListStanding, SubscriberList, read_list
from service.core.settings.consent import ConsentEvent, Stream
from service.db import Base, Database
from service.flows.people.subscription import account, list_import, signup
from service.flows.people.subscription.confirm_signup import confirm
from service.flows.people.subscription.list_import import (
    ListOrigin,
    NotBrought,
    apply_import,
    ask_waiting,
    plan_import,
    undo_import,
)
from service.models import (
    BroughtAs,
    BroughtPerson,
    Consent,
    Delivery,
    DeliveryKind,
    Keyring,
    ListImport,
    NewDelivery,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.people.people import ANA, DAY, MINUTE, NOW, join, person

LISTS = ROOT / "tests" / "data" / "lists"
LISBON = ZoneInfo("Europe/Lisbon")
PROVED = ListOrigin(ListService.MAILCHIMP, b"Yes, send me the news.", LISBON)
HOUR = timedelta(hours=1)


def bring(session: Session, keyring: Keyring, listed: SubscriberList, origin: ListOrigin = PROVED) -> ListImport | None:
    plan = plan_import(session, keyring, listed, origin)
    return apply_import(session, keyring, plan, origin, NOW)


def listed(*names: str, standing: ListStanding = ListStanding.SUBSCRIBED, at: datetime | None = None) -> SubscriberList:
    return SubscriberList(tuple(ListedPerson(Address.parse(f"{name}@example.com"), standing, at) for name in names))


def rows(session: Session) -> int:
    return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables)


def asked(session: Session, keyring: Keyring, now: datetime) -> list[str | None]:
    """Ask those who wait, as the clock and the job do; return what each email asks for."""
    planned: list[int] = []
    for request_id in ask_waiting(session, now, 1000):
        session.flush()
        planned += signup.process_mail_request(session, keyring, request_id, now)
    return [*session.scalars(select(Delivery.detail).where(Delivery.id.in_(planned)))]


@pytest.mark.parametrize(
    "name",
    ["mailchimp", "mailchimp-unsubscribed", "mailchimp-cleaned", "substack", "ghost", "listmonk", "buttondown"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bringing_a_list_twice_changes_no_row_the_second_time(database: Database, keyring: Keyring, name: str) -> None:
    service = ListService(name.partition("-")[0])
    people = read_list((LISTS / f"{name}.csv").read_bytes(), service, NOW)
    with database.write() as session:
        assert bring(session, keyring, people, replace(PROVED, service=service)) is not None
    with database.write() as session:
        before = rows(session)
        assert bring(session, keyring, people, replace(PROVED, service=service)) is None
        assert rows(session) == before


def test_a_person_confirmed_elsewhere_gets_letters_alone_with_the_consent_of_that_time(
    database: Database, keyring: Keyring
) -> None:
    then = datetime(2023, 1, 4, 10, 0, tzinfo=UTC)
    with database.write() as session:
        made = bring(session, keyring, listed("ana", at=then))
        ana = person(session, keyring)
        assert (ana.status, ana.wants_questions, ana.wants_letters) == (SubscriberStatus.ACTIVE, False, True)
        assert (ana.next_prompt_at, ana.time_zone) == (None, "Europe/Lisbon")
        assert keyring.address_of(ana) == ANA
        [line] = Consent.for_address(session, ana.address_hash)
        assert (line.stream, line.event, line.source, line.at) == (
            Stream.LETTERS,
            ConsentEvent.IMPORTED,
            "mailchimp",
            then,
        )
        assert made is not None
        assert made.proof_hash is not None
        assert made.proof_hash.hex().startswith(line.wording)
        assert ask_waiting(session, NOW + DAY, 10) == []


@pytest.mark.parametrize(
    ("at", "proof"), [(None, b"words"), (NOW - DAY, None)], ids=["no time of confirming", "no proof of its words"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unconfirmed_person_is_asked_once_and_gets_nothing_before(
    database: Database, keyring: Keyring, library: Library, at: datetime | None, proof: bytes | None
) -> None:
    origin = replace(PROVED, proof=proof)
    with database.write() as session:
        bring(session, keyring, listed("ana", at=at), origin)
        assert Subscriber.with_address(session, keyring.address_hash(ANA)) is None
        assert asked(session, keyring, NOW + HOUR - MINUTE) == []  # there is time to undo it
        assert asked(session, keyring, NOW + HOUR) == ["moved"]
        assert asked(session, keyring, NOW + 9 * DAY) == []
        ana = person(session, keyring)
        assert (ana.status, ana.wants_letters) == (SubscriberStatus.PENDING, False)
        assert bring(session, keyring, listed("ana", at=at), origin) is None
        confirm(session, keyring, library, ana.id, NOW + 2 * HOUR, source="reply")
        assert (ana.status, [*ana.streams]) == (SubscriberStatus.ACTIVE, [Stream.LETTERS])
        events = [line.event for line in Consent.for_address(session, ana.address_hash)]
        assert events == [ConsentEvent.ASKED, ConsentEvent.CONFIRMED]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_is_asked_again_after_they_let_it_pass(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        bring(session, keyring, listed("ana"))
        asked(session, keyring, NOW + HOUR)
        assert Subscriber.delete_unconfirmed(session, NOW + 8 * DAY) == 1
        plan = plan_import(session, keyring, listed("ana"), PROVED)
        assert (plan.brought, plan.not_brought) == ({}, {NotBrought.BROUGHT: 1})


def test_at_most_two_hundred_are_asked_within_a_day(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        bring(session, keyring, listed(*(f"p{number}" for number in range(450))))
        counts = [len(ask_waiting(session, NOW + at, 1000)) for at in (HOUR, 2 * HOUR, DAY + HOUR + MINUTE)]
        counts += [
            len(ask_waiting(session, NOW + 2 * DAY + 2 * HOUR, 1000)),
            len(ask_waiting(session, NOW + 9 * DAY, 9)),
        ]
        assert counts == [200, 0, 200, 50, 0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_that_stands_here_is_overwritten(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        ben = join(session, keyring, library, Address.parse("ben@example.com"))
        account.stop(session, ben, NOW, source="page")
        cleo = keyring.address_hash(Address.parse("cleo@example.com"))
        Suppression.add(session, cleo, SuppressionReason.COMPLAINED, NOW - DAY)
        bring(session, keyring, listed("dan", standing=ListStanding.STOPPED, at=NOW - DAY))
        before = rows(session)
        everybody = listed("ana", "ben", "cleo", "dan", at=NOW - DAY)
        plan = plan_import(session, keyring, everybody, PROVED)
        assert plan.not_brought == {
            NotBrought.HERE: 1,
            NotBrought.STOPPED: 1,
            NotBrought.SUPPRESSED: 1,
            NotBrought.BROUGHT: 1,
        }
        for standing in (ListStanding.STOPPED, ListStanding.BOUNCED):
            assert bring(session, keyring, listed("ana", "ben", standing=standing)) is None
        assert (bring(session, keyring, everybody), rows(session)) == (None, before)
        assert (ana.status, ana.wants_letters, ben.status) == (SubscriberStatus.ACTIVE, False, SubscriberStatus.STOPPED)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_person_who_signs_up_before_being_asked_is_not_asked(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        bring(session, keyring, listed("ana"))
        join(session, keyring, library)
        assert asked(session, keyring, NOW + HOUR) == []


def test_an_import_can_be_taken_back_until_it_has_led_to_an_email(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        before = rows(session)
        made = bring(session, keyring, listed("ana", at=NOW - DAY))
        assert made is not None
        assert undo_import(session, made, NOW + MINUTE)
        assert not undo_import(session, made, NOW + MINUTE)
        events = [line.event for line in Consent.for_address(session, keyring.address_hash(ANA))]
        assert events == [ConsentEvent.IMPORTED, ConsentEvent.UNDONE]
        assert rows(session) - before == 1 + len(events)  # the import, and the log, which nothing deletes from
        again = bring(session, keyring, listed("ana", at=NOW - DAY))
        assert again is not None
        new = NewDelivery(
            subscriber_id=person(session, keyring).id,
            kind=DeliveryKind.SIGN_IN,
            slot="2026-05-13/1",
            ready_at=NOW,
            planned_at=NOW,
        )
        Delivery.plan(session, [new])
        assert not undo_import(session, again, NOW + MINUTE)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_taking_back_ends_what_a_bounce_barred_and_whom_nobody_has_asked(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        bounced = bring(session, keyring, listed("dan", standing=ListStanding.BOUNCED))
        waiting = bring(session, keyring, listed("ana"))
        assert bounced is not None
        assert waiting is not None
        assert undo_import(session, bounced, NOW)
        assert undo_import(session, waiting, NOW)
        assert not Suppression.among(session, [keyring.address_hash(Address.parse("dan@example.com"))])
        assert ask_waiting(session, NOW + DAY, 10) == []
        assert plan_import(session, keyring, listed("ana", "dan"), PROVED).count(BroughtAs.WAITING) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_import_keeps_no_address_in_plain_text(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        bring(session, keyring, listed("ana"))
        [row] = session.scalars(select(BroughtPerson))
        assert row.sealed_form is not None
        assert b"ana" not in row.sealed_form
        asked(session, keyring, NOW + HOUR)
        assert row.sealed_form is None


def test_the_bound_is_the_one_that_is_promised() -> None:
    assert list_import.MAX_ASKED_PER_DAY == 200
