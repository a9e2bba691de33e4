"""One request to the provider: the variables sent with a batch, the outcome, and how it is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from service.clock import Clock
from service.counts import Counts
from service.db import Database
from service.flows.outgoing.email_builder import OutgoingDelivery
from service.mail.outbound.mailer import (
    Accepted,
    BatchTooLarge,
    Mailer,
    OutgoingEmail,
    ProviderMisconfigured,
    ProviderUnreachable,
    QuotaExceeded,
    Recipient,
    Refused,
    RetryLater,
    SendOutcome,
    SuppressionLists,
    Unknown,
)
from service.mail.provider_events import INSTALLATION_VARIABLE, KIND_VARIABLE, SLOT_VARIABLE
from service.models.people.addresses.suppression_sync import push_later

MISCONFIGURED_WAIT = timedelta(minutes=5)
UNREACHABLE_WAIT = timedelta(seconds=30)
BARRED_AGAIN_AFTER = timedelta(hours=1)

CALLS = "provider calls"
CALL_LABELS: dict[type[SendOutcome], str] = {
    Accepted: "accepted",
    Unknown: "unknown",
    RetryLater: "retry_later",
    BatchTooLarge: "batch_too_large",
    QuotaExceeded: "quota_exceeded",
    Refused: "refused",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProviderRequests:
    """Makes a sender's requests to the provider; call it outside a transaction."""

    database: Database
    mailer: Mailer
    suppression_lists: SuppressionLists
    clock: Clock
    installation: str
    counts: Counts

    def send(self, batch: Sequence[OutgoingDelivery]) -> SendOutcome:
        """Send a batch of deliveries in one request to the provider; return the outcome, and count it."""
        first = batch[0].delivery
        try:
            self._lift_suppression(batch[0])
        except ProviderUnreachable:
            return RetryLater(UNREACHABLE_WAIT, "the suppression could not be lifted")
        recipients = [outgoing.recipient for outgoing in batch]
        return self.request(batch[0].email, recipients, {KIND_VARIABLE: first.kind, SLOT_VARIABLE: first.slot})

    def request(
        self, email: OutgoingEmail, recipients: Sequence[Recipient], variables: Mapping[str, str]
    ) -> SendOutcome:
        """Make one request to the provider; return the outcome, and count it.

        The variables come back with the provider's events, and say what an email was for even to a copy of the database
        that lost its row.
        """
        variables = {INSTALLATION_VARIABLE: self.installation, **variables}
        try:
            outcome = self.mailer.send(replace(email, event_variables=variables), recipients)
            self.counts.add(CALLS, CALL_LABELS[type(outcome)])
        except ProviderMisconfigured as error:
            self.counts.add(CALLS, "misconfigured")
            log.error("provider.misconfigured", error=str(error))
            return RetryLater(MISCONFIGURED_WAIT, "the provider's settings are wrong")
        except ValueError as error:
            log.error("delivery.not_sendable", error=type(error).__name__)
            return Refused("could not be composed")
        return outcome

    def _lift_suppression(self, outgoing: OutgoingDelivery) -> None:
        """Make the provider deliver an email that a person asked for, although the address may be on its lists.

        Raises:
            ProviderUnreachable: nothing is known to have changed, and the provider would drop the email.
        """
        if not outgoing.may_be_barred:
            return
        try:
            if self.suppression_lists.lift_suppression(outgoing.recipient.address):
                with self.database.write() as session:
                    # Only this one email may pass.
                    push_later(session, outgoing.address_hash, self.clock() + BARRED_AGAIN_AFTER)
        except ProviderMisconfigured as error:
            # A sending-only key may not do this. The email is sent anyway, because the address may not be on a list.
            log.error("provider.suppression_not_lifted", delivery=outgoing.delivery.id, error=str(error))
