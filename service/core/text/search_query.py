"""Searching texts for words and phrases, whatever their accents and capitals, in scripts with and without spaces.

The query is folded instead of the texts: each letter becomes a pattern of all its accented forms. Nothing is computed
from a text in advance, so no index of a person's words is ever stored.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self

import re2

from service.core.journal.tags import SIGNS, folded_tag, is_tag

LONGEST_QUERY: Final = 200
MOST_TERMS: Final = 12
AROUND: Final = 120  # characters of context on either side of a hit, at most

_TERM: Final = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]|([^\s"“”„«»]+)')
# Marks that change no letter into another one: accents of Latin, Greek and Cyrillic, Hebrew points, Arabic vowel signs.
# Those of other scripts are letters of their own (the vowels of Devanagari, the voicing of kana).
_MARKS: Final = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u064b-\u065f\u0670"
_MARK: Final = re.compile(f"[{_MARKS}]")
_ACCENTED: Final = (
    (0x0041, 0x007B),
    (0x00AA, 0x0250),
    (0x0370, 0x0530),
    (0x0590, 0x06FF),
    (0x1E00, 0x2000),
    (0xFB1D, 0xFB50),
)
# Letters that are one sign for two, and those whose accent Unicode does not take apart.
_LIGATURES: Final = {"ss": "ßẞ", "ae": "æÆ", "oe": "œŒ"}
_STROKED: Final = {"o": "øØ", "l": "łŁ", "d": "đĐðÐ", "h": "ħĦ", "t": "ŧŦ", "i": "ı"}
_ALIKE: Final = ("'‘’ʼ`´", "-‐‑‒–—", "…")
# Scripts without spaces between words: kana, Han, Thai, Lao, Khmer, Myanmar, Tibetan. A term may begin within a word.
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|[\U00020000-\U0003ffff]"
)
_FIRST_SET: Final = re.compile(r"\[(?:[^\]\\]|\\.)+\](?!\*)")
_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf]")
_SENTENCE_END: Final = re.compile(r"[.!?…。！？।؟]+[\"'”’»)]*\s+|\n\s*")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence with hits, as (text, is a hit) in order; it may go on before its beginning and after its end."""

    parts: tuple[tuple[str, bool], ...] = field(repr=False)
    is_cut_before: bool
    is_cut_after: bool


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to search for: every term must occur in a text. A word is found by its beginning, a phrase as it stands.

    `tags` are the `#words` of the query in their folded form: an entry must have each of them in its list of tags.
    """

    text: str = field(repr=False)
    tags: frozenset[str] = field(repr=False)
    _terms: tuple[re.Pattern[str], ...] = field(repr=False)
    _any_term: re.Pattern[str] | None = field(repr=False)
    _words: tuple[Any, ...] = field(repr=False)  # compiled by re2, which ships no types

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the query in a text, its phrases in quotation marks; None if it has no letter, digit or other sign.

        Only the first 200 characters and 12 terms count.
        """
        text = text[:LONGEST_QUERY]
        typed = [(phrase, word) for phrase, word in _TERM.findall(text)]
        tags = {folded_tag(word[1:]) for _, word in typed if _names_a_tag(word)}
        found = {
            _pattern(phrase or word, is_phrase=bool(phrase)): phrase or word
            for phrase, word in typed
            if not _names_a_tag(word)
        }
        found.pop("", None)  # nothing of it can be searched for
        terms = [*found][:MOST_TERMS]
        if not terms and not tags:
            return None
        compiled = tuple(re.compile(term) for term in terms)
        either = re.compile("|".join(sorted(terms, key=len, reverse=True))) if terms else None
        words = tuple(dict.fromkeys(word for term in terms for word in found[term].split()))
        return cls(text, frozenset(tags), compiled, either, _quick_patterns(words))

    def may_be_in(self, encoded: bytes) -> bool:
        """Return whether a text may have every term, by its UTF-8; `is_in` then says whether it has.

        This looks for the letters of each word anywhere, which RE2 does several times as fast as `re`. A text with
        surrogates, which are no UTF-8, may have any.
        """
        return all(word.search(encoded) for word in self._words) or _SURROGATE.search(encoded) is not None

    def is_in(self, text: str) -> bool:
        """Return whether every term occurs in a text."""
        return all(term.search(text) for term in self._terms)

    def excerpts(self, text: str, most: int = 3) -> list[Excerpt]:
        """Return the first sentences with hits, at most `most`, each shortened to the words around its hits.

        Without terms there are no hits, and the first sentence stands for the text.
        """
        if self._any_term is None:
            text = text.lstrip()
            return [self._excerpt(text, *_sentence_around(text, 0, 0))] if text else []
        excerpts: list[Excerpt] = []
        end = -1
        for hit in self._any_term.finditer(text):
            if hit.start() < end:
                continue  # it is in the sentence before
            if len(excerpts) == most:
                break
            start, end = _sentence_around(text, hit.start(), hit.end())
            excerpts.append(self._excerpt(text, start, end))
        return excerpts

    def _excerpt(self, text: str, start: int, end: int) -> Excerpt:
        parts: list[tuple[str, bool]] = []
        place = start
        for hit in self._any_term.finditer(text, start, end) if self._any_term else ():
            parts += [(text[place : hit.start()], False), (hit.group(), True)]
            place = hit.end()
        parts.append((text[place:end], False))
        whole = tuple((" ".join(part.split("\n")), is_hit) for part, is_hit in parts if part)
        return Excerpt(
            whole, is_cut_before=_is_cut(text[:start]), is_cut_after=bool(text[end:].strip()) and not _ends(text, end)
        )


def _names_a_tag(word: str) -> bool:
    return word[:1] in {*SIGNS} and is_tag(word[1:])


def _pattern(term: str, *, is_phrase: bool) -> str:
    """Return the pattern of a term, or "" if nothing of it can be searched for."""
    words = [word for word in map(_word_pattern, term.split()) if word]
    if not words:
        return ""
    pattern = r"\s+".join(words)
    if _UNSPACED.search(term):
        return pattern
    end = r"(?!\w)" if is_phrase else ""
    first = _FIRST_SET.match(pattern)
    if first is None:
        return rf"(?<!\w){pattern}{end}"
    # The look back stands after the first letter, so that the search runs from one such letter to the next.
    return rf"{first.group()}(?<!\w[\s\S]){pattern[first.end() :]}{end}"


def _quick_patterns(words: Iterable[str]) -> tuple[Any, ...]:
    """Return for each word a pattern that is in the UTF-8 of every text with this word."""
    return tuple(re2.compile(pattern) for word in words if (pattern := _word_pattern(word)))


def _word_pattern(word: str) -> str:
    """Return the pattern of a word: each letter in all its accented forms, with any marks after it."""
    word = unicodedata.normalize("NFC", word)
    if not any(character.isalnum() or unicodedata.category(character).startswith("S") for character in word):
        return ""
    pattern = _letters_pattern(word)
    # Unicode folds the case of a few signs in ways that a set of forms does not cover: they are found as they are.
    missing = [form for form in (word, unicodedata.normalize("NFD", word)) if not re.fullmatch(pattern, form)]
    return f"(?:{'|'.join([pattern, *map(re.escape, missing)])})" if missing else pattern


def _letters_pattern(letters: str) -> str:
    folded, pattern, place = _folded(letters), [], 0
    while place < len(folded):
        pair = folded[place : place + 2]
        if pair in _LIGATURES:
            pattern.append(f"(?:{_letter(pair[0])}{_letter(pair[1])}|[{_LIGATURES[pair]}])")
            place += 2
        else:
            pattern.append(_letter(folded[place]))
            place += 1
    return "".join(pattern)


def _folded(word: str) -> str:
    """Return a word in lower case without the marks that its letters carry."""
    taken_apart = unicodedata.normalize("NFD", word.casefold())
    for plain, signs in _LIGATURES.items():
        taken_apart = taken_apart.replace(signs[0], plain)
    bare = _MARK.sub("", taken_apart)
    return unicodedata.normalize("NFC", "".join(_plain_of_stroked().get(letter, letter) for letter in bare))


def _letter(letter: str) -> str:
    """Return the pattern of a folded letter: its accented forms in lower and upper case, and any marks after it.

    The cases are spelt out because a search for a set of characters is several times as fast as one that ignores case.
    """
    for alike in _ALIKE:
        if letter in alike:
            return f"[{re.escape(alike)}]"
    taken_apart = unicodedata.normalize("NFD", letter)
    if taken_apart != letter:  # a text may hold a voiced kana or a Korean syllable as several characters
        return f"(?:{letter}|{taken_apart})"
    cases = {letter, letter.upper(), letter.title()}
    forms = {*_forms().get(letter, ""), *_STROKED.get(letter, ""), *(case for case in cases if len(case) == 1)}
    marks = f"[{_MARKS}]*" if _takes_marks(letter) else ""
    return (f"[{re.escape(''.join(sorted(forms)))}]" if len(forms) > 1 else re.escape(letter)) + marks


def _takes_marks(letter: str) -> bool:
    return any(start <= ord(letter) < end for start, end in _ACCENTED)


@cache
def _plain_of_stroked() -> Mapping[str, str]:
    return {stroked: plain for plain, all_stroked in _STROKED.items() for stroked in all_stroked}


@cache
def _forms() -> Mapping[str, str]:
    """Return for each folded letter the single characters that are this letter, in any case and with any marks."""
    forms: dict[str, list[str]] = defaultdict(list)
    for start, end in _ACCENTED:
        for character in map(chr, range(start, end)):
            taken_apart = unicodedata.normalize("NFD", character)
            if not _MARK.sub("", taken_apart[1:]):
                forms[taken_apart[0].casefold()].append(character)
    return {letter: "".join(characters) for letter, characters in forms.items()}


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around a hit, or of the words within `AROUND` characters of it."""
    before = text[max(0, start - AROUND) : start]
    first = max(0, start - AROUND)
    ends = [*_SENTENCE_END.finditer(before)]
    if ends:
        first += ends[-1].end()
    elif first:
        first += _next_space(before)
    after = text[end : end + AROUND]
    closing = _SENTENCE_END.search(after)
    if closing:
        return first, end + closing.end() - len(closing.group()) + len(closing.group().rstrip())
    if end + AROUND >= len(text):
        return first, len(text.rstrip())
    return first, end + (after.rfind(" ") if " " in after else len(after))


def _next_space(text: str) -> int:
    place = text.find(" ")
    return place + 1 if place >= 0 else 0


def _is_cut(before: str) -> bool:
    """Return whether the text before an excerpt belongs to its sentence."""
    return bool(before.strip()) and not _closes(before)


def _ends(text: str, end: int) -> bool:
    return _closes(text[:end] + text[end : end + 1])


def _closes(text: str) -> bool:
    """Return whether a text ends with the end of a sentence or of a line."""
    stripped = text.rstrip(" \t\"'”’»)")
    return not stripped or stripped[-1] in ".!?…。！？।؟\n"
