"""Judging a mail: how it ends, by who sent it and by what it says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from service.core.replies import SentEmail
from service.core.replies.classify.automatic import AutomaticSigns, MailAuthor, holds_telling_part, is_reaction
from service.core.replies.classify.commands import Command, Verb
from service.core.replies.mime.bodies import MIME_BYTES
from service.core.steps import StepAnswer, StepState
from service.core.tokens import ReplyKind
from service.flows.incoming.owner import Owner
from service.flows.incoming.photos import ProcessedPhotos
from service.mail.inbound.inbound_mail import InboundMail
from service.mail.inbound.reading import MailReading
from service.models import Outcome, Subscriber, SubscriberStatus

YES = frozenset({"yes", "y", "yes please", "yes, please", "ok", "okay", "confirm", "i confirm", "sure", "please"})
PAST_A_BOUND = "past a bound: the rest is in the raw mail"
_AGREES_TO_NOTHING = (Verb.STOP, Verb.HELP, Verb.DELETE)


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


@dataclass(frozen=True, slots=True)
class Understood:
    """A mail with its verdict, its owner, its words and the subject of ours that it answers, where each is known."""

    verdict: Classification
    mail: InboundMail | None = None
    owner: Owner | None = None
    reading: MailReading | None = None
    answered: str = field(default="", repr=False)
    by_person: bool = False
    has_bounced: bool = False
    album: ProcessedPhotos = field(default_factory=ProcessedPhotos)

    @property
    def is_a_sign(self) -> bool:
        """Say whether it shows that a person is here, though nothing in it is kept or carried out."""
        return self.by_person and self.verdict.outcome in {Outcome.EMPTY, Outcome.CONFIRMED}

    def confirms(self, person: Subscriber) -> bool:
        """Say whether this is how a person agrees to be written to: no program can do that in their place."""
        command = self.verdict.command
        if not self.by_person or (command and command.verb in _AGREES_TO_NOTHING):
            return False
        if person.status == SubscriberStatus.STOPPED:
            return self.verdict.outcome == Outcome.CONFIRMED
        return person.status == SubscriberStatus.PENDING and self.reading is not None


def classify_by_sender(owner: Owner | None, written_by: MailAuthor) -> Classification | None:
    """Return how a mail ends whatever it says, or None where its words decide."""
    if owner is None:
        return Classification(Outcome.STRANGER, "nobody's we know")
    if owner.wants_to_stop:
        return Classification(Outcome.COMMAND, "stop by address")
    if written_by is MailAuthor.PROGRAM or (written_by is MailAuthor.PROBABLY_PROGRAM and not owner.is_theirs):
        return Classification(Outcome.AUTO_REPLY, "written by a program")
    if written_by is not MailAuthor.PERSON and owner.token is None:
        return Classification(Outcome.AUTO_REPLY, "by a program, or to no question")
    if not owner.is_theirs:
        return Classification(Outcome.HELD, "not proved theirs", "held" if written_by is MailAuthor.PERSON else "")
    return None


def unread_case(mail: InboundMail) -> str:
    """Return what to tell somebody whose mail could not be read: that it was too big, or only that."""
    parts = (mail.raw_mime, mail.plain, mail.html, *(file.data for file in mail.attachments))
    return "too_big" if sum(map(len, filter(None, parts))) > MIME_BYTES else "unreadable"


def classify_by_signs(
    reading: MailReading, mail: InboundMail, sent: SentEmail | None, written_by: MailAuthor, signs: AutomaticSigns
) -> Classification | None:
    """Return how a mail ends that its parts or its few words give away, or None where its words decide.

    One that is probably a program's is kept if it quotes what we sent, as a person's reply does and a notice of
    absence does not.
    """
    if reading.automatic or holds_telling_part((file.content_type, file.data) for file in mail.attachments):
        return Classification(Outcome.AUTO_REPLY, "a part that only programs write")
    quotes = sent is not None and any(piece.reason == "quotation" for piece in reading.words.trimmed)
    if written_by is MailAuthor.PROBABLY_PROGRAM and not quotes:
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


def with_photos(verdict: Classification, album: ProcessedPhotos, *, by_person: bool) -> Classification:
    """Return how a mail with files ends: a photo alone is an entry, and what cannot be kept is told."""
    told = by_person and bool(album.unkept)
    if verdict.outcome == Outcome.ENTRY or album.photos:
        receipt, note = "receipt" if by_person else "", "photo" if told else ""
        reason = verdict.reason if verdict.outcome == Outcome.ENTRY else ""
        return Classification(Outcome.ENTRY, reason, receipt, note=note, step=verdict.step)
    return replace(verdict, reason="only files", answer="only_files") if told else verdict
