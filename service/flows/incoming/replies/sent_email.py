"""Finding the email that a reply answers: the stored text of its batch, or the email composed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.utils import parseaddr

from sqlalchemy.orm import Session

from service.core.access.tokens import ReplyKind, ReplyToken
from service.core.replies import SentEmail
from service.flows.incoming.replies.owner import Owner
from service.flows.outgoing.email_context import EmailContext, SentLookup
from service.flows.outgoing.emails import as_sent
from service.flows.people.journal.journal import open_entries
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, Entry, SentText, Subscriber

_EARLIER_REPLIES = 20  # more than anybody writes on one day; limits how many entries are decrypted


@dataclass(frozen=True, slots=True)
class SentEmailFinder:
    """Finds the email that a mail answers, so that the reply reader can recognise quotations of it."""

    context: EmailContext = field(repr=False)

    def find(self, session: Session, owner: Owner, *, from_header: str = "") -> SentEmail | None:
        """Return the email that was sent to the owner with the mail's token, or None for a mail without a token.

        It comes with the recipient's name and address from the mail's From, and with their earlier replies of the same
        date. If the email is no longer known, its subject and text are empty. Its reply address still shows the reader
        that this is a reply, so that it keeps every line that is not certainly ours.
        """
        token = owner.token
        if token is None:
            return None
        lookup = SentLookup(self.context, session, owner.person, token)
        stored_text = self._stored_text(session, owner.person, token)
        emails: Sequence[SentText | OutgoingEmail] = [stored_text] if stored_text else as_sent(lookup)
        unknown = SentEmail(
            "",
            "",
            "",
            reply_address=self.context.links.address_of(token),
            sender_name=self.context.composer.sender_name(""),
            recipient_names=parseaddr(from_header),
            earlier_replies=self._earlier_replies(session, owner),
        )
        if not emails:
            return unknown
        found, *others = emails
        return replace(
            unknown,
            subject=found.subject,
            sender_name=self._sender_name(found),
            text=found.text,
            html=found.html,
            alternatives=tuple((other.text, other.html) for other in others),
        )

    def _earlier_replies(self, session: Session, owner: Owner) -> tuple[str, ...]:
        """Return the words of the newest entries of the date that the mail belongs to."""
        entries = Entry.between(session, owner.person.id, owner.on, owner.on)[-_EARLIER_REPLIES:]
        return tuple(entry.words for entry in open_entries(self.context.keyring, owner.person, entries))

    def _sender_name(self, found: SentText | OutgoingEmail) -> str:
        """Return the sender's name on an email; a stored text has no sender, so its subject decides."""
        if isinstance(found, OutgoingEmail):
            return parseaddr(found.sender)[0]
        return self.context.composer.sender_name(found.subject)

    def _stored_text(self, session: Session, person: Subscriber, token: ReplyToken) -> SentText | None:
        """Return the text of the batch that a prompt was sent in, or None if it was sent alone."""
        if token.kind != ReplyKind.PROMPT:
            return None
        prompt = self.context.library.by_key(token.prompt_key)
        delivery = Delivery.find_prompt(session, person.id, token.on, prompt.id) if prompt else None
        return session.get(SentText, delivery.sent_text) if delivery and delivery.sent_text else None
