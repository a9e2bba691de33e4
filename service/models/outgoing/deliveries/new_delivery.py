"""An email to plan, before it has a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.core.slots import month_of
from service.db import random_id
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_state import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """One email to plan; `enqueued_at` stays None where the sweep is to enqueue it once it is ready.

    `reference` is the id of what the email is about (an entry, a step, a request, a mail), `detail` the case of its
    kind, such as the name of an auto-reply. It expires at `expires_at`, if ever: later than that it is skipped.
    """

    subscriber_id: int
    kind: DeliveryKind
    slot: str
    ready_at: datetime
    planned_at: datetime
    enqueued_at: datetime | None = None
    expires_at: datetime | None = None
    prompt_id: str | None = None
    reference: int | None = None
    detail: str | None = None
    sealed_content: bytes | None = field(default=None, repr=False)
    id: int = field(default_factory=random_id)

    def as_row(self) -> dict[str, Any]:
        """Return the columns of the row to insert; every new delivery has the same ones."""
        return {
            "id": self.id,
            "month": month_of(self.slot),
            "subscriber_id": self.subscriber_id,
            "kind": self.kind,
            "slot": self.slot,
            "state": DeliveryState.PLANNED,
            "attempt": 0,
            "is_withheld": False,
            "repeats": 0,
            "ready_at": self.ready_at,
            "planned_at": self.planned_at,
            "enqueued_at": self.enqueued_at,
            "expires_at": self.expires_at,
            "prompt_id": self.prompt_id,
            "reference": self.reference,
            "detail": self.detail,
            "sealed_content": self.sealed_content,
        }
