"""A year in a subscriber's own words, as their journal has it today."""

from __future__ import annotations

from datetime import date

from flask import Blueprint
from werkzeug.wrappers import Response

from service.core.month.small_month import small_months
from service.models import Entry
from service.web import browser
from service.web.context import get_runtime, page
from service.web.errors import ErrorText, error_page
from service.web.pages.month.digest import photos_of

blueprint = Blueprint("year", __name__)


@blueprint.get("/year/<int(fixed_digits=4, min=1):year>")
def show(year: int) -> Response | str:
    """Show a signed-in subscriber their year: its twelve months, and what they wrote in it."""
    with browser.visit() as visit:
        person_id = visit.person.id
        written = Entry.written_days(visit.session, person_id, date(year, 1, 1), date(year, 12, 31))
        years = sorted({month.year for month in Entry.months(visit.session, person_id)}, reverse=True)
        found = get_runtime().digests().year(visit.session, visit.person, year)
        photos = photos_of(visit.session, visit.person, found.passages) if found else {}
    if not written:
        nothing = ErrorText(
            f"Nothing here for {year}", "And that’s fine. Everything you’ve written is in your journal."
        )
        return error_page(404, nothing, again="/journal")
    months = small_months(year, written)
    return page("year", year=found, photos=photos, number=year, months=months, years=years)
