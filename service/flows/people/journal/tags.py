"""The tags of journal entries: each entry has a sealed list of its own, which begins with the `#words` in its text.

After that the list is what counts. Changing the words adds and removes the `#words` that this change adds and removes;
renaming or removing a tag changes lists only, and never a word that somebody wrote.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from service.core.journal.tags import folded_tag, renamed, tags_in, with_changes
from service.core.sealing import DataKey
from service.models import Entry, Keyring, Subscriber

_KEY_DIGITS = 16


class SealedTags(Protocol):
    """The columns of an entry that say its tags."""

    @property
    def id(self) -> int:
        """Return the id of the entry, to which the tags are bound."""

    @property
    def sealed_tags(self) -> bytes | None:
        """Return the sealed list, empty without tags, or None for an entry written before there were tags."""

    @property
    def sealed_words(self) -> bytes:
        """Return the sealed words, which say the tags of an entry without a list."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a person's journal; `key` names it in URLs, where the word itself must not be."""

    name: str = field(repr=False)
    key: str


def open_tags(key: DataKey, entry: SealedTags) -> tuple[str, ...]:
    """Return an entry's tags, without `#`."""
    if entry.sealed_tags is None:
        return tags_in(key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}"))
    return tuple(key.open_text(entry.sealed_tags, place=_place(entry.id)).split(" ")) if entry.sealed_tags else ()


def follow_words(key: DataKey, entry: Entry, words: str) -> None:
    """Store an entry's tags as they are with these words; call this before the words are stored."""
    is_new = entry.sealed_words is None
    before = "" if is_new else key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}")
    tags = () if is_new else open_tags(key, entry)
    store_tags(key, entry, with_changes(tags, tags_in(before), tags_in(words)))


def store_tags(key: DataKey, entry: Entry, tags: Sequence[str]) -> None:
    """Store these tags as the list of an entry."""
    entry.sealed_tags = _sealed(key, entry.id, tags)


def change_tags(
    keyring: Keyring, person: Subscriber, entry: Entry, before: Iterable[str], after: Iterable[str]
) -> None:
    """Add and remove what `after` has more and less than `before`; another window's change of other tags stays."""
    key = keyring.key_of(person)
    store_tags(key, entry, with_changes(open_tags(key, entry), before, after))


def list_tags(session: Session, keyring: Keyring, person: Subscriber) -> list[Tag]:
    """Return all tags of a person's journal in the order of their letters, each as it was written last."""
    key, written = keyring.key_of(person), dict[str, None]()
    for row in Entry.tag_rows(session, person.id):
        written.update(dict.fromkeys(open_tags(key, row)))
    names = {folded_tag(name): name for name in reversed(written)}
    return [Tag(names[folded], tag_key(keyring, person, folded)) for folded in sorted(names)]


def find_tag(session: Session, keyring: Keyring, person: Subscriber, key: str) -> Tag | None:
    """Return the tag of a person's journal with this key, or None."""
    return next((tag for tag in list_tags(session, keyring, person) if tag.key == key), None)


def rename_tag(session: Session, keyring: Keyring, person: Subscriber, tag: Tag, name: str) -> Tag:
    """Rename a tag in every entry and return it; if the new name is a tag already, the two become one."""
    _change_all(session, keyring, person, lambda tags: renamed(tags, folded_tag(tag.name), name))
    return Tag(name, tag_key(keyring, person, name))


def remove_tag(session: Session, keyring: Keyring, person: Subscriber, tag: Tag) -> None:
    """Remove a tag from every entry; the words of the entries do not change."""
    _change_all(session, keyring, person, lambda tags: renamed(tags, folded_tag(tag.name), ""))


def tag_key(keyring: Keyring, person: Subscriber, name: str) -> str:
    """Return the name of a person's tag in URLs: a keyed hash, since tags are words."""
    digest = keyring.index.digest(f"tag:{person.id}", folded_tag(name).encode("utf-8", "surrogatepass"))
    return digest.hex()[:_KEY_DIGITS]


def _change_all(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    change: Callable[[tuple[str, ...]], tuple[str, ...]],
) -> None:
    key, changed = keyring.key_of(person), dict[int, bytes]()
    for row in Entry.tag_rows(session, person.id):
        tags = open_tags(key, row)
        if (new := change(tags)) != tags:
            changed[row.id] = _sealed(key, row.id, new)
    Entry.store_tags(session, changed)


def _sealed(key: DataKey, entry_id: int, tags: Sequence[str]) -> bytes:
    """Return the sealed list; nothing for one without tags, which its length would tell anyway."""
    return b"" if not tags else key.seal_text(" ".join(tags), place=_place(entry_id), random=os.urandom)


def _place(entry_id: int) -> str:
    return f"entries.tags:{entry_id}"
