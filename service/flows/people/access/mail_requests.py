"""Requests for an email from a page: one row for known and unknown addresses, and a limit for each network."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.db import random_id
from service.models import MailRequest, MailRequestKind

HOUR = timedelta(hours=1)
MAX_REQUESTS_PER_HOUR = 10


@dataclass(frozen=True, slots=True)
class Requester:
    """The requester as keyed hashes: of the network, of the browser's nonce, and of the code shown in that browser."""

    network: bytes = field(repr=False)
    browser: bytes = field(repr=False)
    code: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """The network has made too many requests; it may try again after `wait`."""

    wait: timedelta = HOUR


def record_request(
    session: Session,
    *,
    kind: MailRequestKind,
    address_hash: bytes,
    asker: Requester,
    now: datetime,
    request_id: int | None = None,
    sealed_form: bytes | None = None,
) -> int | TooManyRequests:
    """Record a request for a job to process; return its id, or that this network has made too many."""
    if MailRequest.count_recent(session, asker.network, now - HOUR) >= MAX_REQUESTS_PER_HOUR:
        return TooManyRequests()
    request = MailRequest(
        id=request_id or random_id(),
        kind=kind,
        address_hash=address_hash,
        sealed_form=sealed_form,
        network_hash=asker.network,
        browser_hash=asker.browser,
        code_hash=asker.code,
        created_at=now,
    )
    session.add(request)
    session.flush()
    return request.id
