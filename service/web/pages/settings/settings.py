"""The settings page."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import FrequencyToken
from service.core.dates import WEEKDAYS
from service.core.library.prompts import DEFAULT_LOCALE, THEMES
from service.core.settings.consent import by_writer
from service.core.settings.schedule import spoken_time
from service.flows.people.journal import deleted_entries
from service.flows.people.settings import frequency
from service.flows.people.settings.quiet_dates import next_question_on
from service.flows.people.subscription import account
from service.models import Subscriber, SubscriberStatus, Suppression
from service.web import browser
from service.web.browser import Visit
from service.web.context import contact_address, get_help_lines, get_runtime, now, page
from service.web.forms import forms
from service.web.forms.zones import zone_options
from service.web.pages.access.passkeys import site_of_passkeys
from service.web.pages.settings.settings_words import THEME_NAMES, said_back

blueprint = Blueprint("settings", __name__)
DAYS = tuple((str(number), f"{name}s") for number, name in enumerate(WEEKDAYS))
TIMES = tuple((half.isoformat("minutes"), spoken_time(half).capitalize()) for half in forms.HALF_HOURS)
_LANGUAGES = {DEFAULT_LOCALE: "English", "de": "German"}
_UNREVIEWED = "unreviewed"
_BETWEEN_NAMES = "."


@blueprint.get("/settings")
def show() -> str:
    """Show the current settings."""
    with browser.visit() as visit:
        return _page(visit, _as_typed(visit.person), forms.FormErrors({}))


@blueprint.post("/settings")
def save() -> Response | tuple[str, int]:
    """Store new settings, or show the errors."""
    preferences = forms.read_preferences(request.form, countries(), get_runtime().library.locales)
    if isinstance(preferences, forms.FormErrors):
        with browser.visit() as visit:
            return _page(visit, request.form, preferences), HTTPStatus.UNPROCESSABLE_ENTITY
    with browser.visit(writing=True) as visit:
        changed = account.change_preferences(visit.session, visit.person, preferences, now())
    return redirect(f"/settings?saved={_BETWEEN_NAMES.join(changed)}", code=303)


@blueprint.post("/settings/resume")
def resume() -> Response:
    """End a rest, a slow-down or a stop; the days, time and zone do not change."""
    with browser.visit(writing=True) as visit:
        if not account.resume(visit.session, visit.person, now()):
            account.restart(visit.session, visit.person, now(), source="page")
    return redirect("/settings", code=303)


def countries() -> dict[str, str]:
    """Return the countries that have help lines, by code, in the order of their names."""
    found = {line.country: line.where.removeprefix("the ") for line in get_help_lines().lines}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def languages() -> dict[str, str]:
    """Return the languages that have questions, by locale; the language of the pages comes first."""
    by_place = sorted(get_runtime().library.locales, key=lambda locale: (locale != DEFAULT_LOCALE, locale))
    return {locale: _LANGUAGES.get(locale, locale) for locale in by_place}


def _page(visit: Visit, typed: forms.Typed, problems: forms.FormErrors) -> str:
    person = visit.person
    token = FrequencyToken(person.id).encode(get_runtime().keyring.index)
    return page(
        "settings",
        typed=typed,
        errors=problems.by_field,
        saved="saved" in request.args,
        said_back=_said_back(person),
        status=person.status,
        streams=person.streams,
        by_writer=by_writer(get_runtime().writer_name),
        contact=contact_address(),
        may_be_written_to=not Suppression.covers(visit.session, person.address_hash),
        slow_down_stage=person.slow_down_stage,
        until_on=person.resting_until_on,
        schedule=str(person.schedule),
        next_on=next_question_on(visit.session, person) if person.status == SubscriberStatus.ACTIVE else None,
        token=token,
        days=DAYS,
        times=TIMES,
        themes=tuple((theme, THEME_NAMES[theme]) for theme in THEMES),
        countries=[("", "I’d rather not say"), *countries().items()],
        languages=languages(),
        unread=_unread_languages(),
        has_deleted=bool(deleted_entries.list_deleted(visit.session, person, now())),
        has_passkeys=site_of_passkeys() is not None,
        zones=zone_options(typed.get("time_zone", "")),
    )


def _said_back(person: Subscriber) -> list[str]:
    """Return the settings that were just changed in words, but for those that the page says anyway."""
    changed = {*request.args.get("saved", "").split(_BETWEEN_NAMES)}
    preferences = account.preferences_of(person)
    if person.status == SubscriberStatus.ACTIVE:
        if preferences.wants_questions:
            changed -= {"wants_questions", "schedule"}
        if preferences.wants_letters:
            changed -= {"wants_letters"}
    return said_settings(preferences, changed)


def said_settings(preferences: account.Preferences, names: Collection[str]) -> list[str]:
    """Return a sentence for each of these fields of `Preferences`."""
    where = {line.country: line.where for line in get_help_lines().lines}
    return said_back(preferences, names, languages(), where)


def _unread_languages() -> list[str]:
    """Return the languages whose questions no native speaker has read yet."""
    library = get_runtime().library
    return [
        name
        for locale, name in languages().items()
        if any(prompt.status == _UNREVIEWED for prompt in library.for_locale(locale))
    ]


def _as_typed(person: Subscriber) -> forms.Typed:
    """Return the settings as the form would send them, with the days that the person chose."""
    typed: forms.Typed = forms.Typed(
        {
            "at": person.send_time.isoformat("minutes"),
            "time_zone": person.time_zone,
            "help_country": person.help_country,
            "locale": person.locale,
        }
    )
    typed.setlist("days", [str(day) for day in frequency.chosen_days(person)])
    typed.setlist("muted", person.muted_themes)
    ticks = {
        "wants_questions": person.wants_questions,
        "wants_letters": person.wants_letters,
        "wants_digest": person.wants_digest,
        "wants_look_backs": person.wants_look_backs,
        "wants_thread": person.wants_thread,
        "is_discreet": person.is_discreet,
    }
    typed.update({name: "yes" for name, ticked in ticks.items() if ticked})
    return typed
