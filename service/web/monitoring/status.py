"""The status of the whole service for monitors: which parts are alive, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from service.dispatch import QUEUES
from service.flows.outgoing.tick import CLOCK
from service.models import Heartbeat, HoldReason, Installation
from service.runtime import Runtime
from service.web.monitoring.webhook_counts import REFUSED, WEBHOOK

ALIVE_WITHIN: Final = timedelta(seconds=120)
REMEMBERED: Final = timedelta(days=1)
# The clocks of two machines may differ by this much; a heartbeat further ahead means that one of them is wrong.
CLOCKS_DIFFER: Final = timedelta(seconds=5)
KEY_IS_DOUBTED: Final = timedelta(hours=1)
KINDS: Final = (CLOCK, *QUEUES)


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How many processes of one kind are alive, and the age of their newest heartbeat, in seconds."""

    alive: int
    newest_age_seconds: float | None
    in_future: int

    def problem(self) -> str:
        """Return the problem in one word, or ""."""
        if self.in_future:
            return "future"
        if self.alive:
            return ""
        return "missing" if self.newest_age_seconds is None else "late"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The state of the service. A problem needs attention now; a warning may end by itself, or come from a stranger."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    parts: Mapping[str, PartStatus] = field(default_factory=dict)
    queues: Mapping[str, int] | None = None
    held_because: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the status as values for JSON."""
        return {"ok": not self.problems, **asdict(self)}


def read_status(runtime: Runtime, *, is_writable: bool) -> ServiceStatus:
    """Return the status of the service now; `is_writable` tells whether the database accepts writes."""
    now, queues = runtime.clock(), runtime.job_queue.count_waiting()
    problems = [] if queues is not None else ["queue.away"]
    if not is_writable:
        problems.append("database.not_writable")
    try:
        with runtime.database.read() as session:
            heartbeats = Heartbeat.read_all(session)
            held_because = Installation.current(session).held_because
    except SQLAlchemyError:
        return ServiceStatus(("database.not_readable", *problems), queues=queues)
    parts = part_status(heartbeats, now)
    problems += [f"{kind}.{problem}" for kind, part in parts.items() if (problem := part.problem())]
    warnings = _warnings(heartbeats, now)
    if held_because == HoldReason.NOT_COMPARED:  # it ends by itself, soon after a start
        warnings += ("sending.held",)
    elif held_because is not None:
        problems.append("sending.held")
    return ServiceStatus(tuple(problems), warnings, parts, queues, held_because)


def part_status(heartbeats: Mapping[str, datetime], now: datetime) -> dict[str, PartStatus]:
    """Return the status of each kind of process from the heartbeats by name ("clock", "send-1f2e3d4c").

    A heartbeat more than a day old is ignored.
    """
    ages = {name: now - at for name, at in heartbeats.items() if now - at <= REMEMBERED}
    return {kind: _of_kind([age for name, age in ages.items() if name.partition("-")[0] == kind]) for kind in KINDS}


def _of_kind(ages: Sequence[timedelta]) -> PartStatus:
    past = [age for age in ages if age >= -CLOCKS_DIFFER]
    newest = min(past, default=None)
    return PartStatus(
        alive=sum(age <= ALIVE_WITHIN for age in past),
        newest_age_seconds=None if newest is None else max(0.0, newest.total_seconds()),
        in_future=sum(age < -CLOCKS_DIFFER for age in ages),
    )


def _warnings(heartbeats: Mapping[str, datetime], now: datetime) -> tuple[str, ...]:
    """Return a warning about a wrong signing key: signatures were refused lately, and none was accepted since."""
    refused_at, accepted_at = heartbeats.get(REFUSED), heartbeats.get(WEBHOOK)
    if refused_at is None or now - refused_at > KEY_IS_DOUBTED:
        return ()
    return () if accepted_at is not None and accepted_at >= refused_at else ("MAILGUN_SIGNING_KEY.refused",)
