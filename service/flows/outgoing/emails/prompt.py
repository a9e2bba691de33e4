"""The question of a day, and the extra one that somebody asked for."""

from __future__ import annotations

from service.core.library.prompts import Prompt
from service.flows.outgoing.email_context import BuiltEmail, EmailContext, EmailRequest, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail


def compose(composer: Composer, prompt: Prompt, lighter: Prompt | None, links: Links) -> OutgoingEmail:
    """Return a question, with its lighter twin where it has one."""
    return composer.email("prompt", links, {"prompt": prompt, "lighter": lighter})


def compose_for_batch(context: EmailContext, prompt: Prompt) -> OutgoingEmail:
    """Return a question with placeholders in the place of each recipient's own links."""
    return compose(context.composer, prompt, context.lighter_of(prompt), context.links.batch_links())


def build(request: EmailRequest) -> BuiltEmail:
    """Return a question that goes by itself, with its recipient's own links in it."""
    context, prompt = request.context, request.prompt
    links = context.links.prompt_links(request.delivery, request.person, prompt)
    return BuiltEmail(compose(context.composer, prompt, context.lighter_of(prompt), links))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the question that the token names, or None if it has left the library."""
    prompt = prompt_of_token(lookup)
    if prompt is None:
        return None
    return compose(lookup.context.composer, prompt, lookup.context.lighter_of(prompt), WITH_WRITE_LINK)


def prompt_of_token(lookup: SentLookup) -> Prompt | None:
    """Return the prompt that a reply's token names, or None."""
    return lookup.context.library.by_key(lookup.token.prompt_key)
