"""Taking a journal away: asking for a file, whether it is ready, its download, deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, cast

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse
from werkzeug.wsgi import FileWrapper

from service.core.journal_export.book_period import WHOLE_JOURNAL, BookPeriod, PeriodError
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.book_printer import can_print
from service.job_queue import BackgroundJob
from service.models import ExportForm, ExportState, JournalExport
from service.storage import StorageError
from service.web import browser
from service.web.browser import Visit
from service.web.context import contact_address, get_runtime, now, page
from service.web.errors import error_page
from service.web.forms.sizes import said_size

blueprint = Blueprint("journal_export", __name__)
REFRESH_SECONDS = 3
READ_BYTES = 256 * 1024
NO_PDF = "This service can’t make a PDF now. Choose the e-book, or print the page in the zip"


@blueprint.get("/export")
def show() -> str:
    """Show the forms, whether a file is being made, and the files that can be fetched."""
    with browser.visit() as visit:
        return _page(visit, {})


@blueprint.post("/export")
def ask() -> AnyResponse | tuple[str, int]:
    """Have a file made by a job; where one is being made, that is enough."""
    form, period, errors = _read(request.form)
    with browser.visit(writing=True) as visit:
        if form.is_book and not errors:
            form, problem = exports.form_of_book(visit.session, visit.person, form, period)
            errors = {"first": problem} if problem else {}
        if errors:
            return _page(visit, errors), HTTPStatus.UNPROCESSABLE_ENTITY
        row = exports.ask(visit.session, visit.person, form, now(), period)
        ids = [row.id] if row else []
    if ids:
        get_runtime().job_queue.enqueue_background(BackgroundJob.EXPORTS, ids)
    return redirect("/export", code=303)


@blueprint.get("/export/<id:export_id>/journal.zip", endpoint="zip")
@blueprint.get("/export/<id:export_id>/journal.pdf", endpoint="pdf")
@blueprint.get("/export/<id:export_id>/journal.epub", endpoint="epub")
def download(export_id: int) -> AnyResponse:
    """Send a file, or the range of it that the browser asks for (RFC 9110, section 14); no cache may keep it."""
    with browser.visit() as visit:
        row = _own(visit, export_id)
        key = visit.keyring.key_of(visit.person)
    if row.state != ExportState.READY:
        abort(404)
    try:
        file = exports.open_file(get_runtime().storage, key, row)
    except StorageError:
        return error_page(503)
    response = Response(FileWrapper(cast("IO[bytes]", file), READ_BYTES), direct_passthrough=True)
    response.content_type = exports.content_type(row)
    response.content_length = file.chunks.size
    response.headers["Content-Disposition"] = f'attachment; filename="{exports.file_name(row)}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.set_etag((row.stored_as or "").rpartition("/")[2])
    return response.make_conditional(request.environ, accept_ranges=True, complete_length=file.chunks.size)


@blueprint.post("/export/<id:export_id>/delete")
def delete(export_id: int) -> AnyResponse:
    """Delete a file before its week is over."""
    unneeded: set[str] = set()
    with browser.visit(writing=True) as visit:
        row = _own(visit, export_id)
        if row.state != ExportState.WAITING:
            unneeded = exports.discard(visit.session, row)
    remove_objects(get_runtime().storage, unneeded)
    return redirect("/export", code=303)


def _own(visit: Visit, export_id: int) -> JournalExport:
    """Return one of this person's exports; anybody else's is no page."""
    row = JournalExport.find(visit.session, visit.person.id, export_id)
    if row is None:
        abort(404)
    return row


def _page(visit: Visit, errors: Mapping[str, str]) -> str:
    rows = JournalExport.list_for(visit.session, visit.person.id)
    return page(
        "export",
        rows=rows,
        sizes={row.id: said_size(row.size_bytes) for row in rows},
        endings={row.id: exports.file_name(row).rpartition(".")[2] for row in rows},
        zone=visit.person.zone,
        contact=contact_address(),
        refresh_seconds=REFRESH_SECONDS,
        can_print=can_print(),
        errors=errors,
        typed=request.form,
    )


def _read(typed: Mapping[str, str]) -> tuple[ExportForm, BookPeriod, dict[str, str]]:
    """Return the form and the period that are asked for, and a sentence for each wrong field."""
    try:
        form = ExportForm(typed.get("form", ""))
        if not form.is_book:
            return form, WHOLE_JOURNAL, {}
        if form.is_printed and not can_print():
            return ExportForm.EPUB, WHOLE_JOURNAL, {"form": NO_PDF}
        return form, BookPeriod.parse(typed.get("first", ""), typed.get("last", "")), {}
    except PeriodError as error:
        return form, WHOLE_JOURNAL, {error.end: str(error)}
    except ValueError:
        return ExportForm.OWN, WHOLE_JOURNAL, {}
