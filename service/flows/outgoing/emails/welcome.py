"""The first email after confirming: how the service works, and the first prompt."""

from __future__ import annotations

from service.core.library.prompts import Prompt
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.flows.outgoing.emails.prompt import prompt_of_token
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import WITH_WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind


def compose(composer: Composer, prompt: Prompt, links: Links, schedule: str) -> OutgoingEmail:
    """Return the email; `schedule` says when prompts come, like "on Sundays at 8 in the morning, London time"."""
    return composer.email("welcome", links, {"prompt": prompt, "said_back": schedule})


def build(request: EmailRequest) -> BuiltEmail:
    """Return the welcome with the first prompt."""
    links = request.context.links.prompt_links(request.delivery, request.person, request.prompt)
    return BuiltEmail(compose(request.composer, request.prompt, links, str(request.person.schedule)))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the welcome of the token's date, or None if none was planned for it."""
    prompt = prompt_of_token(lookup)
    slot = lookup.token.on.isoformat()
    if prompt is None or Delivery.find(lookup.session, lookup.person.id, DeliveryKind.WELCOME, slot) is None:
        return None
    return compose(lookup.composer, prompt, WITH_WRITE_LINK, str(lookup.person.schedule))
