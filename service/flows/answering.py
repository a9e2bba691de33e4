"""Answers to mail: planned with what they answer sealed in them, and capped."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.schedule import local_date
from service.db import random_id
from service.flows.contents import content_place
from service.models import Delivery, Keyring, Kind, Subscriber

ANSWERS_A_DAY = 10
ANSWER_LATEST = timedelta(days=3)
DAY = timedelta(days=1)
NOTICE = "held"  # the one answer that nobody asked for


@dataclass(frozen=True, slots=True)
class Answered:
    """The mail that an answer is beneath: the subject of ours that it answered, and its Message-ID."""

    subject: str = field(default="", repr=False)
    message_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mail is answered with.

    `name` is a case of what could not be kept ("empty"), or a command's ("command.rest"); `told` what only the moment
    knows ("until 3 June"); `about_id` the mail that its button is about, the answered one itself where None.
    """

    name: str
    reply_id: int
    told: str = ""
    about_id: int | None = None


def plan_receipt(
    session: Session, keyring: Keyring, person: Subscriber, entry_id: int, *, to: Answered, now: datetime
) -> list[int]:
    """Plan the note that follows the first reply; return it, or nothing ever after."""
    return _plan(session, keyring, person, to, now, kind=Kind.RECEIPT, slot="first", reference=entry_id)


def plan_answer(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    answer: Answer,
    *,
    to: Answered,
    now: datetime,
) -> list[int]:
    """Plan an answer to a mail; return it, or nothing where the person had their share.

    Ten answers in 24 hours, and of the notices that nobody asked for one a local day.
    """
    if Delivery.count_since(session, person.id, Kind.ANSWER, now - DAY) >= ANSWERS_A_DAY:
        return []
    row = {
        "kind": Kind.ANSWER,
        "slot": f"{local_date(now, person.zone)}/{NOTICE if answer.name == NOTICE else answer.reply_id}",
        "detail": answer.name,
        "reference": answer.about_id or answer.reply_id,
    }
    return _plan(session, keyring, person, to, now, told=answer.told, **row)


def _plan(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    to: Answered,
    now: datetime,
    *,
    told: str = "",
    **row: object,
) -> list[int]:
    delivery_id = random_id()
    about = json.dumps({"subject": to.subject, "message_id": to.message_id, "told": told})
    sealed = keyring.key_of(person).seal_text(about, place=content_place(delivery_id), random=os.urandom)
    whole = {
        "id": delivery_id,
        "subscriber_id": person.id,
        "sealed_content": sealed,
        "ready_at": now,
        "expires_at": now + ANSWER_LATEST,
        "planned_at": now,
        "rung_at": now,
        **row,
    }
    return Delivery.plan(session, [whole])
