"""Bringing in a journal from a file: the upload, what it would bring, the report, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus

from flask import Blueprint, Response, abort, redirect, request
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.wrappers import Response as AnyResponse

from service.core.dates import listed
from service.core.journal_import.reading.imported import LeftOutEntry
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.journal_import import import_upload, imports
from service.flows.people.journal_import.import_extras import bring_settings, new_quiet_dates, wanted_settings
from service.flows.people.journal_import.import_preview import ImportPreview
from service.flows.people.subscription.account import Preferences, preferences_of
from service.job_queue import BackgroundJob
from service.models import ImportState, JournalImport, Subscriber
from service.models.people.personal_data.journal_import import WAITING
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page
from service.web.forms.large_uploads import place_for_upload
from service.web.forms.streamed_form import read_upload
from service.web.pages.settings.settings import countries, said_settings
from service.web.security.csrf import csrf
from service.web.security.limits import LARGEST_IMPORT_BYTES

blueprint = Blueprint("journal_import", __name__)
FILE = "journal"
NO_FILE = "Choose a file"
BUSY = "Another file is still being read. Wait until that’s done"
FULL = "Other large files are arriving just now. Choose yours again in a few minutes"
REFRESH_SECONDS = 3
SHOWN_REASONS = 8


@blueprint.get("/import")
def show() -> str:
    """Show the form, and earlier imports."""
    return _form_page({})


@blueprint.post("/import")
def upload() -> AnyResponse | tuple[str, int]:
    """Keep a file, sealed as it arrives, to be read by a job."""
    with browser.visit() as visit:
        person = visit.person
        is_busy = import_upload.is_busy(visit.session, person)
    with place_for_upload() as has_place:
        if not has_place:
            return _form_page({FILE: FULL}), HTTPStatus.SERVICE_UNAVAILABLE
        return _receive(person, is_busy=is_busy)


csrf.exempt(upload)  # its form is read as a stream: `_receive` checks the token itself, before the file


def _receive(person: Subscriber, *, is_busy: bool) -> AnyResponse | tuple[str, int]:
    form = read_upload(LARGEST_IMPORT_BYTES)
    _check_token(form.fields.get("csrf_token", ""))
    if is_busy or not form.filename:
        return _form_page({FILE: BUSY if is_busy else NO_FILE}), HTTPStatus.UNPROCESSABLE_ENTITY
    runtime = get_runtime()
    stored = import_upload.ImportUploads(runtime.keyring, runtime.storage).receive(person, form.pieces)
    unneeded = {stored.stored_as}
    with browser.visit(writing=True) as visit:
        if not import_upload.is_busy(visit.session, visit.person):
            _, unneeded = import_upload.add(
                visit.session, visit.keyring, visit.person, stored, form.filename, now=now()
            )
    remove_objects(runtime.storage, unneeded)
    if stored.stored_as in unneeded:
        return _form_page({FILE: BUSY}), HTTPStatus.UNPROCESSABLE_ENTITY
    runtime.job_queue.enqueue_background(BackgroundJob.IMPORTS, [stored.import_id])
    return redirect(f"/import/{stored.import_id}", code=303)


@blueprint.get("/import/<id:import_id>")
def one(import_id: int) -> str:
    """Show how far an import is: being read, its preview, under way, or its report."""
    with browser.visit() as visit:
        row = _own(visit, import_id)
        key = visit.keyring.key_of(visit.person)
        preview = ImportPreview.open(key, row)
        left_out = _first_left_out(visit, row) if row.state == ImportState.DONE else ()
        return page(
            "import_one",
            row=row,
            title=import_upload.open_title(key, row),
            preview=preview,
            first=_day(preview.first if preview else ""),
            last=_day(preview.last if preview else ""),
            days={line[0]: _day(line[0]) for year in preview.years for line in year.lines} if preview else {},
            left_behind=listed(sorted(preview.left_behind)) if preview else "",
            left_out=left_out,
            is_waiting=row.state in WAITING,
            refresh_seconds=REFRESH_SECONDS,
            may_be_taken_back=imports.may_be_taken_back(row, now()),
            waits_for_address=imports.waits_for_address(visit.session, row, now()),
            settings=_settings_said(visit, preview),
            quiet_dates=[span for span, _ in new_quiet_dates(visit.session, visit.person, preview)] if preview else [],
        )


@blueprint.post("/import/<id:import_id>/start")
def start(import_id: int) -> AnyResponse:
    """Import what the preview showed."""
    with browser.visit(writing=True) as visit:
        row = _own(visit, import_id, lock=True)
        starts = imports.start(
            row, now(), wants_digests="wants_digests" in request.form, wants_changed="wants_changed" in request.form
        )
        if starts and "wants_settings" in request.form:
            preview = ImportPreview.open(visit.keyring.key_of(visit.person), row)
            wanted = _wanted_settings(visit, preview) if preview else None
            bring_settings(visit.session, visit.keyring, visit.person, row, wanted=wanted, now=now())
    return _to_job(import_id, is_wanted=starts)


@blueprint.post("/import/<id:import_id>/cancel")
def cancel(import_id: int) -> AnyResponse:
    """Delete a file that is not to be imported."""
    unneeded: set[str] = set()
    with browser.visit(writing=True) as visit:
        row = _own(visit, import_id, lock=True)
        if row.state in {ImportState.READY, ImportState.REFUSED}:
            unneeded = import_upload.discard(visit.session, row)
    remove_objects(get_runtime().storage, unneeded)
    return redirect("/import", code=303)


@blueprint.get("/import/<id:import_id>/undo")
def show_undo(import_id: int) -> AnyResponse | str:
    """Ask whether to take an import back; if it cannot be, show how it stands."""
    with browser.visit() as visit:
        row = _own(visit, import_id)
        if not imports.may_be_taken_back(row, now()) or imports.waits_for_address(visit.session, row, now()):
            return redirect(f"/import/{import_id}", code=303)
        title = import_upload.open_title(visit.keyring.key_of(visit.person), row)
        return page("import_undo", row=row, title=title)


@blueprint.post("/import/<id:import_id>/undo")
def undo(import_id: int) -> AnyResponse:
    """Take everything out of the journal that an import brought."""
    with browser.visit(writing=True) as visit:
        goes = imports.take_back(visit.session, _own(visit, import_id, lock=True), now())
    return _to_job(import_id, is_wanted=goes)


@blueprint.get("/import/<id:import_id>/left-out.txt")
def left_out(import_id: int) -> Response:
    """Return what was left out of an import, with its words, as a text file."""
    with browser.visit() as visit:
        row = _own(visit, import_id)
        key = visit.keyring.key_of(visit.person)
        text = "".join(_as_text(imports.list_left_out(visit.session, key, row)))
    headers = {"Content-Disposition": "attachment; filename=left-out.txt"}
    return Response(text, content_type="text/plain; charset=utf-8", headers=headers)


def _form_page(errors: dict[str, str]) -> str:
    with browser.visit() as visit:
        key = visit.keyring.key_of(visit.person)
        rows = [
            (row, import_upload.open_title(key, row)) for row in JournalImport.list_for(visit.session, visit.person.id)
        ]
    return page("import", errors=errors, rows=rows, file_name=FILE)


def _check_token(token: str) -> None:
    try:
        validate_csrf(token)
    except ValueError as error:  # wtforms' own is one
        raise CSRFError(error.args[0]) from None


def _own(visit: Visit, import_id: int, *, lock: bool = False) -> JournalImport:
    """Return one of this person's imports; anybody else's is no page."""
    row = JournalImport.find(visit.session, visit.person.id, import_id, lock=lock)
    if row is None:
        abort(404)
    return row


def _wanted_settings(visit: Visit, preview: ImportPreview) -> Preferences | None:
    locales = get_runtime().library.locales
    return wanted_settings(visit.person, preview.settings, countries=countries(), locales=locales)


def _settings_said(visit: Visit, preview: ImportPreview | None) -> list[str]:
    """Return a sentence for each setting that the file would change."""
    wanted = _wanted_settings(visit, preview) if preview else None
    if wanted is None:
        return []
    return said_settings(wanted, wanted.names_of_changes(preferences_of(visit.person)))


def _to_job(import_id: int, *, is_wanted: bool) -> AnyResponse:
    if is_wanted:
        get_runtime().job_queue.enqueue_background(BackgroundJob.IMPORTS, [import_id])
    return redirect(f"/import/{import_id}", code=303)


def _first_left_out(visit: Visit, row: JournalImport) -> list[LeftOutEntry]:
    """Return the first few things that were left out, and one more if there are more."""
    key = visit.keyring.key_of(visit.person)
    found: list[LeftOutEntry] = []
    for item in imports.list_left_out(visit.session, key, row):
        found.append(item)
        if len(found) > SHOWN_REASONS:
            break
    return found


def _as_text(items: Iterator[LeftOutEntry]) -> Iterator[str]:
    for item in items:
        dated = f" ({item.dated})" if item.dated else ""
        yield f"{item.place}{dated}: " if item.place else ""
        yield f"{item.reason}\n\n"
        yield f"{item.words}\n\n" if item.words else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
