"""The consent log: one row for each agreement and each withdrawal."""

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
    """Add a row to the consent log, with the current wording; `network` is a keyed hash."""
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
