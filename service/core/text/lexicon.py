"""Word lists: phrases that our texts must not use and why, and the names and common words of a language."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_QUOTED: Final = re.compile('["“„«»][^"”“«»\n]*["”“«»]')


class LexiconError(ValueError):
    """The file of word lists cannot be read; the message tells its writer what to change."""


@dataclass(frozen=True, slots=True)
class RefusedPhrase:
    """A phrase found in a text, and why it is refused, as the end of a sentence."""

    phrase: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word lists of one file, by language: what is refused, what keeps its capital, what is too common.

    `ordinary` holds the common words of all languages together, casefolded, since a person may write in a language
    other than the one they read.
    """

    rules: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]
    capitals: Mapping[str, frozenset[str]]
    common: Mapping[str, frozenset[str]]
    ordinary: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, *, around: bool = False) -> Self:
        """Return the lists in the text of a `words.toml`; those for what stands `around` a prompt only if asked for.

        Raises:
            LexiconError: it is not TOML, or a list lacks its language, reason or phrases.
        """
        try:
            lists = tomllib.loads(text)
            rules: dict[str, list[tuple[re.Pattern[str], str]]] = {}
            for refused in [*lists.get("refused", []), *(lists.get("refused_around", []) if around else ())]:
                language = refused["language"]
                numbers = lists.get("numbers", {}).get(language, [])
                pattern = _pattern(refused["phrases"], numbers)
                rules.setdefault(language, []).append((pattern, refused["reason"]))
        except tomllib.TOMLDecodeError as error:
            raise LexiconError(f"the word lists are not TOML ({error}).") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise LexiconError("each list of refused words needs a language, a reason and phrases.") from error
        return cls(
            rules={language: tuple(found) for language, found in rules.items()},
            capitals=_word_sets(lists.get("capitals", {})),
            common=_word_sets(lists.get("common", {})),
            ordinary=_folded(lists.get(name, {}) for name in ("common", "capitals", "everyday")),
        )

    def refused_in(self, text: str, language: str) -> Iterator[RefusedPhrase]:
        """Yield each phrase that a text in a language ("en", "de-AT") may not use, once."""
        plain = text.replace("’", "'")
        seen = set()
        for pattern, reason in self.rules.get(_short(language), ()):
            for match in pattern.finditer(plain):
                phrase = " ".join(match[0].split())
                if phrase.lower() not in seen:
                    seen.add(phrase.lower())
                    yield RefusedPhrase(phrase, reason)

    def keeps_capital(self, word: str, language: str) -> bool:
        """Return whether a word is written with a capital within a sentence of this language."""
        return word in self.capitals.get(_short(language), frozenset())

    def is_common(self, word: str, language: str) -> bool:
        """Return whether a lower-case word is too common to tell what a text asks."""
        return word in self.common.get(_short(language), frozenset())


def without_quotations(text: str) -> str:
    """Return a text without its double-quoted parts, which are lines for a person to complete."""
    return _QUOTED.sub(" ", text)


def _short(language: str) -> str:
    """Return the language of a tag: "de" of "de-AT"."""
    return language.partition("-")[0]


def _pattern(phrases: Sequence[str], numbers: Sequence[str]) -> re.Pattern[str]:
    """Return what finds any of the phrases as whole words, the longest first."""
    number = "|".join((r"\d+", *map(re.escape, numbers)))
    ordered = sorted(phrases, key=len, reverse=True)
    choices = "|".join(_phrase(phrase, number) for phrase in ordered)
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)", re.IGNORECASE)


def _phrase(phrase: str, number: str) -> str:
    """Return the pattern of one phrase; a lone star is a number, one at a word's end the rest of the word."""
    words = [f"(?:{number})" if word == "*" else re.escape(word).replace(r"\*", r"\w*") for word in phrase.split()]
    return r"\s+".join(words)


def _word_sets(lists: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the lists as sets, by language."""
    return {language: frozenset(words) for language, words in lists.items()}


def _folded(tables: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the words of all languages of these tables, casefolded."""
    return frozenset(word.casefold() for table in tables for words in table.values() for word in words)
