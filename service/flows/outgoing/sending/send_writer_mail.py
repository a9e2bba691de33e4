"""Sending mails to the writers, one request each, even while all other sending is held.

A request is made as one for deliveries is: claimed, marked as handed over and committed first, and in doubt without an
answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from service.clock import Clock
from service.core.addresses import Address, AddressError
from service.db import Database
from service.flows.outgoing.sending.provider_requests import ProviderRequests
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import Accepted, OutgoingEmail, QuotaExceeded, Recipient, RetryLater, Unknown
from service.mail.provider_events import KIND_VARIABLE, WRITER_MAIL
from service.models import DeliveryState, Keyring, WriterMail

log = structlog.get_logger()


@dataclass(slots=True)
class WriterMailSender:
    """Sends mails to the addresses of WRITER_EMAILS."""

    database: Database
    keyring: Keyring
    composer: Composer
    requests: ProviderRequests
    clock: Clock
    lease: timedelta
    writer_emails: Sequence[str] = field(repr=False)
    stopping: Callable[[], bool] = lambda: False
    _writers: dict[bytes, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find the writers by the hashes of their addresses."""
        self._writers = {}
        for text in self.writer_emails:
            try:
                address = Address.parse(text)
            except AddressError:
                log.error("writer_mail.no_address", setting="WRITER_EMAILS")
                continue
            self._writers[self.keyring.address_hash(address)] = address.text

    def send(self, mail_id: int) -> Sequence[int]:
        """Send a mail to its writer, or to every writer; plan no delivery."""
        with self.database.write() as session:
            ids = WriterMail.address(session, mail_id, self._writers)
        for id_ in ids:
            if self.stopping():
                break
            self._send_one(id_)
        return ()

    def _send_one(self, mail_id: int) -> None:
        now = self.clock()
        with self.database.write() as session:
            mail = WriterMail.claim(session, mail_id, lease=self.lease, now=now)
        if mail is None:
            return
        address = self._writers.get(mail.writer_hash)
        if address is None:
            self._end(mail, DeliveryState.SKIPPED, "no writer any more")
            return
        email = self.composer.writer_mail(mail.kind, mail.open_values(self.keyring))
        with self.database.write() as session:
            if not mail.hand_over(session, self.clock()):
                return
        self._request(mail, email, address)

    def _request(self, mail: WriterMail, email: OutgoingEmail, address: str) -> None:
        match self.requests.request(email, [Recipient(address, mail.id)], {KIND_VARIABLE: WRITER_MAIL}):
            case Accepted(provider_id):
                self._end(mail, DeliveryState.SENT, provider_id=provider_id, sent_at=self.clock())
            case Unknown(reason):
                self._end(mail, DeliveryState.UNKNOWN, reason)
            case RetryLater(wait, reason) | QuotaExceeded(wait, reason):
                self._end(mail, DeliveryState.PLANNED, reason, ready_at=self.clock() + wait)
            case refusal:
                self._end(mail, DeliveryState.FAILED, refusal.reason)

    def _end(self, mail: WriterMail, state: DeliveryState, reason: str | None = None, **values: Any) -> None:
        with self.database.write() as session:
            mail.end(session, state, reason[:64] if reason else None, **values)
        log.info("writer_mail.outcome", mail=mail.id, kind=mail.kind, state=state, reason=reason)
