"""What was set aside in a reply: its owner is asked about it once, and keeps it or leaves it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from service.core.journal.entry_text import without_known
from service.core.replies import ReplyWords
from service.flows.incoming.held.held import process_again
from service.flows.incoming.replies.store import InboundStore
from service.flows.outgoing.auto_replies import open_answered
from service.flows.people.journal import journal
from service.models import Delivery, DeliveryKind, Entry, Keyring, Outcome, Reply, Subscriber
from service.models.incoming.reply import KEPT_WHOLE, LEFT_OUT

BY_MAIL = "mail"
LEFT_OUT_IN_PART, ALL_LEFT_OUT = "left_out", "all_left_out"  # the two answers that ask the owner
FOOTERS_KNOWN_FOR = timedelta(days=400)
MOST_COMPARED = 12
MIND_CHANGED_WITHIN = timedelta(days=1)


class SetAsideState(StrEnum):
    """The state of what was set aside in a mail."""

    ASKED = "asked"
    LEFT_OUT = "left_out"
    WAITING = "waiting"
    KEPT = "kept"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SetAside:
    """What was set aside in a mail, as its owner sees it; `quoted` is what the email quoted, "" in discreet mode."""

    state: SetAsideState
    quoted: str = field(default="", repr=False)
    entry_id: int | None = None


def without_known_footers(
    session: Session, keyring: Keyring, person: Subscriber, words: ReplyWords, now: datetime
) -> ReplyWords:
    """Return the words without the set-aside pieces that earlier replies also had, such as signatures and notices."""
    if not words.set_aside:
        return words
    recent = Entry.list_newest_from(session, person.id, BY_MAIL, now - FOOTERS_KNOWN_FOR, MOST_COMPARED)
    return replace(words, trimmed=without_known(words.trimmed, journal.lines_of(keyring, person, recent)))


def look(session: Session, keyring: Keyring, subscriber_id: int, reply_id: int) -> SetAside:
    """Return what was set aside in a mail of this subscriber, and its state."""
    person, reply = session.get(Subscriber, subscriber_id), Reply.find_own(session, subscriber_id, reply_id)
    if person is None or reply is None:
        return SetAside(SetAsideState.GONE)
    if reply.outcome is None:
        return SetAside(SetAsideState.WAITING)
    entry = Entry.find(session, subscriber_id, reply.entry_id) if reply.entry_id else None
    if entry is not None and not journal.has_set_aside(keyring, person, entry):
        return SetAside(SetAsideState.KEPT, entry_id=entry.id)
    if entry is None and Reply.find_to_keep_whole(session, subscriber_id, reply_id) is None:
        return SetAside(SetAsideState.GONE)
    name = ALL_LEFT_OUT if reply.outcome == Outcome.EMPTY else LEFT_OUT_IN_PART
    asked = Delivery.newest_about(session, subscriber_id, DeliveryKind.ANSWER, reply_id, name)
    content = open_answered(keyring, person, asked) if asked else None
    state = SetAsideState.LEFT_OUT if reply.reason == LEFT_OUT else SetAsideState.ASKED
    quoted = content.quoted if content and not person.is_discreet else ""
    return SetAside(state, quoted, entry.id if entry else None)


def keep(inbound_store: InboundStore, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Put what was set aside into the journal; return whether the caller must enqueue the mail for that.

    An entry gets it back at once. A mail that became no entry is processed again, as an entry.

    Raises:
        SealError, StorageError: the mail cannot be read or stored now.
    """
    with inbound_store.database.write() as session:
        person, reply = Subscriber.locked(session, subscriber_id), Reply.find_own(session, subscriber_id, reply_id)
        if person is None or reply is None:
            return False
        if reply.outcome == Outcome.ENTRY:
            entry = Entry.find(session, subscriber_id, reply.entry_id or 0)
            if entry is not None:
                journal.restore_set_aside(inbound_store.keyring, person, entry, now)
                reply.end_choice()
            return False
    return process_again(inbound_store, Reply.find_to_keep_whole, subscriber_id, reply_id, now, reason=KEPT_WHOLE)


def note_put_back(session: Session, keyring: Keyring, person: Subscriber, entry: Entry) -> None:
    """Record that a piece was put back on the entry's page; the question is answered once no piece is set aside."""
    reply = Reply.find_by_entry(session, person.id, entry.id)
    if reply is not None and not journal.has_set_aside(keyring, person, entry):
        reply.end_choice()


def leave_out(session: Session, subscriber_id: int, reply_id: int, now: datetime) -> None:
    """Record that what was set aside stays out; its owner can change that for at least a day."""
    reply = Reply.find_own(session, subscriber_id, reply_id)
    if reply is not None and reply.outcome is not None:
        reply.reason = LEFT_OUT
        reply.end_choice(now + MIND_CHANGED_WITHIN)
