"""What emails are made with: the library, the composer, and each person's own links."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.core.addresses import Address
from service.core.prompts import Library, Prompt
from service.flows.addressing import Addressing
from service.flows.contents import NothingToSendError
from service.flows.digest_reading import DigestReader
from service.mail.compose import Composer
from service.mail.outgoing import OutgoingEmail
from service.models import Delivery, Keyring


@dataclass(frozen=True, slots=True)
class BuiltEmail:
    """An email, what of it is kept sealed with its delivery, and where it goes if not to the person's own address."""

    email: OutgoingEmail
    sealed_content: bytes | None = field(default=None, repr=False)
    to: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Making:
    """The tools of whoever makes an email from a delivery."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    composer: Composer = field(repr=False)
    addressing: Addressing
    digests: DigestReader = field(repr=False)

    def prompt_of(self, delivery: Delivery) -> Prompt:
        """Return the prompt that a delivery asks.

        Raises:
            NothingToSendError: it has left the library since.
        """
        prompt = self.library.get(delivery.prompt_id or "")
        if prompt is None:
            raise NothingToSendError("the prompt is no longer in the library")
        return prompt

    def lighter_of(self, prompt: Prompt) -> Prompt | None:
        """Return the lighter question that goes with a deep one, or None."""
        return self.library.get(prompt.lighter) if prompt.lighter else None
