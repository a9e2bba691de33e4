"""Adding a line to the consent log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core import consent
from service.models import Consent, Subscriber


def record_consent(
    session: Session,
    person: Subscriber,
    event: str,
    *,
    source: str,
    now: datetime,
    network: bytes | None = None,
) -> None:
    """Add a line to the ledger: what was agreed to or withdrawn, in the current wording, when, from where."""
    session.add(
        Consent(
            address_hash=person.address_hash,
            event=event,
            wording=consent.CURRENT,
            source=source,
            network_hash=network,
            at=now,
        )
    )
