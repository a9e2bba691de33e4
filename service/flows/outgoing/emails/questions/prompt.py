"""The prompt of a day, of the library or a person's own question, and the extra prompt that a subscriber asked for."""

from __future__ import annotations

from dataclasses import replace

from service.core.library.own_question import NOT_QUOTED, as_prompt, own_id_of
from service.core.library.prompts import Prompt, key_of
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind, open_content, seal_content


def compose(composer: Composer, prompt: Prompt, lighter: Prompt | None, links: Links) -> OutgoingEmail:
    """Return the email of a prompt, with its lighter prompt if it has one; a discreet one quotes no own question."""
    if composer.is_discreet and own_id_of(prompt.id) is not None:
        prompt = replace(prompt, body=NOT_QUOTED)
    return composer.email("prompt", links, {"prompt": prompt, "lighter": lighter})


def compose_for_batch(request: EmailRequest) -> OutgoingEmail:
    """Return the email of a prompt in the recipient's mode, with placeholders for the links of each recipient."""
    context, prompt = request.context, request.prompt
    return compose(request.composer, prompt, context.lighter_of(prompt), context.links.batch_links())


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email of a prompt that is sent alone, with the recipient's own links.

    An own question is sealed with it, to recognise a reply's quotation after it was changed or removed.
    """
    context, prompt, person = request.context, request.prompt, request.person
    links = context.links.prompt_links(request.delivery, person, prompt)
    is_own = own_id_of(prompt.id) is not None
    sealed = seal_content(context.keyring, person, request.delivery.id, prompt.body) if is_own else None
    return BuiltEmail(compose(request.composer, prompt, context.lighter_of(prompt), links), sealed)


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the email of the prompt that the token names, or None if it is no longer known."""
    prompt = prompt_of_token(lookup) or _own_question_as_sent(lookup)
    if prompt is None:
        return None
    return compose(lookup.composer, prompt, lookup.context.lighter_of(prompt), WITH_WRITE_LINK)


def prompt_of_token(lookup: SentLookup) -> Prompt | None:
    """Return the prompt that a reply's token names, or None."""
    return lookup.context.library.by_key(lookup.token.prompt_key)


def _own_question_as_sent(lookup: SentLookup) -> Prompt | None:
    slot = lookup.token.on.isoformat()
    delivery = Delivery.find(lookup.session, lookup.person.id, DeliveryKind.PROMPT, slot)
    if delivery is None or delivery.prompt_id is None or key_of(delivery.prompt_id) != lookup.token.prompt_key:
        return None
    words = open_content(lookup.context.keyring, lookup.person, delivery)
    return None if words is None else as_prompt(delivery.prompt_id, words)
