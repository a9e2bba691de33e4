"""From day to day, and a whole month for printing."""

from __future__ import annotations

from datetime import date

import pytest

from tests.harness.journals.diary import write
from tests.harness.website import WebHarness


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, with three days in its journal."""
    site.join()
    for on in (date(2025, 12, 30), date(2026, 5, 3), date(2026, 5, 9)):
        write(site.runtime.database, site.runtime.keyring, site.person(), on, f"words of {on} " + "and on " * 300)
    return site


@pytest.mark.parametrize("day", ["2026-05-03", "2026-04-01", "2026-05-08"])
def test_a_day_leads_to_the_nearest_days_with_words(home: WebHarness, day: str) -> None:
    text = home.get(f"/journal/{day}").text
    earlier = "2026-05-03" if day == "2026-05-08" else "2025-12-30"
    later = "2026-05-03" if day == "2026-04-01" else "2026-05-09"
    assert f'<a href="/journal/{earlier}">Earlier: ' in text
    assert f'<a href="/journal/{later}">Later: ' in text


def test_the_first_day_has_none_before_it(home: WebHarness) -> None:
    text = home.get("/journal/2025-12-30").text
    assert "Earlier:" not in text
    assert "Later: Sunday 3 May 2026" in text


def test_a_month_to_print_has_every_word_in_the_order_of_its_days(home: WebHarness) -> None:
    assert home.get("/journal/2026-05").text.count("Read on<") == 2
    text = home.get("/journal/2026-05?whole").text
    assert "Read on<" not in text
    assert text.count("and on " * 300) == 2
    assert text.index("words of 2026-05-03") < text.index("words of 2026-05-09")
