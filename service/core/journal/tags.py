"""Tags: the `#words` in a text, the tags that somebody types into a field, and when two tags are the same."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_TAG: Final = 50
MOST_TAGS: Final = 50  # of one entry

SIGNS: Final = "#＃"  # the second is how East Asian keyboards type it
# A sign begins a tag at the start of a word, also in brackets or quotation marks; never within an address or a link.
_IN_TEXT: Final = re.compile(rf"(?<![^\s(\[“‘„«\"'])(?<!\]\()[{SIGNS}]([^\s{SIGNS}]+)")
_BETWEEN: Final = re.compile(rf"[\s,;，、{SIGNS}]+")
_WITHIN: Final = frozenset("-_'’·\u200c\u200d")  # not letters, but may stand between those of one word
_PARTS_OF_WORDS: Final = frozenset("LMN")  # the first letters of Unicode's categories: letters, marks, numbers


def tags_in(text: str) -> tuple[str, ...]:
    """Return the tags in a text without their `#`, each once as it was first written; a number alone is no tag."""
    found = (_beginning(match[1]) for match in _IN_TEXT.finditer(text))
    return distinct(tag for tag in found if is_tag(tag))[:MOST_TAGS]


def typed_tags(typed: str) -> tuple[str, ...]:
    """Return what somebody typed into a field for tags, word by word and each once; not all of it need be tags."""
    return distinct(word for word in _BETWEEN.split(typed) if word)


def is_tag(word: str) -> bool:
    """Return whether a word can be a tag: letters, marks and digits, at least one letter, and not too long."""
    is_short = 0 < len(word) <= LONGEST_TAG
    return is_short and word[0].isalnum() and _beginning(word) == word and any(map(str.isalpha, word))


def folded_tag(tag: str) -> str:
    """Return the form in which tags are compared: capitals and the ways to write one character do not count."""
    return unicodedata.normalize("NFKC", tag).casefold()


def distinct(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags in their order, the first of those that are the same."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(folded_tag(tag), tag)
    return tuple(first.values())


def with_changes(tags: Sequence[str], before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """Return the tags without those that are only in `before`, and with those that are only in `after`."""
    old, new = {*map(folded_tag, before)}, [*after]
    gone = old - {*map(folded_tag, new)}
    kept = [tag for tag in tags if folded_tag(tag) not in gone]
    return distinct([*kept, *(tag for tag in new if folded_tag(tag) not in old)])[:MOST_TAGS]


def renamed(tags: Iterable[str], folded: str, name: str) -> tuple[str, ...]:
    """Return the tags with one (in its folded form) renamed; without it if the name is empty."""
    changed = (name if folded_tag(tag) == folded else tag for tag in tags)
    return distinct(tag for tag in changed if tag)


def _beginning(word: str) -> str:
    """Return the part of a word before its first sign that no tag has, without signs at its end."""
    end = next((place for place, sign in enumerate(word) if not _may_be_in_a_tag(sign)), len(word))
    return word[:end].rstrip("".join(_WITHIN))


def _may_be_in_a_tag(sign: str) -> bool:
    return unicodedata.category(sign)[0] in _PARTS_OF_WORDS or sign in _WITHIN
