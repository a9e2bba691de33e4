"""Mail from one person: posted to the webhook as the provider does, and processed by the job."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from service.app import create_app
from service.core.access.tokens import ReplyKind, ReplyToken
from service.flows.incoming.replies.process import ReplyProcessor
from service.flows.outgoing import emails
from service.flows.people.journal import journal
from service.mail.outbound.links import PLACEHOLDERS
from service.models import Delivery, Entry, Reply, Subscriber, Suppression
from service.models.incoming.reply_claims import MAX_ATTEMPTS
from tests.harness.mail.posts import post, signed
from tests.harness.sending import REPLY_DOMAIN, SIGNING_KEY, SendingHarness, open_sending_harness

ANA = "ana@example.com"
ON = date(2026, 5, 11)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
WEBHOOK = "/webhooks/mailgun/inbound"


@dataclass
class InboundHarness:
    """The webhook, the job behind it, and one subscriber."""

    sending: SendingHarness
    ana: Subscriber
    reply_processor: ReplyProcessor
    web: FlaskClient
    status: int = field(default=0)

    def address(self) -> str:
        """Return the reply address of a prompt that she was sent."""
        prompt = self.sending.runtime.library.first_six("en-GB")[0]
        token = ReplyToken(ReplyKind.PROMPT, self.ana.id, prompt.key, ON).encode(self.sending.runtime.keyring.index)
        return f"r-{token}@{REPLY_DOMAIN}"

    def question(self) -> str:
        """Return the text of that prompt's email as it is sent, without its links."""
        runtime = self.sending.runtime
        text = emails.prompt.compose(runtime.composer, runtime.library.first_six("en-GB")[0], None, PLACEHOLDERS).text
        return "\n".join(sending for sending in text.splitlines() if "%recipient." not in sending)

    def posted(self, form: tuple[str, bytes]) -> int:
        """Post a form to the webhook, run the job for what was stored, and return the webhook's answer."""
        self.status = self.web.post(WEBHOOK, data=form[1], content_type=form[0]).status_code
        queue = self.sending.queue
        queue.replies, kept = [], queue.replies
        for reply_id in kept:
            self.reply_processor.process(reply_id)
        return self.status

    def receive(
        self, raw: bytes, to: str | None = None, *, as_mime: bool = False, envelope_sender: str | None = None
    ) -> Reply | None:
        """Post a mail and process it; return its row, or None if it was not stored."""
        before = {row.id for row in self.rows()}
        signature = signed(self.sending.clock(), key=SIGNING_KEY)
        self.posted(post(raw, to or self.address(), signature, as_mime=as_mime, envelope_sender=envelope_sender))
        return next((row for row in self.rows() if row.id not in before), None)

    def until_settled(self, reply_id: int) -> Reply:
        """Run the last attempt at a mail that has no outcome yet; return its row."""
        last = {"attempts": MAX_ATTEMPTS - 1, "lease_until": LONG_AGO}
        with self.sending.runtime.database.write() as session:
            session.execute(update(Reply).where(Reply.id == reply_id, Reply.outcome.is_(None)).values(**last))
        self.reply_processor.process(reply_id)
        return next(row for row in self.rows() if row.id == reply_id)

    def rows(self) -> list[Reply]:
        with self.sending.runtime.database.read() as session:
            return [*session.scalars(select(Reply).order_by(Reply.received_at))]

    def words(self) -> list[str]:
        """Return the words of all entries that are not deleted."""
        with self.sending.runtime.database.read() as session:
            rows = session.scalars(select(Entry).where(Entry.is_there()).order_by(Entry.created_at)).all()
            return [entry.words for entry in journal.open_entries(self.sending.runtime.keyring, self.ana, rows)]

    def answers(self) -> list[str]:
        """Return the kinds of email that were planned."""
        with self.sending.runtime.database.read() as session:
            return [*session.scalars(select(Delivery.kind))]

    def is_suppressed(self) -> bool:
        with self.sending.runtime.database.read() as session:
            return Suppression.covers(session, self.ana.address_hash)


@contextmanager
def open_inbound_harness(migrated_sqlite: Path, folder: Path, **settings: Any) -> Iterator[InboundHarness]:
    file = folder / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", folder, **settings) as sending:
        (ana,) = sending.members(ANA)
        reply_processor = sending.runtime.reply_processor()
        yield InboundHarness(sending, ana, reply_processor, create_app(sending.runtime).test_client())
        reply_processor.reader.close()
