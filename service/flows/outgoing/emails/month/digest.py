"""The digest of a month in the subscriber's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from service.core.access.tokens import Action, ReplyKind
from service.core.month.digest import Digest
from service.core.month.resurfacing import Passage
from service.core.slots import month_slot
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, NothingToSendError, SentLookup
from service.flows.outgoing.links import LinkMaker
from service.flows.people.journal.digest_reading import frozen_digest
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, WRITE_LINK, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind, Subscriber, seal_content

LINK_LIFETIME = timedelta(days=400)
_NO_URLS: Mapping[int, str] = {}


def compose(
    composer: Composer,
    digest: Digest,
    links: Links,
    web_url: str,
    *,
    keep_out_urls: Mapping[int, str] = _NO_URLS,
    markdown_url: str = "",
) -> OutgoingEmail:
    """Return the digest; `keep_out_urls` are by entry id, `web_url` is the page of the stored copy.

    In discreet mode it quotes nothing.
    """
    values = {
        "digest": digest,
        "own": digest,
        "web_url": web_url,
        "keep_out_urls": keep_out_urls,
        "markdown_url": markdown_url,
    }
    return composer.email("digest", links, values)


def build(request: EmailRequest) -> BuiltEmail:
    """Return the digest with its stored copy, which is for its web page and for recognising a reply's quotation."""
    context, delivery, person = request.context, request.delivery, request.person
    month = context.digests.month(request.session, person, delivery.on) if person.wants_digest else None
    if month is None:
        raise NothingToSendError("the month has no entries now")
    email = compose(
        request.composer,
        month,
        month_links(context.links, person, month.next_month),
        context.links.act_url("digest", Action.DIGEST, person, request.now + LINK_LIFETIME, delivery.id),
        keep_out_urls=keep_out_urls(context.links, person, month.quoted, request.now),
        markdown_url=f"{context.links.base_url}/journal/{month.month:%Y-%m}.md",
    )
    return BuiltEmail(email, seal_content(context.keyring, person, delivery.id, month.to_json()))


def as_sent(lookup: SentLookup) -> OutgoingEmail | None:
    """Return the digest of the month before the token's date, from its stored copy, or None if there is none."""
    context, person = lookup.context, lookup.person
    slot = month_slot(lookup.token.on)
    delivery = Delivery.find(lookup.session, person.id, DeliveryKind.DIGEST, slot) if slot else None
    frozen = frozen_digest(context.keyring, delivery, person) if delivery else None
    if frozen is None:
        return None
    digest = context.digests.with_thread(lookup.session, person, frozen)
    return compose(
        lookup.composer,
        digest,
        PLACEHOLDERS,
        "",
        keep_out_urls=placeholder_urls(digest.quoted),
        markdown_url=WRITE_LINK,
    )


def month_links(links: LinkMaker, person: Subscriber, on: date) -> Links:
    """Return the links of an email due on a local date: replies belong to that date, however late it is sent."""
    return links.links(person, links.reply_address(ReplyKind.DIGEST, person, on))


def keep_out_urls(links: LinkMaker, person: Subscriber, quoted: Sequence[Passage], now: datetime) -> dict[int, str]:
    """Return, by entry id, the links under quoted passages that exclude their entry from digests."""
    return {
        passage.entry_id: links.act_url("act", Action.KEEP_OUT, person, now + LINK_LIFETIME, passage.entry_id)
        for passage in quoted
    }


def placeholder_urls(quoted: Sequence[Passage]) -> dict[int, str]:
    """Return a placeholder for each of those links, so that a quotation of their lines is recognised."""
    return {passage.entry_id: WRITE_LINK for passage in quoted}
