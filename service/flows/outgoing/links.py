"""The links of an email that belong to one subscriber: reply addresses, ways to stop, and signed action links."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from service.core.entry_text import write_link_object
from service.core.library.prompts import Prompt
from service.core.reply_address import REPLY_PREFIX, STOP_PREFIX
from service.core.schedule import writing_date
from service.core.tokens import Action, ActToken, FrequencyToken, ReplyKind, ReplyToken
from service.mail.outbound.links import PLACEHOLDERS, WITH_WRITE_LINK, Links
from service.models import Delivery, Keyring, Subscriber

WRITE_LINK_LIFETIME = timedelta(days=30)
NO_PROMPT = 0


@dataclass(frozen=True, slots=True)
class LinkMaker:
    """Makes the links and addresses of an email for one subscriber."""

    keyring: Keyring = field(repr=False)
    base_url: str
    reply_domain: str

    def links(self, person: Subscriber, reply_address: str, write_url: str = "") -> Links:
        """Return a subscriber's links, with the address that a reply to this email goes to."""
        stop_token = FrequencyToken(person.id).encode(self.keyring.index)
        stop_url = f"{self.base_url}/unsubscribe/{stop_token}"
        return replace(
            PLACEHOLDERS,
            reply_address=reply_address,
            stop_url=stop_url,
            one_click_url=stop_url,
            stop_address=f"{STOP_PREFIX}{stop_token}@{self.reply_domain}",
            rest_url=f"{self.base_url}/rest/{stop_token}",
            settings_url=f"{self.base_url}/settings",
            help_url=f"{self.base_url}/help-now",
            write_url=write_url,
        )

    def batch_links(self) -> Links:
        """Return the links of a batch: placeholders, except for the links that are the same for every recipient."""
        return replace(WITH_WRITE_LINK, settings_url=f"{self.base_url}/settings", help_url=f"{self.base_url}/help-now")

    def reply_address(self, kind: ReplyKind, person: Subscriber, on: date, prompt_key: int = NO_PROMPT) -> str:
        """Return the reply address whose token names the subscriber, the prompt and the local date."""
        return self.address_of(ReplyToken(kind, person.id, prompt_key, on))

    def address_of(self, token: ReplyToken) -> str:
        """Return the reply address of a token."""
        return f"{REPLY_PREFIX}{token.encode(self.keyring.index)}@{self.reply_domain}"

    def answer_links(self, person: Subscriber, now: datetime) -> Links:
        """Return the links of an automatic reply that answers a mail received now."""
        on = writing_date(now, person.zone)
        return self.links(person, self.reply_address(ReplyKind.ANSWER, person, on))

    def act_url(self, path: str, action: Action, person: Subscriber, until: datetime, object_id: int = 0) -> str:
        """Return a link that allows one action on one object until `until`."""
        token = ActToken(action, person.id, object_id, until).encode(self.keyring.index)
        return f"{self.base_url}/{path}/{token}"

    def prompt_links(self, delivery: Delivery, person: Subscriber, prompt: Prompt) -> Links:
        """Return a subscriber's links for a prompt: a reply to it is assigned to this prompt and its date."""
        until = delivery.planned_at + WRITE_LINK_LIFETIME
        write_url = self.act_url("write", Action.WRITE, person, until, write_link_object(prompt.key, delivery.on))
        return self.links(person, self.reply_address(ReplyKind.PROMPT, person, delivery.on, prompt.key), write_url)
