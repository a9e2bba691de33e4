"""The settings in words: a sentence for each one, which says how it stands now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields

from service.core.dates import listed
from service.flows.people.subscription.account import Preferences

THEME_NAMES: Mapping[str, str] = {
    "body": "The body",
    "rest": "Rest",
    "work": "Work",
    "people": "Other people",
    "hurt": "What hurts",
    "kindness": "Kindness towards yourself",
    "noticing": "Noticing",
    "step": "Small steps",
}


# What is said of a setting that is on, and of one that is off: after a change, and of all settings together.
_SAID: Mapping[str, tuple[str, str]] = {
    "wants_questions": ("Questions come on the days you chose.", "You don’t get any questions."),
    "wants_letters": ("Letters come now and then.", "You don’t get any letters."),
    "wants_digest": (
        "On the 1st of each month, your own words come back to you.",
        "Your own words don’t come back on the 1st of the month.",
    ),
    "wants_look_backs": (
        "When there’s a passage from a year ago, it comes with them.",
        "Nothing from a year ago comes with the month’s words.",
    ),
    "wants_thread": (
        "When a person, place or word came back more often in a month, we say which.",
        "We don’t say which person, place or word came back more often.",
    ),
    "is_discreet": (
        "Every email is discreet: nothing on the outside gives it away, and none quotes you.",
        "Emails aren’t discreet: a subject can name its question, and the month’s words quote you.",
    ),
}


def said_back(
    preferences: Preferences, names: Collection[str], languages: Mapping[str, str], countries: Mapping[str, str]
) -> list[str]:
    """Return a sentence for each of these fields of `Preferences`, in the order of its fields.

    `languages` are named by locale, `countries` by code and as within a sentence ("the UK").
    """
    said = {
        "schedule": _schedule(preferences),
        "muted_themes": _themes(preferences),
        "locale": f"Questions come in {languages.get(preferences.locale, preferences.locale)}.",
        "help_country": _country(countries.get(preferences.help_country)),
    }
    for name, (on, off) in _SAID.items():
        said[name] = on if getattr(preferences, name) else off
    return [said[each.name] for each in fields(Preferences) if each.name in names]


def _schedule(preferences: Preferences) -> str:
    begin = "Questions come" if preferences.wants_questions else "If you ask for questions again, they come"
    return f"{begin} {preferences.schedule}."


def _themes(preferences: Preferences) -> str:
    if not preferences.muted_themes:
        return "Questions can be about any of the themes."
    return f"We leave out questions about {listed([THEME_NAMES[name].lower() for name in preferences.muted_themes])}."


def _country(name: str | None) -> str:
    return f"The help line we show is for {name}." if name else "We show the directory of help lines in every country."
