"""The email that says that an export can be fetched; nothing of the journal is in it."""

from __future__ import annotations

from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import ExportState, JournalExport


def compose(composer: Composer, links: Links) -> OutgoingEmail:
    """Return the email; its button leads to the page of exports, signed in."""
    return composer.short_email("export.ready", links, button_url=composer.export_url)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the email.

    Raises:
        NothingToSendError: the file is gone.
    """
    row = JournalExport.find(request.session, request.person.id, request.delivery.reference or 0)
    if row is None or row.state != ExportState.READY:
        raise NothingToSendError("the export is gone")
    links = request.context.links.answer_links(request.person, request.now)
    return BuiltEmail(compose(request.composer, links))


def as_sent(lookup: SentLookup) -> OutgoingEmail:
    """Return the email as it was sent."""
    return compose(lookup.composer, PLACEHOLDERS)
