"""Sending a reply to a letter on to its writers, if its author presses the button: exactly what they were shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.flows.outgoing.auto_replies import KEPT_LETTER
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.flows.people.journal.journal import open_entries
from service.models import Delivery, DeliveryKind, Entry, Keyring, Subscriber, WriterMail, WriterMailKind

OFFERED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SendOnOffer:
    """What would be sent on: the words, and the address that the writers can answer; `is_sent` once it was."""

    words: str = field(repr=False)
    address: str = field(repr=False)
    seen: str = field(repr=False)
    is_sent: bool


def find_offer(
    session: Session, keyring: Keyring, person: Subscriber, entry_id: int, now: datetime
) -> SendOnOffer | None:
    """Return what of a reply to a letter can be sent on, or None: not theirs, not offered, or more than 30 days ago."""
    entry = Entry.find(session, person.id, entry_id)
    answer = Delivery.newest_about(session, person.id, DeliveryKind.ANSWER, reference=entry_id, detail=KEPT_LETTER)
    if entry is None or answer is None or answer.planned_at < now - OFFERED_FOR:
        return None
    [opened] = open_entries(keyring, person, [entry])
    seen = keyring.index.digest("sent on", opened.words.encode()).hex()
    is_sent = WriterMail.is_planned(session, WriterMailKind.READER_REPLY, str(entry_id))
    return SendOnOffer(opened.words, keyring.address_of(person).text, seen, is_sent)


def send_on(session: Session, keyring: Keyring, person: Subscriber, entry_id: int, *, seen: str, now: datetime) -> bool:
    """Plan the mail that takes a reply to the writers; return False if its words are not those that were shown.

    It comes from us, and an answer to it goes to the person. The words and the address are sealed until it is sent, and
    then deleted.
    """
    offer = find_offer(session, keyring, person, entry_id, now)
    if offer is None or offer.seen != seen:
        return False
    values = {"words": offer.words, "reply_to": offer.address}
    plan_writer_mail(session, keyring, WriterMailKind.READER_REPLY, values, key=str(entry_id), now=now)
    return True
