"""Erasing: first the key, then everything else, in every place; and again in a database that is restored."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.sealing import SealError
from service.core.settings.consent import ConsentEvent
from service.db import Base, Database
from service.flows.outgoing.tick import tick
from service.flows.people.access import sign_in
from service.flows.people.access.sign_in import NewSession
from service.flows.people.journal import journal
from service.flows.people.personal_data import erase
from service.flows.people.personal_data.eraser import PROVIDER_PATIENCE, Eraser
from service.flows.people.settings.consent import record_consent
from service.job_queue import BackgroundJob
from service.mail.outbound.mailgun import MailgunGateway
from service.models import Consent, Delivery, DeliveryKind, Entry, Erasure, Photo, Subscriber, Tombstone, WrappedDataKey
from service.storage import StorageError
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail

DAY = timedelta(days=1)
WORDS = "The heron stood in the flooded field."


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def database(harness: InboundHarness) -> Database:
    return harness.sending.runtime.database


def eraser(harness: InboundHarness) -> Eraser:
    return harness.sending.runtime.eraser()


def fill(harness: InboundHarness) -> str:
    """Give Ana an entry with a photo, and a mail in the object store; return the photo's object."""
    runtime = harness.sending.runtime
    assert harness.receive(mail(WORDS)) is not None
    name = "photos/77"
    runtime.storage.put(name, runtime.keyring.key_of(harness.ana).seal(b"a picture", place="p", random=os.urandom))
    with runtime.database.write() as session:
        entry = session.scalars(select(Entry)).one()
        row = {"content_type": "image/jpeg", "width": 1, "height": 1, "position": 0, "content_mac": b"m" * 32}
        session.add(
            Photo(
                id=77,
                entry_id=entry.id,
                subscriber_id=harness.ana.id,
                stored_as=name,
                created_at=harness.sending.clock(),
                **row,
            )
        )
        now, ana = harness.sending.clock(), session.merge(harness.ana)
        record_consent(session, ana, ConsentEvent.CONFIRMED, source="page", now=now, network=b"n" * 32)
    return name


def ask(harness: InboundHarness) -> int:
    """Ask for Ana to be erased; return the erasure's id."""
    with database(harness).write() as session:
        planned = erase.ask(session, session.get_one(Subscriber, harness.ana.id), harness.sending.clock())
        harness.sending.queue.enqueue_deliveries(planned)
        return session.scalars(select(Erasure.id)).one()


def is_there(harness: InboundHarness) -> bool:
    with database(harness).read() as session:
        return session.get(Subscriber, harness.ana.id) is not None


def sealed_values(harness: InboundHarness) -> set[bytes]:
    """Return every sealed value and wrapped key that the database holds for Ana."""
    found: set[bytes] = set()
    with database(harness).read() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if column.name.startswith("sealed_") or (table.name == "data_keys" and column.name == "wrapped"):
                    found |= {value for value in session.scalars(select(column)) if value}
    return found


def test_after_a_day_everything_is_gone_from_rows_files_and_objects(harness: InboundHarness, tmp_path: Path) -> None:
    photo = fill(harness)
    storage, file = harness.sending.runtime.storage, tmp_path / "smallsteps.db"
    sealed = sealed_values(harness)
    assert len(sealed) >= 4, "an address, a key, words and a raw mail"
    erasure_id = ask(harness)
    with database(harness).read() as session:
        names = {photo, *(name for name in session.scalars(select(Photo.stored_as)))}

    eraser(harness).work(erasure_id)
    assert is_there(harness), "a day has not gone by"
    harness.sending.clock.move(DAY)
    eraser(harness).work(erasure_id)

    assert not is_there(harness)
    files = [file, *tmp_path.glob("smallsteps.db-*")]
    content = b"".join(path.read_bytes() for path in files if path.exists())
    assert [value for value in sealed if value in content] == []
    for name in names:
        with pytest.raises(StorageError):
            storage.get(name)
    assert harness.receive(mail("Later words.")) is None, "a reply afterwards is refused"
    assert harness.status == 406


def test_consent_lines_stay_with_their_hash_and_say_that_it_was_withdrawn(harness: InboundHarness) -> None:
    fill(harness)
    erasure_id = ask(harness)
    harness.sending.clock.move(DAY)
    eraser(harness).work(erasure_id)
    with database(harness).read() as session:
        lines = Consent.for_address(session, harness.ana.address_hash)
        assert [line.event for line in lines][-2:] == ["confirmed", "stopped"]
        assert {line.network_hash for line in lines} == {None}
        marks = session.scalars(select(Tombstone.id_hash)).all()
    assert len(marks) == 1
    assert harness.ana.id.to_bytes(8, "big") not in marks[0]


def test_without_the_key_a_copy_made_before_does_not_open(harness: InboundHarness) -> None:
    fill(harness)
    with database(harness).read() as session:
        copied_person = session.get_one(Subscriber, harness.ana.id)
        copied_entry = session.scalars(select(Entry)).one()
    keyring = harness.sending.runtime.keyring
    assert journal.open_entries(keyring, copied_person, [copied_entry])[0].words == WORDS
    copied_person.wrapped_key = None  # the copy has every table but `data_keys`
    with pytest.raises(SealError):
        journal.open_entries(keyring, copied_person, [copied_entry])


def test_signing_in_within_the_day_takes_it_back_and_a_reply_does_not(harness: InboundHarness) -> None:
    erasure_id = ask(harness)
    harness.sending.clock.move(DAY / 2)
    assert harness.receive(mail(WORDS)) is not None
    assert harness.words() == [WORDS]
    with database(harness).write() as session:
        assert Erasure.of_subscriber(session, harness.ana.id) is not None
        assert sign_in.open_session(session, harness.ana.id, NewSession(b"s" * 32), harness.sending.clock())
    harness.sending.clock.move(DAY)
    eraser(harness).work(erasure_id)
    assert harness.words() == [WORDS]


def test_once_it_has_begun_signing_in_takes_nothing_back(harness: InboundHarness) -> None:
    fill(harness)
    erasure_id = ask(harness)
    harness.sending.clock.move(DAY)
    root = Path(harness.sending.runtime.storage.root)
    away = root.rename(root.parent / "away")
    root.write_bytes(b"where the folder was")
    with pytest.raises(StorageError):
        eraser(harness).work(erasure_id)
    with database(harness).write() as session:
        assert session.scalars(select(WrappedDataKey)).all() == []
        assert not sign_in.open_session(session, harness.ana.id, NewSession(b"s" * 32), harness.sending.clock())
    root.unlink()
    away.rename(root)
    eraser(harness).work(erasure_id)
    assert not is_there(harness)


def test_only_the_goodbye_is_sent_to_somebody_who_is_to_be_erased(harness: InboundHarness) -> None:
    sending = harness.sending
    asked = sending.plan([harness.ana])
    ask(harness)
    assert sending.send([*asked, *sending.queue.deliveries]).counts == {"sent": 1}
    [goodbye] = sending.mails()
    assert "erase your journal" in goodbye.text
    assert "/sign-in" in goodbye.text
    with database(harness).read() as session:
        kinds = {row.kind: row.state for row in session.scalars(select(Delivery))}
    assert kinds == {DeliveryKind.PROMPT: "skipped", DeliveryKind.GOODBYE: "sent"}


def test_the_clock_finds_what_is_due_and_the_provider_drops_the_address(harness: InboundHarness) -> None:
    sending = harness.sending
    sending.office.suppressions.add("bounces", "ana@example.com", sending.clock(), "550")
    erasure_id = ask(harness)
    sending.clock.move(DAY)
    tick(sending.runtime.database, sending.runtime.library, sending.queue, now=sending.clock(), chunk=10)
    assert sending.queue.background[BackgroundJob.ERASURES] == [erasure_id]
    eraser(harness).work(erasure_id)
    assert not is_there(harness)
    assert sending.office.suppressions.table_of("ana@example.com") is None


def test_a_restored_database_erases_again_whoever_was_erased(harness: InboundHarness, tmp_path: Path) -> None:
    fill(harness)
    runtime = harness.sending.runtime
    (bo,) = harness.sending.members("bo@example.com")
    backup = tmp_path / "backup.db"
    runtime.database.clear_deleted("data_keys")
    shutil.copy(tmp_path / "smallsteps.db", backup)
    erasure_id = ask(harness)
    harness.sending.clock.move(DAY)
    eraser(harness).work(erasure_id)

    restored = Database.at(f"sqlite:///{backup}")
    again = Eraser(restored, runtime.keyring, runtime.storage, runtime.mailer, runtime.clock)
    assert again.erase_again() == 1
    assert again.erase_again() == 0
    with restored.read() as session:
        assert session.scalars(select(Subscriber.id)).all() == [bo.id]
        assert session.scalars(select(WrappedDataKey.subscriber_id)).all() == [bo.id]
    restored.engine.dispose()


def test_a_provider_that_is_away_delays_erasing_by_an_hour_at_most(harness: InboundHarness) -> None:
    erasure_id = ask(harness)
    with MailgunGateway(api_key="key", domain="mail.example.org", api_url="http://127.0.0.1:1") as away:
        alone = replace(eraser(harness), suppression_lists=away)
        harness.sending.clock.move(DAY)
        alone.work(erasure_id)
        assert is_there(harness)
        harness.sending.clock.move(PROVIDER_PATIENCE)
        alone.work(erasure_id)
    assert not is_there(harness)


def test_a_written_wish_is_done_at_once(harness: InboundHarness) -> None:
    with database(harness).write() as session:
        erasure_id = erase.erase_at_once(session, harness.ana.id, harness.sending.clock())
    eraser(harness).work(erasure_id)
    assert not is_there(harness)
