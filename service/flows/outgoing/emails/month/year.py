"""The digest of a year in the subscriber's own words, sent on 2 January."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from service.core.month.year import Year
from service.core.slots import YEAR_GOES_ON
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.flows.outgoing.emails.month.digest import keep_out_urls, month_links, placeholder_urls
from service.flows.outgoing.planning.plan_digests import MIN_MONTHS
from service.flows.people.journal.digest_reading import frozen_year
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind, seal_content

_NO_URLS: Mapping[int, str] = {}


def compose(
    composer: Composer,
    year: Year,
    links: Links,
    web_url: str,
    *,
    keep_out_urls: Mapping[int, str] = _NO_URLS,
) -> OutgoingEmail:
    """Return the year's digest; `web_url` is its page for signed-in subscribers.

    In discreet mode it quotes nothing.
    """
    values = {"year": year, "own": year, "web_url": web_url, "keep_out_urls": keep_out_urls}
    return composer.email("year", links, values)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the year's digest with its stored copy, which is for recognising a reply's quotation."""
    context, delivery, person = request.context, request.delivery, request.person
    year = context.digests.year(request.session, person, delivery.on.year) if person.wants_digest else None
    if year is None or len(year.months) < MIN_MONTHS:
        raise NothingToSendError("the year has too few entries now")
    email = compose(
        request.composer,
        year,
        month_links(context.links, person, date(year.year + 1, *YEAR_GOES_ON)),
        f"{context.links.base_url}/year/{year.year}",
        keep_out_urls=keep_out_urls(context.links, person, year.passages, request.now),
    )
    return BuiltEmail(email, seal_content(context.keyring, person, delivery.id, year.to_json()))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the digest of the year before the token's date, from its stored copy; None unless that is 2 January."""
    on, person = lookup.token.on, lookup.person
    if (on.month, on.day) != YEAR_GOES_ON:
        return None
    delivery = Delivery.find(lookup.session, person.id, DeliveryKind.YEAR, str(on.year - 1))
    year = frozen_year(lookup.context.keyring, delivery, person) if delivery else None
    if year is None:
        return None
    urls = placeholder_urls(year.passages)
    return compose(lookup.composer, year, PLACEHOLDERS, "", keep_out_urls=urls)
