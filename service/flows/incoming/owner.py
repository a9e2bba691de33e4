"""The owner of a mail and its local date, by the token it was sent to or a sender we may believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import getaddresses

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.core.reply_address import tokens_at
from service.core.schedule import writing_date
from service.core.tokens import FrequencyToken, ReplyKind, ReplyToken
from service.mail.inbound.alignment import is_aligned, is_refuted
from service.mail.inbound.inbound_mail import InboundMail
from service.models import Alias, Keyring, Subscriber

_ADDRESSED = ("to", "cc", "delivered-to", "x-original-to")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a mail belongs to; `is_theirs` is false where somebody else, or nobody we may believe, sent it."""

    person: Subscriber = field(repr=False)
    on: date
    token: ReplyToken | None = field(default=None, repr=False)
    is_theirs: bool = True
    wants_to_stop: bool = False


def owner_of(
    session: Session,
    keyring: Keyring,
    mail: InboundMail,
    reply_domain: str,
    now: datetime,
    *,
    to: Sequence[str] | None = None,
) -> Owner | None:
    """Return whose mail this is, or None where it is nobody's we know.

    `to` are the addresses that count where the mail went to several owners: then each has their own row, and nothing
    else in the mail says whose it is.
    """
    sender = sender_hash(keyring, mail)
    addresses = (*mail.recipients, *_named(mail)) if to is None else to
    for token in tokens_at(addresses, reply_domain, keyring.index):
        person = session.get(Subscriber, token.subscriber_id) if token else None
        if token is None or person is None:
            continue
        if isinstance(token, FrequencyToken):
            return Owner(person, writing_date(now, person.zone), wants_to_stop=True)
        # A notice asks nothing: words in answer to it, perhaps months later, belong to the day of their writing.
        on = _written_on(mail, person, now) if token.kind is ReplyKind.NOTICE else token.on
        return Owner(person, on, token, is_theirs=_is_own(session, person, sender) and not is_refuted(mail))
    known = _known(session, sender) if sender and to is None else None
    if known is None:
        return None
    return Owner(known, _written_on(mail, known, now), is_theirs=is_aligned(mail))


def recipients_by_owner(keyring: Keyring, mail: InboundMail, reply_domain: str) -> list[tuple[str, ...]]:
    """Return the addresses of a mail to several owners, one group for each; nothing where it names one or none.

    The envelope's recipients count; where none of them is a token of ours, those that the headers name.
    """
    for addresses in (mail.recipients, _named(mail)):
        by_owner: dict[int, list[str]] = {}
        for address in addresses:
            token = next(tokens_at([address], reply_domain, keyring.index), None)
            if isinstance(token, ReplyToken):
                by_owner.setdefault(token.subscriber_id, []).append(address)
        if by_owner:
            return [tuple(group) for group in by_owner.values()] if len(by_owner) > 1 else []
    return []


def is_erased(session: Session, keyring: Keyring, recipients: Sequence[str], reply_domain: str) -> bool:
    """Say whether every recipient is somebody whose tokens are ours and who is here no longer."""
    tokens = [*tokens_at(recipients, reply_domain, keyring.index)]
    return bool(tokens) and all(token and session.get(Subscriber, token.subscriber_id) is None for token in tokens)


def sender_hash(keyring: Keyring, mail: InboundMail) -> bytes | None:
    """Return the hash of the address that a mail says it is from, or None where it names no single one."""
    try:
        return keyring.address_hash(Address.parse(mail.from_address or ""))
    except AddressError:
        return None


def _written_on(mail: InboundMail, person: Subscriber, now: datetime) -> date:
    sent_at = mail.sent_at if mail.sent_at and mail.sent_at <= now else now
    return writing_date(sent_at, person.zone)


def _is_own(session: Session, person: Subscriber, sender: bytes | None) -> bool:
    if sender is None:
        return False
    return sender == person.address_hash or Alias.owner_id(session, sender) == person.id


def _known(session: Session, sender: bytes) -> Subscriber | None:
    """Return the person with this address, or whose alias it is; a signup that nobody confirmed comes last."""
    owner_id = Alias.owner_id(session, sender)
    return session.get(Subscriber, owner_id) if owner_id else Subscriber.with_address(session, sender)


def _named(mail: InboundMail) -> tuple[str, ...]:
    named = [value for name in _ADDRESSED for value in mail.all_headers(name)]
    return tuple(address for _, address in getaddresses(named))
