"""Every table that has something of a subscriber is covered when they are erased: a new one is found here."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from service.db import Base
from service.models.people.personal_data.erased_rows import OBJECT, OWNER, tables_with_objects

# Tables that know somebody by the hash of an address, and what becomes of their rows.
BY_ADDRESS = {
    "subscribers": "the row itself",
    "mail_requests": "deleted by the hash",
    "aliases": "deleted with the subscriber; the hash is that of another address",
    "consents": "kept, without the network",
    "suppressions": "kept, so that nobody writes to the address",
    "brought_people": "kept, so that no list brings them again; the sealed form goes",
}
# Tables with something sealed that hold nothing of a subscriber, or lose it in another way.
OF_NO_SUBSCRIBER = {
    "mail_requests": "deleted by the hash of the address",
    "brought_people": "cleared by the hash of the address",
    "writer_mails": "a reply that is not sent on yet is found by its entry; all else is about the service",
    "domain_pauses": "the name of a domain",
    "desk_passkeys": "the passkey of a writer, who is no subscriber there",
    "desk_factors": "the secret of a writer's authenticator app, who is no subscriber there",
    "suppression_cursors": "one address of the provider's list, until the next page is read",
}


def follows_subscriber(table: Table) -> bool:
    """Return whether the rows of a table are deleted with their subscriber, directly or through another table."""
    return table.name == "subscribers" or any(
        key.ondelete == "CASCADE" and follows_subscriber(key.column.table) for key in table.foreign_keys
    )


def tables() -> list[Table]:
    return Base.metadata.sorted_tables


def test_every_table_with_a_subscriber_is_deleted_with_them() -> None:
    owned = [table for table in tables() if OWNER in table.columns]
    assert len(owned) > len(BY_ADDRESS)
    assert [table.name for table in owned if not follows_subscriber(table)] == []


def test_rows_are_found_by_an_index_when_the_row_that_they_follow_is_deleted() -> None:
    found_by = {
        (table.name, each.columns[0].name)
        for table in tables()
        for each in (*table.indexes, *table.constraints)
        if isinstance(each, Index | UniqueConstraint | PrimaryKeyConstraint)
    }
    following = {(table.name, column.name) for table in tables() for column in table.columns if column.foreign_keys}
    assert following - found_by == set()


def test_every_table_that_knows_an_address_says_what_becomes_of_it() -> None:
    assert {table.name for table in tables() if "address_hash" in table.columns} == BY_ADDRESS.keys()


def test_everything_sealed_follows_a_subscriber_or_says_why_not() -> None:
    sealed = [table for table in tables() if any(name.startswith("sealed_") for name in table.columns.keys())]  # noqa: SIM118 - the collection yields columns
    assert {table.name for table in sealed if not follows_subscriber(table)} == OF_NO_SUBSCRIBER.keys()


def test_every_object_has_a_row_that_says_whose_it_is() -> None:
    naming = [table for table in tables() if OBJECT in table.columns]
    assert naming == [*tables_with_objects()]
