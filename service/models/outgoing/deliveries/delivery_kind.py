"""The kinds of delivery, and the condition under which each may be sent."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from service.models.letters.letter import MAY_GO, Letter
from service.models.people.addresses.suppression import Suppression
from service.models.people.personal_data.erasure import Erasure
from service.models.people.subscription.subscriber import Subscriber
from service.models.people.subscription.subscriber_status import SubscriberStatus


class DeliveryKind(StrEnum):
    """What kind of email is owed."""

    CONFIRMATION = "confirmation"
    WELCOME = "welcome"
    PROMPT = "prompt"
    ANOTHER = "another"
    STEP_FOLLOW_UP = "step_follow_up"
    DIGEST = "digest"
    YEAR = "year"
    QUIET_MONTH = "quiet_month"
    SIGN_IN = "sign_in"
    RECEIPT = "receipt"
    ANSWER = "answer"
    NOTICE = "notice"
    ALIAS = "alias"
    ADDRESS = "address"
    ACCESS = "access"
    EXPORT = "export"
    LETTER = "letter"
    GOODBYE = "goodbye"


# What the schedule sends. What somebody asks for, such as a sign-in or an answer, is any other kind.
SCHEDULED_KINDS = frozenset(
    {
        DeliveryKind.PROMPT,
        DeliveryKind.STEP_FOLLOW_UP,
        DeliveryKind.DIGEST,
        DeliveryKind.YEAR,
        DeliveryKind.QUIET_MONTH,
        DeliveryKind.LETTER,
    }
)
# Any other kind goes to everybody who is not suppressed.
_QUESTIONS = (DeliveryKind.PROMPT, DeliveryKind.WELCOME, DeliveryKind.STEP_FOLLOW_UP, DeliveryKind.QUIET_MONTH)
_ACTIVE_OR_RESTING = (DeliveryKind.DIGEST, DeliveryKind.YEAR, DeliveryKind.NOTICE)
# Mails about a change of address go to another address, or are about one that no longer works; their builder looks
# whether the address that each goes to may be mailed.
_DESPITE_SUPPRESSION = (DeliveryKind.SIGN_IN, DeliveryKind.ADDRESS)


def may_be_sent(
    kind: InstrumentedAttribute[str],
    subscriber_id: InstrumentedAttribute[int],
    reference: InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    """Return the condition that status, consent and suppression allow a delivery's email at this moment.

    A letter's `reference` is the letter, which must not have been stopped; its person must still want letters. Nobody
    who has asked to be erased gets what the schedule sends.
    """
    suppressed = select(Suppression).where(Suppression.address_hash == Subscriber.address_hash).exists()
    person = select(Subscriber.id).where(Subscriber.id == subscriber_id)
    staying = person.where(~Erasure.is_asked(Subscriber.id))
    asked = staying.where(
        Subscriber.status == SubscriberStatus.ACTIVE, Subscriber.wants_questions, ~suppressed
    ).exists()
    resting = staying.where(
        Subscriber.status.in_((SubscriberStatus.ACTIVE, SubscriberStatus.RESTING)), ~suppressed
    ).exists()
    reader = staying.join(Letter, and_(Letter.id == reference, Letter.state.in_(MAY_GO))).where(
        Subscriber.may_get_letters(Letter.starts_at), ~suppressed
    )
    ruled = (DeliveryKind.LETTER, *_QUESTIONS, *_ACTIVE_OR_RESTING, *_DESPITE_SUPPRESSION)
    return or_(
        and_(kind.in_(_QUESTIONS), asked),
        and_(kind == DeliveryKind.LETTER, reader.exists()),
        and_(kind.in_(_ACTIVE_OR_RESTING), resting),
        and_(kind.in_(_DESPITE_SUPPRESSION), person.exists()),
        and_(kind.not_in(ruled), person.where(~suppressed).exists()),
    )
