"""The provider's API for an account's domains, webhooks and routes, as far as `doctor` and `setup mailgun` use it.

Source: Mailgun's OpenAPI (mailgun/mailgun-mcp-server, 2026-07) and mailgun/documentation (2024-07).
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from service.config import LOOPBACK
from service.postoffice.api.account import MAX_URLS, TRACKED, WEBHOOK_NAMES, MailDomain, Route
from service.postoffice.api.provider import office, refuse_wrong_key, say

account_api = Blueprint("account", __name__)
_MOST_ROUTES = 1000
_SPAM_ACTIONS = frozenset({"disabled", "block", "tag"})
_SWITCH = {"yes": True, "true": True, "no": False, "false": False}


@account_api.before_request
def check_key_and_role() -> Response | None:
    """Refuse a wrong key, and as a fault says a key that may only send."""
    status = office().faults.account_status
    if status is not None:
        return Response("Forbidden", status, mimetype="text/plain")
    return refuse_wrong_key()


@account_api.get("/v4/domains/<name>")
def domain(name: str) -> Response:
    """Return a domain with its DNS records."""
    found = _domain(name)
    return _no_domain() if found is None else _shown(found)


@account_api.put("/v4/domains/<name>/verify")
def verify(name: str) -> Response:
    """Look at the DNS records again; here they are as they were planted."""
    found = _domain(name)
    return _no_domain() if found is None else _shown(found, message="Domain DNS records have been updated")


@account_api.put("/v4/domains/<name>")
def change_domain(name: str) -> Response:
    """Change what the domain does with spam."""
    found = _domain(name)
    if found is None:
        return _no_domain()
    action = request.form.get("spam_action", found.spam_action)
    if action not in _SPAM_ACTIONS:
        return say(HTTPStatus.BAD_REQUEST, "Unsupported spam_action value")
    found.spam_action = action
    return jsonify(message="Domain has been updated", domain=found.as_json())


@account_api.get("/v3/domains/<name>/tracking")
def tracking(name: str) -> Response:
    """Return what is tracked."""
    found = _domain(name)
    if found is None:
        return _no_domain()
    return jsonify(tracking={what: {"active": found.tracking[what]} for what in TRACKED})


@account_api.put("/v3/domains/<name>/tracking/<any(click, open, unsubscribe):what>")
def change_tracking(name: str, what: str) -> Response:
    """Switch one sort of tracking."""
    found = _domain(name)
    if found is None:
        return _no_domain()
    wanted = request.form.get("active", "")
    if wanted not in _SWITCH and wanted != "htmlonly":
        return say(HTTPStatus.BAD_REQUEST, "Invalid value for active parameter")
    found.tracking[what] = _SWITCH.get(wanted, wanted)
    return jsonify({"message": "Domain tracking settings have been updated", what: {"active": found.tracking[what]}})


@account_api.get("/v3/domains/<name>/sending_queues")
def sending_queues(name: str) -> Response:
    """Return whether the domain's queues are stopped, until when, and why."""
    found = _domain(name)
    if found is None:
        return _no_domain()
    regular = {"is_disabled": found.queue_disabled is not None, "disabled": found.queue_disabled}
    return jsonify(regular=regular, scheduled={"is_disabled": False, "disabled": None})


@account_api.get("/v3/domains/<name>/webhooks")
def webhooks(name: str) -> Response:
    """Return every webhook, null where there is none."""
    found = _domain(name)
    if found is None:
        return _no_domain()
    urls = {event: found.webhooks.get(event) for event in WEBHOOK_NAMES}
    return jsonify(webhooks={event: {"urls": listed} if listed else None for event, listed in urls.items()})


@account_api.post("/v3/domains/<name>/webhooks")
def add_webhook(name: str) -> Response:
    """Make a webhook that is not there yet."""
    event = request.form.get("id", "")
    found = _domain(name)
    if found is not None and event in found.webhooks:
        return say(HTTPStatus.BAD_REQUEST, "Webhook already exists")
    return _set_webhook(name, event, "Webhook has been created")


@account_api.put("/v3/domains/<name>/webhooks/<event>")
def change_webhook(name: str, event: str) -> Response:
    """Replace the URLs of a webhook."""
    found = _domain(name)
    if found is not None and event not in found.webhooks:
        return say(HTTPStatus.NOT_FOUND, "Webhook not found")
    return _set_webhook(name, event, "Webhook has been updated")


@account_api.get("/v3/routes")
def routes() -> Response:
    """Return a page of the account's routes."""
    skip, limit = int(request.args.get("skip", 0)), min(int(request.args.get("limit", 100)), _MOST_ROUTES)
    account = office().account
    page = account.routes[skip : skip + limit]
    return jsonify(items=[route.as_json(account.created_at) for route in page], total_count=len(account.routes))


@account_api.get("/v3/routes/match")
def matching_route() -> Response:
    """Return the first route that acts for an address."""
    found = office().account.route_for(request.args.get("address", ""))
    if found is None:
        return say(HTTPStatus.NOT_FOUND, "Route not found")
    return jsonify(route=found.as_json(office().account.created_at))


@account_api.post("/v3/routes")
def add_route() -> Response:
    """Make a route."""
    actions, account = request.form.getlist("action"), office().account
    if "expression" not in request.form or not actions:
        return say(HTTPStatus.BAD_REQUEST, "expression and action parameters are required")
    priority, words = int(request.form.get("priority", 0)), request.form.get("description", "")
    route = Route(request.form["expression"], actions, priority, words)
    with account.lock:
        account.routes.append(route)
    return jsonify(message="Route has been created", route=route.as_json(account.created_at))


@account_api.put("/v3/routes/<route_id>")
def change_route(route_id: str) -> Response:
    """Change what a form names of a route."""
    account = office().account
    route = next((route for route in account.routes if route.id == route_id), None)
    if route is None:
        return say(HTTPStatus.NOT_FOUND, "Route not found")
    route.expression = request.form.get("expression", route.expression)
    route.actions = request.form.getlist("action") or route.actions
    route.priority = int(request.form.get("priority", route.priority))
    route.description = request.form.get("description", route.description)
    return jsonify({"message": "Route has been updated", **route.as_json(account.created_at)})


def _domain(name: str) -> MailDomain | None:
    return office().account.domains.get(name)


def _no_domain() -> Response:
    return say(HTTPStatus.NOT_FOUND, "Domain not found")


def _shown(found: MailDomain, **more: str) -> Response:
    records = {
        "receiving_dns_records": [record.as_json() for record in found.receiving],
        "sending_dns_records": [record.as_json() for record in found.sending],
    }
    return jsonify(domain=found.as_json(), **records, **more)


def _set_webhook(name: str, event: str, done: str) -> Response:
    found, urls = _domain(name), request.form.getlist("url")
    if found is None:
        return _no_domain()
    if event not in WEBHOOK_NAMES:
        return say(HTTPStatus.BAD_REQUEST, "Unsupported webhook type")
    # The provider takes any public URL; events of the local post office never leave this machine.
    if not 0 < len(urls) <= MAX_URLS or any(urlsplit(url).hostname not in LOOPBACK for url in urls):
        return say(HTTPStatus.BAD_REQUEST, "Invalid URL")
    found.webhooks[event] = urls
    return jsonify(message=done, webhook={"urls": urls})
