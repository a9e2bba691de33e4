"""The links of an email that belong to one subscriber: reply addresses, ways to stop, and signed action links."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from service.core.access.tokens import Action, ActToken, FrequencyToken, ReplyKind, ReplyToken
from service.core.journal.entry_text import write_link_object
from service.core.library.prompts import Prompt
from service.core.reply_address import REPLY_PREFIX, STOP_PREFIX
from service.core.settings.consent import Stream
from service.core.settings.schedule import local_date, writing_date
from service.mail.outbound.links import Links
from service.mail.outbound.placeholders import placeholder
from service.models import Delivery, Keyring, Subscriber

WRITE_LINK_LIFETIME = timedelta(days=30)
NO_PROMPT = NO_STEP = 0
WRITE_PATH = "write"
# The names of the variables that fill a batch's placeholders; short, since they count for the size of a request.
REPLY_TOKEN, STOP_TOKEN, WRITE_TOKEN = "reply", "stop", "write"


@dataclass(frozen=True, slots=True)
class LinkMaker:
    """Makes the links and addresses of an email for one subscriber."""

    keyring: Keyring = field(repr=False)
    base_url: str
    reply_domain: str

    def links(self, person: Subscriber, reply_address: str, write_url: str = "") -> Links:
        """Return a subscriber's links, with the address that a reply to this email goes to."""
        return self._links(reply_address, self._stop_token(person), write_url)

    def batch_links(self) -> Links:
        """Return the links of a batch, in which placeholders stand for the tokens of each recipient.

        The rest of each link is in the text, because the provider limits the bytes of variables in a request.
        """
        return self._links(
            f"{REPLY_PREFIX}{placeholder(REPLY_TOKEN)}@{self.reply_domain}",
            placeholder(STOP_TOKEN),
            f"{self.base_url}/{WRITE_PATH}/{placeholder(WRITE_TOKEN)}",
        )

    def batch_variables(self, delivery: Delivery, person: Subscriber, prompt: Prompt) -> dict[str, str]:
        """Return what fills the placeholders of `batch_links` for one recipient of a prompt."""
        return {
            REPLY_TOKEN: self._prompt_token(delivery, person, prompt).encode(self.keyring.index),
            STOP_TOKEN: self._stop_token(person),
            WRITE_TOKEN: self._write_token(delivery, person, prompt).encode(self.keyring.index),
        }

    def letter_variables(self, delivery: Delivery, person: Subscriber, letter_key: int) -> dict[str, str]:
        """Return what fills the placeholders of a letter for one recipient: a reply is for the date it reaches them."""
        on = local_date(delivery.ready_at, person.zone)
        return {
            REPLY_TOKEN: ReplyToken(ReplyKind.LETTER, person.id, letter_key, on).encode(self.keyring.index),
            STOP_TOKEN: FrequencyToken(person.id, Stream.LETTERS).encode(self.keyring.index),
        }

    def _links(self, reply_address: str, stop_token: str, write_url: str) -> Links:
        stop_url = f"{self.base_url}/unsubscribe/{stop_token}"
        return Links(
            reply_address=reply_address,
            stop_url=stop_url,
            one_click_url=stop_url,
            stop_address=f"{STOP_PREFIX}{stop_token}@{self.reply_domain}",
            rest_url=f"{self.base_url}/rest/{stop_token}",
            settings_url=f"{self.base_url}/settings",
            help_url=f"{self.base_url}/help-now",
            write_url=write_url,
        )

    def reply_address(self, kind: ReplyKind, person: Subscriber, on: date, prompt_key: int = NO_PROMPT) -> str:
        """Return the reply address whose token names the subscriber, the prompt and the local date."""
        return self.address_of(ReplyToken(kind, person.id, prompt_key, on))

    def address_of(self, token: ReplyToken) -> str:
        """Return the reply address of a token."""
        return f"{REPLY_PREFIX}{token.encode(self.keyring.index)}@{self.reply_domain}"

    def answer_links(self, person: Subscriber, now: datetime, step_key: int = NO_STEP) -> Links:
        """Return the links of an automatic reply to a mail received now, which may be about a step."""
        on = writing_date(now, person.zone)
        return self.links(person, self.reply_address(ReplyKind.ANSWER, person, on, step_key))

    def act_url(self, path: str, action: Action, person: Subscriber, until: datetime, object_id: int = 0) -> str:
        """Return a link that allows one action on one object until `until`."""
        token = ActToken(action, person.id, object_id, until).encode(self.keyring.index)
        return f"{self.base_url}/{path}/{token}"

    def prompt_links(self, delivery: Delivery, person: Subscriber, prompt: Prompt) -> Links:
        """Return a subscriber's links for a prompt: a reply to it is assigned to this prompt and its date."""
        write_token = self._write_token(delivery, person, prompt).encode(self.keyring.index)
        reply_address = self.address_of(self._prompt_token(delivery, person, prompt))
        return self.links(person, reply_address, f"{self.base_url}/{WRITE_PATH}/{write_token}")

    def _stop_token(self, person: Subscriber) -> str:
        return FrequencyToken(person.id).encode(self.keyring.index)

    @staticmethod
    def _prompt_token(delivery: Delivery, person: Subscriber, prompt: Prompt) -> ReplyToken:
        return ReplyToken(ReplyKind.PROMPT, person.id, prompt.key, delivery.on)

    @staticmethod
    def _write_token(delivery: Delivery, person: Subscriber, prompt: Prompt) -> ActToken:
        until = delivery.planned_at + WRITE_LINK_LIFETIME
        return ActToken(Action.WRITE, person.id, write_link_object(prompt.key, delivery.on), until)
