"""The rows that are kept about one person besides their words: in which tables, whose they are, what they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, Select, String, Table, cast, literal, select
from sqlalchemy.orm import Session

from service.db import Base
from service.models.desk.desk_action import DeskAction
from service.models.incoming.reply import Reply
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.writer_mail import WriterMail, WriterMailKind
from service.models.people.access.browser_session import BrowserSession
from service.models.people.access.mail_request import MailRequest
from service.models.people.access.passkey import Passkey
from service.models.people.addresses.address_change import AddressChange
from service.models.people.addresses.alias import Alias
from service.models.people.addresses.full_mailbox import FullMailbox
from service.models.people.addresses.suppression import Suppression
from service.models.people.journal.entry import Entry
from service.models.people.personal_data.erasure import Erasure
from service.models.people.personal_data.journal_export import JournalExport
from service.models.people.personal_data.journal_import import JournalImport
from service.models.people.settings.consent import Consent
from service.models.people.settings.own_question import OwnQuestion
from service.models.people.subscription.list_import import BroughtPerson, ListImport
from service.models.people.subscription.subscriber import Subscriber

_ROWS = 500
_PERSON_ACTIONS = "person."


@dataclass(frozen=True, slots=True)
class RowsAbout:
    """The rows of one table about a person, as a list with a name.

    `told` are the columns that the person is told, by the name under which each is told. `at` is the column by which
    the rows are ordered, the newest first.
    """

    name: str
    model: type[Base]
    at: str
    told: Mapping[str, str]

    @property
    def table(self) -> Table:
        """Return the table."""
        table = self.model.__table__
        assert isinstance(table, Table)
        return table

    def whose(self, person: Subscriber) -> ColumnElement[bool]:
        """Return the condition that a row is about this person."""
        if self.model is DeskAction:
            return (DeskAction.object_id == person.id) & DeskAction.action.startswith(_PERSON_ACTIONS)
        if self.model is WriterMail:
            keys = select(literal(f"{WriterMailKind.READER_REPLY}/") + cast(Entry.id, String))
            return WriterMail.key.in_(keys.where(Entry.subscriber_id == person.id))
        columns = self.table.columns
        if "subscriber_id" in columns:
            return columns["subscriber_id"] == person.id
        moved_from = select(AddressChange.former_hash).where(
            AddressChange.subscriber_id == person.id, AddressChange.former_hash.not_in(select(Subscriber.address_hash))
        )
        # One list of hashes, not two conditions joined by OR: for those PostgreSQL reads every row.
        own = select(literal(person.address_hash, LargeBinary))
        return columns["address_hash"].in_(own.union_all(moved_from))

    def stream(self, session: Session, person: Subscriber) -> Iterator[dict[str, Any]]:
        """Yield what the person is told of each row, some rows at a time, and the row's key."""
        with session.execute(self._query(person).execution_options(yield_per=_ROWS)) as rows:
            for row in rows:
                yield row._asdict()

    def some(self, session: Session, person: Subscriber, *, skip: int, limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` of the rows that `stream` yields, after the first `skip`."""
        return [row._asdict() for row in session.execute(self._query(person).offset(skip).limit(limit))]

    def _query(self, person: Subscriber) -> Select[Any]:
        columns = self.table.columns
        told: list[ColumnElement[Any]] = [
            column.label(self.told[column.name]) for column in columns if column.name in self.told
        ]
        keys = [column for column in columns if column.primary_key]
        told += [column for column in keys if column.name not in self.told.values()]
        query = select(*told).where(self.whose(person))
        return query.order_by(columns[self.at].desc(), *keys)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


ROWS_ABOUT: Final = (
    RowsAbout(
        "consents",
        Consent,
        "at",
        {"stream": "to", "event": "event", "wording": "wording", "source": "from", "at": "at"},
    ),
    RowsAbout(
        "deliveries",
        Delivery,
        "planned_at",
        {"slot": "for", "prompt_id": "prompt", "attempt": "attempts"}
        | _same("kind", "state", "reason", "planned_at", "ready_at", "expires_at", "sent_at", "outcome", "provider_id"),
    ),
    RowsAbout(
        "emails_from_you",
        Reply,
        "received_at",
        _same("received_at", "outcome", "reason", "processed_at", "kept_until"),
    ),
    RowsAbout("sent_to_the_writer", WriterMail, "planned_at", _same("state", "planned_at", "sent_at")),
    RowsAbout(
        "browsers", BrowserSession, "created_at", {"created_at": "signed_in_at", "expires_at": "until", "kind": "kind"}
    ),
    RowsAbout(
        "passkeys",
        Passkey,
        "created_at",
        {"sealed_name": "name", "created_at": "added_at", "last_used_on": "last_used_on"},
    ),
    RowsAbout(
        "own_questions",
        OwnQuestion,
        "created_at",
        {"sealed_words": "words", "created_at": "added_at", "asked_on": "last_asked_on", "is_removed": "is_removed"},
    ),
    RowsAbout("other_addresses", Alias, "created_at", {"sealed_address": "address", "created_at": "since"}),
    RowsAbout(
        "moved_from",
        AddressChange,
        "changed_at",
        {"sealed_former": "address", "changed_at": "at", "back_until": "back_until"},
    ),
    RowsAbout("mail_requests", MailRequest, "created_at", _same("kind", "created_at", "done_at", "used_at")),
    RowsAbout("not_written_to", Suppression, "at", {"reason": "reason", "at": "since"}),
    RowsAbout("full_mailbox", FullMailbox, "last_at", _same("refusals", "first_at", "last_at")),
    RowsAbout("brought_from_a_list", BroughtPerson, "asked_at", {"brought_as": "as", "asked_at": "asked_at"}),
    RowsAbout(
        "imports",
        JournalImport,
        "created_at",
        {"sealed_title": "file"}
        | _same("state", "found", "brought", "already_here", "left_out", "photos", "wants_digests", "wants_changed")
        | _same("created_at", "started_at", "finished_at", "kept_until"),
    ),
    RowsAbout(
        "exports",
        JournalExport,
        "created_at",
        _same("form", "first_on", "last_on", "state", "size_bytes", "created_at", "finished_at", "kept_until"),
    ),
    RowsAbout("erasing", Erasure, "asked_at", _same("asked_at", "due_at", "begun_at")),
    RowsAbout("at_the_desk", DeskAction, "at", _same("at", "action")),
)
"""All that a person is told besides their row in `subscribers`, their quiet dates, their wishes and their words."""


def list_that_brought(session: Session, person: Subscriber) -> ListImport | None:
    """Return the list from another service that brought this person's address, or None."""
    query = select(ListImport).join(BroughtPerson, BroughtPerson.import_id == ListImport.id)
    return session.scalar(query.where(BroughtPerson.address_hash == person.address_hash))
