"""The reading age of a text, by published formulas for English and German."""

from __future__ import annotations

import re
from typing import Final

# Kincaid, Fishburne, Rogers and Chissom 1975, "Derivation of new readability formulas": the grade of a US school.
# Pupils there are five years older than their grade.
_GRADE_WORDS: Final = 0.39
_GRADE_SYLLABLES: Final = 11.8
_GRADE_LESS: Final = 15.59
_ENGLISH_AGE_AT_GRADE_0: Final = 5

# Bamberger and Vanecek 1984, "Lesen - Verstehen - Lernen - Schreiben": the first Wiener Sachtextformel, a school
# year. Pupils there are six years older than their year.
_WSTF_LONG: Final = 0.1935
_WSTF_SENTENCE: Final = 0.1672
_WSTF_LETTERS: Final = 0.1297
_WSTF_SHORT: Final = 0.0327
_WSTF_LESS: Final = 0.875
_GERMAN_AGE_AT_YEAR_0: Final = 6
_MANY_SYLLABLES: Final = 3
_MANY_LETTERS: Final = 6

_YOUNGEST: Final = 6.0
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END: Final = re.compile(r"[.!?…:]+|\n\n")
_ENGLISH_VOWELS: Final = re.compile(r"[aeiouy]+")
_GERMAN_VOWELS: Final = re.compile(r"aa|ee|oo|ai|au|äu|ei|eu|ie|[aeiouyäöü]")
_SILENT_END: Final = re.compile(r"(?<=[^aeiouyl])e$|(?<=[aeiou]l)e$|(?<=[^aeioutd])ed$|(?<=[^aeioucgsxz])es$")


def reading_age(text: str, language: str) -> float:
    """Return the age in years at which a text reads easily, 6 at the least.

    `language` is a tag such as "en" or "de-AT"; a language without a formula of its own is read as English. Short
    texts vary: compare with some room, or measure many texts as one.
    """
    words = _WORD.findall(text.lower())
    if not words:
        return _YOUNGEST
    sentences = [part for part in _SENTENCE_END.split(text) if _WORD.search(part)]
    measure = _german_age if language.partition("-")[0] == "de" else _english_age
    return max(_YOUNGEST, measure(words, len(sentences)))


def _english_age(words: list[str], sentences: int) -> float:
    """Return the age by Flesch and Kincaid."""
    syllables = sum(map(_english_syllables, words)) / len(words)
    grade = _GRADE_WORDS * len(words) / sentences + _GRADE_SYLLABLES * syllables - _GRADE_LESS
    return grade + _ENGLISH_AGE_AT_GRADE_0


def _german_age(words: list[str], sentences: int) -> float:
    """Return the age by the first Wiener Sachtextformel."""
    syllables = [len(_GERMAN_VOWELS.findall(word)) for word in words]
    percent = 100 / len(words)
    year = (
        _WSTF_LONG * percent * sum(count >= _MANY_SYLLABLES for count in syllables)
        + _WSTF_SENTENCE * len(words) / sentences
        + _WSTF_LETTERS * percent * sum(len(word) > _MANY_LETTERS for word in words)
        - _WSTF_SHORT * percent * sum(count <= 1 for count in syllables)
        - _WSTF_LESS
    )
    return year + _GERMAN_AGE_AT_YEAR_0


def _english_syllables(word: str) -> int:
    """Return the groups of vowels that are spoken, one at the least."""
    return max(1, len(_ENGLISH_VOWELS.findall(_SILENT_END.sub("", word))))
