"""Everything that the database and the object store have of one subscriber: finding its objects, and deleting it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from service.db import Base
from service.models.outgoing.writer_mail import NOTHING, WriterMail, WriterMailKind
from service.models.people.access.mail_request import MailRequest
from service.models.people.addresses.address_change import AddressChange
from service.models.people.addresses.suppression_sync import push_later
from service.models.people.journal.entry import Entry
from service.models.people.settings.consent import Consent
from service.models.people.subscription.list_import import BroughtPerson
from service.models.people.subscription.subscriber import Subscriber

OWNER, OBJECT = "subscriber_id", "stored_as"


def tables_with_objects() -> Sequence[Table]:
    """Return the tables whose rows name an object of one subscriber."""
    return [table for table in Base.metadata.sorted_tables if {OWNER, OBJECT} <= {*table.columns.keys()}]


def names_of_objects(session: Session, subscriber_id: int) -> set[str]:
    """Return the names of all objects that belong to a subscriber: photos, large mails, uploaded files."""
    names: set[str] = set()
    for table in tables_with_objects():
        query = select(table.c[OBJECT]).where(table.c[OWNER] == subscriber_id, table.c[OBJECT].is_not(None))
        names |= set(session.scalars(query))
    return names


def delete_subscriber(session: Session, subscriber_id: int, address_hash: bytes) -> None:
    """Delete a subscriber with every row that is theirs.

    The tables with a column `subscriber_id` follow by their foreign keys. The consent log keeps its lines, without the
    networks that they came from; the list of addresses not to mail keeps its hash.
    """
    quietly = {"synchronize_session": False}
    person = session.get(Subscriber, subscriber_id)
    hashes = AddressChange.hashes_of(session, person) if person else {address_hash}
    unsent = _unsent_replies(session, subscriber_id)
    session.execute(delete(WriterMail).where(WriterMail.id.in_(unsent)).execution_options(**quietly))
    session.execute(delete(Subscriber).where(Subscriber.id == subscriber_id).execution_options(**quietly))
    session.execute(delete(MailRequest).where(MailRequest.address_hash.in_(hashes)).execution_options(**quietly))
    push_later(session, address_hash, None)
    their_lines = update(Consent).where(Consent.address_hash.in_(hashes))
    session.execute(their_lines.values(network_hash=None).execution_options(**quietly))
    brought = update(BroughtPerson).where(BroughtPerson.address_hash.in_(hashes))
    session.execute(brought.values(sealed_form=None, ask_from=None).execution_options(**quietly))


def _unsent_replies(session: Session, subscriber_id: int) -> list[int]:
    """Return the ids of mails to the writers that still hold words of this subscriber, who sent them on."""
    query = select(WriterMail.id, WriterMail.key).where(
        WriterMail.kind == WriterMailKind.READER_REPLY, WriterMail.sealed_values != NOTHING
    )
    about = {row.id: int(row.key.rpartition("/")[2]) for row in session.execute(query)}
    theirs = select(Entry.id).where(Entry.subscriber_id == subscriber_id, Entry.id.in_(about.values()))
    own = set(session.scalars(theirs))
    return [mail_id for mail_id, entry_id in about.items() if entry_id in own]
