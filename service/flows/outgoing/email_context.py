"""What an email is built from, and the values it is built into."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.library.prompts import Library, Prompt
from service.core.tokens import ReplyToken
from service.flows.outgoing.links import LinkMaker
from service.flows.people.digest_reading import DigestReader
from service.mail.outbound.composer import Composer
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, Keyring, Subscriber


class NothingToSendError(Exception):
    """There is no longer anything to say in this email: skip it for good."""


@dataclass(frozen=True, slots=True)
class EmailContext:
    """The parts that every email is built with; one for the life of a process."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    composer: Composer = field(repr=False)
    links: LinkMaker
    digests: DigestReader = field(repr=False)

    def lighter_of(self, prompt: Prompt) -> Prompt | None:
        """Return the lighter question that goes with a deep one, or None."""
        return self.library.get(prompt.lighter) if prompt.lighter else None


@dataclass(frozen=True, slots=True)
class EmailRequest:
    """One delivery to build an email for, with its person, in a session that only reads."""

    context: EmailContext
    session: Session = field(repr=False)
    delivery: Delivery = field(repr=False)
    person: Subscriber = field(repr=False)
    now: datetime

    @property
    def prompt(self) -> Prompt:
        """Return the prompt that the delivery asks.

        Raises:
            NothingToSendError: it has left the library since.
        """
        prompt = self.context.library.get(self.delivery.prompt_id or "")
        if prompt is None:
            raise NothingToSendError("the prompt is no longer in the library")
        return prompt


@dataclass(frozen=True, slots=True)
class BuiltEmail:
    """An email, what of it is kept sealed with its delivery, and where it goes if not to the person's own address."""

    email: OutgoingEmail
    sealed_content: bytes | None = field(default=None, repr=False)
    to: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SentLookup:
    """A reply's token and its person: which of our emails was answered, and what did it say?"""

    context: EmailContext
    session: Session = field(repr=False)
    person: Subscriber = field(repr=False)
    token: ReplyToken = field(repr=False)
