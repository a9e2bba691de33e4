"""When it is an own question's turn."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.core.library.own_question import OwnTurn, own_id_of, prompt_id_of, whose_turn

ON = date(2026, 5, 13)


def days_ago(number: int) -> date:
    return ON - timedelta(days=number)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        pytest.param([], None, id="there is none"),
        pytest.param([None], 0, id="one that was never asked"),
        pytest.param([days_ago(28), None], 1, id="one that was never asked before one that was"),
        pytest.param([days_ago(7), None], None, id="seven days after another one, the library has its turn"),
        pytest.param([days_ago(8), None], 1, id="eight days after another one"),
        pytest.param([days_ago(27)], None, id="not the same within four weeks"),
        pytest.param([days_ago(40), days_ago(90)], 1, id="the one asked longest ago"),
    ],
)
def test_own_questions_come_in_their_turn(asked: list[date | None], wanted: int | None) -> None:
    assert whose_turn([OwnTurn(number, on) for number, on in enumerate(asked)], ON) == wanted


def test_somebody_with_one_question_a_week_gets_one_of_the_library_in_between() -> None:
    asked, turns = dict.fromkeys(range(9)), []
    for week in range(12):
        on = ON + timedelta(weeks=week)
        turn = whose_turn([OwnTurn(id_, at) for id_, at in asked.items()], on)
        turns.append(turn is not None)
        asked |= {} if turn is None else {turn: on}
    assert turns == [True, False] * 6


@pytest.mark.parametrize("prompt_id", [None, "three-words", "own/", "own/x", "own/-1", "own/²"])
def test_only_an_own_question_has_an_id_of_its_own(prompt_id: str | None) -> None:
    assert own_id_of(prompt_id) is None
    assert own_id_of(prompt_id_of(7)) == 7
