"""Everything that a fault run needs: the service's processes, a provider, a queue and a database; and the count."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service.config import ROOT, Settings
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_scheduling import TIME_TO_TAKE_BACK, Straightaway, schedule
from service.local.ports import answers_http
from service.models import Delivery, DeliveryState
from service.postoffice.app import create_app
from service.postoffice.faults import KINDS, Fault, Faults
from service.postoffice.office import PostOffice
from service.postoffice.server import running
from service.runtime import Runtime, make_runtime
from tests.faults.outside.databases import FaultyDatabase, opened
from tests.faults.outside.processes import COMMANDS, Processes
from tests.harness.journey import MASTER_KEY, SIGNING_KEY, free_port
from tests.harness.people.members import due_at, member
from tests.harness.servers.servers import running_queue

SHIFTED = Path(__file__).parent / "shifted"
SETTLED_AFTER = timedelta(minutes=46)  # after its request an absence from the record counts
AN_HOUR = timedelta(minutes=60)
A_MONTH = timedelta(days=30)
LEASE_SECONDS = 30
START_SECONDS = 120
# How long to wait without a change for what a run ends with.
WORK_SECONDS, SETTLE_SECONDS = 240, 120
OPEN = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)


@dataclass
class UnreliableProvider(Faults):
    """Answers after a while, and lets some of the requests meet a fault by chance."""

    chance: random.Random
    delay_seconds: float = 0.0
    share: float = 0.0
    kinds: Sequence[str] = ()
    requests: int = 0

    def __post_init__(self) -> None:
        Faults.__init__(self)

    def take(self) -> Fault | None:
        self.requests += 1
        time.sleep(self.delay_seconds)
        if self.chance.random() < self.share:
            return KINDS[self.chance.choice(self.kinds)]
        return super().take()


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """What a run came to: people who got nothing, people who got it twice, and deliveries not finished."""

    people: int
    lost: int
    doubled: int
    unknown: int
    unfinished: int
    in_doubt: int  # how many were unknown before the record could settle them
    wrong: int = 0  # whether something else was not as the row says
    note: str = ""


@dataclass
class Outside:
    """A running service, and what happens to it."""

    runtime: Runtime
    processes: Processes
    database: FaultyDatabase
    disk: Path
    office: PostOffice
    provider: UnreliableProvider
    chance: random.Random
    shift: Path
    web_url: str
    people: int
    expected: list[str] = field(default_factory=list)
    in_doubt: int = 0

    def add_people(self, number: int) -> None:
        """Add people who are to be asked now."""
        due = self.runtime.clock().replace(second=0, microsecond=0)
        with self.runtime.database.write() as session:
            for place in range(len(self.expected), len(self.expected) + number):
                address = f"p{place}@example.com"
                due_at(session, self.runtime.keyring, due, address)
                self.expected.append(address)

    def add_readers(self, number: int) -> None:
        """Add people who get letters alone, and confirmed them a month ago."""
        now = self.runtime.clock()
        letters: dict[str, Any] = {
            "wants_questions": False,
            "wants_letters": True,
            "letters_confirmed_at": now - A_MONTH,
        }
        with self.runtime.database.write() as session:
            for place in range(len(self.expected), len(self.expected) + number):
                address = f"p{place}@example.com"
                member(session, self.runtime.keyring, address, looking_from=now, **letters)
                self.expected.append(address)

    def begin_letter(self) -> int:
        """Schedule a letter, move the clocks to its beginning, and return its id."""
        with self.runtime.database.write() as session:
            letter = make_draft(session, LetterDraft(title="Ice", content="The pond froze."), self.runtime.clock())
            schedule(
                session, self.runtime.email_context(), letter.id, Straightaway(), self.runtime.clock(), anyway=True
            )
        self.pass_time(TIME_TO_TAKE_BACK)
        return letter.id

    def start(self, *names: str) -> None:
        """Start these processes, or all of them."""
        self.processes.start(*(names or self.processes.commands))
        self.wait_until(lambda: answers_http(f"{self.web_url}/healthz"), START_SECONDS)

    def mails(self) -> int:
        """Return how many mails the provider has taken."""
        return sum(1 for _ in (self.office.settings.folder / "mails").glob("*.json"))

    def wait_for_mails(self, number: int, seconds: float = WORK_SECONDS) -> None:
        self.wait_until(lambda: self.mails() >= number, seconds)

    def wait_for_requests(self, number: int, seconds: float) -> None:
        """Wait until the provider has got as many more requests."""
        until = self.provider.requests + number
        self.wait_until(lambda: self.provider.requests >= until, seconds)

    def wait_until(self, happened: Callable[[], object], seconds: float) -> bool:
        given_up_at = time.monotonic() + seconds
        while time.monotonic() < given_up_at:
            if happened():
                return True
            time.sleep(0.2)
        return False

    def pass_time(self, by: timedelta) -> None:
        """Move the clocks of all processes ahead."""
        draft = self.shift.with_suffix(".new")
        draft.write_text(str(float(self.shift.read_text()) + by.total_seconds()))
        draft.replace(self.shift)

    def open_states(self) -> Counter[str]:
        """Return how many deliveries are in each open state."""
        try:
            with self.runtime.database.read() as session:
                rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)).all()
        except SQLAlchemyError:
            return Counter({DeliveryState.PLANNED: 1})  # nobody can say
        counted = Counter({row[0]: row[1] for row in rows})
        if not counted:
            return Counter({DeliveryState.PLANNED: 1})  # nothing is planned yet
        return Counter({state: counted[state] for state in OPEN if counted[state]})

    def settle(self) -> None:
        """Wait until the service has ended what it began, then for the hour in which it settles doubtful emails."""
        self._wait_for_states({DeliveryState.UNKNOWN}, WORK_SECONDS)
        self.in_doubt = self.open_states()[DeliveryState.UNKNOWN]
        self.pass_time(SETTLED_AFTER)
        if not self._wait_for_states(set(), SETTLE_SECONDS):
            self.pass_time(AN_HOUR - SETTLED_AFTER)
            self._wait_for_states(set(), SETTLE_SECONDS)

    def _wait_for_states(self, left: set[DeliveryState], seconds: float) -> bool:
        """Wait until deliveries are open in these states alone; give up after so many seconds without a change."""
        states, changed_at = self.open_states(), time.monotonic()
        while not states.keys() <= left and time.monotonic() < changed_at + seconds:
            time.sleep(0.2)
            before, states = states, self.open_states()
            changed_at = changed_at if states == before else time.monotonic()
        return states.keys() <= left

    def command(self, *words: str) -> str:
        """Run a command of the service; return what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *words],
            cwd=ROOT,
            env=self.processes.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def count(self, note: str = "", wrong: int = 0) -> FaultCounts:
        """Return what the run came to; stop the processes first."""
        got = Counter(mail.recipient for mail in self.office.mailbox.newest_first())
        states = self.open_states()
        return FaultCounts(
            people=len(self.expected),
            lost=sum(1 for address in self.expected if not got[address]),
            doubled=sum(1 for address in self.expected if got[address] > 1),
            unknown=states[DeliveryState.UNKNOWN],
            unfinished=states[DeliveryState.PLANNED] + states[DeliveryState.CLAIMED],
            in_doubt=self.in_doubt,
            wrong=wrong,
            note=note,
        )


@contextmanager
def running_outside(kind: str, folder: Path, people: int, seed: str) -> Iterator[Outside]:
    """Put everything together on one kind of database; start no process yet."""
    chance = random.Random(seed)
    shift = folder / "shift"
    shift.write_text("0")

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(shift.read_text()))

    with ExitStack() as stack:
        database, disk = stack.enter_context(opened(kind, folder))
        redis_url = stack.enter_context(running_queue())
        web_url = f"http://127.0.0.1:{free_port()}"
        app = create_app(
            folder=folder / "postoffice",
            domain="mail.smallsteps.example",
            api_key="local",
            signing_key=SIGNING_KEY,
            inbound_url=f"{web_url}/webhooks/mailgun/inbound",
            events_url=f"{web_url}/webhooks/mailgun/events",
            now=now,
        )
        office: PostOffice = app.extensions["postoffice"]
        stack.callback(office.close)
        office.faults = provider = UnreliableProvider(chance)
        values = {
            "base_url": web_url,
            "secret_key": "a secret of this run",
            "encryption_keys": MASTER_KEY,
            "database_url": database.url,
            "redis_url": redis_url,
            "storage_url": f"file://{folder / 'objects'}",
            "mailgun_api_url": stack.enter_context(running(app)),
            "mailgun_api_key": "local",
            "mailgun_domain": "mail.smallsteps.example",
            "mailgun_signing_key": SIGNING_KEY,
            "mail_from": "Small Steps <hello@mail.smallsteps.example>",
            "reply_domain": "reply.smallsteps.example",
            "postal_address": "1 Example Street, Example Town",
            # More requests than a row kills: its 200 kills for 10,000 people meet 400.
            "batch_size": str(max(2, min(25, people // 40))),
            "lease_seconds": str(LEASE_SECONDS),
        }
        runtime = make_runtime(Settings(_env_file=None, **values), clock=now)  # type: ignore[arg-type] # read from text
        stack.callback(runtime.database.engine.dispose)
        environment = {name.upper(): value for name, value in values.items()}
        environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": f"{SHIFTED}:{ROOT}", "FAULTS_SHIFT": str(shift)}
        web = ("-m", "service.cli", "web", "--bind", web_url.removeprefix("http://"))
        processes = Processes(folder, environment, {"web": web, **COMMANDS})
        stack.callback(processes.close)
        yield Outside(runtime, processes, database, disk, office, provider, chance, shift, web_url, people)


def as_row(counts: FaultCounts) -> dict[str, object]:
    """Return the counts for the file of results."""
    return asdict(replace(counts))
