"""The email that asks for confirmation of a signup, by a button or by replying "yes"."""

from __future__ import annotations

from service.core.tokens import Action, ReplyKind
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import OutgoingEmail
from service.models.people.subscriber import PENDING_KEPT


def compose(composer: Composer, confirm_url: str, reply_address: str) -> OutgoingEmail:
    """Return the email; it has no links to stop, because there is no subscription yet."""
    return composer.email("confirmation", None, {"confirm_url": confirm_url}, reply_to=reply_address)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email with its link, which is valid as long as an unconfirmed signup is kept."""
    person, links, delivery = request.person, request.context.links, request.delivery
    until = delivery.planned_at + PENDING_KEPT
    on = request.now.astimezone(person.zone).date()
    url = links.act_url("confirm", Action.CONFIRM, person, until, delivery.reference or 0)
    reply_address = links.reply_address(ReplyKind.CONFIRMATION, person, on)
    return BuiltEmail(compose(request.composer, url, reply_address), delivery.sealed_content)


def as_sent(lookup: SentLookup) -> OutgoingEmail:
    """Return the email; apart from its links it is the same for everybody."""
    return compose(lookup.composer, "", "")
