"""Automatic replies to mail: what could not be kept, what a command did, and how a step went."""

from __future__ import annotations

from datetime import timedelta

from service.core.access.tokens import Action
from service.flows.outgoing.auto_replies import KEPT_LETTER, AutoReplyContent, read_answered
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.flows.outgoing.links import NO_STEP
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, Step
from service.models.incoming.reply import RAW_KEPT_FOR_CHOICE

UNDO_LINK_LIFETIME = timedelta(days=1)
CLAIM_LINK_LIFETIME = timedelta(days=30)
STEP_LINK_LIFETIME = timedelta(days=60)
SEND_ON_LINK_LIFETIME = timedelta(days=30)
_UNNAMED = "some of what you attached"
NOT_KEPT, COMMAND, STEP, LETTER = "could_not_keep.", "command.", "step.", "letter."
CHOSEN = "step.chosen"
# The answers with a button: the action of its link, and how long the link is valid.
_BUTTONS = {
    "command.delete": (Action.PUT_BACK, UNDO_LINK_LIFETIME),
    "could_not_keep.left_out": (Action.KEEP_SET_ASIDE, RAW_KEPT_FOR_CHOICE),
    "could_not_keep.all_left_out": (Action.KEEP_SET_ASIDE, RAW_KEPT_FOR_CHOICE),
    "could_not_keep.held": (Action.CLAIM_REPLY, CLAIM_LINK_LIFETIME),
    CHOSEN: (Action.NOT_A_STEP, STEP_LINK_LIFETIME),
    "command.not_a_step": (Action.NOT_A_STEP, STEP_LINK_LIFETIME),
    "step.taken": (Action.STEP, STEP_LINK_LIFETIME),
    "step.not_yet": (Action.STEP, STEP_LINK_LIFETIME),
    "step.let_go": (Action.STEP, STEP_LINK_LIFETIME),
    KEPT_LETTER: (Action.SEND_ON, SEND_ON_LINK_LIFETIME),
}


def compose(composer: Composer, name: str, links: Links, answered: AutoReplyContent, button_url: str) -> OutgoingEmail:
    """Return the answer that has this name in templates/email/answers.toml, as a reply to the answered mail.

    In discreet mode it names no file.
    """
    is_unnamed = composer.is_discreet and name.startswith(NOT_KEPT)
    return composer.short_email(
        name,
        links,
        subject=answered.subject,
        in_reply_to=answered.message_id,
        button_url=button_url,
        detail=_UNNAMED if is_unnamed and answered.inserted_text else _detail(composer, name, answered),
        quoted="" if composer.is_discreet else answered.quoted,
    )


def build(request: EmailRequest) -> BuiltEmail:
    """Return the answer that the delivery names.

    Raises:
        NothingToSendError: the answered mail, or the step that the answer is about, has been deleted.
    """
    name, answered = full_name(request.delivery.detail or ""), read_answered(request)
    links = request.context.links.answer_links(request.person, request.now, _step_key(request, name))
    email = compose(request.composer, name, links, answered, _button_url(request, name))
    return BuiltEmail(email, request.delivery.sealed_content)


def as_sent(lookup: SentLookup, delivery: Delivery, content: AutoReplyContent) -> OutgoingEmail:
    """Return an answer as it was sent."""
    composer = lookup.composer
    return compose(composer, full_name(delivery.detail or ""), PLACEHOLDERS, content, composer.settings_url)


def _detail(composer: Composer, name: str, answered: AutoReplyContent) -> str:
    """Return what is filled in: of an answer to a reply to a letter, the name of the letter's writer."""
    return composer.letters_from if name == KEPT_LETTER else answered.inserted_text


def full_name(detail: str) -> str:
    """Return an answer's name in the templates; a delivery has only the case of a mail that could not be kept."""
    return detail if detail.startswith((COMMAND, STEP, LETTER)) else f"{NOT_KEPT}{detail}"


def _step_key(request: EmailRequest, name: str) -> int:
    """Return the key of the step that the answer confirms, so that a reply can refer to it; 0 for other answers."""
    if name != CHOSEN:
        return NO_STEP
    step = Step.find_by_entry(request.session, request.delivery.reference or 0)
    if step is None:
        raise NothingToSendError("the step is deleted")
    return step.key


def _button_url(request: EmailRequest, name: str) -> str:
    links = request.context.links
    if name not in _BUTTONS:
        return f"{links.base_url}/write" if name.startswith(NOT_KEPT) else ""
    action, lifetime = _BUTTONS[name]
    return links.act_url("act", action, request.person, request.now + lifetime, request.delivery.reference or 0)
