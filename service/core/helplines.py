"""Help lines by country, with their sources and whether somebody has checked them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

STALE_AFTER: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One telephone line; `country` is an ISO 3166 code, `where` its name within a sentence ("the UK")."""

    country: str
    where: str
    name: str
    number: str
    source: str
    hours: str = ""
    checked_on: date | None = None

    def is_checked(self, today: date) -> bool:
        """Return whether somebody checked the line within the last 180 days."""
        return self.checked_on is not None and today - self.checked_on <= STALE_AFTER


@dataclass(frozen=True, slots=True)
class HelpLines:
    """All lines in the order of the file, and a directory of lines in every country."""

    directory_name: str
    directory_url: str
    lines: tuple[HelpLine, ...]

    def in_country(self, country: str) -> tuple[HelpLine, ...]:
        """Return the lines of a country, by its ISO 3166 code; the list is empty where we know none."""
        return tuple(line for line in self.lines if line.country == country.upper())


def parse_help_lines(text: str) -> HelpLines:
    """Return the lines in the text of `helplines.toml`.

    Raises:
        ValueError: the file is not valid; the message tells its writer what to change.
    """
    try:
        data = tomllib.loads(text)
        lines = tuple(HelpLine(**line) for line in data["line"])
        everywhere = data["everywhere"]
        return HelpLines(everywhere["name"], everywhere["url"], lines)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"helplines.toml: each line needs country, where, name, number and source ({error})"
        ) from error
