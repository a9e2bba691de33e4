"""Mail that was set aside can be read again, whoever's seal it is under, and never twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from service.flows.quarantine import Replay, Replayed, replay, set_aside, unreadable
from service.flows.ticking import prune, sweep
from service.mail.reader import Reader
from service.models import Outcome, Reply
from service.models.reply import MAX_ATTEMPTS
from tests.flows.letterbox import Letterbox, open_letterbox
from tests.flows.people import DAY
from tests.flows.posts import mail

# It says that it is ready and dies of every mail it is given.
DYING = (sys.executable, "-c", "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.buffer.read(9)")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LARGE = "Large. " + "x " * 200_000


@pytest.fixture
def box(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Letterbox]:
    with open_letterbox(migrated_sqlite, tmp_path) as letterbox:
        yield letterbox


def row(box: Letterbox, reply_id: int) -> Reply:
    return next(row for row in box.rows() if row.id == reply_id)


def not_read(box: Letterbox, words: str = "Soup, slowly.") -> int:
    """Let a mail come in that kills its reader at every attempt; return its id."""
    healthy = box.receiver
    box.receiver = replace(healthy, reader=Reader(command=DYING))
    reply = box.comes(mail(words))
    assert reply is not None
    for _ in range(MAX_ATTEMPTS - 1):
        lapse(box, reply.id)
        box.receiver.understand(reply.id)
    box.receiver.reader.close()
    box.receiver = healthy
    assert row(box, reply.id).outcome == Outcome.UNREADABLE
    return reply.id


def lapse(box: Letterbox, reply_id: int) -> None:
    with box.line.runtime.database.write() as session:
        session.execute(update(Reply).where(Reply.id == reply_id).values(lease_until=LONG_AGO))


def replayed(box: Letterbox, reply_id: int) -> Replay:
    (result,) = replay(box.line.runtime.door(), [reply_id], box.line.clock())
    assert isinstance(result, Replayed)
    assert result.id == reply_id
    return result.what


@pytest.mark.parametrize("words", ["Soup, slowly.", LARGE], ids=["in its row", "in the object store"])
def test_a_mail_that_could_not_be_read_is_read_again_from_under_its_owners_seal(box: Letterbox, words: str) -> None:
    reply_id = not_read(box, words)
    assert row(box, reply_id).subscriber_id == box.ana.id
    assert replayed(box, reply_id) is Replay.RUNG
    box.receiver.understand(reply_id)
    assert row(box, reply_id).outcome == Outcome.ENTRY
    (kept,) = box.words()  # of a long one, what an entry shows
    assert words.startswith(kept.strip())
    objects = [path for path in Path(box.line.runtime.storage.root).rglob("*") if path.is_file()]
    assert len(objects) == (1 if words is LARGE else 0)


def test_a_mail_whose_every_worker_died_is_read_again_from_under_our_own_seal(box: Letterbox) -> None:
    runtime = box.line.runtime
    healthy, box.receiver = box.receiver, replace(box.receiver, reader=Reader(command=DYING))
    reply = box.comes(mail())
    box.receiver.reader.close()
    box.receiver = healthy
    assert reply is not None
    with runtime.database.write() as session:
        session.execute(update(Reply).values(attempts=MAX_ATTEMPTS, lease_until=LONG_AGO))
    sweep(runtime.database, runtime.doorbell, now=box.line.clock())
    assert row(box, reply.id).outcome == Outcome.UNREADABLE
    assert replayed(box, reply.id) is Replay.RUNG
    box.receiver.understand(reply.id)
    assert box.words() == ["Soup, slowly."]


def test_what_is_an_entry_already_is_left_alone(box: Letterbox) -> None:
    reply = box.comes(mail())
    assert reply is not None
    assert replayed(box, reply.id) is Replay.SETTLED
    assert row(box, reply.id).outcome == Outcome.ENTRY


def test_a_mail_can_be_asked_for_twice_and_is_one_entry(box: Letterbox) -> None:
    reply_id = not_read(box)
    assert [replayed(box, reply_id) for _ in range(2)] == [Replay.RUNG, Replay.SETTLED]
    for _ in range(2):
        box.receiver.understand(reply_id)
    assert box.words() == ["Soup, slowly."]


def test_after_thirty_days_a_clear_line_says_that_it_is_gone(box: Letterbox) -> None:
    reply_id, runtime = not_read(box), box.line.runtime
    prune(runtime.database, runtime.storage, now=box.line.clock() + 31 * DAY)
    assert replayed(box, reply_id) is Replay.GONE
    assert replayed(box, 1) is Replay.UNKNOWN


def test_the_list_tells_ids_dates_and_reasons_and_nothing_else(box: Letterbox) -> None:
    unread_id = not_read(box)
    held = box.comes(mail("Words of somebody.", sender="ben@example.com"))
    assert held is not None
    with box.line.runtime.database.read() as session:
        found = set_aside(session)
        assert unreadable(session) == (unread_id,)
    assert {mail.id: mail.outcome for mail in found} == {unread_id: "unreadable", held.id: "held"}
    told = repr(found)
    assert not any(secret in told for secret in ("Words", "Soup", "ben", "ana", "@", box.address()))


def test_a_held_mail_is_judged_again_and_held_again(box: Letterbox) -> None:
    held = box.comes(mail("Words.", sender="ben@example.com"))
    assert held is not None
    assert replayed(box, held.id) is Replay.RUNG
    box.receiver.understand(held.id)
    assert row(box, held.id).outcome == Outcome.HELD
    assert box.words() == []
