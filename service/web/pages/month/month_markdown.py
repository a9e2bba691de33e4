"""A month of the journal as a Markdown download."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, make_response
from werkzeug.wrappers import Response

from service.core.month.month_markdown import MarkdownEntry, month_as_markdown
from service.flows.people.journal import journal
from service.flows.people.journal.digest_reading import last_day_of
from service.flows.people.journal.photos import entry_photos
from service.models import Entry
from service.web import browser
from service.web.browser import Visit
from service.web.pages.journal.shown_entries import questions_of

blueprint = Blueprint("month_markdown", __name__)


@blueprint.get("/journal/<month:month>.md")
def show(month: date) -> Response:
    """Send the month's file, which no cache may keep; a month without entries has none (404)."""
    with browser.visit() as visit:
        entries = _written(visit, month)
    if not entries:
        abort(404)
    response = make_response(month_as_markdown(month, entries))
    response.content_type = "text/markdown; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="small-steps-{month.isoformat()[:7]}.md"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _written(visit: Visit, month: date) -> list[MarkdownEntry]:
    session = Entry.between(visit.session, visit.person.id, month, last_day_of(month))
    with_photos = entry_photos.by_entry(visit.session, visit.person, [row.id for row in session])
    prompts = questions_of(visit, (row.prompt_id for row in session))
    return [
        MarkdownEntry(
            written_on=entry.written_on,
            question=prompt.question if (prompt := prompts.get(entry.prompt_id)) else "",
            words=entry.words,
            has_photo=entry.id in with_photos,
        )
        for entry in journal.open_entries(visit.keyring, visit.person, session)
    ]
