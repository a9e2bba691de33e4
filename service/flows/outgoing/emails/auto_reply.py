"""The answers to mail: what could not be kept, what a command did, what was noted of a step."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.core.tokens import Action
from service.flows.outgoing.auto_replies import AutoReplyContent, read_answered
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import Links
from service.mail.outbound.mailer import OutgoingEmail

UNDO_LASTS = timedelta(days=1)
CLAIM_LASTS = timedelta(days=30)
STEP_LINK_LASTS = timedelta(days=60)
NOT_KEPT, COMMAND, STEP = "could_not_keep.", "command.", "step."
# The answers with a button that does one thing, by what it does and how long its link lasts.
_BUTTONS = {
    "command.delete": (Action.PUT_BACK, UNDO_LASTS),
    "could_not_keep.held": (Action.CLAIM_REPLY, CLAIM_LASTS),
    "step.taken": (Action.STEP, STEP_LINK_LASTS),
    "step.not_yet": (Action.STEP, STEP_LINK_LASTS),
    "step.let_go": (Action.STEP, STEP_LINK_LASTS),
}


def compose(composer: Composer, name: str, links: Links, answered: AutoReplyContent, button_url: str) -> OutgoingEmail:
    """Return an answer by its name in templates/email/answers.toml, beneath the mail that it answers."""
    return composer.short_email(
        name,
        links,
        subject=answered.subject,
        in_reply_to=answered.message_id,
        button_url=button_url,
        detail=answered.told,
    )


def build(request: EmailRequest) -> BuiltEmail:
    """Return the answer that the delivery names."""
    links = request.context.links.answer_links(request.person, request.now)
    name = full_name(request.delivery.detail or "")
    email = compose(
        request.context.composer,
        name,
        links,
        read_answered(request),
        _button_url(request, name, request.now),
    )
    return BuiltEmail(email, request.delivery.sealed_content)


def full_name(detail: str) -> str:
    """Return an answer's name in the templates; a delivery names what could not be kept by its case alone."""
    return detail if detail.startswith((COMMAND, STEP)) else f"{NOT_KEPT}{detail}"


def _button_url(request: EmailRequest, name: str, now: datetime) -> str:
    links = request.context.links
    if name not in _BUTTONS:
        return f"{links.base_url}/write" if name.startswith(NOT_KEPT) else ""
    action, lasts = _BUTTONS[name]
    return links.act_url("act", action, request.person, now + lasts, request.delivery.reference or 0)
