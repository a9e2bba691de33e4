"""The result of processing a mail, before anything is written to the database."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.core.replies import ReplyWords
from service.core.replies.classify.automatic import MailAuthor
from service.core.replies.classify.commands import Verb
from service.core.settings.consent import Stream
from service.flows.incoming.replies.classify import Classification
from service.flows.incoming.replies.owner import Owner
from service.flows.incoming.replies.photo_processing import ProcessedPhotos
from service.mail.inbound.inbound_mail import InboundMail
from service.models import Outcome, Subscriber, SubscriberStatus

_AGREES_TO_NOTHING = (Verb.STOP, Verb.HELP, Verb.DELETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedMail:
    """A mail with its classification, and as far as known its owner, author, words and photos.

    `answered_subject` is the subject of our email that it answers. `has_bounced` is true if it reports a bounce.
    `round_trip` is the id of the test mail that it is, `joins` what
    a mail to join asks for.
    """

    classification: Classification = field(default_factory=lambda: Classification(Outcome.STRANGER))
    mail: InboundMail | None = None
    owner: Owner | None = None
    author: MailAuthor = MailAuthor.PROGRAM
    answered_subject: str = field(default="", repr=False)
    words: ReplyWords | None = field(default=None, repr=False)
    photos: ProcessedPhotos = field(default_factory=ProcessedPhotos)
    has_bounced: bool = False
    round_trip: int | None = None
    joins: Stream | None = None

    @property
    def by_person(self) -> bool:
        """Return whether it is certain that no program wrote it."""
        return self.author is MailAuthor.PERSON

    @property
    def is_for_the_service(self) -> bool:
        """Return whether it belongs to nobody's journal: a test mail, or one to join."""
        return self.round_trip is not None or self.joins is not None

    @property
    def shows_activity(self) -> bool:
        """Return whether it counts as activity even if it becomes neither an entry nor a command."""
        return self.by_person and self.classification.outcome in {Outcome.EMPTY, Outcome.CONFIRMED}

    def confirms(self, person: Subscriber) -> bool:
        """Return whether this mail is a person's consent to get emails, which no program can give for them."""
        command = self.classification.command
        if not self.by_person or (command and command.verb in _AGREES_TO_NOTHING):
            return False
        if person.status == SubscriberStatus.PENDING:
            return self.words is not None
        return self.classification.outcome == Outcome.CONFIRMED
