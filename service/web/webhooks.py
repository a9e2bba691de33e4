"""The provider's webhooks: replies, as fields or as raw MIME, and events."""

from __future__ import annotations

from typing import cast

import structlog
from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from service.flows.incoming.events import events
from service.flows.incoming.replies.store import StoreResult
from service.mail.inbound.inbound_mail import MalformedPostError, read_signature
from service.mail.provider_events import MalformedEventError, read_event, read_event_post
from service.storage import StorageError
from service.web.context import get_runtime
from service.web.monitoring.webhook_counts import WebhookCounts
from service.web.security.limits import LARGEST_EVENT_BYTES, LARGEST_POST_BYTES

READ_BYTES = 256 * 1024

KEPT, UNSIGNED, NEVER_AGAIN, TRY_AGAIN, UNREADABLE = 200, 401, 406, 503, 400
_CODES = {
    StoreResult.KEPT: KEPT,
    StoreResult.DUPLICATE: KEPT,
    StoreResult.REUSED: NEVER_AGAIN,
    StoreResult.ERASED: NEVER_AGAIN,
    StoreResult.FORGED: UNSIGNED,
}

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks/mailgun")
log = structlog.get_logger()


@blueprint.post("/inbound")
@blueprint.post("/inbound/mime", endpoint="inbound_mime")
def inbound() -> Response:
    """Store a mail, sealed and committed, before the response."""
    runtime = get_runtime()
    body = _body(LARGEST_POST_BYTES)
    if body is None:
        return _answer(NEVER_AGAIN, "too large")
    content_type = request.headers.get("Content-Type", "")
    try:
        signature = read_signature(content_type, body)
        verdict = signature.verify(runtime.settings.mailgun_signing_key, runtime.clock())
        _counts().note("inbound", verdict)
        if not verdict:
            return _answer(UNSIGNED, verdict.value)
        stored, reply_ids = runtime.inbound_store().store(content_type, body, signature)
    except MalformedPostError:
        return _answer(UNREADABLE, "no form that a route would post")
    except (SQLAlchemyError, StorageError) as error:
        log.error("inbound.not_kept", error=type(error).__name__)
        return _answer(TRY_AGAIN, "not kept")
    if reply_ids:
        runtime.job_queue.enqueue_replies(reply_ids)
    return _answer(_CODES[stored], stored.value)


@blueprint.post("/events")
def event() -> Response:
    """Record one event, only once."""
    runtime = get_runtime()
    body = _body(LARGEST_EVENT_BYTES)
    if body is None:
        return _answer(NEVER_AGAIN, "too large")
    try:
        signature, payload = read_event_post(body)
    except MalformedEventError:
        return _answer(UNREADABLE, "no event")
    verdict = signature.verify(runtime.settings.mailgun_signing_key, runtime.clock())
    _counts().note("events", verdict)
    if not verdict:
        return _answer(UNSIGNED, verdict.value)
    try:
        happened = read_event(payload)
    except MalformedEventError:
        return _answer(NEVER_AGAIN, "no event")
    try:
        with runtime.database.write() as session:
            events.note_webhook(session, runtime.clock())
            events.record_event(session, runtime.keyring, happened, token=signature.token, now=runtime.clock())
    except SQLAlchemyError as error:
        log.error("event.not_kept", error=type(error).__name__)
        return _answer(TRY_AGAIN, "not kept")
    return _answer(KEPT, "taken")


@blueprint.after_request
def write_counts(response: Response) -> Response:
    """Write the counts from time to time, after the post is processed."""
    _counts().write_if_due()
    return response


def _counts() -> WebhookCounts:
    return cast("WebhookCounts", current_app.extensions["webhook_counts"])


def _body(largest: int) -> bytes | None:
    """Return the body of the post, in memory and never in a temporary file, or None if it is too large."""
    request.max_content_length = largest + 1  # after a page's 413 the provider would retry
    if (request.content_length or 0) > largest:
        return None
    pieces: list[bytes] = []
    room = largest
    # One read of the largest size would take three times the memory, because werkzeug's stream copies it.
    while room >= 0 and (piece := request.stream.read(min(READ_BYTES, room + 1))):
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces) if room >= 0 else None


def _answer(code: int, word: str) -> Response:
    return Response(f"{word}\n", status=code, mimetype="text/plain")
