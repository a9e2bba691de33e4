"""The period of a book, as people type it and as the book says it."""

from __future__ import annotations

from datetime import date

import pytest

from service.core.journal_export.book_period import WHOLE_JOURNAL, BookPeriod, PeriodError


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), "2026"),
        (date(2026, 3, 1), date(2026, 4, 30), "1 March to 30 April 2026"),
        (date(2025, 12, 24), date(2026, 1, 6), "24 December 2025 to 6 January 2026"),
        (date(2026, 5, 14), date(2026, 5, 14), "14 May 2026"),
    ],
)
def test_a_period_is_said_in_words(first: date, last: date, words: str) -> None:
    assert str(BookPeriod(first, last)) == words


def test_open_ends_are_those_of_the_journal() -> None:
    assert str(WHOLE_JOURNAL) == ""
    period = BookPeriod.parse(" 2026-02-01 ", "")
    assert str(period.limited_to(date(2020, 1, 1), date(2026, 5, 1))) == "1 February to 1 May 2026"


def test_a_period_is_divided_by_years_and_keeps_its_ends() -> None:
    period = BookPeriod(date(2024, 3, 1), date(2026, 4, 30))
    years = [*period.years(date(2023, 1, 1), date(2026, 2, 1))]
    assert [(each.first, each.last) for each in years] == [
        (date(2024, 3, 1), date(2024, 12, 31)),
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 4, 30)),
    ]
    assert [str(each) for each in WHOLE_JOURNAL.years(date(2025, 5, 1), date(2026, 1, 1))] == ["2025", "2026"]


@pytest.mark.parametrize(
    ("first", "last", "end"), [("soon", "", "first"), ("", "2026-02-30", "last"), ("2026-02-02", "2026-02-01", "last")]
)
def test_what_is_no_period_is_refused_at_the_end_that_is_wrong(first: str, last: str, end: str) -> None:
    with pytest.raises(PeriodError) as refused:
        BookPeriod.parse(first, last)
    assert refused.value.end == end
