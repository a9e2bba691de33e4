"""How the emails of letters ended, as the provider's events say; whether they were opened is never known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.core.sending.failure_class import FailureClass
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind

DELIVERED: Final = "delivered"
DEFERRED: Final = "deferred"
COMPLAINED: Final = "complained"
_BOUNCED: Final = "bounced:"


@dataclass(frozen=True, slots=True)
class LetterOutcomeChange:
    """An outcome that was recorded: of which letter, and what stood there before."""

    letter_id: int
    before: str | None


def bounced(failure: FailureClass) -> str:
    """Return the outcome of a final failure, such as "bounced:address"."""
    return f"{_BOUNCED}{failure.value}"


def is_bounced(outcome: str | None) -> bool:
    """Return whether an outcome is a final failure."""
    return outcome is not None and outcome.startswith(_BOUNCED)


def record(session: Session, delivery_id: int, subscriber_id: int, outcome: str) -> LetterOutcomeChange | None:
    """Record how a letter's email to this person ended; return the change, or None if it says nothing new.

    Events come in any order and more than once: a complaint stands above all, a bounce above a delivery, and both
    above an attempt that failed for the moment.
    """
    mine = (Delivery.id == delivery_id, Delivery.subscriber_id == subscriber_id, Delivery.kind == DeliveryKind.LETTER)
    found = session.execute(select(Delivery.reference, Delivery.outcome).where(*mine).with_for_update()).one_or_none()
    if found is None or found.reference is None or _weight(outcome) <= _weight(found.outcome):
        return None
    query = update(Delivery).where(*mine).values(outcome=outcome)
    session.execute(query.execution_options(synchronize_session=False))
    return LetterOutcomeChange(found.reference, found.outcome)


def _weight(outcome: str | None) -> int:
    if outcome is None:
        return 0
    return 3 if is_bounced(outcome) else {DEFERRED: 1, DELIVERED: 2, COMPLAINED: 4}[outcome]
