"""Months of made-up words, of realistic size, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from service.core.library.prompts import Prompt
from service.core.month.resurfacing import DigestEntry

NAMES = ("Priya", "Leon", "Aunt Rosa", "Bristol", "Zoë")
SYLLABLES = ("ba", "den", "fi", "gor", "hal", "lem", "mi", "nou", "per", "ri", "sol", "tam", "ur", "ven", "wick")
KEPT_OUT = 0.1
NAMED = 0.3


def made_up_month(first: date, prompts: Sequence[Prompt], chance: random.Random, entries: int) -> Iterator[DigestEntry]:
    """Yield a month's entries: replies to prompts of all themes, some of three words, some kept out of digests."""
    for number in range(entries):
        prompt = chance.choice(prompts)
        words = ", ".join(_word(chance) for _ in range(3)) if prompt.kind == "words" else _text(chance)
        on = first + timedelta(days=number * 28 // entries)
        yield DigestEntry(chance.getrandbits(62) + 1, on, words, prompt, chance.random() < KEPT_OUT)


def _text(chance: random.Random) -> str:
    """Return one to three paragraphs of one to four sentences."""
    sentences = [[_sentence(chance) for _ in range(chance.randint(1, 4))] for _ in range(chance.randint(1, 3))]
    return "\n\n".join(" ".join(paragraph) for paragraph in sentences)


def _sentence(chance: random.Random) -> str:
    words = [_word(chance) for _ in range(chance.randint(4, 16))]
    name = [chance.choice(NAMES)] if chance.random() < NAMED else []
    return f"{' '.join([words[0].capitalize(), *words[1:], *name])}."


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES, k=chance.randint(1, 3)))
