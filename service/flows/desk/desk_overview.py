"""What the first page of the desk says: what needs a writer, and what goes next. It counts, and names nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.flows.outgoing.settling.old_copy import MEANINGS
from service.flows.outgoing.tick import CLOCK
from service.models import (
    DeliveryState,
    DoctorRun,
    DomainPause,
    Heartbeat,
    HoldReason,
    Installation,
    Letter,
    LetterState,
    Outcome,
    Reply,
    WriterMail,
)
from service.models.outgoing import delivery_search

LOOKED_BACK = timedelta(days=30)
_LETTERS = 100


@dataclass(frozen=True, slots=True)
class DeskNeed:
    """Something that needs a writer: a sentence, and the page or the command that helps."""

    sentence: str
    path: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class DeskOverview:
    """What needs a writer, the letters that go next, and when the clock last ticked."""

    needs: Sequence[DeskNeed]
    next_letters: Sequence[Letter]
    last_tick_at: datetime | None


def overview(session: Session, now: datetime) -> DeskOverview:
    """Return what the first page of the desk shows."""
    letters = Letter.newest(session, _LETTERS)
    return DeskOverview(
        needs=[*_checks(session), *_sending(session), *_deliveries(session, now), *_letters(letters), *_mails(session)],
        next_letters=[letter for letter in letters if letter.state in {LetterState.SCHEDULED, LetterState.SENDING}],
        last_tick_at=Heartbeat.read_all(session).get(CLOCK),
    )


def _checks(session: Session) -> Iterator[DeskNeed]:
    last = DoctorRun.last(session)
    if last is not None and last.failed_checks:
        sentence = f"The doctor found a fault on {last.at:%Y-%m-%d}: {', '.join(last.failed_checks)}."
        yield DeskNeed(sentence, "/desk/provider")


def _sending(session: Session) -> Iterator[DeskNeed]:
    held = Installation.current(session).held_because
    if held is not None:
        meaning = MEANINGS[HoldReason(held)]
        yield DeskNeed(f"All sending is held: {meaning}.", command="smallsteps sending status")
    domains = sum(DomainPause.count_by_reason(session).values())
    if domains:
        yield DeskNeed(
            f"{_number(domains, 'recipient domain is', 'recipient domains are')} paused.",
            command="smallsteps domains paused",
        )


def _deliveries(session: Session, now: datetime) -> Iterator[DeskNeed]:
    numbers = dict.fromkeys(delivery_search.IN_TROUBLE, 0)
    for group in delivery_search.count_trouble(session, now - LOOKED_BACK):
        numbers[DeliveryState(group.state)] += group.number
    if failed := numbers[DeliveryState.FAILED]:
        yield DeskNeed(f"{_number(failed, 'email', 'emails')} of the last 30 days failed.", "/desk/deliveries")
    if unknown := numbers[DeliveryState.UNKNOWN]:
        yield DeskNeed(f"{_number(unknown, 'email is', 'emails are')} in doubt.", "/desk/deliveries")


def _letters(letters: Sequence[Letter]) -> Iterator[DeskNeed]:
    for letter in letters:
        if letter.state == LetterState.PAUSED:
            yield DeskNeed(f"The letter “{letter.title}” is paused.", f"/desk/letters/{letter.id}")


def _mails(session: Session) -> Iterator[DeskNeed]:
    if unreadable := Reply.count_quarantined(session).get(Outcome.UNREADABLE, 0):
        sentence = f"{_number(unreadable, 'mail', 'mails')} couldn’t be read."
        yield DeskNeed(sentence, "/desk/held")
    if failed := WriterMail.count_unsettled(session).get(DeliveryState.FAILED, 0):
        yield DeskNeed(f"{_number(failed, 'mail', 'mails')} to the writers failed.", "/desk/provider")


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
