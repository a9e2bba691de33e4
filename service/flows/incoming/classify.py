"""The outcome of a mail, by its sender, its parts and its words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.core.replies import SentEmail
from service.core.replies.classify.automatic import AutomaticSigns, MailAuthor, holds_telling_part, is_reaction
from service.core.replies.classify.commands import Command, Verb
from service.core.replies.mime.bodies import MIME_BYTES
from service.core.steps import StepAnswer, StepState
from service.core.tokens import ReplyKind
from service.flows.incoming.owner import Owner
from service.flows.incoming.photo_processing import ProcessedPhotos
from service.mail.inbound.inbound_mail import InboundMail
from service.mail.inbound.reading import MailReading
from service.models import Outcome, SubscriberStatus

YES = frozenset({"yes", "y", "yes please", "yes, please", "ok", "okay", "confirm", "i confirm", "sure", "please"})
PAST_A_BOUND = "past a bound: the rest is in the raw mail"


@dataclass(frozen=True, slots=True)
class Classification:
    """How a mail ends: the outcome, why, the command if it is one, and the email that answers it, if any.

    `note` is the email that tells what of an entry could not be kept, `step` how a step went that was asked about.
    """

    outcome: Outcome
    reason: str = ""
    answer: str = ""
    command: Command | None = None
    note: str = ""
    step: StepState | None = None


def classify_by_sender(owner: Owner | None, author: MailAuthor) -> Classification | None:
    """Return how a mail ends whatever it says, or None where its words decide."""
    if owner is None:
        return Classification(Outcome.STRANGER, "nobody's we know")
    if owner.wants_to_stop:
        return Classification(Outcome.COMMAND, "stop by address")
    if author is MailAuthor.PROGRAM or (author is MailAuthor.PROBABLY_PROGRAM and not owner.is_theirs):
        return Classification(Outcome.AUTO_REPLY, "written by a program")
    if author is not MailAuthor.PERSON and owner.token is None:
        return Classification(Outcome.AUTO_REPLY, "by a program, or to no question")
    if not owner.is_theirs:
        return Classification(Outcome.HELD, "not proved theirs", "held" if author is MailAuthor.PERSON else "")
    return None


def classify_unreadable(mail: InboundMail, reason: str, author: MailAuthor) -> Classification:
    """Return how a mail ends that could not be read; a person is told whether it was too big, or only that."""
    parts = (mail.raw_mime, mail.plain, mail.html, *(file.data for file in mail.attachments))
    case = "too_big" if sum(map(len, filter(None, parts))) > MIME_BYTES else "unreadable"
    return Classification(Outcome.UNREADABLE, reason, case if author is MailAuthor.PERSON else "")


def classify_by_parts(
    reading: MailReading, mail: InboundMail, sent: SentEmail | None, author: MailAuthor, signs: AutomaticSigns
) -> Classification | None:
    """Return how a mail ends that its parts or its few words give away, or None where its words decide.

    One that is probably a program's is kept if it quotes what we sent, as a person's reply does and a notice of
    absence does not.
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
    reading: MailReading, owner: Owner, command: Command | None, *, by_person: bool, answer: StepAnswer | None = None
) -> Classification:
    """Return how a mail of the owner's own ends; what is not surely a person's changes nothing, unless it says stop.

    `answer` is what it says of a step; it comes before a command, since "not today" is one as well.
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
        return Classification(Outcome.ENTRY, reason, receipt, step=answered.state if answered else None)
    if reading.bounded:  # perhaps the words lie past it: set aside, where it can be seen and read again
        return Classification(Outcome.UNREADABLE, PAST_A_BOUND, "unreadable" if by_person else "")
    return Classification(Outcome.EMPTY, "no words", "empty" if by_person else "")


def with_photos(classification: Classification, photos: ProcessedPhotos, *, by_person: bool) -> Classification:
    """Return how a mail with files ends: a photo alone is an entry, and what cannot be kept is told."""
    told = by_person and bool(photos.unkept)
    if classification.outcome == Outcome.ENTRY or photos.photos:
        receipt, note = "receipt" if by_person else "", "photo" if told else ""
        reason = classification.reason if classification.outcome == Outcome.ENTRY else ""
        return Classification(Outcome.ENTRY, reason, receipt, note=note, step=classification.step)
    return replace(classification, reason="only files", answer="only_files") if told else classification
