"""What the made-up person writes must be understood as it is meant, or the demo shows something else."""

import pytest

from service.core.journal.steps import StepState, step_phrases_for
from service.core.library.prompts import Library, Prompt
from service.demo.words import Evenings
from service.template_files import load_library, load_step_phrases


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def _asking(library: Library) -> list[Prompt]:
    return [prompt for prompt in library.for_locale("en-GB") if prompt.asks_for_step]


def test_every_step_is_read_out_of_its_reply_whichever_question_asks(library: Library) -> None:
    book, evenings = step_phrases_for(load_step_phrases(), "en-GB"), Evenings()
    steps = [evenings.step(), evenings.step()]
    assert None not in steps
    assert evenings.step() is None
    for prompt in _asking(library):
        assert [book.step_in(words or "", prompt) for words in steps] == steps


def test_the_first_step_was_taken_and_the_second_let_go_with_more_to_keep() -> None:
    book, evenings = step_phrases_for(load_step_phrases(), "en-GB"), Evenings()
    told = [book.answer_in(evenings.how_it_went()) for _ in range(2)]
    assert [answer.state for answer in told if answer] == [StepState.TAKEN, StepState.LET_GO]
    assert not any(answer.is_all for answer in told if answer)


def test_two_steps_are_plenty_for_a_month(library: Library) -> None:
    evenings = Evenings()
    asking = _asking(library)[0]
    assert [bool(evenings.answer_to(asking)) for _ in range(3)] == [True, True, False]


def test_no_other_question_is_answered_with_a_step(library: Library) -> None:
    evenings = Evenings()
    other = next(
        prompt for prompt in library.for_locale("en-GB") if not prompt.asks_for_step and prompt.kind != "words"
    )
    written = [evenings.answer_to(other) for _ in range(20)]
    assert not any(words and words.startswith("After") for words in written)
