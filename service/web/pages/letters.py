"""The letters on pages and as an Atom feed, for everybody: no cookie is set, and the page is the same for all."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, render_template, request
from markupsafe import Markup

from service.flows.outgoing.letters.letter_archive import LetterPage, find_page, find_picture, listed_letters
from service.flows.outgoing.letters.letter_test_mail import TEST_PATH
from service.web.context import get_runtime, page
from service.web.security.security import allow_photos

KEPT_BY_CACHES = timedelta(minutes=5)
PICTURES_KEPT = timedelta(days=30)
MOST_IN_FEED = 20

blueprint = Blueprint("letters", __name__)


@blueprint.get("/letters")
def archive() -> Response:
    """List the letters, the newest first."""
    with get_runtime().database.read() as session:
        found = listed_letters(session)
    return _cached(page("letters", letters=found, signed_in=False), KEPT_BY_CACHES)


@blueprint.get("/letters/<slug>")
def letter(slug: str) -> Response:
    """Show one letter."""
    with get_runtime().database.read() as session:
        found = find_page(session, slug)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    allow_photos()
    html = Markup(found.html)  # noqa: S704 - written by our writer, which escapes
    return _cached(page("letter", letter=found, words=html, signed_in=False), KEPT_BY_CACHES)


@blueprint.get("/letters/pictures/<id:picture_id>")
def picture(picture_id: int) -> Response:
    """Answer a picture of a letter's page."""
    with get_runtime().database.read() as session:
        found = find_picture(session, picture_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    content_type, data = found
    response = _cached(data, PICTURES_KEPT)
    response.content_type = content_type
    # Feed readers show it in pages of their own.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get(f"/{TEST_PATH}")
def test_link() -> str:
    """Say that a link belonged to a test of a letter."""
    return page("letter_test", signed_in=False)


@blueprint.get("/letters/feed.xml")
def feed() -> Response:
    """Answer the newest letters as Atom (RFC 4287), whole."""
    base_url = get_runtime().settings.base_url
    with get_runtime().database.read() as session:
        found = listed_letters(session, MOST_IN_FEED)
    entries = [{"letter": one, "id": _tag(base_url, one), "updated": _updated(one)} for one in found]
    updated = max((_updated(one) for one in found), default=datetime(2026, 1, 1, tzinfo=UTC))
    xml = render_template(
        "pages/letters.xml",
        base_url=base_url,
        feed_id=f"tag:{urlsplit(base_url).hostname},2026:letters",
        author=get_runtime().composer.letters_from,
        updated=updated,
        entries=entries,
    )
    response = _cached(xml, KEPT_BY_CACHES)
    response.content_type = "application/atom+xml; charset=utf-8"
    return response


def _tag(base_url: str, found: LetterPage) -> str:
    """Return an id that stays the same wherever the letter moves (RFC 4151)."""
    return f"tag:{urlsplit(base_url).hostname},{found.on.isoformat()}:letter/{found.letter_id}"


def _updated(found: LetterPage) -> datetime:
    if found.changed_on is None:
        return found.published_at
    return max(found.published_at, datetime.combine(found.changed_on, time(), tzinfo=UTC))


def _cached(body: str | bytes, kept: timedelta) -> Response:
    """Return an answer that caches may keep and ask about again; nothing in it depends on who asks."""
    response = make_response(body)
    data = body.encode() if isinstance(body, str) else body
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    response.headers["Cache-Control"] = f"public, max-age={int(kept.total_seconds())}"
    response.make_conditional(request)
    return response
