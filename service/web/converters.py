"""URL converters for a day, a month and an id."""

from __future__ import annotations

from datetime import date

from werkzeug.routing import BaseConverter, ValidationError

LARGEST_ID = 2**63 - 1


class DayConverter(BaseConverter):
    """A local date: 2026-05-14."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Return the date; an impossible one has no page (404)."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None


class MonthConverter(BaseConverter):
    """The first day of a month: 2026-05."""

    regex = r"\d{4}-\d{2}"

    def to_python(self, value: str) -> date:
        """Return the first day of the month; an impossible one has no page (404)."""
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: date) -> str:
        """Return the month as it is in URLs."""
        return f"{value:%Y-%m}"


def read_id(text: str) -> int:
    """Return the id in a field of a form.

    Raises:
        ValueError: the text is not a positive 63-bit number.
    """
    number = int(text)
    if not 0 < number <= LARGEST_ID:
        raise ValueError("no id")
    return number


class IdConverter(BaseConverter):
    """A positive 63-bit id."""

    regex = r"[1-9]\d{0,18}"

    def to_python(self, value: str) -> int:
        """Return the id; an impossible one has no page (404)."""
        if int(value) > LARGEST_ID:
            raise ValidationError
        return int(value)
