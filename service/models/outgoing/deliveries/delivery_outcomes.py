"""The outcomes of deliveries: counted in the transaction that writes them, and logged one line each after its commit.

So one email can be followed by its id, and no outcome is counted that was not committed.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Row, event
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.core.sending.failure_class import FailureClass
from service.models.counter import Counter
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_state import DeliveryState

COUNTER: Final = "deliveries"
REPEATS: Final = "repeats"
OUTCOMES: Final = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.FAILED, DeliveryState.SKIPPED)
# The reasons as labels. Any other is a text of the provider's, and may name an address.
LABELS: Final = {
    "late": "late",
    "not wanted any more": "not_wanted",
    "nothing to say": "nothing_to_say",
    "could not be made": "not_built",
    "could not be composed": "not_composed",
    # After the provider had taken it, by the class of the failure.
    **{found.value: found.value for found in FailureClass},
}
OTHER_LABELS: Final = {DeliveryState.FAILED: "refused", DeliveryState.SKIPPED: "other"}
_PENDING: Final = "delivery outcomes"
_PENDING_REPEATS: Final = "delivery repeats"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What became of a delivery; `reason` is a label of a fixed set, "" for one that was sent or is unknown."""

    id: int
    kind: str
    state: str
    reason: str
    provider_id: str | None

    @property
    def label(self) -> str:
        """Return the counter's label: the state, with its reason if it has one."""
        return f"{self.state}.{self.reason}" if self.reason else self.state


def outcome_columns() -> tuple[InstrumentedAttribute[Any], ...]:
    """Return the columns that an update must return for `note_outcomes`."""
    return Delivery.id, Delivery.kind, Delivery.state, Delivery.reason, Delivery.provider_id


def note_outcomes(session: Session, rows: Iterable[Row[Any]]) -> None:
    """Have the outcomes among these rows, of `outcome_columns`, counted and logged when the transaction commits."""
    noted = session.info.setdefault(_PENDING, [])
    for row in rows:
        if row.state in OUTCOMES:
            label = reason_label(row.state, row.reason)
            noted.append(DeliveryOutcome(row.id, row.kind, row.state, label, row.provider_id))


def note_repeats(session: Session, kinds: Iterable[str]) -> None:
    """Have emails of these kinds, which may go twice, counted when the transaction commits."""
    session.info.setdefault(_PENDING_REPEATS, []).extend(kinds)


def reason_label(state: str, reason: str | None) -> str:
    """Return the label of a fixed set for the reason of an outcome, "" for a state without reasons."""
    if state not in OTHER_LABELS:
        return ""
    return LABELS.get(reason or "", OTHER_LABELS[DeliveryState(state)])


@event.listens_for(Session, "before_commit")
def _count(session: Session) -> None:
    """Count last, so that the rows of the counters are held only during the commit."""
    tally = Tally((COUNTER, outcome.label) for outcome in session.info.get(_PENDING, ()))
    tally.update((REPEATS, kind) for kind in session.info.pop(_PENDING_REPEATS, ()))
    if tally:
        Counter.add(session, tally)


@event.listens_for(Session, "after_commit")
def _log(session: Session) -> None:
    for outcome in session.info.pop(_PENDING, ()):
        log.info(
            "delivery.outcome",
            delivery=outcome.id,
            kind=outcome.kind,
            state=outcome.state,
            reason=outcome.reason,
            provider_id=outcome.provider_id,
        )


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_PENDING, None)
    session.info.pop(_PENDING_REPEATS, None)
