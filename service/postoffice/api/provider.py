"""The provider's API over HTTP, as far as the service uses it.

Sources: Mailgun's OpenAPI (mailgun/mailgun-mcp-server, 2026-07) and mailgun/documentation (2024-07);
the bare-text 401 and the answer to a wrong path: django-anymail.
"""

from __future__ import annotations

import base64
import hmac
import json
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, jsonify, request

from service.mail.inbound.posts import MalformedPostError, parse_post
from service.postoffice.api.accept_message import NotAcceptedError
from service.postoffice.faults import Fault, answer_texts
from service.postoffice.mailbox.event_log import TABLES, Event, is_visible
from service.postoffice.office import PostOffice

api = Blueprint("provider", __name__)
MAGNIFICENT = "Mailgun Magnificent API"
MAX_PAGE = 300
MAX_IMPORT = 1000


def office() -> PostOffice:
    """Return the post office of this app."""
    found = current_app.extensions["postoffice"]
    assert isinstance(found, PostOffice)
    return found


def magnificent() -> Response:
    """Answer an unknown path like the provider: 200, and a text."""
    return Response(MAGNIFICENT, mimetype="text/plain")


@api.url_value_preprocessor
def set_domain_aside(_: str | None, values: dict[str, str] | None) -> None:
    """Remove the domain from the path's values, because it is checked once for every request."""
    g.domain = (values or {}).pop("domain", None)


@api.before_request
def check_key_and_domain() -> Response | None:
    """Refuse a wrong key (with plain text) or domain (with JSON) before anything else."""
    refusal = refuse_wrong_key()
    if refusal is None and g.domain != office().settings.domain:
        return say(HTTPStatus.NOT_FOUND, f"Domain not found: {g.domain}")
    return refusal


def refuse_wrong_key() -> Response | None:
    """Return the provider's answer to a wrong key, or None."""
    given = request.authorization
    expected = f"api:{office().settings.api_key}"
    is_basic = given is not None and given.type == "basic"
    shown = f"{given.username}:{given.password}" if given is not None and is_basic else ""
    if not hmac.compare_digest(shown.encode(), expected.encode()):
        return Response("Forbidden", HTTPStatus.UNAUTHORIZED, mimetype="text/plain")
    return None


@api.post("/v3/<domain>/messages")
def send() -> Response:
    """Accept a form, or fail as the active fault says."""
    now = office().now()
    fault = office().faults.take()
    if fault is not None and not fault.accepts:
        return _go_wrong(fault, now)
    try:
        post = parse_post(request.content_type or "", request.get_data())
        call = office().take(post)
    except MalformedPostError:
        return say(HTTPStatus.BAD_REQUEST, "Bad request")
    except NotAcceptedError as refusal:
        return say(refusal.status, refusal.message)
    if fault is not None:
        return _go_wrong(fault, now)
    return jsonify(id=f"<{call.provider_id}>", message="Queued. Thank you.")


@api.get("/v3/<domain>/events")
def events() -> Response:
    """Return the first page of the events that match the query."""
    return _record_fault(0) or _event_page(dict(request.args), 0)


@api.get("/v3/<domain>/events/<token>")
def more_events(token: str) -> Response:
    """Return a later page; its token is in the path, not in the query."""
    try:
        query, start = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except ValueError:
        return say(HTTPStatus.NOT_FOUND, "Page not found")
    return _record_fault(int(start)) or _event_page(query, int(start))


@api.get("/v3/<domain>/<any(bounces, complaints, unsubscribes):table>")
def suppressed(table: str) -> Response:
    """Return the addresses of a table in order, after `address`."""
    after, limit = request.args.get("address", ""), min(int(request.args.get("limit", 100)), MAX_IMPORT)
    rows = [row for row in office().suppressions.rows(table) if row[0] > after][:limit]
    here = f"{request.host_url}v3/{office().settings.domain}/{table}?limit={limit}"
    last = quote(rows[-1][0] if rows else after)
    items = [{"address": address, **details} for address, details in rows]
    return jsonify(items=items, paging={"first": f"{here}&page=first", "next": f"{here}&page=next&address={last}"})


@api.post("/v3/<domain>/<any(bounces, complaints, unsubscribes):table>")
def suppress(table: str) -> Response:
    """Add the addresses of a form or of a JSON list."""
    listed = request.get_json(silent=True) if request.is_json else [request.form]
    if not isinstance(listed, list) or not all(isinstance(row, Mapping) for row in listed):
        return say(HTTPStatus.BAD_REQUEST, "Invalid JSON")
    if len(listed) > MAX_IMPORT:
        return say(HTTPStatus.BAD_REQUEST, f"Batch size should be less than {MAX_IMPORT}")
    for row in listed:
        office().suppressions.add(table, str(row.get("address", "")), office().now())
    return jsonify(message=f"{len(listed)} addresses have been added to the {table} table")


@api.delete("/v3/<domain>/<any(bounces, complaints, unsubscribes):table>")
def lift_all(table: str) -> Response:
    """Remove every address of a table."""
    office().suppressions.remove(table)
    return jsonify(message=f"{table} table has been cleared")


@api.route(
    "/v3/<domain>/<any(bounces, complaints, unsubscribes):table>/<address>",
    methods=["GET", "DELETE"],
)
def one_suppressed(table: str, address: str) -> Response:
    """Return or remove one address of a table."""
    details = dict(office().suppressions.rows(table)).get(address.lower())
    if details is None:
        return say(HTTPStatus.NOT_FOUND, TABLES[table])
    if request.method == "GET":
        return jsonify(address=address, **details)
    office().suppressions.remove(table, address)
    return jsonify(address=address, message="The address has been removed")


def say(status: int, message: str) -> Response:
    """Answer with a status and a message, as the provider's JSON."""
    answer = jsonify(message=message)
    answer.status_code = status
    return answer


def _go_wrong(fault: Fault, now: datetime) -> Response:
    if fault.hang_seconds:
        time.sleep(fault.hang_seconds)
    if fault.closes:
        _cut_connection()
    body, headers = answer_texts(fault, now)
    return Response(body, fault.status, headers, mimetype="application/json")


def _cut_connection() -> None:
    """Close the socket without a response, as a provider's load balancer may do."""
    # close() alone would leave it open, because the server has other file objects for it.
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def _record_fault(start: int) -> Response | None:
    """Refuse the record as a fault says: all of it, as for a sending-only key, or only its later pages."""
    faults = office().faults
    if faults.record_status is None or start < faults.readable_events:
        return None
    return Response("Forbidden", faults.record_status, mimetype="text/plain")


def _event_page(query: Mapping[str, str], start: int) -> Response:
    found = office().events.select(_filter(query))
    if query.get("ascending") != "yes":
        found.reverse()
    limit = min(int(query.get("limit", MAX_PAGE)), MAX_PAGE)
    page = found[start : start + limit]
    token = base64.urlsafe_b64encode(json.dumps([query, start + len(page)]).encode()).decode("ascii")
    here = f"{request.host_url}v3/{office().settings.domain}/events"
    return jsonify(items=page, paging={"next": f"{here}/{token}", "first": here})


def _filter(query: Mapping[str, str]) -> Callable[[Event], bool]:
    names = set(query["event"].split(" OR ")) if "event" in query else None
    begin, end = _instant(query.get("begin"), 0.0), _instant(query.get("end"), float("inf"))
    first, last = min(begin, end), max(begin, end)
    faults, now = office().faults, office().now()

    def is_wanted(event: Event) -> bool:
        return (
            not faults.hides_events
            and is_visible(event, now=now, lag=faults.event_lag, kept=faults.events_kept)
            and first <= event["timestamp"] <= last
            and (names is None or event["event"] in names)
            and query.get("recipient", event["recipient"]) == event["recipient"]
            and query.get("message-id", _message_id(event)) == _message_id(event)
        )

    return is_wanted


def _message_id(event: Event) -> str:
    return str(event["message"]["headers"]["message-id"])


def _instant(given: str | None, otherwise: float) -> float:
    if given is None:
        return otherwise
    try:
        return float(given)
    except ValueError:
        moment = parsedate_to_datetime(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
