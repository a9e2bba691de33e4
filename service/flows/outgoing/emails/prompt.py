"""The prompt of a day, and the extra prompt that a subscriber asked for."""

from __future__ import annotations

from service.core.library.prompts import Prompt
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail


def compose(composer: Composer, prompt: Prompt, lighter: Prompt | None, links: Links) -> OutgoingEmail:
    """Return the email of a prompt, with its lighter prompt if it has one."""
    return composer.email("prompt", links, {"prompt": prompt, "lighter": lighter})


def compose_for_batch(request: EmailRequest) -> OutgoingEmail:
    """Return the email of a prompt in the recipient's mode, with placeholders for the links of each recipient."""
    context, prompt = request.context, request.prompt
    return compose(request.composer, prompt, context.lighter_of(prompt), context.links.batch_links())


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email of a prompt that is sent alone, with the recipient's own links."""
    context, prompt = request.context, request.prompt
    links = context.links.prompt_links(request.delivery, request.person, prompt)
    return BuiltEmail(compose(request.composer, prompt, context.lighter_of(prompt), links))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the email of the prompt that the token names, or None if the library no longer has it."""
    prompt = prompt_of_token(lookup)
    if prompt is None:
        return None
    return compose(lookup.composer, prompt, lookup.context.lighter_of(prompt), WITH_WRITE_LINK)


def prompt_of_token(lookup: SentLookup) -> Prompt | None:
    """Return the prompt that a reply's token names, or None."""
    return lookup.context.library.by_key(lookup.token.prompt_key)
