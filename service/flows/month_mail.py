"""The emails of a month's end: a person's own words, or one quiet question."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.dates import MONTHS
from service.core.tokens import Action, ReplyKind
from service.flows.contents import NothingToSendError, content_place
from service.flows.digests import quiet_question, read_digest
from service.flows.making import Made, Making
from service.mail.links import Links
from service.models import Delivery, Subscriber

DIGEST_LINK_LASTS = timedelta(days=400)


def digest(making: Making, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> Made:
    """Return the month in a person's own words, and its frozen copy."""
    month = read_digest(session, making.keyring, making.library, person, delivery.on) if person.wants_digest else None
    if month is None:
        raise NothingToSendError("nothing is left of the month")
    until = now + DIGEST_LINK_LASTS
    email = making.composer.digest(
        month,
        _links(making, delivery, person),
        making.addressing.act_url("digest", Action.DIGEST, person, until, delivery.id),
        keep_out_urls={
            passage.entry_id: making.addressing.act_url("act", Action.KEEP_OUT, person, until, passage.entry_id)
            for passage in month.passages
        },
        discreet=person.is_discreet,
    )
    key = making.keyring.key_of(person)
    return email, key.seal_text(month.to_json(), place=content_place(delivery.id), random=os.urandom)


def quiet_month(making: Making, _session: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> Made:
    """Return the one question of a month in which nothing was written."""
    if not person.wants_digest:
        raise NothingToSendError("the month's email is not wanted any more")
    question = quiet_question(making.library, person.locale, delivery.on)
    month = MONTHS[delivery.on.month - 1]
    return making.composer.quiet_month(month, question.question, _links(making, delivery, person)), None


def _links(making: Making, delivery: Delivery, person: Subscriber) -> Links:
    on = delivery.ready_at.astimezone(person.zone).date()
    return making.addressing.links(person, making.addressing.reply_address(ReplyKind.DIGEST, person, on))
