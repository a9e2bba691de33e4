"""What is recorded about a send: how many deliveries reached each state, what was skipped, and the text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.flows.outgoing.email_builder import OutgoingDelivery
from service.flows.outgoing.planning.plan_prompts import IN_PLACE_OF_PROMPT, make_prompt_due
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryClaim, DeliveryKind, Letter, SentText
from service.models.outgoing.deliveries import delivery_claims


@dataclass(slots=True)
class SendReport:
    """How many deliveries of a job reached each state, and the ids of those to enqueue again at once."""

    counts: dict[str, int] = field(default_factory=dict)
    to_enqueue: list[int] = field(default_factory=list)

    def add(self, state: str, number: int) -> None:
        """Count deliveries that reached a state."""
        if number:
            self.counts[state] = self.counts.get(state, 0) + number


def is_paused_letter(session: Session, outgoing: OutgoingDelivery) -> bool:
    """Return whether an email is that of a letter which may not go at this moment."""
    delivery = outgoing.delivery
    return delivery.kind == DeliveryKind.LETTER and not Letter.may_go(session, delivery.reference or 0)


def skip(session: Session, claims: Sequence[DeliveryClaim]) -> int:
    """Skip deliveries that have nothing to send; return how many were skipped.

    If one of them replaced a day's prompt, that prompt becomes due again.
    """
    for delivery, person in Delivery.with_subscribers(session, claims):
        if delivery.kind in IN_PLACE_OF_PROMPT:
            make_prompt_due(session, person, delivery.ready_at)
    return delivery_claims.mark_skipped(session, claims, "nothing to say")


def text_digest(email: OutgoingEmail) -> bytes:
    """Return the hash under which an email's text is stored."""
    return hashlib.sha256(f"{email.subject}\x00{email.text}\x00{email.html}".encode()).digest()


def content_columns(session: Session, outgoing: OutgoingDelivery, now: datetime) -> dict[str, bytes | None]:
    """Return the columns that record an email's text: its sealed private lines, or for a batch the hash of its text.

    The text of a batch is stored once, to recognise a quotation of it in a reply. It holds nothing private.
    """
    if outgoing.batch_key is None:
        return {"sealed_content": outgoing.sealed_content}
    email = outgoing.email
    digest = text_digest(email)
    SentText.store(session, digest=digest, subject=email.subject, text=email.text, html=email.html, now=now)
    return {"sent_text": digest}
