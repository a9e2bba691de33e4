"""The email that asks about a small step, once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from service.core.library.prompts import Prompt
from service.core.steps import StepState
from service.core.tokens import Action, ReplyKind
from service.flows.outgoing.email_context import (
    BuiltEmail,
    EmailContext,
    EmailRequest,
    NothingToSendError,
    SentLookup,
)
from service.flows.outgoing.emails.auto_reply import STEP_LINK_LASTS
from service.flows.people.steps import follow_up_of, follow_up_prompt, open_steps, step_asked_about
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Step, Subscriber, open_content, seal_content


def compose(composer: Composer, prompt: Prompt, step_words: str, links: Links, *, subject: str = "") -> OutgoingEmail:
    """Return the question about a step; `subject` is that of the question it was chosen in, if any.

    Without `step_words` (discreet mode) it quotes nothing.
    """
    values = {"prompt": prompt, "step_words": " ".join(step_words.split()), "chosen_in": subject}
    return composer.email("step_follow_up", links, values)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the question, with what it quotes kept sealed for when its reply quotes it again."""
    context, person = request.context, request.person
    step = Step.find(request.session, person.id, request.delivery.reference or 0)
    if step is None or step.state != StepState.OPEN:
        raise NothingToSendError("the step is gone, or was answered before it was asked about")
    content = _content(context, person, step)
    email = _composed(context, content, _links(request, step))
    if email is None:
        raise NothingToSendError("there is no question to ask about it")
    return BuiltEmail(email, seal_content(context.keyring, person, request.delivery.id, json.dumps(content)))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the question as it went out, from what is sealed with it, or None."""
    context = lookup.context
    step = step_asked_about(lookup.session, lookup.token)
    delivery = follow_up_of(lookup.session, step) if step else None
    content = open_content(context.keyring, lookup.person, delivery) if delivery else None
    return _composed(context, json.loads(content), WITH_WRITE_LINK) if content else None


def _content(context: EmailContext, person: Subscriber, step: Step) -> dict[str, str]:
    """Return what differs from one follow-up to the next; of somebody discreet nothing is quoted."""
    (opened,) = open_steps(context.keyring, person, [step])
    asked_in = context.library.get(step.prompt_id or "")
    return {
        "prompt": follow_up_prompt(context.library, person, step).id,
        "subject": asked_in.subject if asked_in else "",
        "words": "" if person.is_discreet else opened.words,
    }


def _links(request: EmailRequest, step: Step) -> Links:
    links, person = request.context.links, request.person
    reply_address = links.reply_address(ReplyKind.STEP, person, step.follow_up_on, step.key)
    page = links.act_url("act", Action.STEP, person, request.now + STEP_LINK_LASTS, step.id)
    return links.links(person, reply_address, page)


def _composed(context: EmailContext, content: Mapping[str, str], links: Links) -> OutgoingEmail | None:
    """Return a follow-up, or None if its question has left the library."""
    prompt = context.library.get(content["prompt"])
    if prompt is None:
        return None
    return compose(context.composer, prompt, content["words"], links, subject=content["subject"])
