"""What the first page of the desk says: what needs a writer, and what goes next. It counts, and names nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.flows.outgoing.feeds.feed_looker import TOLD_AFTER
from service.flows.outgoing.settling.old_copy import MEANINGS
from service.flows.outgoing.tick import CLOCK
from service.models import (
    DeliveryState,
    DoctorRun,
    DomainPause,
    Feed,
    FeedPause,
    Heartbeat,
    HoldReason,
    Installation,
    Letter,
    LetterState,
    Outcome,
    Reply,
    SeenPost,
    WriterMail,
)
from service.models.outgoing.deliveries import delivery_search

LOOKED_BACK = timedelta(days=30)
_LETTERS = 100


@dataclass(frozen=True, slots=True)
class DeskNeed:
    """Something that needs a writer: a sentence, and the page or the command that helps."""

    sentence: str
    path: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class NextLetter:
    """A letter that is on its way, or a post that goes by itself, and the instant at which it begins."""

    id: int
    title: str
    starts_at: datetime | None
    goes_by_itself: bool = False


@dataclass(frozen=True, slots=True)
class DeskOverview:
    """What needs a writer, the letters that go next, and when the clock last ticked."""

    needs: Sequence[DeskNeed]
    next_letters: Sequence[NextLetter]
    last_tick_at: datetime | None


def overview(session: Session, now: datetime) -> DeskOverview:
    """Return what the first page of the desk shows."""
    letters = Letter.newest(session, _LETTERS)
    return DeskOverview(
        needs=[
            *_checks(session),
            *_sending(session),
            *_deliveries(session, now),
            *_letters(letters),
            *_feeds(session, now),
            *_mails(session),
        ],
        next_letters=[*_on_their_way(session, letters)],
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


def _feeds(session: Session, now: datetime) -> Iterator[DeskNeed]:
    for feed in Feed.list_all(session):
        name = feed.title or feed.url
        if feed.paused_because == FeedPause.OLD_COPY:
            yield DeskNeed(f"The feed “{name}” is paused: this database may be an old copy.", "/desk/feeds")
        elif feed.failing_since is not None and feed.failing_since <= now - TOLD_AFTER:
            yield DeskNeed(f"The feed “{name}” can’t be read.", "/desk/feeds")


def _on_their_way(session: Session, letters: Sequence[Letter]) -> Iterator[NextLetter]:
    for post in SeenPost.going(session):
        if post.letter_id is not None:
            yield NextLetter(post.letter_id, post.title, post.goes_at, goes_by_itself=True)
    for letter in letters:
        if letter.state in {LetterState.SCHEDULED, LetterState.SENDING}:
            yield NextLetter(letter.id, letter.title, letter.starts_at)


def _mails(session: Session) -> Iterator[DeskNeed]:
    if unreadable := Reply.count_quarantined(session).get(Outcome.UNREADABLE, 0):
        sentence = f"{_number(unreadable, 'mail', 'mails')} couldn’t be read."
        yield DeskNeed(sentence, "/desk/held")
    if failed := WriterMail.count_unsettled(session).get(DeliveryState.FAILED, 0):
        yield DeskNeed(f"{_number(failed, 'mail', 'mails')} to the writers failed.", "/desk/provider")


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
