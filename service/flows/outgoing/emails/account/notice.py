"""Notices that nobody requested: that prompts come less often now, and what happened to an alias."""

from __future__ import annotations

from typing import Literal, cast

from service.core.access.tokens import ReplyKind
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.flows.outgoing.emails.account import alias
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind

Stage = Literal["weekly", "rest"]


def compose(composer: Composer, stage: Stage, links: Links) -> OutgoingEmail:
    """Return the notice that prompts come weekly now, or that they rest."""
    return composer.short_email(f"less_often.{stage}", links, button_url=composer.settings_url)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the notice.

    Raises:
        NothingToSendError: what it says is no longer true.
    """
    delivery, person, links = request.delivery, request.person, request.context.links
    if alias.is_notice(delivery.detail):
        return alias.build_notice(request)
    if person.slow_down_stage != delivery.detail:
        raise NothingToSendError("they have replied since, or the next stage has begun")
    reply_address = links.reply_address(ReplyKind.NOTICE, person, delivery.on)
    email = compose(request.composer, cast("Stage", delivery.detail), links.links(person, reply_address))
    return BuiltEmail(email)


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the notice of the token's date, or None."""
    delivery = Delivery.find(lookup.session, lookup.person.id, DeliveryKind.NOTICE, lookup.token.on.isoformat())
    if delivery is None:
        return None
    return compose(lookup.composer, cast("Stage", delivery.detail), PLACEHOLDERS)
