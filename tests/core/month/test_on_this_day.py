from __future__ import annotations

from datetime import date

from service.core.month.on_this_day import may_be_looked_back_at, same_day_in_earlier_years
from service.template_files import load_library


def test_the_newest_year_comes_first_and_today_is_not_among_them() -> None:
    days = same_day_in_earlier_years(date(2026, 5, 13))
    assert days[:2] == [date(2025, 5, 13), date(2024, 5, 13)]
    assert days[-1] == date(1900, 5, 13)


def test_a_leap_day_is_looked_back_at_every_year() -> None:
    assert same_day_in_earlier_years(date(2024, 2, 29))[0] == date(2020, 2, 29)
    assert date(2023, 2, 28) not in same_day_in_earlier_years(date(2024, 2, 29))
    of_a_common_year = same_day_in_earlier_years(date(2025, 2, 28))
    assert of_a_common_year[:3] == [date(2024, 2, 29), date(2024, 2, 28), date(2023, 2, 28)]
    assert date(2024, 2, 29) not in same_day_in_earlier_years(date(2028, 2, 28))


def test_an_answer_about_a_hurt_is_not_looked_back_at_nor_what_may_be_one() -> None:
    library = load_library()
    prompts = {prompt.theme: prompt for prompt in library.for_locale("en-GB")}
    assert not may_be_looked_back_at(prompts["hurt"].id, prompts["hurt"])
    assert may_be_looked_back_at(prompts["rest"].id, prompts["rest"])
    assert not may_be_looked_back_at("a-question-of-another-installation", None)
    assert may_be_looked_back_at(None, None)
    assert may_be_looked_back_at("", None)
    assert may_be_looked_back_at("own/27", None)  # as what was written without a question
