"""Replies: each mail that came in gets one outcome, and what a person wrote becomes an entry of its day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.automatic import Author, author
from service.core.commands import Command, Phrasebook, book_for
from service.core.photos import named
from service.core.prompts import Library, Prompt
from service.core.schedule import local_date
from service.core.sealing import SealError
from service.core.steps import StepAnswer, StepBook, book_of_steps
from service.db import Database
from service.flows import account, commands, easing, journal, photos, signup, steps
from service.flows.answering import Answer, Answered, plan_answer, plan_receipt
from service.flows.judging import (
    Understood,
    Verdict,
    unread_case,
    verdict_by_sender,
    verdict_by_signs,
    verdict_by_words,
    with_album,
)
from service.flows.ownership import Owner, owner_of
from service.flows.photos import Album, Darkroom
from service.flows.receiving import Door
from service.flows.recognising import Recogniser
from service.flows.reports import has_bounced
from service.mail.automatic import load_signs
from service.mail.inbound import InboundMail, MalformedPostError, read_mail
from service.mail.reader import Reader, Unread
from service.mail.reading import Material, Reading
from service.models import Keyring, Outcome, Reply, Subscriber, Suppression, SuppressionReason
from service.models.reply import MAX_ATTEMPTS
from service.storage import StorageError

LEASE = timedelta(seconds=60)
RAW_KEPT = timedelta(days=30)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Receiver:
    """Understands what came in; one for the life of a worker."""

    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    door: Door
    reader: Reader = field(repr=False)
    darkroom: Darkroom = field(repr=False)
    recogniser: Recogniser = field(repr=False)
    own_address: str
    clock: Clock
    phrasebooks: Mapping[str, Phrasebook] = field(repr=False)
    step_books: Mapping[str, StepBook] = field(repr=False)

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
            to = self.door.meant_for(reply, mail)
            owner = owner_of(session, self.keyring, mail, self.door.reply_domain, reply.received_at, to=to)
            if owner and reply.is_claimed_by(owner.person.id):
                owner = replace(owner, is_theirs=True)
            sent = self.recogniser.sent_to(session, owner) if owner else None
        written_by = self._author_of(mail)
        by_person, answered = written_by is Author.PERSON, sent.subject if sent else ""
        early = verdict_by_sender(owner, written_by)
        if owner is None or early is not None:
            bounced = owner is not None and has_bounced(self.keyring, self.reader, mail, owner)
            return Understood(early or Verdict(Outcome.STRANGER), mail, owner, None, answered, by_person, bounced)
        reading = self.reader.read(Material(mail.raw_mime, mail.plain, mail.html), sent)
        if isinstance(reading, Unread):
            verdict = Verdict(Outcome.UNREADABLE, reading.reason, unread_case(mail) if by_person else "")
            return Understood(verdict, mail, owner, None, answered, by_person)
        if given_away := verdict_by_signs(reading, mail, sent, written_by, load_signs()):
            return Understood(given_away, mail, owner, None, answered)
        has_files = bool(reading.files or mail.attachments)
        command = None if reply.is_claimed_by(owner.person.id) else self._command(reading, owner.person)
        answer = self._step_answer(reading, owner, has_files=has_files)
        verdict = verdict_by_words(reading, owner, command, by_person=by_person, answer=answer)
        album = Album()
        if verdict.outcome in {Outcome.ENTRY, Outcome.EMPTY} and has_files:
            album = self.darkroom.develop(mail, sent, owner.person)
            verdict = with_album(verdict, album, by_person=by_person)
        return Understood(verdict, mail, owner, reading, answered, by_person, album=album)

    def _conclude(self, reply: Reply, understood: Understood) -> list[int]:
        """Write the outcome and all that follows from it in one transaction; return the deliveries it planned."""
        now, verdict, owner = self.clock(), understood.verdict, understood.owner
        try:
            own = self.door.resealed(reply, owner.person) if owner and understood.mail else None
        except StorageError:  # somebody faster has moved it, or the sweep asks again
            self._remove({*understood.album.names})
            return []
        planned: list[int] = []
        gone: set[str] = set()
        with self.database.write() as session:
            row = Reply.unfinished(session, reply.id, reply.attempts)
            person = Subscriber.locked(session, owner.person.id) if owner else None
            if row is not None:
                if own and owner and person:
                    own.put_on(row)
                    row.subscriber_id = person.id
                    planned, gone = self._carry_out(session, row, person, owner, understood, now)
                row.conclude(verdict.outcome, verdict.reason, now=now, keep_raw_until=now + RAW_KEPT)
                if verdict.outcome == Outcome.STRANGER or (owner and not person):  # nobody's, or erased meanwhile
                    row.let_go()
            kept_as = (row or reply).stored_as
        if not (row and row.entry_id):
            gone |= understood.album.names
        self._remove({*gone, reply.stored_as, own.stored_as if own else None} - {kept_as})
        log.info("reply.understood", reply=reply.id, outcome=verdict.outcome, reason=verdict.reason)
        return planned

    def _remove(self, names: set[str | None]) -> None:
        """Let objects go that no row names any more."""
        for name in names:
            if name:
                self.door.storage.remove(name)

    def _carry_out(  # noqa: PLR0917 - one step of _conclude, in its order
        self, session: Session, row: Reply, person: Subscriber, owner: Owner, understood: Understood, now: datetime
    ) -> tuple[list[int], set[str]]:
        """Return the deliveries this planned, and the names of objects that nothing needs once it is committed."""
        verdict = understood.verdict
        gone: set[str] = set()
        answers: list[Answer] = []
        planned = self._change_standing(session, person, owner, understood, now)
        to = Answered(understood.answered, (understood.mail.message_id if understood.mail else None) or "")
        if verdict.command:
            done = commands.carry_out(session, self.library, person, verdict.command, now)
            planned += [*done.planned]
            gone |= done.gone
            if done.answer and understood.by_person:
                answers.append(Answer(f"command.{done.answer}", row.id, told=done.told, about_id=done.reference))
        if verdict.step:
            answers += self._note_step(session, row, person, owner, verdict)
        if verdict.outcome == Outcome.ENTRY and understood.reading:
            row.entry_id = self._keep_entry(session, person, owner, understood, understood.reading)
            if verdict.answer:
                planned += plan_receipt(session, self.keyring, person, row.entry_id, to=to, now=now)
        note = verdict.note if verdict.outcome == Outcome.ENTRY else verdict.answer
        if note:
            answers.append(Answer(note, row.id, told=named(understood.album.unkept)))
        for answer in answers:
            planned += plan_answer(session, self.keyring, person, answer, to=to, now=now)
        return planned, gone

    def _note_step(
        self, session: Session, row: Reply, person: Subscriber, owner: Owner, verdict: Verdict
    ) -> list[Answer]:
        """Note how a step went; return what answers a mail that said nothing else."""
        step = steps.asked_about(session, owner.token)
        if step is None or verdict.step is None:
            return []
        steps.answer(session, person, step, verdict.step, self.clock())
        return [Answer(f"step.{verdict.step}", row.id, about_id=step.id)] if verdict.outcome == Outcome.COMMAND else []

    def _keep_entry(
        self, session: Session, person: Subscriber, owner: Owner, understood: Understood, reading: Reading
    ) -> int:
        """Return the id of the entry that a mail became, with its photos and with the step that it chooses, if any."""
        now, prompt = self.clock(), self._prompt(session, owner)
        entry = journal.keep_entry(
            session,
            self.keyring,
            person,
            words=reading.words.text,
            trimmed=reading.words.trimmed,
            over=reading.words.over,
            written_on=owner.on,
            prompt_id=prompt.id if prompt else None,
            source="mail",
            now=now,
            by_person=understood.by_person,
        )
        photos.keep(session, entry, understood.album.photos, now)
        if prompt and understood.by_person:
            chosen = book_of_steps(self.step_books, person.locale).step_in(reading.words.text, prompt)
            steps.choose_from(session, self.keyring, person, entry, chosen=chosen, prompt=prompt)
        return entry.id

    def _change_standing(
        self, session: Session, person: Subscriber, owner: Owner, understood: Understood, now: datetime
    ) -> list[int]:
        """Do what a mail does to whether its owner is written to at all; return the deliveries it planned."""
        if understood.is_a_sign:
            easing.restore(session, person, now)
        if understood.has_bounced:
            Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, now)
        if owner.wants_to_stop:
            account.stop(session, person, now, source="address")
        if understood.confirms(person):
            return signup.confirm(session, self.library, person.id, now, source="reply")
        return []

    def _author_of(self, mail: InboundMail) -> Author:
        own = [self.own_address, f"@{self.door.reply_domain}"]
        return author(mail.headers, load_signs(), envelope_sender=mail.sender, from_address=mail.from_address, own=own)

    def _command(self, reading: Reading, person: Subscriber) -> Command | None:
        words = reading.words.bare or reading.words.text
        return book_for(self.phrasebooks, person.locale).read(words, local_date(self.clock(), person.zone))

    def _step_answer(self, reading: Reading, owner: Owner, *, has_files: bool) -> StepAnswer | None:
        """Return what a mail says of the step it was asked about; with a file in it there is more to keep than that."""
        with self.database.read() as session:
            if steps.asked_about(session, owner.token) is None:
                return None
        words = reading.words.bare or reading.words.text
        answer = book_of_steps(self.step_books, owner.person.locale).answer_in(words)
        return replace(answer, is_all=False) if answer and has_files else answer

    def _prompt(self, session: Session, owner: Owner) -> Prompt | None:
        if step := steps.asked_about(session, owner.token):
            return steps.follow_up_prompt(self.library, owner.person, step)
        return self.library.by_key(owner.token.prompt_key) if owner.token else None
