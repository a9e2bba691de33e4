"""Mail that is held or could not be read, and addresses that get nothing, as counts by reason. It names nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.flows.incoming.held.quarantine import quarantined
from service.models import DomainPause, Suppression


@dataclass(frozen=True, slots=True)
class MailCount:
    """How many mails came to one outcome for one reason, since when, and how many of them could be read again."""

    outcome: str
    reason: str
    number: int
    first_at: datetime
    kept: int


@dataclass(frozen=True, slots=True)
class BarredCount:
    """How many addresses, or recipient domains, get nothing or no questions for one reason."""

    what: str
    reason: str
    number: int


def count_quarantined(session: Session) -> Sequence[MailCount]:
    """Return the mails that are held or could not be read, by outcome and reason."""
    mails = quarantined(session)
    numbers = Counter((mail.outcome, mail.reason) for mail in mails)
    kept = Counter((mail.outcome, mail.reason) for mail in mails if mail.kept_until is not None)
    first = {(mail.outcome, mail.reason): mail.received_at for mail in reversed(mails)}
    return [MailCount(*key, number, first[key], kept[key]) for key, number in sorted(numbers.items())]


def count_barred(session: Session) -> Sequence[BarredCount]:
    """Return the suppressed addresses and the paused recipient domains, by reason."""
    addresses, domains = Suppression.count_by_reason(session), DomainPause.count_by_reason(session)
    return [
        *(BarredCount("address", reason, number) for reason, number in sorted(addresses.items())),
        *(BarredCount("domain", reason, number) for reason, number in sorted(domains.items())),
    ]
