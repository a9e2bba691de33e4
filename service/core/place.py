"""The place: the name of a service, who runs it, its colours, and the made-up month on its first page."""

from __future__ import annotations

import calendar
import re
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WRITER_NAME: Final = 40
LONGEST_LINE: Final = 400
MOST_LINES: Final = 6
TEXT_CONTRAST: Final = 4.5
EDGE_CONTRAST: Final = 3.0
_LINEAR_UP_TO: Final = 0.04045  # sRGB is linear near black
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_TEXT_ON: Final = (
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "day"),
    ("muted", "paper"),
    ("muted", "card"),
    ("accent", "paper"),
    ("accent", "card"),
    ("on_accent", "accent"),
    ("error", "paper"),
    ("error", "card"),
)
_EDGE_ON: Final = (("border", "paper"), ("border", "card"), ("focus", "paper"), ("focus", "card"))


class PlaceError(ValueError):
    """A file of the place is not valid; the message tells its writer what to change."""


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one mode, light or dark, each as "#" and six hexadecimal digits."""

    paper: str
    card: str
    ink: str
    muted: str
    accent: str
    on_accent: str
    line: str
    border: str
    day: str
    error: str
    focus: str

    @property
    def css(self) -> str:
        """Return the colours as CSS custom properties."""
        return ";".join(f"--{field.name.replace('_', '-')}:{getattr(self, field.name)}" for field in fields(self))


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of pages and emails, in light and in dark mode."""

    light: Colours
    dark: Colours

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the palette in the text of colours.toml.

        Raises:
            PlaceError: a colour is missing or not valid, or text in it could not be read (WCAG 2.2, 1.4.3 and 1.4.11).
        """
        modes = _read("colours.toml", text)
        return cls(_colours(modes, "light"), _colours(modes, "dark"))

    @property
    def css(self) -> str:
        """Return both palettes as the beginning of a style sheet; the browser chooses."""
        dark = f"@media (prefers-color-scheme:dark){{:root{{{self.dark.css}}}}}"
        return f":root{{color-scheme:light dark;{self.light.css}}}\n{dark}"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who runs the place, in their own words; all of it may be empty."""

    name: str = ""
    website: str = ""
    lines: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the writer in the text of writer.toml.

        Raises:
            PlaceError: a value is of another kind, too long, or the website is no https address.
        """
        data = _read("writer.toml", text)
        name, website, lines = data.get("name", ""), data.get("website", ""), data.get("lines", [])
        is_text = isinstance(name, str) and isinstance(website, str) and isinstance(lines, list)
        if not is_text or not all(isinstance(line, str) for line in lines):
            raise PlaceError("writer.toml: name and website are texts, and lines is a list of texts")
        if len(name) > LONGEST_WRITER_NAME:
            raise PlaceError(f"writer.toml: name may have {LONGEST_WRITER_NAME} characters")
        if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
            raise PlaceError(f"writer.toml: lines may be {MOST_LINES} texts of {LONGEST_LINE} characters each")
        if website and not website.startswith("https://"):
            raise PlaceError("writer.toml: website must begin with https://")
        return cls(name.strip(), website.strip(), tuple(line.strip() for line in lines if line.strip()))


@dataclass(frozen=True, slots=True)
class SamplePassage:
    """A few sentences of the made-up month, and their day."""

    day: int
    text: str


@dataclass(frozen=True, slots=True)
class SampleMonth:
    """The month of a made-up person, which the first page shows to strangers."""

    name: str
    month: str
    weeks: tuple[tuple[int, ...], ...]
    written: frozenset[int]
    words: tuple[str, ...]
    steps: tuple[str, ...]
    passages: tuple[SamplePassage, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the month in the text of sample_month.toml; its weeks begin on Monday, with 0 outside the month.

        Raises:
            PlaceError: a value is missing or of another kind.
        """
        data = _read("sample_month.toml", text)
        try:
            passages = tuple(SamplePassage(int(item["day"]), str(item["text"])) for item in data["passage"])
            return cls(
                name=str(data["name"]),
                month=str(data["month"]),
                weeks=_weeks(int(data["first_weekday"]), int(data["days"])),
                written=frozenset(map(int, data["written"])),
                words=tuple(map(str, data["words"])),
                steps=tuple(map(str, data["steps"])),
                passages=passages,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PlaceError(f"sample_month.toml: a value is missing or not valid ({error})") from None


@dataclass(frozen=True, slots=True)
class Place:
    """What pages and emails say of the place itself."""

    name: str
    writer: Writer
    palette: Palette
    sample_month: SampleMonth

    @classmethod
    def parse(cls, name: str, files: Mapping[str, str]) -> Self:
        """Return the place of this name, from the texts of its files by their names.

        Raises:
            PlaceError: a file is missing or not valid.
        """
        missing = sorted({"writer.toml", "colours.toml", "sample_month.toml"} - files.keys())
        if missing:
            raise PlaceError(f"{missing[0]} is not in the folder of the place")
        return cls(
            name,
            Writer.parse(files["writer.toml"]),
            Palette.parse(files["colours.toml"]),
            SampleMonth.parse(files["sample_month.toml"]),
        )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour in sRGB, from 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= _LINEAR_UP_TO else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colours(modes: Mapping[str, Any], mode: str) -> Colours:
    values = modes.get(mode)
    names = [field.name for field in fields(Colours)]
    if not isinstance(values, dict) or sorted(values) != sorted(names):
        raise PlaceError(f"colours.toml: [{mode}] needs these colours and no others: {', '.join(names)}")
    for name, value in values.items():
        if not isinstance(value, str) or not _COLOUR.fullmatch(value):
            raise PlaceError(f"colours.toml: [{mode}] {name} must be # and six hexadecimal digits")
    for pairs, least in ((_TEXT_ON, TEXT_CONTRAST), (_EDGE_ON, EDGE_CONTRAST)):
        for front, back in pairs:
            found = contrast(values[front], values[back])
            if found < least:
                raise PlaceError(
                    f"colours.toml: [{mode}] {front} on {back} has a contrast of {found:.1f}; it needs {least}"
                )
    return Colours(**values)


def _weeks(first_weekday: int, days: int) -> tuple[tuple[int, ...], ...]:
    if first_weekday not in range(1, 8) or days not in range(28, 32):
        raise ValueError("first_weekday is 1 to 7, days 28 to 31")
    cells = [0] * (first_weekday - 1) + list(range(1, days + 1))
    cells += [0] * (-len(cells) % len(calendar.day_name))
    return tuple(tuple(cells[start : start + 7]) for start in range(0, len(cells), 7))


def _read(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlaceError(f"{file}: {error}") from None
