"""The first email after confirming: how the service works, and the first prompt."""

from __future__ import annotations

from service.core.library.prompts import Prompt
from service.core.settings.schedule import FIRST_LIGHT, Rhythm, Schedule
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.flows.outgoing.emails.questions.prompt import prompt_of_token
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


def as_sent(lookup: SentLookup) -> list[OutgoingEmail]:
    """Return the welcome of the token's date, or nothing if none was planned for it.

    It says when prompts come. The days and the time may have changed since, so it is composed with the present
    schedule, and with each that a signup offers.
    """
    prompt = prompt_of_token(lookup)
    slot = lookup.token.on.isoformat()
    if prompt is None or Delivery.find(lookup.session, lookup.person.id, DeliveryKind.WELCOME, slot) is None:
        return []
    person = lookup.person
    offered = (Schedule(rhythm.days, FIRST_LIGHT, person.zone) for rhythm in Rhythm)
    schedules = dict.fromkeys([str(person.schedule), *map(str, offered)])
    return [compose(lookup.composer, prompt, WITH_WRITE_LINK, schedule) for schedule in schedules]
