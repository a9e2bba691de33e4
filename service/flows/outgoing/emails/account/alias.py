"""The emails about an alias: the confirmation sent to it, and two notices to the subscriber who has the address."""

from __future__ import annotations

from service.core.access.tokens import Action
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.flows.people.addresses import aliases
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery


def compose(composer: Composer, url: str) -> OutgoingEmail:
    """Return the email that asks for confirmation of an alias; it is sent to the alias and does not name anybody."""
    return composer.short_email("alias.confirm", None, button_url=url)


def compose_notice(composer: Composer, name: str, links: Links) -> OutgoingEmail:
    """Return the notice that somebody claimed a subscriber's address, or that an alias has its own journal now."""
    return composer.short_email(name, links)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the confirmation.

    Raises:
        NothingToSendError: the address may not be mailed, or has its own journal now.
    """
    context, delivery = request.context, request.delivery
    address = aliases.address_to_confirm(context.keyring, delivery, request.person)
    if address is None or not aliases.may_be_mailed(request.session, context.keyring, address):
        raise NothingToSendError("the address may not be mailed, or has its own journal now")
    until = request.now + aliases.LINK_LIFETIME
    url = context.links.act_url("act", Action.CONFIRM_ALIAS, request.person, until, delivery.id)
    return BuiltEmail(compose(request.composer, url), delivery.sealed_content, to=address)


def is_notice(detail: str | None) -> bool:
    """Return whether a notice is about an alias."""
    return detail in {aliases.ASKED_FOR, aliases.RELEASED}


def build_notice(request: EmailRequest) -> BuiltEmail:
    """Return the notice that the delivery names."""
    links = request.context.links.answer_links(request.person, request.now)
    return BuiltEmail(compose_notice(request.composer, request.delivery.detail or "", links))


def notice_as_sent(lookup: SentLookup, delivery: Delivery) -> OutgoingEmail | None:
    """Return a notice about an alias as it was sent, or None if this notice is about something else."""
    return compose_notice(lookup.composer, delivery.detail or "", PLACEHOLDERS) if is_notice(delivery.detail) else None
