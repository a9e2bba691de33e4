"""Replies: each mail that came in gets one outcome, and what a person wrote becomes an entry of its day."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.automatic import Author, author
from service.core.prompts import Library
from service.core.schedule import local_date
from service.core.sealing import SealError
from service.core.tokens import ReplyKind
from service.db import Database, random_id
from service.flows import account, journal, signup
from service.flows.ownership import Owner, owner_of
from service.flows.parcels import content_place
from service.flows.receiving import Door
from service.flows.recognising import Recogniser
from service.mail.inbound import InboundMail, MalformedPostError, read_mail
from service.mail.reader import Reader, Unread
from service.mail.reading import Material, Reading
from service.models import Delivery, Keyring, Kind, Outcome, Reply, Status, Subscriber
from service.models.reply import MAX_ATTEMPTS
from service.storage import StorageError

LEASE = timedelta(seconds=60)
RAW_KEPT = timedelta(days=30)
ANSWER_LATEST = timedelta(days=3)
YES = frozenset({"yes", "y", "yes please", "yes, please", "ok", "okay", "confirm", "i confirm", "sure", "please"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mail ends: the outcome, why, and the email that answers it, if any."""

    outcome: Outcome
    reason: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """A mail with its verdict, its owner, its words and the subject of ours that it answers, where each is known."""

    verdict: Verdict
    mail: InboundMail | None = None
    owner: Owner | None = None
    reading: Reading | None = None
    answered: str = field(default="", repr=False)
    by_person: bool = False

    def confirms(self, person: Subscriber) -> bool:
        """Say whether this is how a person agrees to be written to: no program can do that in their place."""
        if person.status == Status.STOPPED:
            return self.verdict.outcome == Outcome.CONFIRMED and self.by_person
        return person.status == Status.PENDING and self.reading is not None and self.by_person


@dataclass(frozen=True, slots=True)
class Receiver:
    """Understands what came in; one for the life of a worker."""

    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    door: Door
    reader: Reader = field(repr=False)
    recogniser: Recogniser = field(repr=False)
    own_address: str
    clock: Clock

    def understand(self, reply_id: int) -> list[int]:
        """Give a mail its outcome; return the deliveries that answer it. Does nothing if it has one already."""
        with self.database.write() as session:
            reply = Reply.claim(session, reply_id, LEASE)
        if reply is None:
            return []
        try:
            understood = self._understand(reply, read_mail(self.door.open(reply)))
        except (MalformedPostError, SealError) as error:
            understood = Understood(Verdict(Outcome.UNREADABLE, type(error).__name__))
        except StorageError:
            understood = Understood(Verdict(Outcome.UNREADABLE, "the object store does not answer"))
            if reply.attempts < MAX_ATTEMPTS:
                return []
        if understood.verdict.outcome == Outcome.UNREADABLE:
            log.warning("reply.not_read", reply=reply.id, attempt=reply.attempts, reason=understood.verdict.reason)
            if understood.mail is not None and reply.attempts < MAX_ATTEMPTS:
                return []
        return self._conclude(reply, understood)

    def _understand(self, reply: Reply, mail: InboundMail) -> Understood:
        with self.database.read() as session:
            owner = owner_of(session, self.keyring, mail, self.door.reply_domain, reply.received_at)
            if owner and reply.is_claimed_by(owner.person.id):
                owner = replace(owner, is_theirs=True)
            sent = self.recogniser.sent_to(session, owner) if owner else None
        written_by = author(
            mail.headers, envelope_sender=mail.sender, from_address=mail.from_address, own=[self.own_address]
        )
        by_person, answered = written_by is Author.PERSON, sent.subject if sent else ""
        early = _verdict_by_sender(owner, written_by)
        if owner is None or early is not None:
            return Understood(early or Verdict(Outcome.STRANGER), mail, owner, None, answered, by_person)
        reading = self.reader.read(Material(mail.raw_mime, mail.plain, mail.html), sent)
        if isinstance(reading, Unread):
            verdict = Verdict(Outcome.UNREADABLE, reading.reason, "unreadable" if by_person else "")
            return Understood(verdict, mail, owner, None, answered, by_person)
        verdict = _verdict_by_words(reading, mail, owner, answerable=by_person)
        return Understood(verdict, mail, owner, reading, answered, by_person)

    def _conclude(self, reply: Reply, understood: Understood) -> list[int]:
        """Write the outcome and all that follows from it in one transaction; return the deliveries it planned."""
        now, verdict, owner = self.clock(), understood.verdict, understood.owner
        own = self.door.resealed(reply, owner.person) if owner and understood.mail else None
        planned: list[int] = []
        with self.database.write() as session:
            row = Reply.unfinished(session, reply.id, reply.attempts)
            person = Subscriber.locked(session, owner.person.id) if owner else None
            if row is not None:
                if own and owner and person:
                    own.put_on(row)
                    row.subscriber_id = person.id
                    planned = self._carry_out(session, row, person, owner, understood, now)
                row.conclude(verdict.outcome, verdict.reason, now=now, keep_raw_until=now + RAW_KEPT)
                if verdict.outcome == Outcome.STRANGER or (owner and not person):  # nobody's, or erased meanwhile
                    row.let_go()
            kept_as = (row or reply).stored_as
        self._remove({reply.stored_as, own.stored_as if own else None} - {kept_as})
        log.info("reply.understood", reply=reply.id, outcome=verdict.outcome, reason=verdict.reason)
        return planned

    def _remove(self, names: set[str | None]) -> None:
        """Let objects go that no row names any more."""
        for name in names:
            if name:
                self.door.storage.remove(name)

    def _carry_out(  # noqa: PLR0917 - one step of _conclude, in its order
        self, session: Session, row: Reply, person: Subscriber, owner: Owner, understood: Understood, now: datetime
    ) -> list[int]:
        verdict, reading = understood.verdict, understood.reading
        planned: list[int] = []
        if verdict.outcome == Outcome.COMMAND:
            account.stop(session, person, now, source="address")
        if understood.confirms(person):
            planned += signup.confirm(session, self.library, person.id, now, source="reply")
        if verdict.outcome == Outcome.ENTRY and reading:
            entry = journal.keep_entry(
                session,
                self.keyring,
                person,
                words=reading.words.text,
                trimmed=reading.words.trimmed,
                over=reading.words.over,
                written_on=owner.on,
                prompt_id=self._prompt_id(owner),
                source="mail",
                now=now,
            )
            row.entry_id = entry.id
            if verdict.answer:
                receipt = {"kind": Kind.RECEIPT, "slot": "first", "detail": None, "reference": entry.id}
                planned += self._answer(session, person, understood, receipt, now)
        elif verdict.answer:
            slot = f"{local_date(now, person.zone)}/{verdict.answer}"
            answer = {"kind": Kind.ANSWER, "slot": slot, "detail": verdict.answer, "reference": row.id}
            planned += self._answer(session, person, understood, answer, now)
        return planned

    def _prompt_id(self, owner: Owner) -> str | None:
        prompt = self.library.by_key(owner.token.prompt_key) if owner.token else None
        return prompt.id if prompt else None

    def _answer(
        self, session: Session, person: Subscriber, understood: Understood, answer: dict[str, Any], now: datetime
    ) -> list[int]:
        """Plan an answer to a mail, once for its slot; what it answers travels sealed."""
        delivery_id = random_id()
        # Our own subject, not the mail's: what stands there may be somebody else's words.
        message_id = understood.mail.message_id if understood.mail else None
        about = json.dumps({"subject": understood.answered, "message_id": message_id or ""})
        sealed = self.keyring.key_of(person).seal_text(about, place=content_place(delivery_id), random=os.urandom)
        row = {
            "id": delivery_id,
            "subscriber_id": person.id,
            "sealed_content": sealed,
            "ready_at": now,
            "expires_at": now + ANSWER_LATEST,
            "planned_at": now,
            "rung_at": now,
        }
        return Delivery.plan(session, [row | answer])


def _verdict_by_sender(owner: Owner | None, written_by: Author) -> Verdict | None:
    """Return how a mail ends whatever it says, or None where its words decide."""
    if owner is None:
        return Verdict(Outcome.STRANGER, "nobody's we know")
    if owner.wants_to_stop:
        return Verdict(Outcome.COMMAND, "stop by address")
    if written_by is Author.PROGRAM:
        return Verdict(Outcome.AUTO_REPLY, "written by a program")
    if not owner.is_theirs:
        return Verdict(Outcome.HELD, "from another address", "held")
    return None


def _verdict_by_words(reading: Reading, mail: InboundMail, owner: Owner, *, answerable: bool) -> Verdict:
    words = reading.words.text.strip()
    confirms = owner.token is not None and owner.token.kind == ReplyKind.CONFIRMATION
    if (confirms or owner.person.status == Status.PENDING) and words.lower().strip(" .!") in YES:
        return Verdict(Outcome.CONFIRMED)
    if words or reading.words.over:
        return Verdict(Outcome.ENTRY, answer="receipt" if answerable else "")
    came_with_files = bool(reading.files or mail.attachments)
    case = "photo" if came_with_files else "empty"
    return Verdict(Outcome.EMPTY, "only files" if came_with_files else "no words", case if answerable else "")
