from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from service.flows.incoming.events import record_event
from service.flows.people import account, journal
from service.mail.provider_events import ProviderEvent
from service.models import (
    Delivery,
    DeliveryClaim,
    DeliveryState,
    SentText,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.people import DAY, MINUTE
from tests.harness.sending import LEASE, SendingHarness, open_sending_harness

ABC = ("a@example.com", "b@example.com", "c@example.com")
HOUR = timedelta(hours=1)
PAST = timedelta(hours=-1)
# What the provider answers is told apart before any database is asked.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def claim(harness: SendingHarness, ids: list[int], lease: timedelta = LEASE) -> list[DeliveryClaim]:
    with harness.runtime.database.write() as session:
        return Delivery.claim(session, ids, lease=lease, now=harness.clock())


def test_one_call_carries_what_is_alike_and_each_person_gets_only_their_own(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ABC))
    assert harness.send(ids).counts == {"sent": 3}
    mails = harness.mails()
    assert {mail.recipient for mail in mails} == set(ABC)
    assert len({mail.provider_id for mail in mails}) == 1, "one call"
    own = [mail.reply_to for mail in mails]
    own += [mail.header("List-Unsubscribe") or "" for mail in mails]
    assert len(set(own)) == 6
    for mail in mails:
        others = [other.reply_to for other in mails if other is not mail]
        everything = repr(mail.as_json())
        assert not any(reply_to in everything for reply_to in others)
        assert not any(address in everything for address in set(ABC) - {mail.recipient})
        assert "%recipient" not in everything
        assert mail.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert int(mail.variables["delivery"]) in ids


@ON_SQLITE
def test_what_a_batch_said_is_kept_once_without_anything_of_anybody(harness: SendingHarness) -> None:
    harness.send(harness.plan(harness.members(*ABC)))
    with harness.runtime.database.read() as session:
        (kept,) = session.query(SentText).all()
    assert "%recipient.reply_address%" not in kept.text or "@" not in kept.text.replace("%recipient.", "")
    assert not any(address in kept.text + kept.html for address in ABC)


@ON_SQLITE
def test_an_address_with_a_plus_goes_alone(harness: SendingHarness) -> None:
    people = harness.members("a@example.com", "b+tag@example.com", "c@example.com")
    assert harness.send(harness.plan(people)).counts == {"sent": 3}
    alone = next(mail for mail in harness.mails() if mail.recipient == "b+tag@example.com")
    assert alone.provider_id not in {mail.provider_id for mail in harness.mails() if mail is not alone}
    assert "%recipient" not in repr(alone.as_json())


def test_ten_workers_with_the_same_job_send_it_once(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ABC))
    with ThreadPoolExecutor(10) as pool:
        reports = list(pool.map(lambda _: harness.send(ids), range(10)))
    assert sum(report.counts.get("sent", 0) for report in reports) == 3
    assert sorted(mail.recipient for mail in harness.mails()) == list(ABC)


@pytest.mark.parametrize("kind", ["prompt", "welcome", "quiet_month", "answer"])
def test_status_is_looked_at_again_when_a_delivery_is_claimed(harness: SendingHarness, kind: str) -> None:
    (person,) = harness.members("a@example.com")
    ids = harness.plan([person], kind=kind)
    with harness.runtime.database.write() as session:
        account.rest(session, session.get_one(Subscriber, person.id), account.Rest.WEEK, harness.clock())
    may = kind == "answer"
    assert len(claim(harness, ids)) == may
    assert harness.delivery(ids[0]).state == (DeliveryState.CLAIMED if may else DeliveryState.SKIPPED)


def test_who_stops_between_the_plan_and_the_claim_gets_nothing(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com")
    ids = harness.plan([person])
    with harness.runtime.database.write() as session:
        account.stop(session, session.get_one(Subscriber, person.id), harness.clock(), source="page")
    harness.send(ids)
    assert harness.mails() == []
    assert harness.delivery(ids[0]).reason == "not wanted any more"


@pytest.mark.parametrize(
    ("kind", "goes"), [("prompt", False), ("answer", False), ("confirmation", False), ("sign_in", True)]
)
def test_a_suppressed_address_gets_a_sign_in_it_asked_for_and_nothing_else(
    harness: SendingHarness, kind: str, goes: bool
) -> None:
    (person,) = harness.members("a@example.com")
    ids = harness.plan([person], kind=kind)
    with harness.runtime.database.write() as session:
        Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, harness.clock())
    assert len(claim(harness, ids)) == goes


def test_expiry_is_looked_at_again_when_a_delivery_is_claimed(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"), expires_at=harness.clock() + MINUTE)
    harness.clock.move(MINUTE)
    assert claim(harness, ids) == []
    assert harness.delivery(ids[0]).reason == "late"


def test_what_is_not_ready_stays_planned(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"), ready_at=harness.clock() + MINUTE)
    assert claim(harness, ids) == []
    assert harness.delivery(ids[0]).state == DeliveryState.PLANNED


def test_every_write_after_the_claim_is_fenced_by_the_attempt(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    (early,) = claim(harness, ids)
    with harness.runtime.database.write() as session:
        Delivery.plan_again(session, [early], ready_at=harness.clock(), reason="a pause")
    (late,) = claim(harness, ids)
    assert (early.attempt, late.attempt) == (1, 2)
    with harness.runtime.database.write() as session:
        assert Delivery.mark_sent(session, [early], provider_id="x", sent_at=harness.clock()) == []
        assert Delivery.mark_failed(session, [early], "x") == 0
        assert Delivery.mark_unknown(session, [early], "x") == 0
        assert Delivery.mark_skipped(session, [early], "x") == 0
        assert Delivery.plan_again(session, [early], ready_at=harness.clock(), reason="x") == 0
        assert Delivery.mark_sent(session, [late], provider_id="y", sent_at=harness.clock()) == [late.id]


@pytest.mark.parametrize("fault", ["close-after", "close-before", "error-before", "error-after", "no-id"])
def test_a_send_without_an_answer_is_unknown_and_never_sent_again(harness: SendingHarness, fault: str) -> None:
    ids = harness.plan(harness.members(*ABC))
    harness.office.faults.add(fault)
    assert harness.send(ids).counts == {"unknown": 3}
    taken = len(harness.mails())
    for _ in range(3):
        harness.clock.move(HOUR)
        assert harness.send(ids).counts == {}
    assert len(harness.mails()) == taken
    assert harness.states() == {"unknown": 3}


def test_the_claim_of_a_worker_that_went_away_becomes_unknown_and_not_planned(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    claim(harness, ids, lease=PAST)
    with harness.runtime.database.write() as session:
        assert Delivery.mark_lapsed_unknown(session) == 1
    assert harness.send(ids).counts == {}
    assert harness.states() == {"unknown": 1}


def event(delivery_id: int, name: str, harness: SendingHarness) -> ProviderEvent:
    return ProviderEvent(name, "e", harness.clock(), "a@example.com", None, delivery_id)


@pytest.mark.parametrize("name", ["accepted", "delivered", "opened", "failed"])
@ON_SQLITE
def test_the_providers_record_ends_an_unknown_one(harness: SendingHarness, name: str) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    harness.office.faults.add("close-after")
    harness.send(ids)
    with harness.runtime.database.write() as session:
        record_event(session, harness.runtime.keyring, event(ids[0], name, harness), token="t", now=harness.clock())
    assert harness.delivery(ids[0]).state == DeliveryState.SENT


def test_evidence_that_comes_before_the_answer_is_kept_and_the_answer_still_counts(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    claims = claim(harness, ids)
    with harness.runtime.database.write() as session:
        record_event(
            session, harness.runtime.keyring, event(ids[0], "delivered", harness), token="t", now=harness.clock()
        )
    with harness.runtime.database.write() as session:
        assert Delivery.mark_lapsed_unknown(session) == 0
        assert Delivery.mark_sent(session, claims, provider_id="their id", sent_at=harness.clock()) == [claims[0].id]
    assert harness.delivery(ids[0]).provider_id == "their id"


def test_an_event_does_not_bring_back_what_failed(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    claims = claim(harness, ids)
    with harness.runtime.database.write() as session:
        Delivery.mark_failed(session, claims, "400")
        Delivery.mark_accepted(session, ids[0], harness.clock())
    assert harness.states() == {"failed": 1}


@ON_SQLITE
def test_a_refused_batch_is_halved_until_the_bad_address_stands_alone(harness: SendingHarness) -> None:
    people = harness.members(*[f"p{number}@example.com" for number in range(9)])
    bad = people[4]
    with harness.runtime.database.write() as session:
        owner = session.get_one(Subscriber, bad.id)
        key = harness.runtime.keyring.key_of(owner)
        sealed = key.seal_text("not an address", place=f"subscribers.address:{bad.id}", random=lambda n: b"n" * n)
        owner.sealed_address = sealed
    ids = harness.plan(people)
    report = harness.send(ids)
    assert report.counts == {"sent": 8, "failed": 1}
    assert len({mail.recipient for mail in harness.mails()}) == 8
    assert len(harness.mails()) == 8


@ON_SQLITE
def test_a_provider_that_takes_small_batches_only_gets_small_ones_from_then_on(harness: SendingHarness) -> None:
    harness.office.faults.largest_batch = 2
    sender = harness.runtime.sender()
    people = harness.members(*[f"p{number}@example.com" for number in range(8)])
    assert sender.send(harness.plan(people)).counts == {"sent": 8}
    assert sender.batch_size == 2
    assert len(harness.mails()) == 8


@pytest.mark.parametrize("fault", ["rate-limit-date", "rate-limit-seconds", "rate-limit-header"])
@ON_SQLITE
def test_a_pause_that_the_provider_asks_for_is_kept_by_all_that_waits(harness: SendingHarness, fault: str) -> None:
    people = harness.members("a+1@example.com", "b+1@example.com", "c@example.com")
    ids = harness.plan(people)
    harness.office.faults.add(fault)
    report = harness.send(ids)
    assert (report.counts, report.to_enqueue) == ({"planned": 3}, [])
    assert {harness.delivery(id_).ready_at for id_ in ids} == {harness.clock() + timedelta(minutes=2)}
    harness.clock.move(timedelta(minutes=1))
    assert harness.send(ids).counts == {}
    harness.clock.move(timedelta(minutes=1))
    assert harness.send(ids).counts == {"sent": 3}


@pytest.mark.parametrize("fault", ["magnificent", "unknown-domain", "not-allowed"])
@ON_SQLITE
def test_wrong_settings_put_everything_back(harness: SendingHarness, fault: str) -> None:
    ids = harness.plan(harness.members(*ABC))
    harness.office.faults.add(fault)
    assert harness.send(ids).counts == {"planned": 3}
    harness.clock.move(timedelta(minutes=5))
    assert harness.send(ids).counts == {"sent": 3}


@ON_SQLITE
def test_a_provider_that_cannot_be_reached_costs_nothing(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, mailgun_api_url="http://127.0.0.1:1") as harness:
        assert harness.send(harness.plan(harness.members(*ABC))).counts == {"planned": 3}


@ON_SQLITE
def test_a_stop_before_the_claim_leaves_everything_planned(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ABC))
    report = harness.send(ids, stopping=lambda: True)
    assert report.to_enqueue == ids
    assert harness.states() == {"planned": 3}
    assert harness.delivery(ids[0]).attempt == 0


def test_a_stop_while_under_way_finishes_the_call_and_puts_back_the_rest(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a+1@example.com", "b+1@example.com", "c+1@example.com"))
    report = harness.send(ids, stopping=lambda: len(harness.mails()) >= 1)
    assert report.counts == {"sent": 1, "planned": 2}
    assert harness.states() == {"planned": 2, "sent": 1}
    assert harness.send(report.to_enqueue).counts == {"sent": 2}


@ON_SQLITE
def test_a_stop_while_a_refused_batch_is_being_halved_puts_back_the_rest(harness: SendingHarness) -> None:
    harness.office.faults.largest_batch = 1
    ids = harness.plan(harness.members(*ABC))
    report = harness.send(ids, stopping=lambda: len(harness.mails()) >= 1)
    assert report.counts == {"sent": 1, "planned": 2}


@ON_SQLITE
def test_after_half_the_lease_nothing_more_is_handed_over(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a+1@example.com", "b+1@example.com"))

    def time_passes() -> bool:
        if harness.mails():
            harness.clock.move(LEASE)
        return False

    report = harness.send(ids, stopping=time_passes)
    assert report.counts == {"sent": 1, "planned": 1}
    assert len(report.to_enqueue) == 1


def test_one_that_cannot_be_made_costs_nobody_else_theirs(harness: SendingHarness) -> None:
    good, of_a_newer_release, broken = harness.members(*ABC)
    ids = harness.plan([good]) + harness.plan([of_a_newer_release], kind="from tomorrow") + harness.plan([broken])
    with harness.runtime.database.write() as session:
        session.execute(update(Subscriber).where(Subscriber.id == broken.id).values(data_key=b"damaged"))
    assert harness.send(ids).counts == {"sent": 1, "failed": 2}


@ON_SQLITE
def test_a_prompt_that_left_the_library_is_skipped(harness: SendingHarness) -> None:
    assert harness.send(harness.plan(harness.members("a@example.com"), prompt_id="gone")).counts == {"skipped": 1}


@ON_SQLITE
def test_a_digest_goes_alone_and_its_own_lines_are_sealed_with_it(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com")
    words = "The first warm evening, and nobody in the park."
    with harness.runtime.database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        asked = harness.runtime.library.first_six("en-GB")[0].id
        journal.add_entry(
            session,
            harness.runtime.keyring,
            owner,
            journal.NewEntry(
                words=words, written_on=(harness.clock() - 20 * DAY).date(), source="mail", prompt_id=asked
            ),
            harness.clock(),
        )
    month = f"{harness.clock() - 20 * DAY:%Y-%m}"
    (id_,) = harness.plan([person], kind="digest", slot=month)
    assert harness.send([id_]).counts == {"sent": 1}
    (mail,) = harness.mails()
    assert words in mail.text
    sealed = harness.delivery(id_).sealed_content
    assert sealed is not None
    assert b"warm" not in sealed
    assert "warm" in harness.runtime.keyring.key_of(person).open_text(sealed, place=f"deliveries.content:{id_}")


def test_a_digest_with_nothing_left_is_skipped_and_the_days_prompt_is_owed(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com")
    with harness.runtime.database.write() as session:
        session.get_one(Subscriber, person.id).next_prompt_at = harness.clock() + DAY
    (id_,) = harness.plan([person], kind="digest", slot="2026-04")
    assert harness.send([id_]).counts == {"skipped": 1}
    with harness.runtime.database.read() as session:
        assert session.get_one(Subscriber, person.id).next_prompt_at == harness.clock()


@ON_SQLITE
def test_who_switches_the_digest_off_before_it_goes_gets_none(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com", status=SubscriberStatus.ACTIVE, wants_digest=False)
    ids = harness.plan([person], kind="quiet_month", slot="2026-04")
    assert harness.send(ids).counts == {"skipped": 1}
