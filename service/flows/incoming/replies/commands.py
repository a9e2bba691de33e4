"""Carrying out the commands in replies; each can be undone by another command or by a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.dates import day_and_month
from service.core.library.prompts import Library
from service.core.replies.classify.commands import Command, Verb
from service.core.settings.consent import Stream
from service.core.settings.schedule import local_date
from service.flows.incoming.held.set_aside import BY_MAIL
from service.flows.outgoing.planning.extra_prompt import plan_extra_prompt
from service.flows.people.journal import deleted_entries, steps
from service.flows.people.settings import frequency
from service.flows.people.subscription import account, ways_out
from service.flows.people.subscription.account import InvalidPauseDate, NothingToPause, Rest
from service.models import Entry, Reply, Step, Subscriber, SubscriberStatus

DELETE_WITHIN = timedelta(hours=24)
RAW_KEPT_AFTER_DELETING = timedelta(hours=24)
SOURCE = "reply"
LETTERS_ONLY = "letters_only"  # the answer to whoever gets no questions, which a command cannot bring


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command.

    `answer` names the email that reports it ("rest", see templates/email/answers.toml), or is "" if an email in
    `planned` does. `inserted_text` is inserted in that email. `reference` is the id of the mail that can be restored.
    """

    answer: str = ""
    inserted_text: str = ""
    reference: int | None = None
    planned: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command needs to know of the email that it answers: the step that it is about, and if it is a letter."""

    step: Step | None = None
    is_letter: bool = False


_NOTHING = Answered()


def carry_out(
    session: Session,
    library: Library,
    person: Subscriber,
    command: Command,
    now: datetime,
    *,
    to: Answered = _NOTHING,
) -> CommandResult:
    """Carry out a subscriber's command, which answers an email of ours, and return the result.

    Every command counts as activity. The activity is recorded first, so that what the command says about the frequency
    overrides it.
    """
    if command.verb is not Verb.RESUME:  # it undoes one thing only, and recording activity would undo a slow-down first
        frequency.record_activity(session, person, now)
    if command.verb in {Verb.ANOTHER, Verb.SMALLER}:
        planned = plan_extra_prompt(session, library, person, now, light=command.verb is Verb.SMALLER)
        return CommandResult(planned=tuple(planned)) if planned else CommandResult("no_more")
    if command.verb is Verb.NOT_A_STEP:
        steps.not_a_step(session, person, to.step)
        return CommandResult("not_a_step", reference=to.step.entry_id if to.step else None)
    if command.verb is Verb.STOP:
        return _stop(session, person, now, Stream.LETTERS if to.is_letter else None)
    if command.verb is Verb.PAUSE:
        return _pause(session, person, command, now)
    if command.verb in {Verb.NOT_TODAY, Verb.HELP}:
        return CommandResult(command.verb.value)
    return _HANDLERS[command.verb](session, person, now)


def _pause(session: Session, person: Subscriber, command: Command, now: datetime) -> CommandResult:
    length = command.until_on or Rest.OPEN_ENDED
    rest = account.rest(session, person, length, now)
    if isinstance(rest, InvalidPauseDate):  # beyond the longest rest: make it open-ended
        rest = account.rest(session, person, Rest.OPEN_ENDED, now)
    if isinstance(rest, NothingToPause):
        return CommandResult("stop")
    with_letters = "_letters" if person.wants_letters else ""
    if isinstance(rest, InvalidPauseDate) or rest.until_on is None:
        return CommandResult(f"rest_open{with_letters}")
    year = "" if rest.until_on.year == local_date(now, person.zone).year else f" {rest.until_on.year}"
    return CommandResult(f"rest{with_letters}", f"until {day_and_month(rest.until_on)}{year}")


def _weekly(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    account.resume(session, person, now) or account.restart(session, person, now, source=SOURCE)
    if not person.wants_questions:
        return CommandResult(LETTERS_ONLY)
    account.switch_to_weekly(session, person, now)
    return CommandResult("weekly", str(person.schedule))


def _resume(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    """Undo the first of these that applies: a slow-down, a rest, a stop, the weekly frequency."""
    if not account.resume(session, person, now) and not account.restart(session, person, now, source=SOURCE):
        account.restore_usual_days(session, person, now)
    return CommandResult("resume", str(person.schedule)) if person.wants_questions else CommandResult(LETTERS_ONLY)


def _stop(session: Session, person: Subscriber, now: datetime, stream: Stream | None) -> CommandResult:
    ways_out.stop(session, person, stream, now, source=SOURCE)
    is_stopped = person.status == SubscriberStatus.STOPPED
    return CommandResult("stop" if stream is None or is_stopped else "stop_letters")


def _delete(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    """Delete the latest entry that came by mail, which can be put back as on a page; its raw mail is kept for a day."""
    entry = Entry.newest_from(session, person.id, BY_MAIL, now - DELETE_WITHIN)
    if entry is None:
        return CommandResult("nothing_to_delete")
    deleted_entries.delete(session, entry, now)
    reply = Reply.find_by_entry(session, person.id, entry.id)
    if reply is None:
        return CommandResult("delete")
    reply.kept_until = now + RAW_KEPT_AFTER_DELETING
    return CommandResult("delete", reference=reply.id)


_HANDLERS: Mapping[Verb, Callable[[Session, Subscriber, datetime], CommandResult]] = {
    Verb.WEEKLY: _weekly,
    Verb.RESUME: _resume,
    Verb.DELETE: _delete,
}
