from datetime import date

import pytest

from service.core.library.prompts import Prompt
from service.core.month.digest import make_digest
from service.core.month.resurfacing import DigestEntry, TakenStep, fresh_first, shuffling, thinned
from service.core.month.year import make_year

MAY = date(2026, 5, 1)
ASKED = Prompt("p", "en-GB", "S", "rest", "question", 1, 1, True, None, "", "active", "Q?")


def entry(number: int, words: str, on: date = MAY) -> DigestEntry:
    return DigestEntry(number, on, words, ASKED)


def test_what_says_the_same_again_stands_behind_what_does_not() -> None:
    entries = [entry(1, "Soup again."), entry(2, " soup  AGAIN."), entry(3, "Rain."), entry(4, "Soup again.")]
    assert [each.id for each in fresh_first(entries)] == [1, 3, 2, 4]


def test_a_month_and_a_year_repeat_nothing_while_they_have_something_else_to_bring() -> None:
    in_may = [entry(day, "Soup again.", MAY.replace(day=day)) for day in range(1, 9)]
    in_may += [
        entry(20, "Rain on the roof.", MAY.replace(day=20)),
        entry(21, "The radio was low.", MAY.replace(day=21)),
    ]
    month = make_digest(MAY, in_may, "Q?")
    assert month is not None
    texts = [passage.text for passage in month.passages]
    assert {"Soup again.", "Rain on the roof.", "The radio was low."} <= set(texts)
    in_year = [entry(n, "Soup again.", date(2026, n, 1)) for n in range(1, 13)]
    in_year += [entry(100 + n, f"Month {n} was long.", date(2026, n, 9)) for n in range(1, 13)]
    year = make_year(2026, in_year, "Q?")
    assert year is not None
    assert [passage.text for passage in year.passages].count("Soup again.") <= 1


@pytest.mark.parametrize(("things", "kept"), [(0, []), (3, [0, 1, 2]), (6, [0, 2, 4]), (7, [0, 2, 4])])
def test_of_many_things_an_even_choice_is_left_in_order(things: int, kept: list[int]) -> None:
    assert list(thinned(range(things), 3)) == kept


def test_a_shuffling_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def order(seed: str) -> list[int]:
        return sorted(range(30), key=shuffling(seed))

    assert order("a") == order("a")
    assert order("a") != order("b")
    assert order("a") != list(range(30))


def test_a_step_is_said_on_one_line_and_its_day_stays() -> None:
    step = TakenStep("Ring\nPriya " + "x" * 200, MAY).shortened
    assert step.words.startswith("Ring Priya x")
    assert (len(step.words), step.words[-1], step.taken_on) == (120, "…", MAY)
