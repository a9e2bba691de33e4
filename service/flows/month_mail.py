"""The emails of a month's and a year's end: a person's own words, or one quiet question."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from service.core.dates import MONTHS
from service.core.returning import Passage
from service.core.slots import YEAR_GOES_ON
from service.core.tokens import Action, ReplyKind
from service.flows.contents import NothingToSendError, content_place
from service.flows.digest_reading import last_of, quiet_question
from service.flows.digests import FEWEST_MONTHS
from service.flows.making import BuiltEmail, Making
from service.mail.links import Links
from service.models import Delivery, Subscriber

DIGEST_LINK_LASTS = timedelta(days=400)


def digest(making: Making, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the month in a person's own words, and its frozen copy."""
    month = making.digests.month(session, person, delivery.on) if person.wants_digest else None
    if month is None:
        raise NothingToSendError("nothing is left of the month")
    email = making.composer.digest(
        month,
        _links(making, person, month.next_month),
        making.addressing.act_url("digest", Action.DIGEST, person, now + DIGEST_LINK_LASTS, delivery.id),
        keep_out_urls=_keep_out_urls(making, person, month.quoted, now),
        markdown_url=f"{making.addressing.base_url}/journal/{month.month:%Y-%m}.md",
        discreet=person.is_discreet,
    )
    return BuiltEmail(email, _sealed(making, delivery, person, month.to_json()))


def year(making: Making, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the year in a person's own words, and its frozen copy, by which a reply's quotation is known."""
    made = making.digests.year(session, person, delivery.on.year) if person.wants_digest else None
    if made is None or len(made.months) < FEWEST_MONTHS:
        raise NothingToSendError("too little is left of the year")
    email = making.composer.year(
        made,
        _links(making, person, date(made.year + 1, *YEAR_GOES_ON)),
        f"{making.addressing.base_url}/year/{made.year}",
        keep_out_urls=_keep_out_urls(making, person, made.passages, now),
        discreet=person.is_discreet,
    )
    return BuiltEmail(email, _sealed(making, delivery, person, made.to_json()))


def quiet_month(
    making: Making, _session: Session, delivery: Delivery, person: Subscriber, _now: datetime
) -> BuiltEmail:
    """Return the one question of a month in which nothing was written."""
    if not person.wants_digest:
        raise NothingToSendError("the month's email is not wanted any more")
    question = quiet_question(making.library, person.locale, delivery.on)
    links = _links(making, person, last_of(delivery.on) + timedelta(days=1))
    month = MONTHS[delivery.on.month - 1]
    return BuiltEmail(making.composer.quiet_month(month, question.question, links, locale=question.locale))


def _links(making: Making, person: Subscriber, on: date) -> Links:
    """Return the links of an email that was owed on a local date, however late it goes: its reply belongs there."""
    return making.addressing.links(person, making.addressing.reply_address(ReplyKind.DIGEST, person, on))


def _keep_out_urls(making: Making, person: Subscriber, quoted: Sequence[Passage], now: datetime) -> dict[int, str]:
    until = now + DIGEST_LINK_LASTS
    return {
        passage.entry_id: making.addressing.act_url("act", Action.KEEP_OUT, person, until, passage.entry_id)
        for passage in quoted
    }


def _sealed(making: Making, delivery: Delivery, person: Subscriber, frozen: str) -> bytes:
    return making.keyring.key_of(person).seal_text(frozen, place=content_place(delivery.id), random=os.urandom)
