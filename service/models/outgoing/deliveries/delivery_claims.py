"""The updates that take a delivery from state to state: claimed, handed over, sent, failed, planned again.

A delivery is planned, then claimed by one conditional update, then sent; every later write is fenced by the attempt
number. One whose answer never came is unknown and is not sent again before the provider's own record has been read.
Only the request in progress is in doubt: what a worker claimed but never handed over is planned again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.db import database_now
from service.models.letters.letter_deliveries import is_kept_back
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_kind import may_be_sent
from service.models.outgoing.deliveries.delivery_outcomes import note_outcomes, outcome_columns
from service.models.outgoing.deliveries.delivery_state import DeliveryClaim, DeliveryState


def claim(session: Session, ids: Sequence[int], *, lease: timedelta, now: datetime) -> list[DeliveryClaim]:
    """Take these deliveries for this worker; those that another has, or nobody may have now, are left out.

    Those whose person may not be written to (status, consent, suppression) or that came too late are skipped for good.
    The emails of a paused letter stay planned.
    """
    until = database_now(session) + lease
    mine = (
        select(Delivery.id)
        .where(
            Delivery.id.in_(ids), Delivery.state == DeliveryState.PLANNED, Delivery.ready_at <= now, ~is_kept_back(now)
        )
        .order_by(Delivery.id)
        .with_for_update(skip_locked=True)
    )
    wanted = [*session.scalars(mine)]
    in_time = or_(Delivery.expires_at.is_(None), Delivery.expires_at > now)
    rows = session.execute(
        update(Delivery)
        .where(
            Delivery.id.in_(wanted),
            Delivery.state == DeliveryState.PLANNED,
            in_time,
            may_be_sent(Delivery.kind, Delivery.subscriber_id, Delivery.reference),
        )
        .values(state=DeliveryState.CLAIMED, attempt=Delivery.attempt + 1, lease_until=until, is_withheld=True)
        .returning(Delivery.id, Delivery.attempt)
        .execution_options(synchronize_session=False)
    ).all()
    claims = [DeliveryClaim(id_, attempt) for id_, attempt in rows]
    _skip(session, set(wanted) - {claimed.id for claimed in claims}, late=~in_time)
    return claims


def hand_over(session: Session, claims: Sequence[DeliveryClaim], now: datetime, **values: Any) -> set[int]:
    """Mark what the next request takes, and return the ids that this worker still holds: send no others.

    Commit it before the request.
    """
    return set(_fenced(session, claims, (DeliveryState.CLAIMED,), is_withheld=False, called_at=now, **values))


def withhold(session: Session, claims: Sequence[DeliveryClaim]) -> None:
    """Take the mark back from what the provider certainly did not take, until the next request."""
    _fenced(session, claims, (DeliveryState.CLAIMED,), is_withheld=True)


def release(session: Session, claims: Sequence[DeliveryClaim], reason: str) -> list[int]:
    """Plan again those of these claims that were not handed over; return their ids."""
    values: dict[str, Any] = {"state": DeliveryState.PLANNED, "lease_until": None, "is_withheld": False}
    values["reason"] = reason
    return _fenced(session, claims, (DeliveryState.CLAIMED,), Delivery.is_withheld, **values)


def mark_sent(session: Session, claims: Sequence[DeliveryClaim], **values: Any) -> list[int]:
    """Record that the provider took them; return the ids of those that this worker still held."""
    values |= {"state": DeliveryState.SENT, "lease_until": None}
    sent = _fenced(session, claims, (DeliveryState.CLAIMED, DeliveryState.UNKNOWN), **values)
    if known := [claim for claim in claims if claim.id not in set(sent)]:
        # An event of the provider's came first: the outcome is noted already.
        sent += _fenced(session, known, (DeliveryState.SENT,), is_outcome=False, **values)
    return sent


def mark_unknown(session: Session, claims: Sequence[DeliveryClaim], reason: str) -> int:
    """Record that no answer came: nobody knows whether they were taken."""
    return len(
        _fenced(session, claims, (DeliveryState.CLAIMED,), state=DeliveryState.UNKNOWN, lease_until=None, reason=reason)
    )


def mark_failed(session: Session, claims: Sequence[DeliveryClaim], reason: str) -> int:
    """Record that the provider will not take them."""
    return len(
        _fenced(session, claims, (DeliveryState.CLAIMED,), state=DeliveryState.FAILED, lease_until=None, reason=reason)
    )


def mark_skipped(session: Session, claims: Sequence[DeliveryClaim], reason: str) -> int:
    """Record that there was nothing to send."""
    return len(
        _fenced(session, claims, (DeliveryState.CLAIMED,), state=DeliveryState.SKIPPED, lease_until=None, reason=reason)
    )


def plan_again(session: Session, claims: Sequence[DeliveryClaim], *, ready_at: datetime, reason: str) -> int:
    """Plan them again, no sooner than `ready_at`; only for what the provider certainly did not take."""
    values: dict[str, Any] = {"state": DeliveryState.PLANNED, "lease_until": None, "is_withheld": False}
    values |= {"ready_at": ready_at, "reason": reason}
    return len(_fenced(session, claims, (DeliveryState.CLAIMED,), **values))


def postpone(
    session: Session, claims: Sequence[DeliveryClaim], *, ready_at: datetime, expires_at: datetime | None, reason: str
) -> int:
    """Plan again for another day what was not handed over, with its new last instant; return how many."""
    values: dict[str, Any] = {"state": DeliveryState.PLANNED, "lease_until": None, "is_withheld": False}
    values |= {"ready_at": ready_at, "expires_at": expires_at, "reason": reason}
    return len(_fenced(session, claims, (DeliveryState.CLAIMED,), Delivery.is_withheld, **values))


def plan_lapsed_again(session: Session) -> int:
    """Plan again every claim that was not handed over and whose lease has passed; return how many."""
    query = (
        update(Delivery)
        .where(
            Delivery.is_open(),
            Delivery.state == DeliveryState.CLAIMED,
            Delivery.is_withheld,
            Delivery.lease_until < database_now(session),
        )
        .values(
            state=DeliveryState.PLANNED,
            lease_until=None,
            is_withheld=False,
            enqueued_at=None,
            reason="the worker went away",
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(query).all())


def mark_lapsed_unknown(session: Session) -> int:
    """Make every claim unknown that was handed over and whose lease has passed; return how many."""
    query = (
        update(Delivery)
        .where(
            Delivery.is_open(),
            Delivery.state == DeliveryState.CLAIMED,
            ~Delivery.is_withheld,
            Delivery.lease_until < database_now(session),
        )
        .values(state=DeliveryState.UNKNOWN, reason="the worker went away")
        .returning(*outcome_columns())
        .execution_options(synchronize_session=False)
    )
    lapsed = session.execute(query).all()
    note_outcomes(session, lapsed)
    return len(lapsed)


def _skip(session: Session, ids: Iterable[int], *, late: ColumnElement[bool]) -> None:
    for reason, condition in (("late", late), ("not wanted any more", ~late)):
        query = (
            update(Delivery)
            .where(Delivery.id.in_(list(ids)), Delivery.state == DeliveryState.PLANNED, condition)
            .values(state=DeliveryState.SKIPPED, reason=reason)
            .returning(*outcome_columns())
            .execution_options(synchronize_session=False)
        )
        note_outcomes(session, session.execute(query))


def _fenced(
    session: Session,
    claims: Sequence[DeliveryClaim],
    held: tuple[DeliveryState, ...],
    *conditions: ColumnElement[bool] | InstrumentedAttribute[bool],
    is_outcome: bool = True,
    **values: Any,
) -> list[int]:
    written: list[int] = []
    for attempt in {claim.attempt for claim in claims}:
        ids = [claim.id for claim in claims if claim.attempt == attempt]
        query = (
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.attempt == attempt, Delivery.state.in_(held), *conditions)
            .values(**values)
            .returning(*outcome_columns())
            .execution_options(synchronize_session=False)
        )
        rows = session.execute(query).all()
        if is_outcome and "state" in values:
            note_outcomes(session, rows)
        written += [row.id for row in rows]
    return written
