from datetime import date

import pytest

from service.config import ROOT
from service.core.helplines import HelpLine, parse_help_lines

OURS = parse_help_lines((ROOT / "templates" / "helplines.toml").read_text(encoding="utf-8"))


def test_the_directory_of_all_countries_comes_with_the_lines() -> None:
    assert (OURS.directory_name, OURS.directory_url) == ("findahelpline.com", "https://findahelpline.com/")


def test_every_line_has_its_source_and_hours_only_once_checked() -> None:
    for line in OURS.lines:
        assert line.source.startswith("https://")
        assert line.checked_on or not line.hours


def test_a_country_is_found_in_either_case_and_an_unknown_one_has_no_line() -> None:
    assert [line.number for line in OURS.in_country("gb")] == ["116 123"]
    assert OURS.in_country("XX") == OURS.in_country("") == ()


def test_a_check_counts_for_180_days() -> None:
    line = HelpLine("GB", "the UK", "Samaritans", "116 123", "https://s.example", checked_on=date(2026, 1, 1))
    assert line.is_checked(date(2026, 6, 30))
    assert not line.is_checked(date(2026, 7, 1))


@pytest.mark.parametrize("text", ["", "x", "[everywhere]\nname='a'\nurl='b'\n[[line]]\ncountry='GB'"])
def test_a_broken_file_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"helplines\.toml: each line needs"):
        parse_help_lines(text)
