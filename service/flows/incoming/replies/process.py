"""Processing incoming mail: `ReplyProcessor._stages` lists the stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from service.clock import Clock
from service.core.journal.entry_text import with_set_aside
from service.core.journal.steps import StepAnswer, StepPhrases, step_phrases_for
from service.core.replies import ReplyWords, SentEmail
from service.core.replies.classify.automatic import MailAuthor, author_of
from service.core.replies.classify.commands import Command, CommandPhrases, Verb, command_phrases_for
from service.core.reply_address import stream_joined_at, tokens_at, trip_at
from service.core.sealing import SealError
from service.core.settings.schedule import local_date
from service.db import Database
from service.flows.incoming.events.bounces import has_bounced
from service.flows.incoming.replies.apply import ReplyApplier
from service.flows.incoming.replies.classify import (
    Classification,
    classify_by_parts,
    classify_by_sender,
    classify_by_words,
    classify_unreadable,
    with_photos,
)
from service.flows.incoming.replies.join_by_mail import JoinByMail
from service.flows.incoming.replies.owner import Owner, owner_of
from service.flows.incoming.replies.photo_processing import (
    FilesNotListedError,
    PhotoProcessor,
    ProcessedPhotos,
    holds_unlisted_files,
)
from service.flows.incoming.replies.processed_mail import ProcessedMail
from service.flows.incoming.replies.sent_email import SentEmailFinder
from service.flows.incoming.replies.store import InboundStore
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.journal.steps import is_about_step, step_asked_about
from service.mail.inbound.inbound_mail import InboundMail, MalformedPostError, read_mail
from service.mail.sandbox.phrase_files import load_automatic_signs
from service.mail.sandbox.reader import MailReader, UnreadableMail
from service.mail.sandbox.reading import MailContent, MailReading
from service.models import Keyring, Outcome, Reply, RoundTrip, Subscriber
from service.models.incoming import reply_claims
from service.models.incoming.reply import RAW_KEPT, RAW_KEPT_FOR_CHOICE
from service.models.incoming.reply_claims import MAX_ATTEMPTS
from service.storage import StorageError

LEASE = timedelta(seconds=60)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReplyProcessor:
    """Processes incoming mail; a worker has one for its whole life."""

    database: Database
    keyring: Keyring = field(repr=False)
    inbound_store: InboundStore
    reader: MailReader = field(repr=False)
    photo_processor: PhotoProcessor = field(repr=False)
    sent_email_finder: SentEmailFinder = field(repr=False)
    applier: ReplyApplier = field(repr=False)
    join_by_mail: JoinByMail = field(repr=False)
    own_address: str
    clock: Clock
    command_phrases: Mapping[str, CommandPhrases] = field(repr=False)
    step_phrases: Mapping[str, StepPhrases] = field(repr=False)

    def process(self, reply_id: int) -> list[int]:
        """Give a mail its outcome and return the ids of the planned deliveries; none if it has an outcome."""
        with self.database.write() as session:
            reply = reply_claims.claim(session, reply_id, LEASE)
        if reply is None:
            return []
        result = self._result_of(reply)
        return self._conclude(reply, result) if result else []

    def _result_of(self, reply: Reply) -> ProcessedMail | None:
        """Return the processed mail, or None if another attempt, which the sweep enqueues, may succeed."""
        is_last = _is_last_attempt(reply)
        try:
            result = self._stages(reply)
        except (MalformedPostError, SealError) as error:
            result = ProcessedMail(classification=Classification(Outcome.UNREADABLE, type(error).__name__))
        except FilesNotListedError:
            log.warning("reply.files_not_listed", reply=reply.id, attempt=reply.attempts)
            return None
        except StorageError:
            if not is_last:
                return None
            reason = "the object store does not answer"
            result = ProcessedMail(classification=Classification(Outcome.UNREADABLE, reason))
        if result.classification.outcome == Outcome.UNREADABLE:
            log.warning("reply.not_read", reply=reply.id, attempt=reply.attempts, reason=result.classification.reason)
            if result.mail is not None and not is_last:
                return None
        return result

    def _stages(self, reply: Reply) -> ProcessedMail:
        """Return the processed mail: its owner and author, the email that it answers, its words and its photos.

        Raises:
            MalformedPostError, SealError, StorageError: the mail cannot be opened, or its photos cannot be kept.
            FilesNotListedError: its files could not be listed, and this is not the last attempt.
        """
        mail = read_mail(self.inbound_store.open(reply))
        for_service = self._for_the_service(mail)
        if for_service is not None:
            return for_service
        owner, sent = self._owner_and_sent_email(reply, mail)
        author = self._author_of(mail)
        result = ProcessedMail(mail=mail, owner=owner, author=author, answered_subject=sent.subject if sent else "")
        by_sender = classify_by_sender(owner, author)
        if owner is None or by_sender is not None:
            bounced = owner is not None and has_bounced(self.keyring, self.reader, mail, owner)
            return replace(result, classification=by_sender or result.classification, has_bounced=bounced)
        reading = self.reader.read(MailContent(mail.raw_mime, mail.plain, mail.html), sent)
        if isinstance(reading, UnreadableMail):
            return replace(result, classification=classify_unreadable(mail, reading.reason, author))
        by_parts = classify_by_parts(reading, mail, sent, author, load_automatic_signs())
        if by_parts is not None:
            return replace(result, classification=by_parts)
        if reply.is_kept_whole:
            reading = replace(reading, words=_whole(reading.words))
        by_words = self._classify_words(reply, mail, owner, author, reading)
        photos = self._photos(reply, by_words, mail, owner, reading)
        classification = with_photos(by_words, photos, by_person=result.by_person)
        return replace(result, classification=classification, words=reading.words, photos=photos)

    def _for_the_service(self, mail: InboundMail) -> ProcessedMail | None:
        """Return the processed mail if it is a test mail or one to join, which nobody reads; else None.

        What is also sent to somebody's reply address is theirs.
        """
        domain = self.inbound_store.reply_domain
        if any(tokens_at(mail.recipients, domain, self.keyring.index)):
            return None
        trip, joins = trip_at(mail.recipients, domain), stream_joined_at(mail.recipients, domain)
        if trip is not None:
            test = Classification(Outcome.TEST, "a test mail of the doctor")
            return ProcessedMail(mail=mail, classification=test, round_trip=trip)
        if joins is not None:
            return ProcessedMail(mail=mail, author=self._author_of(mail), joins=joins)
        return None

    def _owner_and_sent_email(self, reply: Reply, mail: InboundMail) -> tuple[Owner | None, SentEmail | None]:
        with self.database.read() as session:
            to = self.inbound_store.recipients_of(reply, mail)
            owner = owner_of(session, self.keyring, mail, self.inbound_store.reply_domain, reply.received_at, to=to)
            if owner and reply.is_claimed_by(owner.person.id):
                owner = replace(owner, is_theirs=True)
            sent = self.sent_email_finder.find(session, owner, from_header=mail.from_header) if owner else None
            return owner, sent

    def _author_of(self, mail: InboundMail) -> MailAuthor:
        own = [self.own_address, f"@{self.inbound_store.reply_domain}"]
        signs = load_automatic_signs()
        return author_of(mail.headers, signs, envelope_sender=mail.sender, from_address=mail.from_address, own=own)

    def _classify_words(
        self, reply: Reply, mail: InboundMail, owner: Owner, author: MailAuthor, reading: MailReading
    ) -> Classification:
        """Return the classification of a mail by its words; a mail that its owner claimed later is never a command."""
        words = reading.words
        command = None if reply.is_claimed_by(owner.person.id) else self._command(words, owner)
        has_files = reading.files is None or bool(reading.files.attachments or mail.attachments)
        answer = self._step_answer(words, owner, has_files=has_files)
        by_person = author is MailAuthor.PERSON
        return classify_by_words(reading, owner, command, by_person=by_person, answer=answer)

    def _command(self, words: ReplyWords, owner: Owner) -> Command | None:
        """Return the command that a mail is, or None; "not a step" is one only in a reply to an email about a step."""
        phrases = command_phrases_for(self.command_phrases, owner.person.locale)
        command = phrases.read(words.bare or words.text, local_date(self.clock(), owner.person.zone))
        is_elsewhere = command is not None and command.verb is Verb.NOT_A_STEP and not is_about_step(owner.token)
        return None if is_elsewhere else command

    def _step_answer(self, words: ReplyWords, owner: Owner, *, has_files: bool) -> StepAnswer | None:
        """Return the answer about the step that a mail was asked about; with files, it is not all of the mail."""
        with self.database.read() as session:
            if step_asked_about(session, owner.token) is None:
                return None
        answer = step_phrases_for(self.step_phrases, owner.person.locale).answer_in(words.bare or words.text)
        return replace(answer, is_all=False) if answer and has_files else answer

    def _photos(
        self, reply: Reply, classification: Classification, mail: InboundMail, owner: Owner, reading: MailReading
    ) -> ProcessedPhotos:
        """Return the photos of a mail that is an entry, or becomes one by them.

        The last attempt leaves out files that cannot be listed, and its owner is told.
        """
        if classification.outcome not in {Outcome.ENTRY, Outcome.EMPTY}:
            return ProcessedPhotos()
        if holds_unlisted_files(mail, reading.files) and not _is_last_attempt(reply):
            raise FilesNotListedError
        return self.photo_processor.process(mail, reading.files, owner.person)

    def _conclude(self, reply: Reply, result: ProcessedMail) -> list[int]:
        """Write the outcome and all its effects in one transaction; return the ids of the deliveries planned."""
        if result.mail is not None and result.is_for_the_service:
            return self._conclude_for_the_service(reply, result, result.mail)
        now, classification, owner = self.clock(), result.classification, result.owner
        try:
            resealed = self.inbound_store.resealed(reply, owner.person) if owner and result.mail else None
        except StorageError:  # another worker has moved the object, or the sweep will enqueue the mail again
            remove_objects(self.inbound_store.storage, result.photos.names)
            return []
        planned: list[int] = []
        asks_about_words = False
        with self.database.write() as session:
            row = reply_claims.unprocessed(session, reply.id, reply.attempts)
            person = Subscriber.locked(session, owner.person.id) if owner else None
            if row is not None:
                if resealed and person:
                    resealed.assign_to(row)
                    row.subscriber_id = person.id
                    applied = self.applier.apply(session, row, person, result, now)
                    planned = applied.delivery_ids
                    asks_about_words = applied.asks_about_words
                keep_for = RAW_KEPT_FOR_CHOICE if asks_about_words else RAW_KEPT
                row.conclude(classification.outcome, classification.reason, now=now, keep_raw_until=now + keep_for)
                if classification.outcome == Outcome.STRANGER or (
                    owner and not person
                ):  # no owner, or the owner has been erased
                    row.drop_raw()
            kept_as = (row or reply).stored_as
        unneeded = set[str]() if row and row.entry_id else result.photos.names
        former = {reply.stored_as, resealed.stored_as if resealed else None} - {kept_as, None}
        remove_objects(self.inbound_store.storage, unneeded | {name for name in former if name})
        log.info("reply.processed", reply=reply.id, outcome=classification.outcome, reason=classification.reason)
        return planned

    def _conclude_for_the_service(self, reply: Reply, result: ProcessedMail, mail: InboundMail) -> list[int]:
        """Write the outcome of a test mail or of one to join, of which nothing is kept; return as `_conclude` does."""
        now, classification = self.clock(), result.classification
        planned: list[int] = []
        with self.database.write() as session:
            row = reply_claims.unprocessed(session, reply.id, reply.attempts)
            if row is None:
                return []
            if result.round_trip is not None:
                RoundTrip.note_arrival(session, result.round_trip, now)
            if result.joins is not None:
                classification, planned = self.join_by_mail.apply(
                    session, mail, result.joins, now, by_person=result.by_person
                )
            stored_as = row.stored_as
            row.conclude(classification.outcome, classification.reason, now=now, keep_raw_until=now)
            row.drop_raw()
        remove_objects(self.inbound_store.storage, {stored_as} if stored_as else set())
        log.info("reply.processed", reply=reply.id, outcome=classification.outcome, reason=classification.reason)
        return planned


def _is_last_attempt(reply: Reply) -> bool:
    return reply.attempts >= MAX_ATTEMPTS


def _whole(words: ReplyWords) -> ReplyWords:
    """Return the words of a mail together with what was set aside in it."""
    text, trimmed = with_set_aside(words.text, words.trimmed)
    return replace(words, text=text, bare=text, trimmed=trimmed)
