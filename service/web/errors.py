"""The error pages, and an error log without paths, words or addresses."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any

import structlog
from flask import Flask, Response, make_response, redirect, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse
from werkzeug.wrappers import Response as BaseResponse

from service.web import browser
from service.web.context import get_runtime, page
from service.web.forms.forms import lost_words
from service.web.forms.unsent_form import UnsentForm, unsent_form
from service.web.security.limits import IMPORT_PATH, takes_photos

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ErrorText:
    """A title, and what happened and what to do next."""

    title: str
    said: str


WORDS = {
    400: ErrorText("That didn’t work", "This site didn’t understand the request. Nothing has changed."),
    403: ErrorText("You’re signed out", "Sign in and try again."),
    404: ErrorText("That page doesn’t exist", "The address may have been cut short. Nothing is lost."),
    405: ErrorText("Nothing to see here", "This address is only for forms to send things to."),
    410: ErrorText("That link has expired", "Links only work for a while. Get a new one."),
    413: ErrorText("That was too much at once", "Shorten it, or send it in two parts. Nothing has changed."),
    429: ErrorText(
        "Let’s take that slowly", "There have been a lot of requests from here in the last hour. Try again in an hour."
    ),
    500: ErrorText("Something went wrong here", "It was our software, not you. Try again in a little while."),
    503: ErrorText(
        "This isn’t working just now",
        "Something on our side isn’t answering. What’s in your journal is still there. Try again in a minute.",
    ),
}
TOO_LARGE_PHOTOS = ErrorText(
    WORDS[413].title, "Photos on one page can take up to 60 MB together. Choose fewer at a time. Nothing has changed."
)
TOO_LARGE_JOURNAL = ErrorText(
    "That file is too large",
    "A journal file can be up to 1 GB. Export fewer years at a time, and bring the files one after another.",
)
STALE_FORM = ErrorText(
    "That page was open too long",
    "Or cookies are switched off. Nothing has changed. Go back, reload the page and try again.",
)
# With a form that can be sent once more from the error page itself.
SIGNED_OUT_WRITING = ErrorText(
    WORDS[403].title,
    "Nothing is lost: your words are below. Sign in in another tab, then come back here and send them again.",
)
STALE_WRITING = ErrorText(STALE_FORM.title, "Nothing is lost: your words are below. Send them once more.")
OTHER_HOST = "This site’s address is {}. Open it there."
RETRY_SECONDS = {429: 3600, 503: 60}


def register(app: Flask) -> None:
    """Register the error pages."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(browser.SignInNeededError, _sign_in_needed)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(HTTPException, _http_error)


def error_page(code: int, words: ErrorText | None = None, *, lost: str | UnsentForm = "", again: str = "") -> Response:
    """Return the page of an error; `lost` are typed words to show again, `again` is the URL for a new link."""
    shown, unsent = words or WORDS.get(code, WORDS[500]), UnsentForm(lost) if isinstance(lost, str) else lost
    response = make_response(page("error", code=code, words=shown, unsent=unsent, again=again), code)
    if code in RETRY_SECONDS:
        response.headers["Retry-After"] = str(RETRY_SECONDS[code])
    return response


def signed_out_page() -> Response:
    """Return the page for somebody who is signed out and has sent a form, with its words."""
    unsent = unsent_form()
    return error_page(403, SIGNED_OUT_WRITING if unsent.can_be_sent else None, lost=unsent, again="/sign-in")


class ScrubbedFlask(Flask):
    """A Flask that logs an error's type and its place in the code only: no path, no words, no address."""

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> None:
        """Log one unexpected error."""
        kind, _, trace = exc_info
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
        log.error("page.failed", route=request.endpoint, error=kind.__name__ if kind else "", at=place)


def _http_error(error: HTTPException) -> AnyResponse:
    if error.response is not None:
        return error.response
    code = error.code or 500
    if error.description == "host":
        return error_page(code, ErrorText(WORDS[400].title, OTHER_HOST.format(get_runtime().settings.base_url)))
    if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and takes_photos(request.path):
        return _too_large_page()
    is_journal = code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and request.path == IMPORT_PATH
    response = error_page(code, TOO_LARGE_JOURNAL if is_journal else None, again="/import" if is_journal else "")
    allowed: Any = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _too_large_page() -> Response:
    words = lost_words()
    return error_page(413, TOO_LARGE_PHOTOS if words else None, lost=words)


def _stale_form(_error: CSRFError) -> Response:
    unsent = unsent_form()
    if not unsent.can_be_sent:
        return error_page(400, STALE_FORM, lost=unsent)
    if not browser.is_signed_in() and "token" not in (request.view_args or {}):  # signed out in another tab
        return error_page(400, SIGNED_OUT_WRITING, lost=unsent, again="/sign-in")
    return error_page(400, STALE_WRITING, lost=unsent)


def _sign_in_needed(_error: browser.SignInNeededError) -> BaseResponse:
    if request.method == "POST":
        return signed_out_page()
    if request.method == "GET":
        browser.note_wanted(request.path)
    return redirect("/sign-in", code=303)


def _database_away(error: OperationalError) -> Response:
    log.error("database.away", route=request.endpoint, error=type(error.orig).__name__)
    return error_page(503, lost=unsent_form() if request.method == "POST" else "")
