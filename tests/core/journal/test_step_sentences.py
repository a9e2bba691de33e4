"""Sentences as tired people write them, and which of them become a small step."""

from __future__ import annotations

import pytest

from service.config import ROOT
from service.template_files import load_library, load_step_phrases

SENTENCES = ROOT / "tests" / "data" / "steps"
ENGLISH = load_step_phrases()["en"]
PROMPTS = [prompt for prompt in load_library().for_locale("en-GB") if prompt.asks_for_step]
PLAIN = next(prompt for prompt in PROMPTS if prompt.id == "smallest-first-move")


def read(name: str) -> list[str]:
    return (SENTENCES / f"{name}_en.txt").read_text("utf-8").splitlines()


def test_no_sentence_that_is_no_step_becomes_one() -> None:
    """To every question that asks for a step, those with a line to finish included."""
    taken = {
        (sentence, prompt.id)
        for sentence in read("no_step")
        for prompt in PROMPTS
        if ENGLISH.step_in(sentence, prompt) is not None
    }
    assert taken == set()


def test_nearly_every_step_is_recognised() -> None:
    missed = [sentence for sentence in read("step") if ENGLISH.step_in(sentence, PLAIN) is None]
    assert len(missed) <= len(read("step")) / 10, missed


@pytest.mark.parametrize("name", ["no_step", "step"])
def test_there_are_a_hundred_and_fifty_of_each(name: str) -> None:
    assert len(set(read(name))) >= 150
