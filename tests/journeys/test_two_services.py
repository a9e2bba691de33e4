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
from service.core.easing import WEEKLY_AFTER
from service.flows.replies import Receiver
from service.flows.ticking import tick
from service.models import Delivery, Kind, Outcome, Reply, Subscriber
from service.postoffice.mailbox import StoredMail
from service.postoffice.route import authenticated
from tests.flows.line import SIGNING_KEY, Line, open_line
from tests.flows.people import NOW
from tests.flows.posts import post, signed

HOURS = timedelta(hours=1000)
DAYS = HOURS.days + 1
ASKED_BY_NOBODY_ELSE = {Kind.PROMPT, Kind.QUIET_MONTH, Kind.NOTICE, Kind.DIGEST}
TELLING = ("auto-submitted", "list-id", "precedence", "list-unsubscribe", "list-unsubscribe-post")


@dataclass
class Copy:
    """One copy of the service, with a post office that hands what it takes to the wire."""

    name: str
    line: Line
    receiver: Receiver
    web: FlaskClient
    seen: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"hello@mail.{self.name}.example"

    def next_due_at(self) -> datetime | None:
        with self.line.runtime.database.read() as session:
            times = session.execute(select(func.min(Subscriber.next_prompt_at), func.min(Subscriber.next_digest_at)))
            return min((time for time in times.one() if time is not None), default=None)

    def tick(self) -> None:
        runtime = self.line.runtime
        tick(runtime.database, runtime.library, runtime.doorbell, now=self.line.clock(), chunk=100)

    def work(self) -> list[StoredMail]:
        """Understand and send all that was rung for; return the mails that went out."""
        bell = self.line.bell
        while bell.received or bell.sent:
            received, bell.received = bell.received, []
            sent, bell.sent = bell.sent, []
            for reply_id in received:
                sent += self.receiver.understand(reply_id)
            self.line.send(sent)
        out = [mail for mail in self.line.mails() if mail.mail_id not in self.seen]
        self.seen |= {mail.mail_id for mail in out}
        return out

    def takes(self, mail: StoredMail, *, without: tuple[str, ...]) -> None:
        """Let a mail of the other's come in, some of its headers lost on the way."""
        head, _, body = mail.source().partition(b"\r\n\r\n")
        kept, keeps = [], True
        for line in head.split(b"\r\n"):
            if not line[:1].isspace():
                keeps = line.partition(b":")[0].decode().lower() not in without
            kept += [line] if keeps else []
        raw = authenticated(b"\r\n".join(kept) + b"\r\n\r\n" + body)
        content_type, form = post(raw, mail.recipient, signed(self.line.clock(), key=SIGNING_KEY))
        answer = self.web.post("/webhooks/mailgun/inbound", data=form, content_type=content_type)
        assert answer.status_code == 200

    def outcomes(self) -> Counter[str | None]:
        with self.line.runtime.database.read() as session:
            return Counter(session.scalars(select(Reply.outcome)))

    def kinds(self) -> Counter[str]:
        with self.line.runtime.database.read() as session:
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
                copy.line.clock.at = now
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
        one.line.members(other.address)
        other.line.members(one.address)
        yield Pair((one, other))


def _copy(stack: ExitStack, name: str, migrated_sqlite: Path, folder: Path) -> Copy:
    folder.mkdir()
    shutil.copy(migrated_sqlite, folder / "smallsteps.db")
    settings: dict[str, Any] = {
        "mail_from": f"Small Steps <hello@mail.{name}.example>",
        "reply_domain": f"reply.{name}.example",
    }
    line = stack.enter_context(open_line(f"sqlite:///{folder}/smallsteps.db", folder, **settings))
    receiver = line.runtime.receiver()
    stack.callback(receiver.reader.close)
    return Copy(name, line, receiver, create_app(line.runtime).test_client())


def test_two_services_wired_together_exchange_prompts_and_nothing_else(pair: Pair) -> None:
    pair.run(NOW + HOURS)
    for copy in pair.copies:
        assert set(copy.outcomes()) == {Outcome.AUTO_REPLY}
        assert set(copy.kinds()) <= ASKED_BY_NOBODY_ELSE
        assert copy.kinds()[Kind.PROMPT] > WEEKLY_AFTER
        assert copy.kinds()[Kind.NOTICE] == 1, "what a program writes is no sign of a person"
    assert pair.carried <= 2 * (DAYS + 2), "one a local day each, and the notices of the months"


def test_without_the_signs_of_a_program_they_would_write_journals_for_each_other(pair: Pair) -> None:
    """The negative control: a wire that loses those headers; what is left is the cap on answers."""
    pair.lost_on_the_way = TELLING
    pair.run(NOW + timedelta(hours=72))
    for copy in pair.copies:
        assert copy.outcomes()[Outcome.ENTRY] >= 3
        assert not set(copy.kinds()) <= ASKED_BY_NOBODY_ELSE
