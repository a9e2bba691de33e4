"""Carrying out commands by reply; each can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.dates import day_and_month
from service.core.library.prompts import Library
from service.core.replies.classify.commands import Command, Verb
from service.core.schedule import local_date
from service.flows.outgoing.extra_prompt import plan_extra_prompt
from service.flows.people import account, entry_photos, frequency
from service.flows.people.account import InvalidPauseDate, NothingToPause, Rest
from service.models import Entry, Reply, Subscriber

TAKEN_BACK_WITHIN = timedelta(hours=24)
PUT_BACK_WITHIN = timedelta(hours=24)
BY_MAIL = "mail"
SOURCE = "reply"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command came to.

    `answer` names the email that tells it ("rest", see templates/email/answers.toml), "" where what was planned tells
    it already; `told` is what only the moment knows; `reference` the mail that can be put back; `unneeded` the
    names of objects to let go once this is committed.
    """

    answer: str = ""
    told: str = ""
    reference: int | None = None
    planned: tuple[int, ...] = ()
    unneeded: frozenset[str] = frozenset()


def carry_out(session: Session, library: Library, person: Subscriber, command: Command, now: datetime) -> CommandResult:
    """Do what a person asked for, and return what became of it.

    Whatever it is, it is a sign of them; what it says of how often they are written to comes after that.
    """
    if command.verb is not Verb.RESUME:  # which takes back the last thing alone
        frequency.record_activity(session, person, now)
    if command.verb in {Verb.ANOTHER, Verb.SMALLER}:
        planned = plan_extra_prompt(session, library, person, now, light=command.verb is Verb.SMALLER)
        return CommandResult(planned=tuple(planned)) if planned else CommandResult("no_more")
    if command.verb is Verb.PAUSE:
        return _pause(session, person, command, now)
    return _PLAIN[command.verb](session, person, now)


def _pause(session: Session, person: Subscriber, command: Command, now: datetime) -> CommandResult:
    length = command.until_on or Rest.OPEN_ENDED
    rest = account.rest(session, person, length, now)
    if isinstance(rest, InvalidPauseDate):  # beyond the longest rest: then until they come back
        rest = account.rest(session, person, Rest.OPEN_ENDED, now)
    if isinstance(rest, NothingToPause):
        return CommandResult("stop")
    if isinstance(rest, InvalidPauseDate) or rest.until_on is None:
        return CommandResult("rest_open")
    year = "" if rest.until_on.year == local_date(now, person.zone).year else f" {rest.until_on.year}"
    return CommandResult("rest", f"until {day_and_month(rest.until_on)}{year}")


def _weekly(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    account.resume(session, person, now) or account.restart(session, person, now, source=SOURCE)
    account.switch_to_weekly(session, person, now)
    return CommandResult("weekly", str(person.schedule))


def _resume(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    """Take back the last of these that holds: writing less often after silence, a rest, a stop, once a week."""
    if not account.resume(session, person, now) and not account.restart(session, person, now, source=SOURCE):
        account.restore_usual_days(session, person, now)
    return CommandResult("resume", str(person.schedule))


def _stop(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    account.stop(session, person, now, source=SOURCE)
    return CommandResult("stop")


def _delete(session: Session, person: Subscriber, now: datetime) -> CommandResult:
    """Take the last entry that came by mail out of the journal; its raw mail stays a day, to be put back from."""
    entry = Entry.newest_from(session, person.id, BY_MAIL, now - TAKEN_BACK_WITHIN)
    if entry is None:
        return CommandResult("nothing_to_delete")
    reply = Reply.find_by_entry(session, person.id, entry.id)
    unneeded = frozenset(entry_photos.remove_entry(session, person, entry.id))
    if reply is None:
        return CommandResult("delete", unneeded=unneeded)
    reply.kept_until = now + PUT_BACK_WITHIN
    return CommandResult("delete", reference=reply.id, unneeded=unneeded)


_PLAIN: Mapping[Verb, Callable[[Session, Subscriber, datetime], CommandResult]] = {
    Verb.NOT_TODAY: lambda _session, _person, _now: CommandResult("not_today"),
    Verb.HELP: lambda _session, _person, _now: CommandResult("help"),
    Verb.WEEKLY: _weekly,
    Verb.RESUME: _resume,
    Verb.STOP: _stop,
    Verb.DELETE: _delete,
}
