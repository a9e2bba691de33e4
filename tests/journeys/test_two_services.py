"""Two copies of the service, each subscribed to the other, for a thousand hours: prompts, and nothing else."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.app import create_app
from service.core.settings.frequency import WEEKLY_AFTER
from service.flows.incoming.replies.process import ReplyProcessor
from service.flows.outgoing.tick import tick
from service.models import Delivery, DeliveryKind, Outcome, Reply, Subscriber
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.route import authenticated
from tests.harness.mail.posts import post, signed
from tests.harness.people.people import NOW
from tests.harness.sending import SIGNING_KEY, SendingHarness, open_sending_harness

HOURS = timedelta(hours=1000)
DAYS = HOURS.days + 1
ASKED_BY_NOBODY_ELSE = {DeliveryKind.PROMPT, DeliveryKind.QUIET_MONTH, DeliveryKind.NOTICE, DeliveryKind.DIGEST}
TELLING = ("auto-submitted", "list-id", "precedence", "list-unsubscribe", "list-unsubscribe-post")


@dataclass
class Copy:
    """One copy of the service, with a post office that hands what it takes to the wire."""

    name: str
    harness: SendingHarness
    reply_processor: ReplyProcessor
    web: FlaskClient
    seen: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"hello@mail.{self.name}.example"

    def next_due_at(self) -> datetime | None:
        with self.harness.runtime.database.read() as session:
            times = session.execute(select(func.min(Subscriber.next_prompt_at), func.min(Subscriber.next_digest_at)))
            return min((time for time in times.one() if time is not None), default=None)

    def tick(self) -> None:
        runtime = self.harness.runtime
        tick(runtime.database, runtime.library, runtime.job_queue, now=self.harness.clock(), chunk=100)

    def work(self) -> list[MailboxMail]:
        """Process and send all that was enqueued; return the mails that were sent."""
        queue = self.harness.queue
        while queue.replies or queue.deliveries:
            received, queue.replies = queue.replies, []
            sent, queue.deliveries = queue.deliveries, []
            for reply_id in received:
                sent += self.reply_processor.process(reply_id)
            self.harness.send(sent)
        out = [mail for mail in self.harness.mails() if mail.mail_id not in self.seen]
        self.seen |= {mail.mail_id for mail in out}
        return out

    def takes(self, mail: MailboxMail, *, without: tuple[str, ...]) -> None:
        """Post a mail of the other service, some of its headers lost on the way."""
        head, _, body = mail.source().partition(b"\r\n\r\n")
        kept, keeps = [], True
        for harness in head.split(b"\r\n"):
            if not harness[:1].isspace():
                keeps = harness.partition(b":")[0].decode().lower() not in without
            kept += [harness] if keeps else []
        raw = authenticated(b"\r\n".join(kept) + b"\r\n\r\n" + body)
        content_type, form = post(raw, mail.recipient, signed(self.harness.clock(), key=SIGNING_KEY))
        answer = self.web.post("/webhooks/mailgun/inbound", data=form, content_type=content_type)
        assert answer.status_code == 200

    def outcomes(self) -> Counter[str | None]:
        with self.harness.runtime.database.read() as session:
            return Counter(session.scalars(select(Reply.outcome)))

    def kinds(self) -> Counter[str]:
        with self.harness.runtime.database.read() as session:
            return Counter(session.scalars(select(Delivery.kind)))


@dataclass
class Pair:
    """Both copies, and the wire between them."""

    copies: tuple[Copy, Copy]
    lost_on_the_way: tuple[str, ...] = ()
    carried: int = 0

    def run(self, until: datetime) -> None:
        """Move both clocks from due time to due time; let the mails go to and fro until there are none."""
        now = NOW
        while now <= until:
            for copy in self.copies:
                copy.harness.clock.now = now
                copy.tick()
            while self._carry():
                assert self.carried <= 20 * DAYS, "they answer each other without an end"
            due = [time for copy in self.copies if (time := copy.next_due_at())]
            now = max(now + timedelta(minutes=1), min(due))

    def _carry(self) -> int:
        """Carry what each has sent to the other; return how many mails that were."""
        one, other = self.copies
        carried = 0
        for sender, taker in ((one, other), (other, one)):
            for mail in sender.work():
                taker.takes(mail, without=self.lost_on_the_way)
                carried += 1
        self.carried += carried
        return carried


@pytest.fixture
def pair(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        one, other = (_copy(stack, name, migrated_sqlite, tmp_path / name) for name in ("one", "other"))
        one.harness.members(other.address)
        other.harness.members(one.address)
        yield Pair((one, other))


def _copy(stack: ExitStack, name: str, migrated_sqlite: Path, folder: Path) -> Copy:
    folder.mkdir()
    shutil.copy(migrated_sqlite, folder / "smallsteps.db")
    settings: dict[str, Any] = {
        "mail_from": f"Small Steps <hello@mail.{name}.example>",
        "reply_domain": f"reply.{name}.example",
    }
    harness = stack.enter_context(open_sending_harness(f"sqlite:///{folder}/smallsteps.db", folder, **settings))
    reply_processor = harness.runtime.reply_processor()
    stack.callback(reply_processor.reader.close)
    return Copy(name, harness, reply_processor, create_app(harness.runtime).test_client())


def test_two_services_wired_together_exchange_prompts_and_nothing_else(pair: Pair) -> None:
    pair.run(NOW + HOURS)
    for copy in pair.copies:
        assert set(copy.outcomes()) == {Outcome.AUTO_REPLY}
        assert set(copy.kinds()) <= ASKED_BY_NOBODY_ELSE
        assert copy.kinds()[DeliveryKind.PROMPT] > WEEKLY_AFTER
        assert copy.kinds()[DeliveryKind.NOTICE] == 1, "what a program writes is no sign of a person"
    assert pair.carried <= 2 * (DAYS + 2), "one a local day each, and the notices of the months"


def test_without_the_signs_of_a_program_they_would_write_journals_for_each_other(pair: Pair) -> None:
    """The negative control: a wire that loses those headers; what is left is the cap on answers."""
    pair.lost_on_the_way = TELLING
    pair.run(NOW + timedelta(hours=72))
    for copy in pair.copies:
        assert copy.outcomes()[Outcome.ENTRY] >= 3
        assert not set(copy.kinds()) <= ASKED_BY_NOBODY_ELSE
