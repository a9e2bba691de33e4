"""The goodbye to somebody who asked to be erased: when it happens, and how to take it back until then."""

from __future__ import annotations

from service.core.dates import weekday_and_date
from service.core.schedule import spoken_time
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Erasure


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
    due_at = erasure.due_at.astimezone(request.person.zone)
    when = f"{weekday_and_date(due_at.date())} at {spoken_time(due_at.time())}"
    links = request.context.links.answer_links(request.person, request.now)
    return BuiltEmail(compose(request.composer, when, links))
