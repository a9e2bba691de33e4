"""What a writer should know before a letter goes: its faults, who gets it and who does not, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.letters.letter_drafts import find_letter
from service.flows.outgoing.letters.letter_freezing import compose_letter
from service.flows.outgoing.planning.plan_prompts import DIGEST_KINDS
from service.flows.outgoing.sending.sending_limits import SendingRate
from service.models import DeliveryKind, SubscriberStatus
from service.models.letters import letter_audience

_ON_A_DAY = (DeliveryKind.PROMPT, DeliveryKind.STEP_FOLLOW_UP, DeliveryKind.QUIET_MONTH, DeliveryKind.NOTICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCheck:
    """What was found. `without` says of how many people who asked for letters each reason holds why they get none.

    `hours` is how long sending takes at the rate that is set, 0 without one; `twice` is how many people would have two
    emails on that day, if it went at the instant that was asked about: their question or digest has gone.
    """

    faults: tuple[str, ...]
    html_bytes: int
    is_cut: bool
    people: int
    without: dict[str, int]
    hours: int
    twice: int

    @property
    def may_go(self) -> bool:
        """Return whether nothing stands in the way of sending it."""
        return bool(self.people) and not self.faults


def check(
    session: Session,
    context: EmailContext,
    letter_id: int,
    now: datetime,
    *,
    rate: SendingRate | None = None,
    at: datetime | None = None,
) -> LetterCheck:
    """Return what a letter would do if it were scheduled now; `at` is the instant at which it is to go, if one is set.

    Raises:
        LetterError: there is no such letter, or it cannot be composed.
    """
    letter = find_letter(session, letter_id)
    composed = compose_letter(session, context, letter)
    wanting = letter_audience.count_wanting(session)
    people = wanting.pop(SubscriberStatus.ACTIVE)
    hourly = (rate or SendingRate()).most_letters(now)
    return LetterCheck(
        faults=composed.faults,
        html_bytes=len(composed.frozen.ordinary.html.encode()),
        is_cut=composed.is_cut,
        people=people,
        without={reason: number for reason, number in wanting.items() if number},
        hours=ceil(people / hourly) if hourly else 0,
        twice=letter_audience.count_with_email(session, at, _ON_A_DAY, DIGEST_KINDS) if at is not None else 0,
    )
