"""The options of the time zone field, grouped like the IANA names, and the countries of zones."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib import resources
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup

from service.core.settings.schedule import find_zone, zone_names

# The other groups hold old names of these places ("US/Eastern"); they are accepted, and offered to people who have one.
_REGIONS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)
# Stations in Antarctica, and one zone equal to Berlin's: accepted, and offered to those who have one.
_STATIONS = ("Antarctica/", "Arctic/")


def zone_options(chosen: str) -> Markup:
    """Return the `<option>`s of a select, with `chosen` selected if it is a zone.

    They are the places where people live all year, by their current names; the script of the signup page adds the name
    that a browser has, if it is another. A form sends the label of a place, which `chosen_zone` understands. Values,
    quotes and closing tags are left out, as HTML allows, which halves the list.
    """
    options, zone = _options(), chosen_zone(chosen)
    if zone is None:
        return options
    plain, marked = _option(zone.key), _option(zone.key, " selected")
    return Markup(options.replace(plain, marked, 1)) if plain in options else marked + options  # noqa: S704 - our own markup


def chosen_zone(text: str) -> ZoneInfo | None:
    """Return the zone that a form sent, as the label of a listed place or as an IANA name, or None if it is neither."""
    return find_zone(_places().get(text, text))


def label(name: str) -> str:
    """Return the name of a zone for people: "Buenos Aires, Argentina", "London"."""
    place, *around = reversed(name.replace("_", " ").split("/")[1:] or [name])
    return ", ".join([place, *around])


def country_of(name: str) -> str:
    """Return the ISO 3166 code of a zone's country, or "" for a zone without a single country."""
    return _countries().get(name, "")


@cache
def _names() -> tuple[str, ...]:
    places = [name for name in zone_names() if name.partition("/")[0] in _REGIONS]
    return tuple(name for name in places if name in _countries() and not name.startswith(_STATIONS))


@cache
def _places() -> dict[str, str]:
    """Return the listed zones by their labels, without labels that two zones share."""
    shared = Counter(map(label, _names()))
    return {label(name): name for name in _names() if shared[label(name)] == 1}


@cache
def _options() -> Markup:
    groups = [
        Markup("<optgroup label={}>{}</optgroup>").format(
            region, Markup("").join(map(_option, sorted(found, key=label)))
        )
        for region, found in groupby(_names(), lambda name: name.partition("/")[0])
    ]
    return Markup("").join([*groups, _option("UTC")])


def _option(name: str, mark: str = "") -> Markup:
    value = Markup("") if _places().get(label(name)) == name else Markup(" value={}").format(name)
    return Markup("<option{}{}>{}").format(value, mark, label(name))


@cache
def _countries() -> dict[str, str]:
    """Return the country of each place by its current name (zone.tab of the zone database, columns 3 and 1)."""
    lines = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
