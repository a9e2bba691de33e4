"""The one question after a month without entries."""

from __future__ import annotations

from datetime import timedelta

from service.core.dates import month_name
from service.core.library.prompts import DEFAULT_LOCALE
from service.core.slots import month_slot
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.flows.outgoing.emails.month.digest import month_links
from service.flows.people.journal.digest_reading import last_day_of, quiet_question
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind


def compose(
    composer: Composer, month: str, question: str, links: Links, *, locale: str = DEFAULT_LOCALE
) -> OutgoingEmail:
    """Return the email for a month ("May"); `locale` is that of the question."""
    return composer.email("quiet_month", links, {"month": month, "question": question, "locale": locale})


def build(request: EmailRequest) -> BuiltEmail:
    """Return the question.

    Raises:
        NothingToSendError: the subscriber no longer wants digests.
    """
    context, person, month = request.context, request.person, request.delivery.on
    if not person.wants_digest:
        raise NothingToSendError("the subscriber no longer wants digests")
    question = quiet_question(context.library, person.locale, month)
    links = month_links(context.links, person, last_day_of(month) + timedelta(days=1))
    email = compose(request.composer, month_name(month), question.question, links, locale=question.locale)
    return BuiltEmail(email)


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the question of the month before the token's date, or None if none was planned."""
    slot = month_slot(lookup.token.on)
    delivery = Delivery.find(lookup.session, lookup.person.id, DeliveryKind.QUIET_MONTH, slot) if slot else None
    if delivery is None:
        return None
    month, composer = delivery.on, lookup.composer
    question = quiet_question(lookup.context.library, lookup.person.locale, month)
    return compose(composer, month_name(month), question.question, PLACEHOLDERS, locale=question.locale)
