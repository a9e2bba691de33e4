"""What became of each email of a letter, and pausing a letter that too many are refused, lost or complained about."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.letters.letter_results import LetterResults, LetterTrouble
from service.core.sending.failure_class import FailureClass
from service.flows.outgoing.letters.letter_states import pause
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.mail.provider_events import ProviderEvent
from service.models import AddressChange, Keyring, Letter, LetterPause, LetterTally, WriterMailKind
from service.models.letters import letter_outcomes
from service.models.letters.letter_outcomes import COMPLAINED, DEFERRED, DELIVERED, bounced

_CAUSES = {
    LetterTrouble.POLICY: (
        "{refusals} of {results} emails were refused for reasons that are about us, not about the people: as a rule the"
        " domain’s SPF, DKIM or DMARC, its reputation, or what the letter says"
    ),
    LetterTrouble.ADDRESSES: (
        "{addresses} of {results} emails went to addresses that don’t exist: as a rule the list is old, or somebody"
        " signed up addresses that aren’t theirs"
    ),
    LetterTrouble.COMPLAINTS: "{complaints} of {results} people called it spam",
}

log = structlog.get_logger()


def record_letter_event(
    session: Session, keyring: Keyring, event: ProviderEvent, address: Address, now: datetime
) -> None:
    """Record how a letter's email to this address ended, and pause the letter if too many of them end badly.

    An email counts once, however often its events come. Call it last in a transaction: the events of a letter write
    the same row.
    """
    outcome = _outcome(event)
    if outcome is None or event.delivery_id is None:
        return
    person = AddressChange.find_person(session, keyring.address_hash(address))
    if person is None:
        return
    change = letter_outcomes.record(session, event.delivery_id, person.id, outcome)
    if change is None or outcome == DEFERRED:
        return
    found = _results(event.failure, outcome, had_ended=change.before not in {None, DEFERRED})
    tally = LetterTally.add(session, change.letter_id, found)
    if tally.trouble is not None and pause(session, change.letter_id, LetterPause(tally.trouble), now):
        _tell_writers(session, keyring, change.letter_id, tally, now)
        log.error(
            "letter.paused_itself",
            letter=change.letter_id,
            because=tally.trouble.value,
            results=tally.results,
            refusals=tally.refusals,
            addresses=tally.addresses,
            complaints=tally.complaints,
        )


def _tell_writers(session: Session, keyring: Keyring, letter_id: int, tally: LetterResults, now: datetime) -> None:
    letter = session.get_one(Letter, letter_id)
    assert tally.trouble is not None
    values = {
        "title": letter.title,
        "id": str(letter.id),
        "cause": _CAUSES[tally.trouble].format(
            results=tally.results, refusals=tally.refusals, addresses=tally.addresses, complaints=tally.complaints
        ),
    }
    key = f"{letter.id}/{now:%Y-%m-%dT%H:%M}"
    plan_writer_mail(session, keyring, WriterMailKind.LETTER_PAUSED, values, key=key, now=now)


def _outcome(event: ProviderEvent) -> str | None:
    if event.failure is not None:
        return bounced(event.failure)
    if event.name == "failed":
        return DEFERRED
    return {"delivered": DELIVERED, "complained": COMPLAINED}.get(event.name)


def _results(failure: FailureClass | None, outcome: str, *, had_ended: bool) -> LetterResults:
    return LetterResults(
        results=0 if had_ended else 1,
        refusals=int(failure is not None and failure.is_about_us),
        addresses=int(failure is FailureClass.ADDRESS),
        complaints=int(outcome == COMPLAINED),
    )
