"""The options of the time zone field, grouped as the IANA names are."""

from __future__ import annotations

from functools import lru_cache
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


def zone_options(chosen: str, *, old_names: bool = True) -> Markup:
    """Return the `<option>`s of a select, with one chosen if it is a zone.

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


@lru_cache(maxsize=2)
def _options(*, old_names: bool) -> Markup:
    names = [name for name in zone_names() if name.partition("/")[0] in _REGIONS]
    if not old_names:
        names = [name for name in names if name in _current_names()]
    groups = [
        Markup("<optgroup label={}>{}</optgroup>").format(
            region, Markup("").join(map(_option, sorted(found, key=label)))
        )
        for region, found in groupby(names, lambda name: name.partition("/")[0])
    ]
    return Markup("").join([*groups, _option("UTC")])


def _option(name: str, mark: str = "") -> Markup:
    return Markup("<option value={}{}>{}").format(name, mark, label(name))


def _current_names() -> frozenset[str]:
    """Return the names that the zone database gives to places today (zone.tab, third column)."""
    lines = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8").splitlines()
    return frozenset(line.split("\t")[2] for line in lines if line and not line.startswith("#"))
