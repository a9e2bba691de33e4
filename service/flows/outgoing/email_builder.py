"""Building the email and the recipient of a claimed delivery."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.library.own_question import own_id_of
from service.core.library.prompts import Prompt
from service.flows.outgoing.email_context import EmailContext, EmailRequest
from service.flows.outgoing.emails import BUILDERS, letter
from service.flows.outgoing.emails.questions.prompt import compose_for_batch
from service.mail.outbound.mailer import OutgoingEmail, Recipient
from service.mail.outbound.mailgun_form import may_be_batched
from service.models import Delivery, DeliveryKind, Subscriber, SubscriberStatus, Suppression

_MOST_LETTERS = 4  # kept by a worker, with their pictures
_BATCH_KINDS = (DeliveryKind.PROMPT, DeliveryKind.ANOTHER)


@dataclass(frozen=True, slots=True)
class OutgoingDelivery:
    """One delivery with its email, ready to send; those with the same `batch_key` may be sent in one batch.

    `may_be_barred` is true if the address may be on a suppression list of the provider although the person asked for
    this email.
    """

    delivery: Delivery = field(repr=False)
    email: OutgoingEmail
    recipient: Recipient
    batch_key: str | None = None
    sealed_content: bytes | None = field(default=None, repr=False)
    may_be_barred: bool = False
    address_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class EmailBuilder:
    """Builds emails: a prompt or letter once for all its recipients of a mode, others once for each recipient."""

    context: EmailContext
    mail_domain: str
    _by_key: dict[str, OutgoingEmail] = field(default_factory=dict, repr=False)
    _letters: dict[str, OutgoingEmail] = field(default_factory=dict, repr=False)

    def build(self, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> OutgoingDelivery:
        """Return a delivery with its email and recipient.

        Raises:
            NothingToSendError: there is nothing to send any more.
            SealError: the subscriber's data key cannot be opened.
        """
        request = EmailRequest(self.context, session, delivery, person, now)
        address = self.context.keyring.address_of(person).text
        if delivery.kind in _BATCH_KINDS and own_id_of(delivery.prompt_id) is None and may_be_batched(address):
            return self._for_batch(request, request.prompt, address)
        if delivery.kind == DeliveryKind.LETTER:
            return self._letter(request, address)
        built = BUILDERS[DeliveryKind(delivery.kind)](request)
        recipient = Recipient(built.to.text if built.to else address, delivery.id)
        email = self._with_message_id(built.email, delivery)
        return OutgoingDelivery(
            delivery,
            email,
            recipient,
            sealed_content=built.sealed_content,
            may_be_barred=_may_be_barred(session, delivery, person),
            address_hash=person.address_hash,
        )

    def _for_batch(self, request: EmailRequest, prompt: Prompt, address: str) -> OutgoingDelivery:
        # A batch has one sender's name and one subject, so discreet emails go in batches of their own.
        mode = f"{prompt.id}/discreet" if request.person.is_discreet else prompt.id
        if mode not in self._by_key:
            self._by_key[mode] = compose_for_batch(request)
        delivery = request.delivery
        variables = self.context.links.batch_variables(delivery, request.person, prompt)
        recipient = Recipient(address, delivery.id, variables)
        key = f"{mode} {delivery.kind} {delivery.slot}"
        return OutgoingDelivery(delivery, self._by_key[mode], recipient, batch_key=key)

    def _letter(self, request: EmailRequest, address: str) -> OutgoingDelivery:
        """Return a letter, which was composed when it was scheduled, with the recipient's variables."""
        found, delivery = letter.letter_of(request), request.delivery
        key = f"letter:{found.id}:{found.frozen_digest}/{request.person.is_discreet}"
        if key not in self._letters:
            if len(self._letters) >= _MOST_LETTERS:
                self._letters.clear()
            self._letters[key] = letter.compose_for_batch(request)
        email = self._letters[key]
        recipient = Recipient(
            address, delivery.id, self.context.links.letter_variables(delivery, request.person, found.key)
        )
        if may_be_batched(address):
            return OutgoingDelivery(delivery, email, recipient, batch_key=f"{key} {delivery.slot}")
        return OutgoingDelivery(delivery, self._with_message_id(email, delivery), recipient)

    def _with_message_id(self, email: OutgoingEmail, delivery: Delivery) -> OutgoingEmail:
        message_id = f"<{delivery.id:x}.{delivery.attempt}@{self.mail_domain}>"
        return replace(email, headers={**email.headers, "Message-Id": message_id})


def _may_be_barred(session: Session, delivery: Delivery, person: Subscriber) -> bool:
    """Return whether the provider may drop this email, after a bounce or a stop, although the person asked for it."""
    if delivery.kind not in {DeliveryKind.SIGN_IN, DeliveryKind.CONFIRMATION}:
        return False
    return person.status == SubscriberStatus.STOPPED or Suppression.covers(session, person.address_hash)
