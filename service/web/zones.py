"""The options of the time zone field, grouped as the IANA names are, and the countries that zones lie in."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from itertools import groupby

from markupsafe import Markup

from service.core.schedule import find_zone, zone_names

# The other groups hold old names of these places ("US/Eastern"); they are accepted, and offered to whoever has one.
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
# Stations in Antarctica, and one zone that is Berlin's: offered at the signup, and to whoever has one.
_STATIONS = ("Antarctica/", "Arctic/")


def zone_options(chosen: str, *, old_names: bool = True) -> Markup:
    """Return the `<option>`s of a select, with one chosen if it is a zone.

    Without `old_names` the list is short: the current names of places where people live all year round.
    Quotes and closing tags are left out, as HTML allows: with them the list is a third longer.
    """
    options = _options(old_names=old_names)
    if find_zone(chosen) is None:
        return options
    plain, marked = _option(chosen), _option(chosen, " selected")
    return Markup(options.replace(plain, marked, 1)) if plain in options else marked + options  # noqa: S704 - of ours


def label(name: str) -> str:
    """Return a zone as a person would look for it: "Buenos Aires, Argentina", "London"."""
    place, *around = reversed(name.replace("_", " ").split("/")[1:] or [name])
    return ", ".join([place, *around])


def country_of(name: str) -> str:
    """Return the ISO 3166 code of the country that a zone's place lies in, or "" for a zone of no single country."""
    return _countries().get(name, "")


@lru_cache(maxsize=2)
def _options(*, old_names: bool) -> Markup:
    names = [name for name in zone_names() if name.partition("/")[0] in _REGIONS]
    if not old_names:
        names = [name for name in names if name in _countries() and not name.startswith(_STATIONS)]
    groups = [
        Markup("<optgroup label={}>{}</optgroup>").format(
            region, Markup("").join(map(_option, sorted(found, key=label)))
        )
        for region, found in groupby(names, lambda name: name.partition("/")[0])
    ]
    return Markup("").join([*groups, _option("UTC")])


def _option(name: str, mark: str = "") -> Markup:
    return Markup("<option value={}{}>{}").format(name, mark, label(name))


@cache
def _countries() -> dict[str, str]:
    """Return the country of each place by its name of today (zone.tab of the zone database, columns 3 and 1)."""
    lines = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
