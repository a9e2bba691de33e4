"""Planning automatic replies: the receipt of a first reply, and answers to mail, up to a bound against loops."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.journal.entry_text import for_showing, split_at
from service.core.settings.schedule import local_date
from service.db import random_id
from service.flows.outgoing.email_context import EmailRequest, NothingToSendError
from service.models import Delivery, DeliveryKind, Keyring, Letter, NewDelivery, Subscriber, open_content, seal_content

# Only mail that a person wrote is answered, so this limit only stops a loop with a program that looks like a person.
# Keep it far above what anybody sends: a person whose words were not found, or who asked to stop, must get an answer.
MAX_ANSWERS_PER_DAY = 100
MAX_QUOTED_BYTES = 2_000
ANSWER_MAX_DELAY = timedelta(days=3)
DAY = timedelta(days=1)
KEPT_LETTER = "letter.kept"
NOTICE = "held"  # the only answer to a mail that somebody else may have written


@dataclass(frozen=True, slots=True)
class AnsweredMail:
    """The mail that an automatic reply answers: the subject of our email that it replied to, and its Message-ID."""

    subject: str = field(default="", repr=False)
    message_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AutoReplyContent(AnsweredMail):
    """The content sealed with an automatic reply: the mail that it answers, a text to insert, and words to quote."""

    inserted_text: str = field(default="", repr=False)
    quoted: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AutoReply:
    """An automatic reply to plan.

    `name` is the case of a mail that could not be kept ("empty"), or names a command ("command.rest").
    `inserted_text` is known only when the mail is processed ("until 3 June"). `about_id` is the id of what the email's
    button is about: the answered mail if None. `quoted` are the subscriber's words, which discreet mode leaves out.
    A mail gets one answer, and in addition one of each name that is `beside` another.
    """

    name: str
    reply_id: int
    inserted_text: str = ""
    about_id: int | None = None
    quoted: str = field(default="", repr=False)
    beside: bool = False

    @property
    def slot(self) -> str:
        """Return the slot, which distinguishes this answer from the others of the day."""
        if self.name == NOTICE:
            return NOTICE
        return f"{self.reply_id}/{self.name}" if self.beside else str(self.reply_id)


def plan_receipt(
    session: Session, keyring: Keyring, person: Subscriber, entry_id: int, *, to: AnsweredMail, now: datetime
) -> list[int]:
    """Plan the receipt of a subscriber's first reply and return its id, or nothing for a later reply."""
    answer = _Answer(DeliveryKind.RECEIPT, slot="first", reference=entry_id)
    return Delivery.plan(session, [_new_delivery(keyring, person, answer, to, now)])


def plan_letter_answer(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    letter: Letter,
    entry_id: int,
    *,
    to: AnsweredMail,
    now: datetime,
) -> list[int]:
    """Plan the answer to a subscriber's first reply to a letter and return its id, or nothing for a later reply.

    Its slot is the letter's, so a letter has one answer for each person, however many replies come.
    """
    answer = _Answer(DeliveryKind.ANSWER, slot=letter.slot, reference=entry_id, detail=KEPT_LETTER)
    return Delivery.plan(session, [_new_delivery(keyring, person, answer, to, now)])


def plan_auto_reply(
    session: Session, keyring: Keyring, person: Subscriber, reply: AutoReply, *, to: AnsweredMail, now: datetime
) -> list[int]:
    """Plan an answer to a mail and return its id, or nothing if there is one, or if this looks like a loop.

    At most `MAX_ANSWERS_PER_DAY` answers are planned in 24 hours, and one notice of held mail in a local day.
    """
    if Delivery.count_since(session, person.id, DeliveryKind.ANSWER, now - DAY) >= MAX_ANSWERS_PER_DAY:
        return []
    answer = _Answer(
        DeliveryKind.ANSWER,
        slot=f"{local_date(now, person.zone)}/{reply.slot}",
        reference=reply.about_id or reply.reply_id,
        detail=reply.name,
        inserted_text=reply.inserted_text,
        quoted="" if person.is_discreet else _shortened(reply.quoted),
    )
    return Delivery.plan(session, [_new_delivery(keyring, person, answer, to, now)])


def read_answered(request: EmailRequest) -> AutoReplyContent:
    """Return the content that was sealed with an automatic reply when it was planned.

    Raises:
        NothingToSendError: the content has been deleted.
    """
    content = open_answered(request.context.keyring, request.person, request.delivery)
    if content is None:
        raise NothingToSendError("the answered mail is deleted")
    return content


def open_answered(keyring: Keyring, person: Subscriber, delivery: Delivery) -> AutoReplyContent | None:
    """Return the content that is sealed with an automatic reply, or None if it has been deleted."""
    content = open_content(keyring, person, delivery)
    if content is None:
        return None
    values = json.loads(content)
    return AutoReplyContent(
        values["subject"], values["message_id"], inserted_text=values["told"], quoted=values.get("quoted", "")
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """What differs from one automatic reply to the next: columns of its delivery, and the text to insert."""

    kind: DeliveryKind
    slot: str
    reference: int
    detail: str | None = None
    inserted_text: str = field(default="", repr=False)
    quoted: str = field(default="", repr=False)


def _shortened(text: str) -> str:
    """Return a text, cut to the length that an email quotes."""
    shown, rest = split_at(text.strip(), MAX_QUOTED_BYTES)
    return for_showing(f"{shown.rstrip()} …" if rest else shown)


def _new_delivery(
    keyring: Keyring, person: Subscriber, answer: _Answer, to: AnsweredMail, now: datetime
) -> NewDelivery:
    delivery_id = random_id()
    # Deliveries that are planned already have the key "told": do not rename it.
    told = {"told": answer.inserted_text} | ({"quoted": answer.quoted} if answer.quoted else {})
    content = json.dumps({"subject": to.subject, "message_id": to.message_id, **told})
    return NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=answer.kind,
        slot=answer.slot,
        reference=answer.reference,
        detail=answer.detail,
        sealed_content=seal_content(keyring, person, delivery_id, content),
        ready_at=now,
        expires_at=now + ANSWER_MAX_DELAY,
        planned_at=now,
        enqueued_at=now,
    )
