"""Finding the owner of a mail and its date: by the token that it was sent to, or by a sender that is proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import getaddresses

from sqlalchemy.orm import Session

from service.core.access.tokens import FrequencyToken, ReplyKind, ReplyToken
from service.core.addresses import Address, AddressError
from service.core.reply_address import tokens_at
from service.core.settings.schedule import writing_date
from service.mail.inbound.alignment import is_aligned, is_refuted
from service.mail.inbound.inbound_mail import InboundMail
from service.models import Alias, Keyring, Subscriber

_RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to")


@dataclass(frozen=True, slots=True)
class Owner:
    """The subscriber a mail belongs to; `is_theirs` is false if somebody else sent it, or the sender is not proved.

    `stop` is the token of a mail that asks to stop by its address, and says what it stops.
    """

    person: Subscriber = field(repr=False)
    on: date
    token: ReplyToken | None = field(default=None, repr=False)
    is_theirs: bool = True
    stop: FrequencyToken | None = field(default=None, repr=False)


def owner_of(
    session: Session,
    keyring: Keyring,
    mail: InboundMail,
    reply_domain: str,
    now: datetime,
    *,
    to: Sequence[str] | None = None,
) -> Owner | None:
    """Return the owner of a mail, or None if no subscriber owns it.

    For a mail to several owners, each of whom has a row, `to` are the addresses of one of them: nothing else in the
    mail then decides the owner.
    """
    sender = sender_hash(keyring, mail)
    addresses = (*mail.recipients, *_header_addresses(mail)) if to is None else to
    for token in tokens_at(addresses, reply_domain, keyring.index):
        person = session.get(Subscriber, token.subscriber_id) if token else None
        if token is None or person is None:
            continue
        if isinstance(token, FrequencyToken):
            return Owner(person, writing_date(now, person.zone), stop=token)
        # A notice asks no question, so a reply to it belongs to the date of the reply, which may be months later.
        on = _written_on(mail, person, now) if token.kind is ReplyKind.NOTICE else token.on
        return Owner(person, on, token, is_theirs=_is_sender_of(session, person, sender) and not is_refuted(mail))
    by_sender = _subscriber_of(session, sender) if sender and to is None else None
    if by_sender is None:
        return None
    return Owner(by_sender, _written_on(mail, by_sender, now), is_theirs=is_aligned(mail))


def recipients_by_owner(keyring: Keyring, mail: InboundMail, reply_domain: str) -> list[tuple[str, ...]]:
    """Return the recipients of a mail to several owners, one group for each; nothing for one owner or none.

    The envelope recipients count. If none of them has a token of ours, those in the headers count.
    """
    for addresses in (mail.recipients, _header_addresses(mail)):
        by_owner: dict[int, list[str]] = {}
        for address in addresses:
            token = next(tokens_at([address], reply_domain, keyring.index), None)
            if isinstance(token, ReplyToken):
                by_owner.setdefault(token.subscriber_id, []).append(address)
        if by_owner:
            return [tuple(group) for group in by_owner.values()] if len(by_owner) > 1 else []
    return []


def is_erased(session: Session, keyring: Keyring, recipients: Sequence[str], reply_domain: str) -> bool:
    """Return whether every recipient has a token of ours whose subscriber has been erased."""
    tokens = [*tokens_at(recipients, reply_domain, keyring.index)]
    return bool(tokens) and all(token and session.get(Subscriber, token.subscriber_id) is None for token in tokens)


def sender_hash(keyring: Keyring, mail: InboundMail) -> bytes | None:
    """Return the hash of the address in From, or None if it is not a single valid address."""
    try:
        return keyring.address_hash(Address.parse(mail.from_address or ""))
    except AddressError:
        return None


def _written_on(mail: InboundMail, person: Subscriber, now: datetime) -> date:
    sent_at = mail.sent_at if mail.sent_at and mail.sent_at <= now else now
    return writing_date(sent_at, person.zone)


def _is_sender_of(session: Session, person: Subscriber, sender: bytes | None) -> bool:
    if sender is None:
        return False
    return sender == person.address_hash or Alias.owner_id(session, sender) == person.id


def _subscriber_of(session: Session, sender: bytes) -> Subscriber | None:
    """Return the subscriber who has this alias, else the one with this address, who may be unconfirmed, or None."""
    owner_id = Alias.owner_id(session, sender)
    return session.get(Subscriber, owner_id) if owner_id else Subscriber.with_address(session, sender)


def _header_addresses(mail: InboundMail) -> tuple[str, ...]:
    values = [value for name in _RECIPIENT_HEADERS for value in mail.all_headers(name)]
    return tuple(address for _, address in getaddresses(values))
