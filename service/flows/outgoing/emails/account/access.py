"""The emails that tell of a new way in, or one that is gone: a passkey or another address; and what to do about it."""

from __future__ import annotations

from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.flows.people.access.access_notices import ADDRESS_ADDED
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery


def compose(composer: Composer, name: str, links: Links) -> OutgoingEmail:
    """Return one of these emails by its name; it names neither the passkey nor the address, which its page shows."""
    page = "addresses" if name == ADDRESS_ADDED else "passkeys"
    return composer.short_email(name, links, button_url=f"{composer.settings_url}/{page}")


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email that the delivery names; it goes also when the change was undone, which others may have done."""
    links = request.context.links.answer_links(request.person, request.now)
    return BuiltEmail(compose(request.composer, request.delivery.detail or "", links))


def as_sent(lookup: SentLookup, delivery: Delivery) -> OutgoingEmail:
    """Return one of these emails as it was sent."""
    return compose(lookup.composer, delivery.detail or "", PLACEHOLDERS)
