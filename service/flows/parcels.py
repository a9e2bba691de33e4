"""From a claimed delivery to an email and its recipient."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy.orm import Session

from service.core.dates import MONTHS
from service.core.journal import asked_object
from service.core.prompts import Library, Prompt
from service.core.schedule import writing_date
from service.core.tokens import Action, ActToken, FrequencyToken, ReplyKind, ReplyToken
from service.flows.contents import NothingToSendError, content_place, read_content
from service.flows.digests import quiet_question, read_digest
from service.mail.compose import Command, Composer, NotKept
from service.mail.links import PLACEHOLDERS, Links
from service.mail.outgoing import OutgoingEmail, Recipient
from service.mail.placeholders import placeholder
from service.models import Delivery, Keyring, Kind, Subscriber
from service.models.subscriber import PENDING_KEPT

SIGN_IN_LASTS = timedelta(minutes=10)
UNDO_LASTS = timedelta(days=1)
CLAIM_LASTS = timedelta(days=30)
DIGEST_LINK_LASTS = timedelta(days=400)
WRITE_LASTS = timedelta(days=30)
NO_PROMPT = 0
COMMAND = "command."


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
    """Makes parcels: composes each email, with the links and addresses that belong to its person."""

    keyring: Keyring
    library: Library
    composer: Composer
    base_url: str
    reply_domain: str
    mail_domain: str
    _batches: dict[str, OutgoingEmail] = field(default_factory=dict, repr=False)

    def pack(self, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Parcel:
        """Return a delivery as a parcel.

        Raises:
            NothingToSendError: what it was about is gone.
            SealError: the person's key does not open.
        """
        address = self.keyring.address_of(person).text
        if delivery.kind in {Kind.PROMPT, Kind.ANOTHER} and "+" not in address:
            return self._in_batch(delivery, person, address)
        email, sealed = _PACKERS[Kind(delivery.kind)](self, session, delivery, person, now)
        return Parcel(delivery, self._with_id(email, delivery), Recipient(address, delivery.id), None, sealed)

    def links(self, person: Subscriber, reply_address: str, write_url: str = "") -> Links:
        """Return a person's own links, with the address that a reply to this email goes to."""
        frequency = FrequencyToken(person.id).encode(self.keyring.index)
        stop_url = f"{self.base_url}/unsubscribe/{frequency}"
        return replace(
            PLACEHOLDERS,
            reply_address=reply_address,
            stop_url=stop_url,
            one_click_url=stop_url,
            stop_address=f"s-{frequency}@{self.reply_domain}",
            rest_url=f"{self.base_url}/rest/{frequency}",
            settings_url=f"{self.base_url}/settings",
            help_url=f"{self.base_url}/help-now",
            write_url=write_url,
        )

    def reply_address(self, kind: ReplyKind, person: Subscriber, on: date, prompt_key: int = NO_PROMPT) -> str:
        """Return the address to which a reply finds its person, prompt and day."""
        return f"r-{ReplyToken(kind, person.id, prompt_key, on).encode(self.keyring.index)}@{self.reply_domain}"

    def answer_links(self, person: Subscriber, now: datetime) -> Links:
        """Return the links of an email that answers a mail of this moment."""
        on = writing_date(now, person.zone)
        return self.links(person, self.reply_address(ReplyKind.ANSWER, person, on))

    def act_url(self, path: str, action: Action, person: Subscriber, until: datetime, object_id: int = 0) -> str:
        """Return a link that allows one action on one object until an instant."""
        token = ActToken(action, person.id, object_id, until).encode(self.keyring.index)
        return f"{self.base_url}/{path}/{token}"

    def _in_batch(self, delivery: Delivery, person: Subscriber, address: str) -> Parcel:
        prompt = self.prompt_of(delivery)
        if prompt.id not in self._batches:
            shared = replace(
                PLACEHOLDERS,
                write_url=placeholder("write_url"),
                settings_url=f"{self.base_url}/settings",
                help_url=f"{self.base_url}/help-now",
            )
            self._batches[prompt.id] = self.composer.prompt(prompt, self.lighter_of(prompt), shared)
        links = self.prompt_links(delivery, person, prompt)
        variables = {
            name: getattr(links, name)
            for name in ("reply_address", "stop_url", "one_click_url", "stop_address", "rest_url", "write_url")
        }
        recipient = Recipient(address, delivery.id, {**variables, "delivery": str(delivery.id)})
        return Parcel(delivery, self._batches[prompt.id], recipient, batch=prompt.id)

    def prompt_links(self, delivery: Delivery, person: Subscriber, prompt: Prompt) -> Links:
        """Return a person's links for a prompt: the reply to it finds its prompt and its day."""
        until = delivery.planned_at + WRITE_LASTS
        write_url = self.act_url("write", Action.WRITE, person, until, asked_object(prompt.key, delivery.on))
        return self.links(person, self.reply_address(ReplyKind.PROMPT, person, delivery.on, prompt.key), write_url)

    def _with_id(self, email: OutgoingEmail, delivery: Delivery) -> OutgoingEmail:
        message_id = f"<{delivery.id:x}.{delivery.attempt}@{self.mail_domain}>"
        return replace(email, headers={**email.headers, "Message-Id": message_id})

    def prompt_of(self, delivery: Delivery) -> Prompt:
        """Return the prompt that a delivery asks.

        Raises:
            NothingToSendError: it has left the library since.
        """
        prompt = self.library.get(delivery.prompt_id or "")
        if prompt is None:
            raise NothingToSendError("the prompt is no longer in the library")
        return prompt

    def lighter_of(self, prompt: Prompt) -> Prompt | None:
        """Return the lighter question that goes with a deep one, or None."""
        return self.library.get(prompt.lighter) if prompt.lighter else None


Packed = tuple[OutgoingEmail, bytes | None]


def _single_prompt(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> Packed:
    prompt = packer.prompt_of(delivery)
    links = packer.prompt_links(delivery, person, prompt)
    return packer.composer.prompt(prompt, packer.lighter_of(prompt), links), None


def _welcome(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> Packed:
    prompt = packer.prompt_of(delivery)
    return packer.composer.welcome(prompt, packer.prompt_links(delivery, person, prompt), str(person.schedule)), None


def _confirmation(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Packed:
    until = delivery.planned_at + PENDING_KEPT
    reply_address = packer.reply_address(ReplyKind.CONFIRMATION, person, now.astimezone(person.zone).date())
    url = packer.act_url("confirm", Action.CONFIRM, person, until, delivery.reference or 0)
    return packer.composer.confirmation(url, reply_address), None


def _sign_in(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> Packed:
    until = delivery.planned_at + SIGN_IN_LASTS
    url = packer.act_url("sign-in", Action.SIGN_IN, person, until, delivery.reference or 0)
    asked_at = delivery.planned_at.astimezone(person.zone)
    return packer.composer.sign_in(url, time_text=f"{asked_at:%H:%M}"), None


def _receipt(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Packed:
    about = read_content(packer.keyring, delivery, person)
    undo = packer.act_url("act", Action.UNDO_ENTRY, person, now + UNDO_LASTS, delivery.reference or 0)
    email = packer.composer.receipt(
        packer.answer_links(person, now),
        undo,
        subject=about["subject"],
        in_reply_to=about["message_id"],
        country=person.help_country,
    )
    return email, delivery.sealed_content


def _answer(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Packed:
    about = read_content(packer.keyring, delivery, person)
    answered = {"subject": about["subject"], "in_reply_to": about["message_id"]}
    links, name = packer.answer_links(person, now), delivery.detail or ""

    def button(wanted: str, action: Action, lasts: timedelta) -> str:
        """Return the link of the one answer that has this button."""
        return packer.act_url("act", action, person, now + lasts, delivery.reference or 0) if name == wanted else ""

    if name.startswith(COMMAND):
        kind = cast("Command", name.removeprefix(COMMAND))
        undo_url = button("command.delete", Action.PUT_BACK, UNDO_LASTS)
        email = packer.composer.command_answer(kind, links, detail=about["told"], undo_url=undo_url, **answered)
    else:
        claim_url = button("held", Action.CLAIM_REPLY, CLAIM_LASTS)
        email = packer.composer.could_not_keep(
            cast("NotKept", name), links, detail=about["told"], button_url=claim_url, **answered
        )
    return email, delivery.sealed_content


def _digest(packer: Packer, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Packed:
    digest = read_digest(session, packer.keyring, packer.library, person, delivery.on) if person.wants_digest else None
    if digest is None:
        raise NothingToSendError("nothing is left of the month")
    until = now + DIGEST_LINK_LASTS
    url = packer.act_url("digest", Action.DIGEST, person, until, delivery.id)
    email = packer.composer.digest(
        digest,
        _month_links(packer, delivery, person),
        url,
        keep_out_urls={
            passage.entry_id: packer.act_url("act", Action.KEEP_OUT, person, until, passage.entry_id)
            for passage in digest.passages
        },
        discreet=person.is_discreet,
    )
    key = packer.keyring.key_of(person)
    return email, key.seal_text(digest.to_json(), place=content_place(delivery.id), random=os.urandom)


def _quiet_month(packer: Packer, _s: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> Packed:
    if not person.wants_digest:
        raise NothingToSendError("the month's email is not wanted any more")
    question = quiet_question(packer.library, person.locale, delivery.on)
    month = MONTHS[delivery.on.month - 1]
    return packer.composer.quiet_month(month, question.question, _month_links(packer, delivery, person)), None


def _month_links(packer: Packer, delivery: Delivery, person: Subscriber) -> Links:
    on = delivery.ready_at.astimezone(person.zone).date()
    return packer.links(person, packer.reply_address(ReplyKind.DIGEST, person, on))


_PACKERS: Mapping[Kind, Callable[[Packer, Session, Delivery, Subscriber, datetime], Packed]] = {
    Kind.PROMPT: _single_prompt,
    Kind.ANOTHER: _single_prompt,
    Kind.WELCOME: _welcome,
    Kind.CONFIRMATION: _confirmation,
    Kind.SIGN_IN: _sign_in,
    Kind.RECEIPT: _receipt,
    Kind.ANSWER: _answer,
    Kind.DIGEST: _digest,
    Kind.QUIET_MONTH: _quiet_month,
}
