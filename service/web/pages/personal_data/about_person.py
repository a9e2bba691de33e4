"""The page of everything that is kept about a person besides their words, and a page for each list that is long."""

from __future__ import annotations

from dataclasses import fields

from flask import Blueprint, abort, request

from service.flows.people.personal_data.about_person import AboutPerson
from service.flows.people.settings.quiet_dates import named_quiet_dates
from service.flows.people.subscription.account import Preferences, preferences_of
from service.models.people.personal_data.rows_about import ROWS_ABOUT
from service.web import browser
from service.web.browser import Visit
from service.web.context import page
from service.web.pages.personal_data.about_words import LISTS
from service.web.pages.settings.settings import said_settings

blueprint = Blueprint("about_person", __name__)
PATH = "/settings/about-you"
FIRST_ROWS = 4
ROWS_A_PAGE = 50
_MOST_DIGITS = 6
_BY_NAME = {kept.name: kept for kept in ROWS_ABOUT}


@blueprint.get(PATH)
def show() -> str:
    """Show the settings in words, and the newest rows of each list that has any."""
    with browser.visit() as visit:
        about, person = _about(visit), visit.person
        newest = {kept.name: about.some_of(kept, skip=0, limit=FIRST_ROWS + 1) for kept in ROWS_ABOUT}
        everything = [each.name for each in fields(Preferences)]
        return page(
            "about_person",
            facts=about.facts(),
            zone=person.zone,
            settings=said_settings(preferences_of(person), everything),
            quiet_dates=named_quiet_dates(visit.session, visit.keyring, person),
            lists=LISTS,
            lines={name: LISTS[name].lines(rows[:FIRST_ROWS], person.zone) for name, rows in newest.items() if rows},
            longer={name for name, rows in newest.items() if len(rows) > FIRST_ROWS},
        )


@blueprint.get(f"{PATH}/<list_name>")
def show_list(list_name: str) -> str:
    """Show a page of one list, the newest rows first."""
    if list_name not in _BY_NAME:
        abort(404)
    number = _page_number()
    with browser.visit() as visit:
        rows = _about(visit).some_of(_BY_NAME[list_name], skip=(number - 1) * ROWS_A_PAGE, limit=ROWS_A_PAGE + 1)
        zone = visit.person.zone
    words = LISTS[list_name]
    return page(
        "about_person_list",
        path=f"{PATH}/{list_name}",
        words=words,
        lines=words.lines(rows[:ROWS_A_PAGE], zone),
        number=number,
        has_more=len(rows) > ROWS_A_PAGE,
    )


def _about(visit: Visit) -> AboutPerson:
    return AboutPerson(visit.session, visit.keyring, visit.person)


def _page_number() -> int:
    """Return the number of the page that is asked for; what is no number is the first."""
    typed = request.args.get("page", "")
    return max(1, int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) <= _MOST_DIGITS else 1
