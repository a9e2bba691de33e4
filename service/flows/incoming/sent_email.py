"""Finding the email that a reply answers: the stored text of its batch, or the email composed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.utils import parseaddr

from sqlalchemy.orm import Session

from service.core.replies import SentEmail
from service.core.tokens import ReplyKind, ReplyToken
from service.flows.incoming.owner import Owner
from service.flows.outgoing.email_context import EmailContext, SentLookup
from service.flows.outgoing.emails import as_sent
from service.flows.people.journal import open_entries
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, Entry, SentText, Subscriber

_EARLIER_REPLIES = 20  # more than anybody writes on one day; it bounds what is opened


@dataclass(frozen=True, slots=True)
class SentEmailFinder:
    """Finds the email that a mail answers, so that the reply reader can recognise quotations of it."""

    context: EmailContext = field(repr=False)

    def find(self, session: Session, owner: Owner, *, from_header: str = "") -> SentEmail | None:
        """Return the email that was sent to the owner with the mail's token, or None for a mail without a token.

        With it come the names of its recipient, as the mail's From has them, and what they have answered before. Of
        an email that is no longer known the subject and the text are empty, and the reply address keeps a reply from
        being left without words: then all that is not certainly ours is taken as theirs.
        """
        token = owner.token
        if token is None:
            return None
        lookup = SentLookup(self.context, session, owner.person, token)
        stored_text = self._stored_text(session, owner.person, token)
        emails: Sequence[SentText | OutgoingEmail] = [stored_text] if stored_text else as_sent(lookup)
