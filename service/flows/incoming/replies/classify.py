"""Classifying a mail: its outcome, from its sender, its parts and its words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.core.access.tokens import ReplyKind
from service.core.journal.steps import StepAnswer, StepState
from service.core.replies import SentEmail
from service.core.replies.classify.automatic import AutomaticSigns, MailAuthor, holds_telling_part, is_reaction
from service.core.replies.classify.commands import Command, Verb
from service.core.replies.mime.bodies import MIME_BYTES
from service.flows.incoming.replies.owner import Owner
from service.flows.incoming.replies.photo_processing import ProcessedPhotos
from service.mail.inbound.inbound_mail import InboundMail
from service.mail.sandbox.reading import MailReading
from service.models import Outcome, SubscriberStatus

YES = frozenset({"yes", "y", "yes please", "yes, please", "ok", "okay", "confirm", "i confirm", "sure", "please"})
PAST_A_BOUND = "past a bound: the rest is in the raw mail"


@dataclass(frozen=True, slots=True)
class Classification:
    """The outcome of a mail with its reason, its command if it is one, and the case of the email that answers it.

    `note` is the case of the email that says which part of an entry was not kept, or is uncertain. `step` is how a
    step went, if the mail answers a step's follow-up.
    """

    outcome: Outcome
    reason: str = ""
    answer: str = ""
    command: Command | None = None
    note: str = ""
    step: StepState | None = None


def classify_by_sender(owner: Owner | None, author: MailAuthor) -> Classification | None:
    """Return the classification of a mail if its sender decides it, or None if its content decides."""
    if owner is None:
        return Classification(Outcome.STRANGER, "nobody's we know")
    if owner.stop:
        return Classification(Outcome.COMMAND, "stop by address")
    if author is MailAuthor.PROGRAM or (author is MailAuthor.PROBABLY_PROGRAM and not owner.is_theirs):
        return Classification(Outcome.AUTO_REPLY, "written by a program")
    if author is not MailAuthor.PERSON and owner.token is None:
        return Classification(Outcome.AUTO_REPLY, "by a program, or to no question")
    if not owner.is_theirs:
        return Classification(Outcome.HELD, "not proved theirs", "held" if author is MailAuthor.PERSON else "")
    return None


def classify_unreadable(mail: InboundMail, reason: str, author: MailAuthor) -> Classification:
    """Return the classification of a mail that could not be read; a person is told whether it was too big."""
    parts = (mail.raw_mime, mail.plain, mail.html, *(file.data for file in mail.attachments))
    case = "too_big" if sum(map(len, filter(None, parts))) > MIME_BYTES else "unreadable"
    return Classification(Outcome.UNREADABLE, reason, case if author is MailAuthor.PERSON else "")


def classify_by_parts(
    reading: MailReading, mail: InboundMail, sent: SentEmail | None, author: MailAuthor, signs: AutomaticSigns
) -> Classification | None:
    """Return the classification of a mail if its parts show that a program wrote it, or None if its words decide.

    A mail that probably comes from a program is kept if it quotes our email, as a reply of a person does and an
    out-of-office notice does not.
    """
    if reading.automatic or holds_telling_part((file.content_type, file.data) for file in mail.attachments):
        return Classification(Outcome.AUTO_REPLY, "a part that only programs write")
    quotes = sent is not None and any(piece.reason == "quotation" for piece in reading.words.trimmed)
    if author is MailAuthor.PROBABLY_PROGRAM and not quotes:
        return Classification(Outcome.AUTO_REPLY, "tells of an absence")
    if is_reaction(reading.words.bare or reading.words.text, sent.text if sent else "", signs):
        return Classification(Outcome.AUTO_REPLY, "a reaction without words")
    return None


def classify_by_words(
    reading: MailReading, owner: Owner, command: Command | None, *, by_person: bool, answer: StepAnswer | None
) -> Classification:
    """Return the classification of the owner's own mail by its words.

    A mail that a program may have written changes nothing, except that "stop" is obeyed. `answer` is what the mail says
    about a step; it takes precedence over a command, because "not today" is both.
    """
    words = reading.words.text.strip()
    confirms = owner.token is not None and owner.token.kind == ReplyKind.CONFIRMATION
    if (confirms or owner.person.status == SubscriberStatus.PENDING) and words.lower().strip(" .!") in YES:
        return Classification(Outcome.CONFIRMED)
    answered = answer if by_person else None
    if answered and answered.is_all:
        return Classification(Outcome.COMMAND, "about a step", step=answered.state)
    if command and (by_person or command.verb is Verb.STOP):
        return Classification(Outcome.COMMAND, command.verb, command=command)
    if words or reading.words.over:
        reason, receipt = PAST_A_BOUND if reading.bounded else "", "receipt" if by_person else ""
        note = "letters" if by_person and reading.guessed else ""
        return Classification(Outcome.ENTRY, reason, receipt, note=note, step=answered.state if answered else None)
    if reading.bounded:  # the words may be in the part that was not read, so the mail is set aside to be read again
        return Classification(Outcome.UNREADABLE, PAST_A_BOUND, "unreadable" if by_person else "")
    return Classification(Outcome.EMPTY, "no words", "empty" if by_person else "")


def with_photos(classification: Classification, photos: ProcessedPhotos, *, by_person: bool) -> Classification:
    """Return the classification of a mail with files: a photo alone is an entry, and unkept files are reported."""
    is_reported = by_person and bool(photos.unkept)
    if classification.outcome == Outcome.ENTRY or photos.photos:
        receipt, note = "receipt" if by_person else "", "photo" if is_reported else classification.note
        reason = classification.reason if classification.outcome == Outcome.ENTRY else ""
        return Classification(Outcome.ENTRY, reason, receipt, note=note, step=classification.step)
    return replace(classification, reason="only files", answer="only_files") if is_reported else classification
