"""Planning answers to mail, sealed with what they answer and limited per day."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.schedule import local_date
from service.db import random_id
from service.flows.outgoing.email_context import EmailRequest, NothingToSendError
from service.models import Delivery, DeliveryKind, Keyring, NewDelivery, Subscriber, open_content, seal_content

ANSWERS_A_DAY = 10
ANSWER_LATEST = timedelta(days=3)
DAY = timedelta(days=1)
NOTICE = "held"  # the one answer that nobody asked for


@dataclass(frozen=True, slots=True)
class AnsweredMail:
    """The mail that an answer is beneath: the subject of ours that it answered, and its Message-ID."""

    subject: str = field(default="", repr=False)
    message_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AutoReplyContent(AnsweredMail):
    """What is kept sealed with an answer: the mail that it is beneath, and `told`, what only the moment knew."""

    told: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AutoReply:
    """What a mail is answered with.

    `name` is a case of what could not be kept ("empty"), or a command's ("command.rest"); `told` what only the moment
    knows ("until 3 June"); `about_id` the mail that its button is about, the answered one itself where None.
    """

    name: str
    reply_id: int
    told: str = ""
    about_id: int | None = None


def plan_receipt(
    session: Session, keyring: Keyring, person: Subscriber, entry_id: int, *, to: AnsweredMail, now: datetime
) -> list[int]:
    """Plan the receipt of the first reply; return it, or nothing ever after."""
    receipt = _new_delivery(keyring, person, to, now, kind=DeliveryKind.RECEIPT, slot="first", reference=entry_id)
    return Delivery.plan(session, [receipt])


def plan_auto_reply(
    session: Session, keyring: Keyring, person: Subscriber, reply: AutoReply, *, to: AnsweredMail, now: datetime
) -> list[int]:
    """Plan an answer to a mail; return it, or nothing where the person had their share.

    Ten answers in 24 hours, and of the notices that nobody asked for one a local day.
    """
    if Delivery.count_since(session, person.id, DeliveryKind.ANSWER, now - DAY) >= ANSWERS_A_DAY:
        return []
    answer = _new_delivery(
        keyring,
        person,
        to,
        now,
        kind=DeliveryKind.ANSWER,
        slot=f"{local_date(now, person.zone)}/{NOTICE if reply.name == NOTICE else reply.reply_id}",
        detail=reply.name,
        reference=reply.about_id or reply.reply_id,
        told=reply.told,
    )
    return Delivery.plan(session, [answer])


def read_answered(request: EmailRequest) -> AutoReplyContent:
    """Return what was sealed with an answer when it was planned.

    Raises:
        NothingToSendError: it is gone.
    """
    content = open_content(request.context.keyring, request.person, request.delivery)
    if content is None:
        raise NothingToSendError("what it answers is gone")
    return AutoReplyContent(**json.loads(content))


def _new_delivery(
    keyring: Keyring,
    person: Subscriber,
    to: AnsweredMail,
    now: datetime,
    *,
    kind: DeliveryKind,
    slot: str,
    reference: int,
    detail: str | None = None,
    told: str = "",
) -> NewDelivery:
    delivery_id = random_id()
    content = json.dumps(asdict(AutoReplyContent(to.subject, to.message_id, told)))
    return NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=kind,
        slot=slot,
        reference=reference,
        detail=detail,
        sealed_content=seal_content(keyring, person, delivery_id, content),
        ready_at=now,
        expires_at=now + ANSWER_LATEST,
        planned_at=now,
        enqueued_at=now,
    )
