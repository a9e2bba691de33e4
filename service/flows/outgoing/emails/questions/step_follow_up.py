"""The email that asks once how a small step went."""

from __future__ import annotations

import json
from collections.abc import Mapping

from service.core.access.tokens import Action, ReplyKind
from service.core.journal.steps import StepState
from service.core.library.prompts import Library, Prompt
from service.flows.outgoing.email_context import (
    BuiltEmail,
    EmailContext,
    EmailRequest,
    NothingToSendError,
    SentLookup,
)
from service.flows.outgoing.emails.questions.auto_reply import STEP_LINK_LIFETIME
from service.flows.people.journal.steps import follow_up_of, follow_up_prompt, open_steps, step_asked_about
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Step, Subscriber, open_content, seal_content


def compose(composer: Composer, prompt: Prompt, step_words: str, links: Links, *, subject: str = "") -> OutgoingEmail:
    """Return the question about a step; `subject` is that of the prompt in whose reply it was chosen, if any.

    In discreet mode it does not quote the step.
    """
    quoted = "" if composer.is_discreet else " ".join(step_words.split())
    values = {"prompt": prompt, "step_words": quoted, "chosen_in": subject}
    return composer.email("step_follow_up", links, values)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the question with its sealed content, which is for recognising a reply's quotation."""
    context, person = request.context, request.person
    step = Step.find(request.session, person.id, request.delivery.reference or 0)
    if step is None or step.state != StepState.OPEN:
        raise NothingToSendError("the step is deleted, or was answered before its follow-up")
    content = _content(context, person, step)
    email = _compose_content(context.library, request.composer, content, _links(request, step))
    if email is None:
        raise NothingToSendError("the library has no question about steps")
    return BuiltEmail(email, seal_content(context.keyring, person, request.delivery.id, json.dumps(content)))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the question as it was sent, from its sealed content, or None."""
    context = lookup.context
    step = step_asked_about(lookup.session, lookup.token)
    delivery = follow_up_of(lookup.session, step) if step else None
    content = open_content(context.keyring, lookup.person, delivery) if delivery else None
    if content is None:
        return None
    return _compose_content(context.library, lookup.composer, json.loads(content), WITH_WRITE_LINK)


def _content(context: EmailContext, person: Subscriber, step: Step) -> dict[str, str]:
    """Return what differs from one follow-up to the next."""
    (opened,) = open_steps(context.keyring, person, [step])
    prompt = context.library.get(step.prompt_id or "")
    return {
        "prompt": follow_up_prompt(context.library, person, step).id,
        "subject": prompt.subject if prompt else "",
        "words": opened.words,
    }


def _links(request: EmailRequest, step: Step) -> Links:
    links, person = request.context.links, request.person
    reply_address = links.reply_address(ReplyKind.STEP, person, step.follow_up_on, step.key)
    step_url = links.act_url("act", Action.STEP, person, request.now + STEP_LINK_LIFETIME, step.id)
    return links.links(person, reply_address, step_url)


def _compose_content(
    library: Library, composer: Composer, content: Mapping[str, str], links: Links
) -> OutgoingEmail | None:
    """Return the email of this content, or None if the library no longer has its question."""
    prompt = library.get(content["prompt"])
    if prompt is None:
        return None
    return compose(composer, prompt, content["words"], links, subject=content["subject"])
