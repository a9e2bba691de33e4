"""Replies: each mail that came in gets one outcome, and what a person wrote becomes an entry of its day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.library.prompts import Library, Prompt
from service.core.photos import named
from service.core.replies.classify.automatic import MailAuthor, author_of
from service.core.replies.classify.commands import Command, CommandPhrases, command_phrases_for
from service.core.schedule import local_date
from service.core.sealing import SealError
from service.core.steps import StepAnswer, StepPhrases, step_phrases_for
from service.db import Database
from service.flows.incoming import commands, photos
from service.flows.incoming.bounces import has_bounced
from service.flows.incoming.classify import (
    Classification,
    Understood,
    classify_by_sender,
    classify_by_signs,
    classify_by_words,
    unread_case,
    with_photos,
)
from service.flows.incoming.owner import Owner, owner_of
from service.flows.incoming.photos import PhotoProcessor, ProcessedPhotos
from service.flows.incoming.sent_email import SentEmailFinder
from service.flows.incoming.store import InboundStore
from service.flows.outgoing.auto_replies import AnsweredMail, AutoReply, plan_auto_reply, plan_receipt
from service.flows.people import account, frequency, journal, signup, steps
from service.mail.inbound.inbound_mail import InboundMail, MalformedPostError, read_mail
from service.mail.inbound.phrase_files import load_automatic_signs
from service.mail.inbound.reader import MailReader, UnreadableMail
from service.mail.inbound.reading import MailContent, MailReading
from service.models import Keyring, Outcome, Reply, Subscriber, Suppression, SuppressionReason
from service.models.incoming.reply import MAX_ATTEMPTS, RAW_KEPT
from service.storage import StorageError

LEASE = timedelta(seconds=60)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReplyProcessor:
    """Understands what came in; one for the life of a worker."""

    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    inbound_store: InboundStore
    reader: MailReader = field(repr=False)
    photo_processor: PhotoProcessor = field(repr=False)
    sent_email_finder: SentEmailFinder = field(repr=False)
    own_address: str
    clock: Clock
    command_phrases: Mapping[str, CommandPhrases] = field(repr=False)
    step_phrases: Mapping[str, StepPhrases] = field(repr=False)

    def process(self, reply_id: int) -> list[int]:
        """Give a mail its outcome; return the deliveries that answer it. Does nothing if it has one already."""
        with self.database.write() as session:
            reply = Reply.claim(session, reply_id, LEASE)
        if reply is None:
            return []
        try:
            understood = self._process(reply, read_mail(self.inbound_store.open(reply)))
        except (MalformedPostError, SealError) as error:
            understood = Understood(Classification(Outcome.UNREADABLE, type(error).__name__))
        except StorageError:
            understood = Understood(Classification(Outcome.UNREADABLE, "the object store does not answer"))
            if reply.attempts < MAX_ATTEMPTS:
                return []
        if understood.verdict.outcome == Outcome.UNREADABLE:
            log.warning("reply.not_read", reply=reply.id, attempt=reply.attempts, reason=understood.verdict.reason)
            if understood.mail is not None and reply.attempts < MAX_ATTEMPTS:
                return []
        return self._conclude(reply, understood)

    def _process(self, reply: Reply, mail: InboundMail) -> Understood:
        with self.database.read() as session:
            to = self.inbound_store.meant_for(reply, mail)
            owner = owner_of(session, self.keyring, mail, self.inbound_store.reply_domain, reply.received_at, to=to)
            if owner and reply.is_claimed_by(owner.person.id):
                owner = replace(owner, is_theirs=True)
            sent = self.sent_email_finder.find(session, owner) if owner else None
        written_by = self._author_of(mail)
        by_person, answered = written_by is MailAuthor.PERSON, sent.subject if sent else ""
        early = classify_by_sender(owner, written_by)
        if owner is None or early is not None:
            bounced = owner is not None and has_bounced(self.keyring, self.reader, mail, owner)
            return Understood(
                early or Classification(Outcome.STRANGER), mail, owner, None, answered, by_person, bounced
            )
        reading = self.reader.read(MailContent(mail.raw_mime, mail.plain, mail.html), sent)
        if isinstance(reading, UnreadableMail):
            verdict = Classification(Outcome.UNREADABLE, reading.reason, unread_case(mail) if by_person else "")
            return Understood(verdict, mail, owner, None, answered, by_person)
        if given_away := classify_by_signs(reading, mail, sent, written_by, load_automatic_signs()):
            return Understood(given_away, mail, owner, None, answered)
        has_files = bool(reading.files or mail.attachments)
        command = None if reply.is_claimed_by(owner.person.id) else self._command(reading, owner.person)
        answer = self._step_answer(reading, owner, has_files=has_files)
        verdict = classify_by_words(reading, owner, command, by_person=by_person, answer=answer)
        album = ProcessedPhotos()
        if verdict.outcome in {Outcome.ENTRY, Outcome.EMPTY} and has_files:
            album = self.photo_processor.develop(mail, sent, owner.person)
            verdict = with_photos(verdict, album, by_person=by_person)
        return Understood(verdict, mail, owner, reading, answered, by_person, album=album)

    def _conclude(self, reply: Reply, understood: Understood) -> list[int]:
        """Write the outcome and all that follows from it in one transaction; return the deliveries it planned."""
        now, verdict, owner = self.clock(), understood.verdict, understood.owner
        try:
            own = self.inbound_store.resealed(reply, owner.person) if owner and understood.mail else None
        except StorageError:  # somebody faster has moved it, or the sweep asks again
            self._remove({*understood.album.names})
            return []
        planned: list[int] = []
        gone: set[str] = set()
        with self.database.write() as session:
            row = Reply.unprocessed(session, reply.id, reply.attempts)
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
                self.inbound_store.storage.remove(name)

    def _carry_out(  # noqa: PLR0917 - one step of _conclude, in its order
        self, session: Session, row: Reply, person: Subscriber, owner: Owner, understood: Understood, now: datetime
    ) -> tuple[list[int], set[str]]:
        """Return the deliveries this planned, and the names of objects that nothing needs once it is committed."""
        verdict = understood.verdict
        gone: set[str] = set()
        answers: list[AutoReply] = []
        planned = self._change_standing(session, person, owner, understood, now)
        to = AnsweredMail(understood.answered, (understood.mail.message_id if understood.mail else None) or "")
        if verdict.command:
            done = commands.carry_out(session, self.library, person, verdict.command, now)
            planned += [*done.planned]
            gone |= done.gone
            if done.answer and understood.by_person:
                answers.append(AutoReply(f"command.{done.answer}", row.id, told=done.told, about_id=done.reference))
        if verdict.step:
            answers += self._note_step(session, row, person, owner, verdict)
        if verdict.outcome == Outcome.ENTRY and understood.reading:
            row.entry_id = self._keep_entry(session, person, owner, understood, understood.reading)
            if verdict.answer:
                planned += plan_receipt(session, self.keyring, person, row.entry_id, to=to, now=now)
        note = verdict.note if verdict.outcome == Outcome.ENTRY else verdict.answer
        if note:
            answers.append(AutoReply(note, row.id, told=named(understood.album.unkept)))
        for answer in answers:
            planned += plan_auto_reply(session, self.keyring, person, answer, to=to, now=now)
        return planned, gone

    def _note_step(
        self, session: Session, row: Reply, person: Subscriber, owner: Owner, verdict: Classification
    ) -> list[AutoReply]:
        """Note how a step went; return what answers a mail that said nothing else."""
        step = steps.step_asked_about(session, owner.token)
        if step is None or verdict.step is None:
            return []
        steps.answer(session, person, step, verdict.step, self.clock())
        return (
            [AutoReply(f"step.{verdict.step}", row.id, about_id=step.id)] if verdict.outcome == Outcome.COMMAND else []
        )

    def _keep_entry(
        self, session: Session, person: Subscriber, owner: Owner, understood: Understood, reading: MailReading
    ) -> int:
        """Return the id of the entry that a mail became, with its photos and with the step that it chooses, if any."""
        now, prompt = self.clock(), self._prompt(session, owner)
        entry = journal.add_entry(
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
            chosen = step_phrases_for(self.step_phrases, person.locale).step_in(reading.words.text, prompt)
            steps.choose_from_entry(session, self.keyring, person, entry, chosen=chosen, prompt=prompt)
        return entry.id

    def _change_standing(
        self, session: Session, person: Subscriber, owner: Owner, understood: Understood, now: datetime
    ) -> list[int]:
        """Do what a mail does to whether its owner is written to at all; return the deliveries it planned."""
        if understood.is_a_sign:
            frequency.record_activity(session, person, now)
        if understood.has_bounced:
            Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, now)
        if owner.wants_to_stop:
            account.stop(session, person, now, source="address")
        if understood.confirms(person):
            return signup.confirm(session, self.library, person.id, now, source="reply")
        return []

    def _author_of(self, mail: InboundMail) -> MailAuthor:
        own = [self.own_address, f"@{self.inbound_store.reply_domain}"]
        return author_of(
            mail.headers, load_automatic_signs(), envelope_sender=mail.sender, from_address=mail.from_address, own=own
        )

    def _command(self, reading: MailReading, person: Subscriber) -> Command | None:
        words = reading.words.bare or reading.words.text
        return command_phrases_for(self.command_phrases, person.locale).read(
            words, local_date(self.clock(), person.zone)
        )

    def _step_answer(self, reading: MailReading, owner: Owner, *, has_files: bool) -> StepAnswer | None:
        """Return what a mail says of the step it was asked about; with a file in it there is more to keep than that."""
        with self.database.read() as session:
            if steps.step_asked_about(session, owner.token) is None:
                return None
        words = reading.words.bare or reading.words.text
        answer = step_phrases_for(self.step_phrases, owner.person.locale).answer_in(words)
        return replace(answer, is_all=False) if answer and has_files else answer

    def _prompt(self, session: Session, owner: Owner) -> Prompt | None:
        if step := steps.step_asked_about(session, owner.token):
            return steps.follow_up_prompt(self.library, owner.person, step)
        return self.library.by_key(owner.token.prompt_key) if owner.token else None
