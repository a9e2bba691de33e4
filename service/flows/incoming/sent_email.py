"""Finding the email that a reply answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from service.core.replies import SentEmail
from service.core.tokens import ReplyKind, ReplyToken
from service.flows.incoming.owner import Owner
from service.flows.outgoing.email_context import EmailContext, SentLookup
from service.flows.outgoing.emails import as_sent
from service.models import Delivery, SentText, Subscriber


@dataclass(frozen=True, slots=True)
class SentEmailFinder:
    """Finds the email that a mail answers, so that the reply reader can tell its words from a person's."""

    context: EmailContext = field(repr=False)
    sender_name: str

    def find(self, session: Session, owner: Owner) -> SentEmail | None:
        """Return what went out to the owner under the mail's token, or None where nobody can say."""
        token = owner.token
        if token is None:
            return None
        kept = self._kept(session, owner.person, token)
        found = kept or as_sent(SentLookup(self.context, session, owner.person, token))
        if found is None:
            return None
        return SentEmail(
            subject=found.subject,
            text=found.text,
            html=found.html,
            reply_address=self.context.links.address_of(token),
            sender_name=self.sender_name,
        )

    def _kept(self, session: Session, person: Subscriber, token: ReplyToken) -> SentText | None:
        """Return the text of the batch that a prompt went out in, or None if it went alone."""
        if token.kind != ReplyKind.PROMPT:
            return None
        prompt = self.context.library.by_key(token.prompt_key)
        delivery = Delivery.find_prompt(session, person.id, token.on, prompt.id) if prompt else None
        return session.get(SentText, delivery.sent_text) if delivery and delivery.sent_text else None
