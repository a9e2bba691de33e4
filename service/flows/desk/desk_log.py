"""The log of the desk: each action of a page or a command is one row; what needs a second factor is mailed as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.models import DeskAction, Keyring, WriterMailKind

_LONGEST_USER = 64


class DeskActionName(StrEnum):
    """What can be done at the desk."""

    LETTER_WRITTEN = "letter.written"
    LETTER_TESTED = "letter.tested"
    LETTER_SENT = "letter.sent"
    LETTER_SENT_ANYWAY = "letter.sent_anyway"
    LETTER_TAKEN_BACK = "letter.taken_back"
    LETTER_TAKEN_BACK_BY_LINK = "letter.taken_back_by_link"
    LETTER_PAUSED = "letter.paused"
    LETTER_RESUMED = "letter.resumed"
    LETTER_STOPPED = "letter.stopped"
    LETTER_THROWN_AWAY = "letter.thrown_away"
    PROMPT_WRITTEN = "prompt.written"
    PROMPT_THROWN_AWAY = "prompt.thrown_away"
    PROMPT_TESTED = "prompt.tested"
    PROMPT_ADDED = "prompt.added"
    PROMPT_SEASON_SET = "prompt.season_set"
    PROMPT_RETIRED = "prompt.retired"
    FEED_ADDED = "feed.added"
    FEED_PAUSED = "feed.paused"
    FEED_RESUMED = "feed.resumed"
    FEED_REMOVED = "feed.removed"
    FEED_CHECKED = "feed.checked"
    FEED_MADE_AUTOMATIC = "feed.made_automatic"
    FEED_MADE_DRAFTS = "feed.made_drafts"
    DELIVERIES_RETRIED = "deliveries.retried"
    DELIVERIES_SETTLED = "deliveries.settled"
    PERSON_RESTED = "person.rested"
    PERSON_STOPPED = "person.stopped"
    SIGN_IN_SENT = "person.sign_in_sent"
    BOUNCE_LIFTED = "person.bounce_lifted"
    CONSENT_READ = "person.consent_read"
    PERSON_ERASED = "person.erased"
    LIST_BROUGHT = "list.brought"
    LIST_TAKEN_BACK = "list.taken_back"
    LIST_EXPORTED = "list.exported"
    REPLIES_REPLAYED = "replies.replayed"
    CHECKS_RUN = "checks.run"
    DOMAIN_RESUMED = "domain.resumed"
    SENDING_HELD = "sending.held"
    SENDING_RELEASED = "sending.released"
    KEYS_ROTATED = "keys.rotated"
    FACTOR_BEGUN = "factor.begun"
    FACTOR_RESET = "factor.reset"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"


# What needs a second factor, in words for all writers.
FOR_GOOD = {
    DeskActionName.LETTER_SENT: "a letter was scheduled",
    DeskActionName.LETTER_SENT_ANYWAY: "a letter was scheduled that goes even if a check of the doctor fails",
    DeskActionName.LETTER_STOPPED: "a letter was stopped for good",
    DeskActionName.FEED_MADE_AUTOMATIC: "new posts of a blog go by themselves from now on",
    DeskActionName.BOUNCE_LIFTED: "somebody’s address may get emails again after a bounce",
    DeskActionName.CONSENT_READ: "what somebody agreed to, and when, was looked at",
    DeskActionName.PERSON_ERASED: "somebody was erased, as they asked in writing",
    DeskActionName.PASSKEY_ADDED: "a writer added a passkey, which counts at the desk like a code of their app",
    DeskActionName.PASSKEY_REMOVED: "a writer’s passkey was removed, and doesn’t count at the desk any more",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a writer at the desk, by the keyed hash of their address, or the user of a shell on the server."""

    writer_hash: bytes | None = field(default=None, repr=False)
    shell_user: str | None = None


def record_action(
    session: Session,
    keyring: Keyring,
    actor: Actor,
    name: DeskActionName,
    now: datetime,
    *,
    object_id: int | None = None,
    person_hash: bytes | None = None,
    number: int | None = None,
    failed_checks: Sequence[str] | None = None,
) -> None:
    """Add an action to the log, in the transaction that carries it out; mail the writers if it is one FOR_GOOD."""
    row = DeskAction(
        at=now,
        writer_hash=actor.writer_hash,
        shell_user=actor.shell_user[:_LONGEST_USER] if actor.shell_user else None,
        action=name.value,
        object_id=object_id,
        person_hash=person_hash,
        number=number,
        failed_checks=", ".join(failed_checks) if failed_checks is not None else None,
    )
    session.add(row)
    session.flush()
    if name in FOR_GOOD:
        values = {"at": f"{now:%Y-%m-%d %H:%M}", "what": FOR_GOOD[name]}
        plan_writer_mail(session, keyring, WriterMailKind.DESK_ACTION, values, key=str(row.id), now=now)
