"""Mail that waits for its owner's word: taken in, disowned, put back; and the addresses that count from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.core.addresses import Address
from service.flows import held
from service.models import Alias, Delivery, Kind, Outcome, Reply
from tests.flows.letterbox import ANA, Letterbox, open_letterbox
from tests.flows.people import DAY, MINUTE
from tests.flows.posts import mail

WORK = "ana@work.example"


@pytest.fixture
def box(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Letterbox]:
    with open_letterbox(migrated_sqlite, tmp_path) as opened:
        yield opened


def _comes(box: Letterbox, words: str, sender: str = WORK) -> Reply:
    reply = box.comes(mail(words, sender=sender))
    assert reply is not None
    return reply


def _row(box: Letterbox, reply_id: int) -> Reply:
    return next(row for row in box.rows() if row.id == reply_id)


def _take_in(box: Letterbox, reply: Reply) -> Reply:
    assert held.take_in(box.line.runtime.door(), box.ana.id, reply.id, box.line.clock())
    box.receiver.understand(reply.id)
    return _row(box, reply.id)


def _notices(box: Letterbox) -> int:
    with box.line.runtime.database.read() as session:
        return Delivery.count_since(session, box.ana.id, Kind.ANSWER, box.line.clock() - 30 * DAY)


def _is_alias(box: Letterbox, address: str) -> bool:
    with box.line.runtime.database.read() as session:
        owner = Alias.owner_id(session, box.line.runtime.keyring.address_hash(Address.parse(address)))
    return owner == box.ana.id


def test_what_is_taken_in_is_an_entry_of_its_day_and_its_sender_counts(box: Letterbox) -> None:
    reply = _comes(box, "From my desk.")
    assert reply.outcome == Outcome.HELD
    box.line.clock.move(9 * DAY)
    assert _take_in(box, reply).outcome == Outcome.ENTRY
    assert box.words() == ["From my desk."]
    assert _is_alias(box, WORK)
    assert _comes(box, "And again.").outcome == Outcome.ENTRY


def test_a_command_that_was_held_is_kept_as_words(box: Letterbox) -> None:
    """It was meant for its moment; what its owner takes in days later is an entry."""
    assert _take_in(box, _comes(box, "stop")).outcome == Outcome.ENTRY
    assert box.words() == ["stop"]


def test_their_own_address_never_becomes_an_alias(box: Letterbox) -> None:
    reply = box.comes(mail("No token, no proof.", sender=ANA, passes=False), "hello@mail.example.org")
    assert reply is not None
    assert reply.outcome == Outcome.HELD
    _take_in(box, reply)
    assert not _is_alias(box, ANA)


def test_the_owner_is_asked_once_a_day_and_finds_the_others_there(box: Letterbox) -> None:
    first = _comes(box, "One.")
    box.line.clock.move(MINUTE)
    second = _comes(box, "Two.")
    assert _notices(box) == 1
    look = held.look(box.line.runtime.door(), box.ana.id, first.id)
    assert look is not None
    assert look.next_id == second.id
    box.line.clock.move(DAY)
    _comes(box, "Three.")
    assert _notices(box) == 2


def test_what_is_disowned_goes_in_a_day_and_may_be_taken_in_until_then(box: Letterbox) -> None:
    reply = _comes(box, "Was it me?")
    with box.line.runtime.database.write() as session:
        held.disown(session, box.ana.id, reply.id, box.line.clock())
    row = _row(box, reply.id)
    assert row.kept_until == box.line.clock() + timedelta(days=1)
    look = held.look(box.line.runtime.door(), box.ana.id, reply.id)
    assert look is not None
    assert look.is_disowned
    assert _take_in(box, reply).outcome == Outcome.ENTRY


def test_nobody_else_takes_it_in_disowns_it_or_puts_it_back(box: Letterbox) -> None:
    (ben,) = box.line.members("ben@example.com")
    reply, door, now = _comes(box, "Ana's, perhaps."), box.line.runtime.door(), box.line.clock()
    assert not held.take_in(door, ben.id, reply.id, now)
    assert not held.put_back(door, ben.id, reply.id, now)
    with door.database.write() as session:
        held.disown(session, ben.id, reply.id, now)
    assert not _row(box, reply.id).is_disowned


def test_what_was_deleted_by_reply_can_be_put_back_as_it_was_sent(box: Letterbox) -> None:
    kept = _comes(box, "Not for keeping.", ANA)
    box.line.clock.move(MINUTE)
    assert _comes(box, "delete that", ANA).outcome == Outcome.COMMAND
    assert box.words() == []
    assert _row(box, kept.id).kept_until == box.line.clock() + timedelta(days=1)
    assert held.put_back(box.line.runtime.door(), box.ana.id, kept.id, box.line.clock())
    box.receiver.understand(kept.id)
    assert box.words() == ["Not for keeping."]
    assert not held.put_back(box.line.runtime.door(), box.ana.id, kept.id, box.line.clock())
