"""The receipt of a subscriber's first reply."""

from __future__ import annotations

from datetime import date, timedelta

from service.core.access.tokens import Action
from service.flows.outgoing.auto_replies import AutoReplyContent, read_answered
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.mail.outbound.composer import Composer, without_reply_marks
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery

UNDO_LINK_LIFETIME = timedelta(days=1)


def compose(
    composer: Composer, links: Links, undo_url: str, *, subject: str, in_reply_to: str, on: date, country: str = ""
) -> OutgoingEmail:
    """Return the receipt; `subject` is that of our email that the reply answers, not the reply's own.

    It lists the help lines of a country, and marks those that have not been checked recently, as of the date `on`.
    """
    help_lines = composer.help_lines.in_country(country)
    values = {
        "undo_url": undo_url,
        "help_lines": help_lines,
        "unchecked": [line for line in help_lines if not line.is_checked(on)],
        "answered": without_reply_marks(subject),
    }
    return composer.email("receipt", links, values, in_reply_to=in_reply_to, may_leave=False)


def as_sent(lookup: SentLookup, _delivery: Delivery, content: AutoReplyContent) -> OutgoingEmail:
    """Return a receipt as it was sent."""
    composer = lookup.composer
    return compose(
        composer,
        PLACEHOLDERS,
        composer.settings_url,
        subject=content.subject,
        in_reply_to="",
        on=lookup.token.on,
        country=lookup.person.help_country,
    )


def build(request: EmailRequest) -> BuiltEmail:
    """Return the receipt, as a reply to the mail that it answers."""
    delivery, person, links = request.delivery, request.person, request.context.links
    answered = read_answered(request)
    until = request.now + UNDO_LINK_LIFETIME
    email = compose(
        request.composer,
        links.answer_links(person, request.now),
        links.act_url("act", Action.UNDO_ENTRY, person, until, delivery.reference or 0),
        subject=answered.subject,
        in_reply_to=answered.message_id,
        on=request.now.date(),
        country=person.help_country,
    )
    return BuiltEmail(email, delivery.sealed_content)
