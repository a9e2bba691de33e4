"""Deliveries that failed after the provider had taken them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_outcomes import note_outcomes, outcome_columns
from service.models.outgoing.deliveries.delivery_state import DeliveryState

_TAKEN = (DeliveryState.CLAIMED, DeliveryState.UNKNOWN, DeliveryState.SENT)


def mark_undelivered(session: Session, delivery_id: int, subscriber_id: int, reason: str) -> bool:
    """Record that an email to this person was taken and not delivered; return whether it counts as unanswered.

    Lock the subscriber before. A delivery of another person is left as it is.
    """
    mine = (Delivery.id == delivery_id, Delivery.subscriber_id == subscriber_id, Delivery.state.in_(_TAKEN))
    columns = select(Delivery.kind, Delivery.state, Delivery.provider_id)
    found = session.execute(columns.where(*mine).with_for_update()).one_or_none()
    if found is None:
        return False
    query = update(Delivery).where(*mine).values(state=DeliveryState.FAILED, lease_until=None, reason=reason)
    returning = query.returning(*outcome_columns()).execution_options(synchronize_session=False)
    note_outcomes(session, session.execute(returning))
    # The worker that recorded the provider's id counted it in the same transaction.
    return found.kind == DeliveryKind.PROMPT and found.state == DeliveryState.SENT and found.provider_id is not None


def was_sent_after(session: Session, delivery_id: int, subscriber_id: int, at: datetime) -> bool:
    """Return whether this delivery of this person was sent after an instant."""
    query = select(Delivery.id).where(
        Delivery.id == delivery_id,
        Delivery.subscriber_id == subscriber_id,
        Delivery.state == DeliveryState.SENT,
        Delivery.sent_at > at,
    )
    return session.scalar(query) is not None
