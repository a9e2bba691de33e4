"""The mailbox as plain pages without script."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from service.postoffice.api.provider import office
from service.postoffice.mailbox.mailbox import MailboxMail, content_type_of
from service.postoffice.mailbox.mime import File
from service.postoffice.postman import SCHEDULES, WebPost
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.languages import LANGUAGES
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import new_mail, reply_as
from service.postoffice.route import authenticated

pages = Blueprint("pages", __name__)
VIEWS = {"html": "HTML", "text": "Text", "source": "Source", "headers": "Headers"}
WIDTHS = {"desktop": "Desktop", "phone": "Phone"}
MAX_LISTED, MAX_IN_OVERVIEW = 500, 40  # most mails of one address, and of all
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
# The mail's links may open new tabs, but it may run no script and send no form.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)
_CID = re.compile(r'(?<=")cid:([^"<>]+)(?=")')
_BLANK_TARGET = '<base target="_blank">'


@pages.get("/")
def mailbox() -> str:
    """Show the newest mails, grouped by recipient."""
    recipient = request.args.get("to") or None
    groups: dict[str, list[MailboxMail]] = {}
    for mail in islice(office().mailbox.newest_first(recipient), MAX_LISTED if recipient else MAX_IN_OVERVIEW):
        groups.setdefault(mail.recipient, []).append(mail)
    return render_template("mailbox.html", groups=groups, recipient=recipient)


@pages.get("/mail/<mail_id>")
def mail(mail_id: str) -> str:
    """Show one mail in the requested view, and its actions."""
    found = _found(mail_id)
    view = request.args.get("view", "html" if found.html else "text")
    width = request.args.get("width", "desktop")
    if view not in VIEWS or width not in WIDTHS:
        abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "mail.html",
        mail=found,
        view=view,
        views=VIEWS,
        width=width,
        widths=WIDTHS,
        text=_with_links(found.text),
        source=_source(found) if view == "source" else "",
        clients=CLIENTS,
        languages=LANGUAGES,
        places=Where,
        stop_address=_stop_address(found),
        one_click_status=request.args.get("one_click"),
        post=_post(request.args.get("post")),
    )


@pages.get("/mail/<mail_id>/body")
def body(mail_id: str) -> Response:
    """Return the HTML of a mail for the frame, with links that open in a new tab."""
    found = _found(mail_id)
    html = _CID.sub(lambda match: _data_url(match, office().mailbox.pictures_of(found)), found.html)
    head = re.search(r"<head[^>]*>", html, re.IGNORECASE)
    cut = head.end() if head else 0
    answer = Response(html[:cut] + _BLANK_TARGET + html[cut:], mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _MAIL_POLICY
    return answer


@pages.post("/mail/<mail_id>/reply")
def reply(mail_id: str) -> AnyResponse:
    """Write the reply as the chosen program would, post it to the service, and show the response."""
    found, form = _found(mail_id), request.form
    try:
        raw = reply_as(
            form["client"],
            found,
            form["words"],
            form["where"],
            language=form["language"],
            sender=form.get("sender", "").strip() or None,
            sent_at=office().now(),
            files=_files(),
        )
    except (KeyError, ValueError):
        abort(HTTPStatus.BAD_REQUEST)
    post = office().bring(
        authenticated(raw, passes=form.get("authenticated") == "yes"),
        recipients=[found.reply_to],
        as_mime=form.get("form") == "mime",
    )
    return _back_to(mail_id, post=post.post_id)


@pages.post("/mail/<mail_id>/happen")
def happen(mail_id: str) -> AnyResponse:
    """Simulate an event of the mail and post it."""
    try:
        post = office().happen(request.form["name"], _found(mail_id))
    except KeyError:
        abort(HTTPStatus.BAD_REQUEST)
    return _back_to(mail_id, post=post.post_id if post else None)


@pages.post("/mail/<mail_id>/one-click")
def one_click(mail_id: str) -> AnyResponse:
    """Press the unsubscribe button that mail programs show next to the sender."""
    status = office().unsubscribe_with_one_click(_found(mail_id))
    return _back_to(mail_id, one_click="none" if status is None else str(status))


@pages.post("/mail/<mail_id>/stop")
def stop_by_mail(mail_id: str) -> AnyResponse:
    """Send the mail that a mail program sends for the `mailto:` of List-Unsubscribe."""
    found = _found(mail_id)
    address = _stop_address(found)
    if address is None:
        abort(HTTPStatus.NOT_FOUND)
    raw = new_mail(
        sender=found.recipient,
        to=address,
        subject="unsubscribe",
        words="",
        sent_at=office().now(),
    )
    post = office().bring(authenticated(raw), recipients=[address])
    return _back_to(mail_id, post=post.post_id)


@pages.get("/posts")
def posts() -> str:
    """Show the posts to the service and its responses."""
    found = office().postman.newest_first()
    return render_template("posts.html", posts=found, schedules=SCHEDULES, waiting=sum(not p.is_taken for p in found))


@pages.post("/posts/<post_id>/again")
def again(post_id: str) -> AnyResponse:
    """Repeat a post, at once."""
    if office().postman.try_again(post_id) is None:
        abort(HTTPStatus.NOT_FOUND)
    return redirect(url_for("pages.posts"), HTTPStatus.SEE_OTHER)


@pages.get("/style.css")
def style() -> Response:
    """Return the style sheet."""
    return Response(render_template("style.css"), mimetype="text/css")


def _found(mail_id: str) -> MailboxMail:
    found = office().mailbox.find(mail_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _source(mail: MailboxMail) -> str:
    return mail.source(office().mailbox.pictures_of(mail)).decode("utf-8", "replace")


def _data_url(match: re.Match[str], pictures: Mapping[str, bytes]) -> str:
    """Return a picture inside a mail as an address that the frame may show."""
    data = pictures.get(match[1])
    if data is None:
        return match[0]
    return f"data:{content_type_of(match[1])};base64,{base64.b64encode(data).decode('ascii')}"


def _post(post_id: str | None) -> WebPost | None:
    return next((p for p in office().postman.newest_first() if p.post_id == post_id), None)


def _back_to(mail_id: str, *, post: str | None = None, one_click: str | None = None) -> AnyResponse:
    address = url_for("pages.mail", mail_id=mail_id, post=post, one_click=one_click, _anchor="answer")
    return redirect(address, HTTPStatus.SEE_OTHER)


def _files() -> Sequence[File]:
    return [
        File(file.filename, file.mimetype or "application/octet-stream", file.read())
        for file in request.files.getlist("files")
        if file.filename
    ]


def _stop_address(mail: MailboxMail) -> str | None:
    listed = (mail.header("List-Unsubscribe") or "").split(",")
    mailto = next((part.strip(" <>") for part in listed if "mailto:" in part.lower()), None)
    return mailto.partition(":")[2].partition("?")[0] if mailto else None


def _with_links(text: str) -> Markup:
    """Return the text with its URLs as links that open in a new tab."""
    pieces, done = [], 0
    for match in _URL.finditer(text):
        pieces += [escape(text[done : match.start()]), _anchor(match[0])]
        done = match.end()
    return Markup("").join([*pieces, escape(text[done:])])


def _anchor(url: str) -> Markup:
    return Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(url)
