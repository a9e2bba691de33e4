"""Deliveries in doubt, and the updates that follow from the provider's record: sent, or planned again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from service.db import insert_into
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_outcomes import note_outcomes, note_repeats, outcome_columns
from service.models.outgoing.deliveries.delivery_state import DeliveryState
from service.models.people.subscription.subscriber import Subscriber

IN_THE_RECORD = "in the provider's record"
NOT_IN_THE_RECORD = "not in the provider's record"
ONCE_MORE = "sent once more"
# What a person waits for at a page: a second copy does no harm, and the record would come too late.
_MAY_GO_TWICE = (DeliveryKind.CONFIRMATION, DeliveryKind.SIGN_IN)
_KNOWN = (
    *(Delivery.id, Delivery.subscriber_id, Subscriber.address_hash, Delivery.kind, Delivery.slot),
    *(Delivery.state, Delivery.attempt, Delivery.provider_id),
)


@dataclass(frozen=True, slots=True)
class KnownDelivery:
    """A delivery as it is compared with an event: whose it is, what it is for, and how far it got."""

    id: int
    subscriber_id: int
    address_hash: bytes = field(repr=False)
    kind: str
    slot: str
    state: str
    attempt: int
    provider_id: str | None = field(repr=False)

    @property
    def was_called_for(self) -> bool:
        """Return whether this database knows of a request for it: then the provider may well have it."""
        return self.attempt > 0 or self.state == DeliveryState.SENT


@dataclass(frozen=True, slots=True)
class UnknownDelivery:
    """A delivery in doubt: when its request was made, and when the record was last asked about it."""

    id: int
    called_at: datetime
    asked_at: datetime | None


def known_by_id(session: Session, ids: Iterable[int]) -> dict[int, KnownDelivery]:
    """Return the deliveries with these ids."""
    return {known.id: known for known in _known(session, Delivery.id.in_([*ids]))}


def known_by_message(session: Session, pairs: Collection[tuple[int, str]]) -> dict[tuple[int, str], KnownDelivery]:
    """Return deliveries by (subscriber, message id), for events without our id."""
    wanted = tuple_(Delivery.subscriber_id, Delivery.provider_id).in_([*pairs])
    return {(known.subscriber_id, known.provider_id or ""): known for known in _known(session, wanted)}


def known_by_slot(
    session: Session, slots: Collection[tuple[int, str, str]]
) -> dict[tuple[int, str, str], KnownDelivery]:
    """Return deliveries by (subscriber, kind, slot)."""
    wanted = tuple_(Delivery.subscriber_id, Delivery.kind, Delivery.slot).in_([*slots])
    return {(known.subscriber_id, known.kind, known.slot): known for known in _known(session, wanted)}


def mark_accepted(
    session: Session, accepted: Mapping[int, str | None], now: datetime, *, never_called: bool = False
) -> int:
    """Record that the provider has these deliveries, given with its message ids; return how many changed.

    It ends doubt, and the wait of what was planned again; what is failed or skipped stays so. With `never_called` also
    what this database never made a request for. A question that was in doubt counts as unanswered, as one does whose
    request was answered.
    """
    planned = Delivery.state == DeliveryState.PLANNED
    open_ = or_(
        Delivery.state.in_((DeliveryState.CLAIMED, DeliveryState.UNKNOWN)),
        planned if never_called else and_(planned, Delivery.attempt > 0),
    )
    wanted = select(Delivery.id, Delivery.subscriber_id, Delivery.kind, Delivery.state)
    rows = session.execute(wanted.where(Delivery.id.in_(accepted), open_)).all()
    # The worker of a claimed one counts it itself, if it gets an answer.
    asked = {row.id: row.subscriber_id for row in rows if row.kind == DeliveryKind.PROMPT and row.state != "claimed"}
    # Lock subscribers before deliveries, in the same order as erasing a subscriber does: else both deadlock.
    Subscriber.lock_all(session, asked.values())
    by_message: dict[str | None, list[int]] = {}
    for row in rows:
        by_message.setdefault(accepted[row.id], []).append(row.id)
    changed: list[int] = []
    for message_id, ids in by_message.items():
        query = (
            update(Delivery)
            .where(Delivery.id.in_(ids), open_)
            .values(
                state=DeliveryState.SENT,
                sent_at=func.coalesce(Delivery.called_at, now),
                lease_until=None,
                provider_id=func.coalesce(Delivery.provider_id, message_id),
                reason=IN_THE_RECORD,
            )
        )
        query = query.returning(*outcome_columns()).execution_options(synchronize_session=False)
        outcomes = session.execute(query).all()
        note_outcomes(session, outcomes)
        changed += [outcome.id for outcome in outcomes]
    Subscriber.count_unanswered(session, [asked[id_] for id_ in changed if id_ in asked])
    return len(changed)


def add_sent(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert deliveries that were sent and that this database has lost; a slot that is taken stays as it is."""
    if rows:
        session.connection().execute(insert_into(session, Delivery).on_conflict_do_nothing(), [*rows])


def sent_columns(sent_at: datetime, message_id: str | None) -> dict[str, Any]:
    """Return the columns of a delivery that the record shows to be sent."""
    return {
        "state": DeliveryState.SENT,
        "attempt": 1,
        "sent_at": sent_at,
        "provider_id": message_id,
        "reason": IN_THE_RECORD,
    }


def any_was_called_for(session: Session) -> bool:
    """Return whether this database knows of any request to the provider."""
    return session.scalar(select(Delivery.id).where(Delivery.attempt > 0).limit(1)) is not None


def find_unknown(session: Session, limit: int) -> list[UnknownDelivery]:
    """Return deliveries in doubt in the order of their requests; one of an earlier version counts as made when due."""
    called_at = func.coalesce(Delivery.called_at, Delivery.lease_until, Delivery.ready_at)
    query = select(Delivery.id, called_at, Delivery.asked_at).where(Delivery.state == DeliveryState.UNKNOWN)
    return [UnknownDelivery(*row) for row in session.execute(query.order_by(called_at, Delivery.id).limit(limit))]


def note_asked(session: Session, ids: Iterable[int], now: datetime) -> None:
    """Note that the record has been read about these deliveries."""
    query = update(Delivery).where(Delivery.id.in_([*ids])).values(asked_at=now)
    session.execute(query.execution_options(synchronize_session=False))


def plan_absent(session: Session, ids: Iterable[int]) -> list[int]:
    """Plan again those of these deliveries that are still in doubt: the provider never took them; return their ids."""
    return [id_ for id_, _ in _plan(session, Delivery.id.in_([*ids]), reason=NOT_IN_THE_RECORD)]


def plan_once_more(session: Session, ids: Iterable[int] | None = None) -> list[int]:
    """Plan again, once each, what may go twice and is in doubt (among `ids`, if given); return the ids."""
    condition = and_(Delivery.kind.in_(_MAY_GO_TWICE), Delivery.repeats == 0)
    if ids is not None:
        condition = and_(condition, Delivery.id.in_([*ids]))
    again = _plan(session, condition, reason=ONCE_MORE, repeats=Delivery.repeats + 1)
    note_repeats(session, [kind for _, kind in again])
    return [id_ for id_, _ in again]


def _plan(session: Session, condition: ColumnElement[bool], **values: object) -> list[tuple[int, str]]:
    query = (
        update(Delivery)
        .where(Delivery.state == DeliveryState.UNKNOWN, condition)
        .values(state=DeliveryState.PLANNED, lease_until=None, asked_at=None, enqueued_at=None, **values)
        .returning(Delivery.id, Delivery.kind)
        .execution_options(synchronize_session=False)
    )
    return [(row.id, row.kind) for row in session.execute(query)]


def _known(session: Session, condition: ColumnElement[bool]) -> list[KnownDelivery]:
    query = select(*_KNOWN).join(Subscriber, Subscriber.id == Delivery.subscriber_id).where(condition)
    return [KnownDelivery(*row) for row in session.execute(query)]
