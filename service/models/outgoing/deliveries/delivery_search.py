"""Finding deliveries for the operator: by id, state, kind and reason, without anything private."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_outcomes import note_outcomes, outcome_columns
from service.models.outgoing.deliveries.delivery_state import DeliveryState

BY_COMMAND = "by command"
IN_TROUBLE = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
_SHOWN = (
    *(Delivery.id, Delivery.kind, Delivery.slot, Delivery.state, Delivery.reason, Delivery.attempt, Delivery.repeats),
    *(Delivery.planned_at, Delivery.ready_at, Delivery.expires_at, Delivery.called_at, Delivery.asked_at),
    *(Delivery.sent_at, Delivery.provider_id),
)


@dataclass(frozen=True, slots=True)
class DeliverySelection:
    """Which deliveries are meant; what is empty says nothing. `reason` is how the reason begins."""

    states: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    kind: str = ""
    reason: str = ""
    letter_id: int | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions that all of them meet."""
        found: list[ColumnElement[bool]] = []
        if self.states:
            found.append(Delivery.state.in_(self.states))
        if self.ids:
            found.append(Delivery.id.in_(self.ids))
        if self.kind:
            found.append(Delivery.kind == self.kind)
        if self.letter_id is not None:
            found += [Delivery.kind == DeliveryKind.LETTER, Delivery.reference == self.letter_id]
        if self.reason:
            found.append(Delivery.reason.startswith(self.reason, autoescape=True))
        return found


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """What may be shown of a delivery: nobody's address and nobody's words."""

    id: int
    kind: str
    slot: str
    state: str
    reason: str | None
    attempt: int
    repeats: int
    planned_at: datetime
    ready_at: datetime
    expires_at: datetime | None
    called_at: datetime | None
    asked_at: datetime | None
    sent_at: datetime | None
    provider_id: str | None


def find(session: Session, selection: DeliverySelection, limit: int) -> list[ListedDelivery]:
    """Return the deliveries that are meant, the latest due first."""
    query = select(*_SHOWN).where(*selection.conditions).order_by(Delivery.ready_at.desc(), Delivery.id).limit(limit)
    return [ListedDelivery(**row) for row in session.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class DeliveryGroup:
    """How many deliveries failed, or are in doubt, for one reason, and when the first and the last of them were due.

    Those of a letter are a group of their own: `letter_id` is None for the other kinds.
    """

    state: str
    kind: str
    reason: str | None
    letter_id: int | None
    number: int
    first_at: datetime
    last_at: datetime


def count_trouble(session: Session, since: datetime) -> list[DeliveryGroup]:
    """Return what failed or is in doubt and was due since an instant, by state, kind, reason and letter."""
    letter_id = case((Delivery.kind == DeliveryKind.LETTER, Delivery.reference)).label("letter_id")
    group = (Delivery.state, Delivery.kind, Delivery.reason, letter_id)
    figures = (func.count().label("number"), func.min(Delivery.ready_at).label("first_at"))
    query = select(*group, *figures, func.max(Delivery.ready_at).label("last_at"))
    query = query.where(Delivery.state.in_(IN_TROUBLE), Delivery.ready_at >= since).group_by(*group).order_by(*group)
    return [DeliveryGroup(**row) for row in session.execute(query).mappings()]


def plan_by_command(session: Session, ids: Collection[int], now: datetime) -> list[int]:
    """Plan again those of these deliveries that failed or are in doubt, to go now; return their ids."""
    columns: dict[str, object] = {
        "state": DeliveryState.PLANNED,
        "ready_at": now,
        "enqueued_at": None,
        "asked_at": None,
        "outcome": None,  # what the provider says from now on is about the next attempt
    }
    return _write(session, ids, IN_TROUBLE, columns)


def end_by_command(session: Session, ids: Collection[int], state: DeliveryState, now: datetime) -> list[int]:
    """Give those of these deliveries that are in doubt the state that an operator knows; return their ids."""
    columns: dict[str, object] = {"state": state}
    if state == DeliveryState.SENT:
        columns["sent_at"] = now
    return _write(session, ids, (DeliveryState.UNKNOWN,), columns)


def _write(
    session: Session, ids: Collection[int], states: tuple[DeliveryState, ...], columns: dict[str, object]
) -> list[int]:
    query = (
        update(Delivery)
        .where(Delivery.id.in_(ids), Delivery.state.in_(states))
        .values(**columns, lease_until=None, reason=BY_COMMAND)
        .returning(*outcome_columns())
        .execution_options(synchronize_session=False)
    )
    outcomes = session.execute(query).all()
    note_outcomes(session, outcomes)
    return [outcome.id for outcome in outcomes]
