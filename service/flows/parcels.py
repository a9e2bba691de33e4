"""From a claimed delivery to an email and its recipient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from service.flows import month_mail, single_mail, step_mail
from service.flows.making import BuiltEmail, Making
from service.mail.links import PLACEHOLDERS
from service.mail.outgoing import OutgoingEmail, Recipient
from service.mail.placeholders import placeholder
from service.models import Delivery, Kind, Subscriber

_OWN = ("reply_address", "stop_url", "one_click_url", "stop_address", "rest_url", "write_url")
_MAKERS: Mapping[Kind, Callable[[Making, Session, Delivery, Subscriber, datetime], BuiltEmail]] = {
    Kind.PROMPT: single_mail.prompt,
    Kind.ANOTHER: single_mail.prompt,
    Kind.WELCOME: single_mail.welcome,
    Kind.CONFIRMATION: single_mail.confirmation,
    Kind.SIGN_IN: single_mail.sign_in,
    Kind.RECEIPT: single_mail.receipt,
    Kind.ANSWER: single_mail.answer,
    Kind.NOTICE: single_mail.notice,
    Kind.ALIAS: single_mail.alias,
    Kind.STEP_FOLLOW_UP: step_mail.follow_up,
    Kind.DIGEST: month_mail.digest,
    Kind.YEAR: month_mail.year,
    Kind.QUIET_MONTH: month_mail.quiet_month,
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery ready to go; those with an equal `batch` may share a call."""

    delivery: Delivery = field(repr=False)
    email: OutgoingEmail
    recipient: Recipient
    batch: str | None = None
    sealed_content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Packer:
    """Makes parcels: alike prompts from one email, everything else each by itself."""

    making: Making
    mail_domain: str
    _batches: dict[str, OutgoingEmail] = field(default_factory=dict, repr=False)

    def pack(self, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Parcel:
        """Return a delivery as a parcel.

        Raises:
            NothingToSendError: what it was about is gone.
            SealError: the person's key does not open.
        """
        address = self.making.keyring.address_of(person).text
        if delivery.kind in {Kind.PROMPT, Kind.ANOTHER} and "+" not in address:
            return self._in_batch(delivery, person, address)
        built = _MAKERS[Kind(delivery.kind)](self.making, session, delivery, person, now)
        to = Recipient(built.to.text if built.to else address, delivery.id)
        return Parcel(delivery, self._with_id(built.email, delivery), to, None, built.sealed_content)

    def _in_batch(self, delivery: Delivery, person: Subscriber, address: str) -> Parcel:
        making = self.making
        prompt = making.prompt_of(delivery)
        if prompt.id not in self._batches:
            shared = replace(
                PLACEHOLDERS,
                write_url=placeholder("write_url"),
                settings_url=f"{making.addressing.base_url}/settings",
                help_url=f"{making.addressing.base_url}/help-now",
            )
            self._batches[prompt.id] = making.composer.prompt(prompt, making.lighter_of(prompt), shared)
        links = making.addressing.prompt_links(delivery, person, prompt)
        variables = {**{name: getattr(links, name) for name in _OWN}, "delivery": str(delivery.id)}
        return Parcel(delivery, self._batches[prompt.id], Recipient(address, delivery.id, variables), batch=prompt.id)

    def _with_id(self, email: OutgoingEmail, delivery: Delivery) -> OutgoingEmail:
        message_id = f"<{delivery.id:x}.{delivery.attempt}@{self.mail_domain}>"
        return replace(email, headers={**email.headers, "Message-Id": message_id})
