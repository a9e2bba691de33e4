"""The values that building an email takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.access.tokens import ReplyToken
from service.core.addresses import Address
from service.core.library.prompts import Library, Prompt
from service.flows.outgoing.links import LinkMaker
from service.flows.people.journal.digest_reading import DigestReader
from service.flows.people.settings.own_questions import asked_now
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, Keyring, Subscriber


class NothingToSendError(Exception):
    """The email no longer has anything to say: skip its delivery."""


@dataclass(frozen=True, slots=True)
class EmailContext:
    """The collaborators that every email is built with; a process has one for its whole life."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    composer: Composer = field(repr=False)
    links: LinkMaker
    digests: DigestReader = field(repr=False)

    def lighter_of(self, prompt: Prompt) -> Prompt | None:
        """Return the lighter prompt that a deep prompt is sent with, or None."""
        return self.library.get(prompt.lighter) if prompt.lighter else None


@dataclass(frozen=True, slots=True)
class EmailRequest:
    """A delivery to build an email for, with its subscriber, in a read-only session."""

    context: EmailContext
    session: Session = field(repr=False)
    delivery: Delivery = field(repr=False)
    person: Subscriber = field(repr=False)
    now: datetime

    @property
    def composer(self) -> Composer:
        """Return the composer of the subscriber's emails, which may be discreet."""
        return self.context.composer.in_mode(is_discreet=self.person.is_discreet)

    @property
    def prompt(self) -> Prompt:
        """Return the prompt that the delivery asks, of the library or the person's own.

        Raises:
            NothingToSendError: it has been removed.
        """
        prompt = self.context.library.get(self.delivery.prompt_id or "")
        prompt = prompt or asked_now(self.session, self.context.keyring, self.person, self.delivery.prompt_id)
        if prompt is None:
            raise NothingToSendError("the prompt is there no longer")
        return prompt


@dataclass(frozen=True, slots=True)
class BuiltEmail:
    """An email, the content to seal with its delivery, and its recipient if that is not the subscriber's address."""

    email: OutgoingEmail
    sealed_content: bytes | None = field(default=None, repr=False)
    to: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SentLookup:
    """A reply's token and its subscriber, to find the email that the reply answers."""

    context: EmailContext
    session: Session = field(repr=False)
    person: Subscriber = field(repr=False)
    token: ReplyToken = field(repr=False)
    is_discreet: bool = False

    @property
    def composer(self) -> Composer:
        """Return the composer for the mode, discreet or ordinary, that is tried."""
        return self.context.composer.in_mode(is_discreet=self.is_discreet)
