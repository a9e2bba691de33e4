"""The JSON interface for tests, the demo and the browser tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from service.postoffice.api.provider import office
from service.postoffice.faults import KINDS, Quota
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.office import HAPPENINGS
from service.postoffice.postman import WebPost
from service.postoffice.replies.replies import reply_as
from service.postoffice.route import authenticated

control = Blueprint("control", __name__, url_prefix="/_local")
_REPLY_OPTIONS = ("where", "language", "sender", "to")
_IDLE_SECONDS = 30.0


@control.get("/mails")
def mails() -> Response:
    """Return the mails, newest first; only one recipient's with `?to=`."""
    found = office().mailbox.newest_first(request.args.get("to"))
    return jsonify([mail.as_json() for mail in found])


@control.delete("/mails")
def forget() -> Response:
    """Delete all mails and events."""
    office().forget_all()
    return jsonify(forgotten=True)


@control.get("/mails/<mail_id>")
def mail(mail_id: str) -> Response:
    """Return one mail."""
    return jsonify(_found(mail_id).as_json())


@control.post("/mails/<mail_id>/reply")
def reply(mail_id: str) -> Response:
    """Reply to a mail and return the webhook's response.

    JSON: `words`; optional `client`, `where`, `language`, `sender`, `to`, `sent_at` (ISO),
    `form` (`fields` or `mime`), `authenticated` (true), `recipients` (of the envelope).
    """
    wanted: dict[str, Any] = request.get_json()
    answered = _found(mail_id)
    options = {name: wanted[name] for name in _REPLY_OPTIONS if name in wanted}
    if "sent_at" in wanted:
        options["sent_at"] = datetime.fromisoformat(wanted["sent_at"])
    try:
        raw = reply_as(wanted.get("client", "gmail_web"), answered, wanted["words"], **options)
    except (KeyError, ValueError) as error:
        abort(HTTPStatus.BAD_REQUEST, f"No such choice: {error}")
    post = office().bring(
        authenticated(raw, passes=wanted.get("authenticated", True)),
        recipients=wanted.get("recipients", [wanted.get("to", answered.reply_to)]),
        as_mime=wanted.get("form") == "mime",
    )
    return jsonify(_shown(post))


@control.post("/inbound")
def inbound() -> Response:
    """Post any mail to the webhook: the raw MIME as body, `?recipient=` (repeated).

    Optional: `?form=mime` (default: fields), `?sender=` (of the envelope, may be empty),
    `?authenticated=yes` or `no` (adds the spam filter's headers; default: none).
    """
    raw, authentic = request.get_data(), request.args.get("authenticated")
    post = office().bring(
        raw if authentic is None else authenticated(raw, passes=authentic == "yes"),
        recipients=request.args.getlist("recipient"),
        as_mime=request.args.get("form") == "mime",
        envelope_sender=request.args.get("sender"),
    )
    return jsonify(_shown(post))


@control.post("/mails/<mail_id>/happen")
def happen(mail_id: str) -> Response:
    """Simulate an event of a mail, JSON `name` (one of HAPPENINGS), and post it."""
    name = request.get_json().get("name")
    if name not in HAPPENINGS:
        abort(HTTPStatus.BAD_REQUEST, f"name must be one of {', '.join(HAPPENINGS)}")
    post = office().happen(name, _found(mail_id))
    return jsonify(_shown(post) if post else {"status": None})


@control.post("/mails/<mail_id>/one-click")
def one_click(mail_id: str) -> Response:
    """Unsubscribe by the mail's List-Unsubscribe, like a mail program; return the status."""
    return jsonify(status=office().unsubscribe_with_one_click(_found(mail_id)))


@control.get("/posts")
def posts() -> Response:
    """Return the posts to the webhooks, newest first."""
    return jsonify([_shown(post) for post in office().postman.newest_first()])


@control.post("/posts/<post_id>/again")
def again(post_id: str) -> Response:
    """Post the same bytes again, whether they were accepted or not."""
    post = office().postman.try_again(post_id)
    if post is None:
        abort(HTTPStatus.NOT_FOUND)
    return jsonify(_shown(post))


@control.post("/idle")
def idle() -> Response:
    """Wait, at most 30 seconds, until no post is due or in progress."""
    return jsonify(idle=office().postman.wait_until_idle(_IDLE_SECONDS))


@control.put("/faults")
def add_fault() -> Response:
    """Let the next sends fail: JSON `kind`, one of KINDS, and details of a Fault to change.

    Or set a permanent limit: `largest_batch`, `on_probation`, `quota` with `window_seconds`, `sandbox_recipients` (a
    list), `hides_events`, `event_lag_seconds`, `events_kept_seconds`, or `record_status`, the status with which the
    events API answers (from event number `readable_events` on, if given), or `account_status`, the same for the APIs of
    domains, webhooks and routes, as for a key that may only send.
    """
    wanted: dict[str, Any] = request.get_json()
    faults = office().faults
    if "kind" in wanted:
        try:
            faults.add(**wanted)
        except (KeyError, TypeError):
            abort(HTTPStatus.BAD_REQUEST, f"kind must be one of {', '.join(KINDS)}")
    faults.largest_batch = wanted.get("largest_batch", faults.largest_batch)
    faults.on_probation = wanted.get("on_probation", faults.on_probation)
    if "quota" in wanted:
        faults.quota = Quota(wanted["quota"], timedelta(seconds=wanted.get("window_seconds", 3600)))
    if "sandbox_recipients" in wanted:
        faults.sandbox_recipients = frozenset(wanted["sandbox_recipients"])
    faults.hides_events = bool(wanted.get("hides_events", faults.hides_events))
    if "event_lag_seconds" in wanted:
        faults.event_lag = timedelta(seconds=wanted["event_lag_seconds"])
    if "events_kept_seconds" in wanted:
        faults.events_kept = timedelta(seconds=wanted["events_kept_seconds"])
    faults.record_status = wanted.get("record_status", faults.record_status)
    faults.account_status = wanted.get("account_status", faults.account_status)
    faults.readable_events = wanted.get("readable_events", faults.readable_events)
    return jsonify(on=True)


@control.delete("/faults")
def clear_faults() -> Response:
    """Remove all faults and limits."""
    office().faults.clear()
    return jsonify(on=False)


def _found(mail_id: str) -> MailboxMail:
    found = office().mailbox.find(mail_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _shown(post: WebPost) -> dict[str, Any]:
    return {
        "post_id": post.post_id,
        "kind": post.kind,
        "about": post.about,
        "url": post.url,
        "status": post.answers[-1] if post.answers else None,
        "answers": post.answers,
        "is_taken": post.is_taken,
    }
