"""Sending deliveries: claimed once, sent in batches, and recorded for every response of the provider."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from service.flows.incoming.events.events import record_event
from service.flows.people.journal import journal
from service.flows.people.subscription import account
from service.mail.provider_events import ProviderEvent
from service.models import (
    DeliveryClaim,
    DeliveryState,
    SentText,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
    WrappedDataKey,
)
from service.models.outgoing.deliveries import delivery_claims, delivery_evidence
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import LEASE, SendingHarness, open_sending_harness

ADDRESSES = ("a@example.com", "b@example.com", "c@example.com")
HOUR = timedelta(hours=1)
PAST = timedelta(hours=-1)
# These tests are about the provider's responses, which do not depend on the database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def claim(harness: SendingHarness, ids: list[int], lease: timedelta = LEASE) -> list[DeliveryClaim]:
    with harness.runtime.database.write() as session:
        return delivery_claims.claim(session, ids, lease=lease, now=harness.clock())


def test_one_batch_has_equal_emails_and_each_recipient_gets_only_their_own_links(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    assert harness.send(ids).counts == {"sent": 3}
    mails = harness.mails()
    assert {mail.recipient for mail in mails} == set(ADDRESSES)
    assert len({mail.provider_id for mail in mails}) == 1, "one request"
    links = [mail.reply_to for mail in mails]
    links += [mail.header("List-Unsubscribe") or "" for mail in mails]
    assert len(set(links)) == 6
    for mail in mails:
        others = [other.reply_to for other in mails if other is not mail]
        everything = repr(mail.as_json())
        assert not any(reply_to in everything for reply_to in others)
        assert not any(address in everything for address in set(ADDRESSES) - {mail.recipient})
        assert "%recipient" not in everything
        assert mail.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert int(mail.variables["delivery"]) in ids


@ON_SQLITE
def test_the_text_of_a_batch_is_stored_once_without_private_content(harness: SendingHarness) -> None:
    harness.send(harness.plan(harness.members(*ADDRESSES)))
    with harness.runtime.database.read() as session:
        (kept,) = session.query(SentText).all()
    assert "%recipient.reply%" not in kept.text or "@" not in kept.text.replace("%recipient.", "")
    assert not any(address in kept.text + kept.html for address in ADDRESSES)


@ON_SQLITE
def test_an_address_with_a_plus_is_sent_alone(harness: SendingHarness) -> None:
    people = harness.members("a@example.com", "b+tag@example.com", "c@example.com")
    assert harness.send(harness.plan(people)).counts == {"sent": 3}
    alone = next(mail for mail in harness.mails() if mail.recipient == "b+tag@example.com")
    assert alone.provider_id not in {mail.provider_id for mail in harness.mails() if mail is not alone}
    assert "%recipient" not in repr(alone.as_json())


def test_ten_workers_with_the_same_job_send_it_once(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    with ThreadPoolExecutor(10) as pool:
        reports = list(pool.map(lambda _: harness.send(ids), range(10)))
    assert sum(report.counts.get("sent", 0) for report in reports) == 3
    assert sorted(mail.recipient for mail in harness.mails()) == list(ADDRESSES)


@pytest.mark.parametrize("kind", ["prompt", "welcome", "quiet_month", "answer"])
def test_the_status_is_checked_again_when_a_delivery_is_claimed(harness: SendingHarness, kind: str) -> None:
    (person,) = harness.members("a@example.com")
    ids = harness.plan([person], kind=kind)
    with harness.runtime.database.write() as session:
        account.rest(session, session.get_one(Subscriber, person.id), account.Rest.WEEK, harness.clock())
    is_claimed = kind == "answer"
    assert len(claim(harness, ids)) == is_claimed
    assert harness.delivery(ids[0]).state == (DeliveryState.CLAIMED if is_claimed else DeliveryState.SKIPPED)


def test_a_stop_between_planning_and_claiming_prevents_sending(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com")
    ids = harness.plan([person])
    with harness.runtime.database.write() as session:
        account.stop(session, session.get_one(Subscriber, person.id), harness.clock(), source="page")
    harness.send(ids)
    assert harness.mails() == []
    assert harness.delivery(ids[0]).reason == "not wanted any more"


@pytest.mark.parametrize(
    ("kind", "is_claimed"), [("prompt", False), ("answer", False), ("confirmation", False), ("sign_in", True)]
)
def test_a_suppressed_address_gets_only_sign_in_emails(harness: SendingHarness, kind: str, is_claimed: bool) -> None:
    (person,) = harness.members("a@example.com")
    ids = harness.plan([person], kind=kind)
    with harness.runtime.database.write() as session:
        Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, harness.clock())
    assert len(claim(harness, ids)) == is_claimed


def test_the_expiry_is_checked_again_when_a_delivery_is_claimed(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"), expires_at=harness.clock() + MINUTE)
    harness.clock.move(MINUTE)
    assert claim(harness, ids) == []
    assert harness.delivery(ids[0]).reason == "late"


def test_a_delivery_that_is_not_ready_stays_planned(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"), ready_at=harness.clock() + MINUTE)
    assert claim(harness, ids) == []
    assert harness.delivery(ids[0]).state == DeliveryState.PLANNED


def test_every_write_after_the_claim_is_fenced_by_the_attempt(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    (first,) = claim(harness, ids)
    with harness.runtime.database.write() as session:
        delivery_claims.plan_again(session, [first], ready_at=harness.clock(), reason="a pause")
    (second,) = claim(harness, ids)
    assert (first.attempt, second.attempt) == (1, 2)
    with harness.runtime.database.write() as session:
        assert delivery_claims.mark_sent(session, [first], provider_id="x", sent_at=harness.clock()) == []
        assert delivery_claims.mark_failed(session, [first], "x") == 0
        assert delivery_claims.mark_unknown(session, [first], "x") == 0
        assert delivery_claims.mark_skipped(session, [first], "x") == 0
        assert delivery_claims.plan_again(session, [first], ready_at=harness.clock(), reason="x") == 0
        assert delivery_claims.mark_sent(session, [second], provider_id="y", sent_at=harness.clock()) == [second.id]


@pytest.mark.parametrize("fault", ["close-after", "close-before", "error-before", "error-after", "no-id"])
def test_a_request_without_a_response_is_unknown_and_never_sent_again(harness: SendingHarness, fault: str) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    harness.office.faults.add(fault)
    assert harness.send(ids).counts == {"unknown": 3}
    taken = len(harness.mails())
    for _ in range(3):
        harness.clock.move(HOUR)
        assert harness.send(ids).counts == {}
    assert len(harness.mails()) == taken
    assert harness.states() == {"unknown": 3}


def test_an_expired_claim_that_was_handed_over_becomes_unknown_and_not_planned(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    claims = claim(harness, ids, lease=PAST)
    with harness.runtime.database.write() as session:
        assert delivery_claims.hand_over(session, claims, harness.clock()) == {*ids}
        assert delivery_claims.plan_lapsed_again(session) == 0
        assert delivery_claims.mark_lapsed_unknown(session) == 1
    assert harness.send(ids).counts == {}
    assert harness.states() == {"unknown": 1}


def event(delivery_id: int, name: str, harness: SendingHarness) -> ProviderEvent:
    return ProviderEvent(name, "e", harness.clock(), "a@example.com", None, delivery_id)


@pytest.mark.parametrize("name", ["accepted", "delivered", "opened", "failed"])
@ON_SQLITE
def test_an_event_turns_an_unknown_delivery_into_a_sent_one(harness: SendingHarness, name: str) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    harness.office.faults.add("close-after")
    harness.send(ids)
    with harness.runtime.database.write() as session:
        record_event(session, harness.runtime.keyring, event(ids[0], name, harness), token="t", now=harness.clock())
    assert harness.delivery(ids[0]).state == DeliveryState.SENT


def test_an_event_before_the_response_is_kept_and_the_response_still_counts(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    claims = claim(harness, ids)
    with harness.runtime.database.write() as session:
        record_event(
            session, harness.runtime.keyring, event(ids[0], "delivered", harness), token="t", now=harness.clock()
        )
    with harness.runtime.database.write() as session:
        assert delivery_claims.mark_lapsed_unknown(session) == 0
        assert delivery_claims.mark_sent(session, claims, provider_id="their id", sent_at=harness.clock()) == [
            claims[0].id
        ]
    assert harness.delivery(ids[0]).provider_id == "their id"


def test_an_event_does_not_change_a_failed_delivery(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    claims = claim(harness, ids)
    with harness.runtime.database.write() as session:
        delivery_claims.mark_failed(session, claims, "400")
        assert delivery_evidence.mark_accepted(session, {ids[0]: None}, harness.clock()) == 0
    assert harness.states() == {"failed": 1}


@ON_SQLITE
def test_a_refused_batch_is_split_until_the_bad_address_is_alone(harness: SendingHarness) -> None:
    people = harness.members(*[f"p{number}@example.com" for number in range(9)])
    invalid = people[4]
    with harness.runtime.database.write() as session:
        owner = session.get_one(Subscriber, invalid.id)
        key = harness.runtime.keyring.key_of(owner)
        sealed = key.seal_text("not an address", place=f"subscribers.address:{invalid.id}", random=lambda n: b"n" * n)
        owner.sealed_address = sealed
    ids = harness.plan(people)
    report = harness.send(ids)
    assert report.counts == {"sent": 8, "failed": 1}
    assert len({mail.recipient for mail in harness.mails()}) == 8
    assert len(harness.mails()) == 8


@ON_SQLITE
def test_a_batch_that_is_too_large_is_sent_in_smaller_ones(harness: SendingHarness) -> None:
    harness.office.faults.largest_batch = 2
    people = harness.members(*[f"p{number}@example.com" for number in range(8)])
    assert harness.send(harness.plan(people)).counts == {"sent": 8}
    assert len(harness.mails()) == 8


@pytest.mark.parametrize("fault", ["rate-limit-date", "rate-limit-seconds", "rate-limit-header"])
@ON_SQLITE
def test_a_pause_that_the_provider_asks_for_applies_to_all_deliveries(harness: SendingHarness, fault: str) -> None:
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
def test_wrong_provider_settings_plan_every_delivery_again(harness: SendingHarness, fault: str) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    harness.office.faults.add(fault)
    assert harness.send(ids).counts == {"planned": 3}
    harness.clock.move(timedelta(minutes=5))
    assert harness.send(ids).counts == {"sent": 3}


@ON_SQLITE
def test_deliveries_are_planned_again_if_the_provider_cannot_be_reached(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, mailgun_api_url="http://127.0.0.1:1") as harness:
        assert harness.send(harness.plan(harness.members(*ADDRESSES))).counts == {"planned": 3}


@ON_SQLITE
def test_a_stopping_worker_claims_nothing(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    report = harness.send(ids, stopping=lambda: True)
    assert report.to_enqueue == ids
    assert harness.states() == {"planned": 3}
    assert harness.delivery(ids[0]).attempt == 0


def test_a_stopping_worker_finishes_its_batch_and_plans_the_others_again(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a+1@example.com", "b+1@example.com", "c+1@example.com"))
    report = harness.send(ids, stopping=lambda: len(harness.mails()) >= 1)
    assert report.counts == {"sent": 1, "planned": 2}
    assert harness.states() == {"planned": 2, "sent": 1}
    assert harness.send(report.to_enqueue).counts == {"sent": 2}


@ON_SQLITE
def test_a_worker_stopping_between_split_batches_plans_the_others_again(harness: SendingHarness) -> None:
    harness.office.faults.largest_batch = 1
    ids = harness.plan(harness.members(*ADDRESSES))
    report = harness.send(ids, stopping=lambda: len(harness.mails()) >= 1)
    assert report.counts == {"sent": 1, "planned": 2}


@ON_SQLITE
def test_after_half_the_lease_nothing_more_is_sent(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a+1@example.com", "b+1@example.com"))

    def time_passes() -> bool:
        if harness.mails():
            harness.clock.move(LEASE)
        return False

    report = harness.send(ids, stopping=time_passes)
    assert report.counts == {"sent": 1, "planned": 1}
    assert len(report.to_enqueue) == 1


def test_a_delivery_that_cannot_be_built_does_not_stop_the_others(harness: SendingHarness) -> None:
    good, unknown_kind, broken = harness.members(*ADDRESSES)
    ids = harness.plan([good]) + harness.plan([unknown_kind], kind="from tomorrow") + harness.plan([broken])
    with harness.runtime.database.write() as session:
        session.execute(
            update(WrappedDataKey).where(WrappedDataKey.subscriber_id == broken.id).values(wrapped=b"damaged")
        )
    assert harness.send(ids).counts == {"sent": 1, "failed": 2}


@ON_SQLITE
def test_a_prompt_that_is_no_longer_in_the_library_is_skipped(harness: SendingHarness) -> None:
    assert harness.send(harness.plan(harness.members("a@example.com"), prompt_id="gone")).counts == {"skipped": 1}


@ON_SQLITE
def test_a_digest_is_sent_alone_and_its_content_is_sealed_with_it(harness: SendingHarness) -> None:
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


def test_an_empty_digest_is_skipped_and_the_days_prompt_becomes_due(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com")
    with harness.runtime.database.write() as session:
        session.get_one(Subscriber, person.id).next_prompt_at = harness.clock() + DAY
    (id_,) = harness.plan([person], kind="digest", slot="2026-04")
    assert harness.send([id_]).counts == {"skipped": 1}
    with harness.runtime.database.read() as session:
        assert session.get_one(Subscriber, person.id).next_prompt_at == harness.clock()


@ON_SQLITE
def test_a_digest_switched_off_before_it_is_sent_is_skipped(harness: SendingHarness) -> None:
    (person,) = harness.members("a@example.com", status=SubscriberStatus.ACTIVE, wants_digest=False)
    ids = harness.plan([person], kind="quiet_month", slot="2026-04")
    assert harness.send(ids).counts == {"skipped": 1}
