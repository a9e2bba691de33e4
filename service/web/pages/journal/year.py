"""A year in a subscriber's own words, as their journal has it today."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from service.web import browser
from service.web.context import get_runtime, page
from service.web.errors import ErrorText, error_page
from service.web.pages.journal.digest import photos_of

blueprint = Blueprint("year", __name__)


@blueprint.get("/year/<int(fixed_digits=4, min=1):year>")
def show(year: int) -> Response | str:
    """Show a signed-in subscriber their year."""
    with browser.visit() as visit:
        found = get_runtime().digests().year(visit.session, visit.person, year)
        photos = photos_of(visit.session, visit.person, found.passages) if found else {}
    if found is None:
        nothing = ErrorText(
            f"Nothing here for {year}", "And that’s fine. Everything you’ve written is in your journal."
        )
        return error_page(404, nothing, again="/journal")
    return page("year", year=found, photos=photos)
