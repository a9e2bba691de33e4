"""Finding the email that a reply answers: the stored text of its batch, or the email composed again."""

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
    """Finds the email that a mail answers, so that the reply reader can recognise quotations of it."""

    context: EmailContext = field(repr=False)
    sender_name: str

    def find(self, session: Session, owner: Owner) -> SentEmail | None:
        """Return the email that was sent to the owner with the mail's token, or None if it is not known."""
        token = owner.token
        if token is None:
            return None
        stored_text = self._stored_text(session, owner.person, token)
        found = stored_text or as_sent(SentLookup(self.context, session, owner.person, token))
        if found is None:
            return None
        return SentEmail(
            subject=found.subject,
            text=found.text,
            html=found.html,
            reply_address=self.context.links.address_of(token),
            sender_name=self.sender_name,
        )

    def _stored_text(self, session: Session, person: Subscriber, token: ReplyToken) -> SentText | None:
        """Return the text of the batch that a prompt was sent in, or None if it was sent alone."""
        if token.kind != ReplyKind.PROMPT:
            return None
        prompt = self.context.library.by_key(token.prompt_key)
        delivery = Delivery.find_prompt(session, person.id, token.on, prompt.id) if prompt else None
        return session.get(SentText, delivery.sent_text) if delivery and delivery.sent_text else None
