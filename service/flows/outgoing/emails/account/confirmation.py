"""The email that asks for confirmation of a signup, by a button or by replying "yes"."""

from __future__ import annotations

from service.core.access.tokens import Action, ReplyKind
from service.core.settings.consent import Asked
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import OutgoingEmail
from service.models import SubscriberStatus
from service.models.people.subscription.subscriber import PENDING_KEPT


def compose(
    composer: Composer, asked: Asked, confirm_url: str, reply_address: str, *, is_known: bool = False
) -> OutgoingEmail:
    """Return the email, which names what it asks for; `is_known` if the recipient gets other emails of ours already.

    It has no links to stop, because there is no subscription to it yet.
    """
    values = {"confirm_url": confirm_url, "asked": asked, "is_known": is_known}
    # Discreet mode keeps the subject of the plain one alone: strangers are never discreet, and look for it at once.
    short_name = "confirmation_known" if is_known else ""
    return composer.email("confirmation", None, values, reply_to=reply_address, short_name=short_name)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email with its link, which is valid as long as an unconfirmed signup is kept."""
    person, links, delivery = request.person, request.context.links, request.delivery
    asked = Asked(delivery.detail or Asked.QUESTIONS)
    until = delivery.planned_at + PENDING_KEPT
    on = request.now.astimezone(person.zone).date()
    url = links.act_url("confirm", Action.CONFIRM, person, until, delivery.reference or 0)
    reply_address = links.reply_address(ReplyKind.CONFIRMATION, person, on, asked.number)
    is_known = person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}
    email = compose(request.composer, asked, url, reply_address, is_known=is_known)
    return BuiltEmail(email, delivery.sealed_content)


def as_sent(lookup: SentLookup) -> list[OutgoingEmail]:
    """Return the email as strangers and as others get it; apart from its links it is the same for each of them."""
    asked = Asked.numbered(lookup.token.prompt_key) or Asked.QUESTIONS
    return [compose(lookup.composer, asked, "", "", is_known=is_known) for is_known in (False, True)]
