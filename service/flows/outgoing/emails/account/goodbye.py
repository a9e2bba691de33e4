"""The goodbye to somebody who asked to be erased: when it happens, and how to take it back until then."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from service.core.dates import weekday_and_date
from service.core.settings.schedule import spoken_time
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, Erasure


def compose(composer: Composer, when: str, links: Links) -> OutgoingEmail:
    """Return the goodbye; `when` is like "Thursday 14 May at 8 in the morning"."""
    return composer.short_email("goodbye.asked", links, button_url=composer.sign_in_url, detail=when)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the goodbye.

    Raises:
        NothingToSendError: it was taken back.
    """
    erasure = Erasure.of_subscriber(request.session, request.person.id)
    if erasure is None:
        raise NothingToSendError("they have taken it back")
    links = request.context.links.answer_links(request.person, request.now)
    return BuiltEmail(compose(request.composer, _spoken(erasure.due_at, request.person.zone), links))


def as_sent(lookup: SentLookup, delivery: Delivery) -> OutgoingEmail:
    """Return a goodbye as it was sent; it expires when the erasing begins, which outlives an erasure taken back."""
    when = _spoken(delivery.expires_at or delivery.planned_at, lookup.person.zone)
    return compose(lookup.composer, when, PLACEHOLDERS)


def _spoken(due_at: datetime, zone: ZoneInfo) -> str:
    local = due_at.astimezone(zone)
    return f"{weekday_and_date(local.date())} at {spoken_time(local.time())}"
