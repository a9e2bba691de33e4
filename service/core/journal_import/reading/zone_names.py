"""The IANA name of a time zone that a journal names in another way: by its offset, its letters, or as Windows does."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET: Final = re.compile(r"(?:GMT|UTC|Z)?\s*([+-])(\d{1,2})(?::?(\d{2}))?$", re.IGNORECASE)
_FARTHEST_HOURS: Final = 14
# Zones without daylight saving whose offset is no whole hour.
_BROKEN_HOURS: Final = {
    "+0430": "Asia/Kabul",
    "+0530": "Asia/Kolkata",
    "+0545": "Asia/Kathmandu",
    "+0630": "Asia/Yangon",
    "+0930": "Australia/Darwin",
}
# Letters that mean one place only, or nearly so; EST, MST, HST, CET and others are IANA names themselves.
_LETTERS: Final = {
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "MDT": "America/Denver",
    "CDT": "America/Chicago",
    "EDT": "America/New_York",
    "AKST": "America/Anchorage",
    "AKDT": "America/Anchorage",
    "BST": "Europe/London",
    "WEST": "Europe/Lisbon",
    "CEST": "Europe/Berlin",
    "EEST": "Europe/Helsinki",
    "MSK": "Europe/Moscow",
    "SAST": "Africa/Johannesburg",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "AWST": "Australia/Perth",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
}
# Windows' zones, without " Standard Time", by CLDR's windowsZones for the world.
_WINDOWS: Final = {
    "UTC": "Etc/UTC",
    "Hawaiian": "Pacific/Honolulu",
    "Alaskan": "America/Anchorage",
    "Pacific": "America/Los_Angeles",
    "US Mountain": "America/Phoenix",
    "Mountain": "America/Denver",
    "Central America": "America/Guatemala",
    "Central": "America/Chicago",
    "Canada Central": "America/Regina",
    "SA Pacific": "America/Bogota",
    "Eastern": "America/New_York",
    "US Eastern": "America/Indiana/Indianapolis",
    "Venezuela": "America/Caracas",
    "Paraguay": "America/Asuncion",
    "Atlantic": "America/Halifax",
    "Central Brazilian": "America/Cuiaba",
    "SA Western": "America/La_Paz",
    "Pacific SA": "America/Santiago",
    "Newfoundland": "America/St_Johns",
    "E. South America": "America/Sao_Paulo",
    "Argentina": "America/Argentina/Buenos_Aires",
    "SA Eastern": "America/Cayenne",
    "Greenland": "America/Nuuk",
    "Montevideo": "America/Montevideo",
    "Azores": "Atlantic/Azores",
    "Cape Verde": "Atlantic/Cape_Verde",
    "GMT": "Europe/London",
    "Greenwich": "Atlantic/Reykjavik",
    "Morocco": "Africa/Casablanca",
    "W. Europe": "Europe/Berlin",
    "Central Europe": "Europe/Budapest",
    "Romance": "Europe/Paris",
    "Central European": "Europe/Warsaw",
    "W. Central Africa": "Africa/Lagos",
    "GTB": "Europe/Bucharest",
    "Middle East": "Asia/Beirut",
    "Egypt": "Africa/Cairo",
    "E. Europe": "Europe/Chisinau",
    "South Africa": "Africa/Johannesburg",
    "FLE": "Europe/Kyiv",
    "Israel": "Asia/Jerusalem",
    "Jordan": "Asia/Amman",
    "Turkey": "Europe/Istanbul",
    "Arabic": "Asia/Baghdad",
    "Arab": "Asia/Riyadh",
    "Belarus": "Europe/Minsk",
    "Russian": "Europe/Moscow",
    "E. Africa": "Africa/Nairobi",
    "Iran": "Asia/Tehran",
    "Arabian": "Asia/Dubai",
    "Azerbaijan": "Asia/Baku",
    "Georgian": "Asia/Tbilisi",
    "Caucasus": "Asia/Yerevan",
    "Afghanistan": "Asia/Kabul",
    "West Asia": "Asia/Tashkent",
    "Ekaterinburg": "Asia/Yekaterinburg",
    "Pakistan": "Asia/Karachi",
    "India": "Asia/Kolkata",
    "Sri Lanka": "Asia/Colombo",
    "Nepal": "Asia/Kathmandu",
    "Bangladesh": "Asia/Dhaka",
    "Myanmar": "Asia/Yangon",
    "SE Asia": "Asia/Bangkok",
    "N. Central Asia": "Asia/Novosibirsk",
    "China": "Asia/Shanghai",
    "Singapore": "Asia/Singapore",
    "W. Australia": "Australia/Perth",
    "Taipei": "Asia/Taipei",
    "Ulaanbaatar": "Asia/Ulaanbaatar",
    "Tokyo": "Asia/Tokyo",
    "Korea": "Asia/Seoul",
    "Yakutsk": "Asia/Yakutsk",
    "Cen. Australia": "Australia/Adelaide",
    "AUS Central": "Australia/Darwin",
    "E. Australia": "Australia/Brisbane",
    "AUS Eastern": "Australia/Sydney",
    "Tasmania": "Australia/Hobart",
    "West Pacific": "Pacific/Port_Moresby",
    "Vladivostok": "Asia/Vladivostok",
    "Central Pacific": "Pacific/Guadalcanal",
    "New Zealand": "Pacific/Auckland",
    "Fiji": "Pacific/Fiji",
}


@lru_cache(maxsize=256)
def iana_name(written: str) -> str:
    """Return the IANA name of a zone as a journal writes it, or the written text if the zone is not known."""
    name = written.strip().replace("\\/", "/")
    if not name or _is_zone(name):
        return name
    if found := _OFFSET.match(name):
        return _of_offset(found[1], int(found[2]), int(found[3] or 0)) or name
    return _LETTERS.get(name.upper()) or _WINDOWS.get(name.removesuffix(" Standard Time")) or name


def _of_offset(sign: str, hours: int, minutes: int) -> str:
    """Return the zone of an offset, "" where there is none; the names in Etc count hours west of Greenwich."""
    if minutes:
        return _BROKEN_HOURS.get(f"{sign}{hours:02}{minutes:02}", "")
    if not hours:
        return "Etc/UTC"
    name = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
    return name if hours <= _FARTHEST_HOURS and _is_zone(name) else ""


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
