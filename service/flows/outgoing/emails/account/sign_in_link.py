"""The email with a link that signs a browser in."""

from __future__ import annotations

from service.core.access.tokens import Action
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest
from service.flows.people.access.sign_in import LINK_LIFETIME
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import OutgoingEmail


def compose(composer: Composer, url: str, *, time_text: str) -> OutgoingEmail:
    """Return the email; `time_text` ("14:05", local time) distinguishes two emails of the same day."""
    return composer.email("sign_in", None, {"url": url, "time_text": time_text})


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email with its link, which expires ten minutes after the email was planned."""
    delivery, person = request.delivery, request.person
    until = delivery.planned_at + LINK_LIFETIME
    url = request.context.links.act_url("sign-in", Action.SIGN_IN, person, until, delivery.reference or 0)
    asked_at = delivery.planned_at.astimezone(person.zone)
    return BuiltEmail(compose(request.composer, url, time_text=f"{asked_at:%H:%M}"))
