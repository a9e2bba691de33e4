"""Playing the demo: the last calendar month up to now, through the code and the webhooks that run on this machine."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import requests
from sqlalchemy.orm import Session

from service.by_hand import Hands, HeldBell
from service.core.addresses import Address
from service.core.schedule import FIRST_LIGHT, Rhythm, Schedule, instant, local_date, next_month_slot, next_slot
from service.demo.words import Evenings
from service.flows import signup
from service.flows.asking import Asker
from service.flows.digests import plan_due_digests
from service.flows.prompting import plan_due_prompts
from service.models import Delivery, Entry, Subscriber
from service.runtime import Runtime

LONDON = ZoneInfo("Europe/London")
SCHEDULE = Schedule(Rhythm.THREE.days, FIRST_LIGHT, LONDON)
SILENT_FROM, SILENT_TO = 17, 24
# Nobody else is due at an instant that is past: the clock beside the demo has seen to that.
EVERYBODY = 1000
ANSWER_SECONDS = 20.0
HTTP_SECONDS = 30.0
_MINUTE = timedelta(minutes=1)


class DemoError(Exception):
    """The demo cannot be played; the text is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the demo left to look at."""

    address: str = field(repr=False)
    mailbox_url: str
    journal_url: str
    digest_url: str
    questions: int
    replies: int


@dataclass(slots=True)
class _MovedClock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Demo:
    """One made-up person and their month."""

    def __init__(self, runtime: Runtime, say: Callable[[str], None]) -> None:
        self.really_now = runtime.clock()
        self.clock = _MovedClock(self.really_now)
        self.bell = HeldBell()
        self.runtime = replace(runtime, clock=self.clock, doorbell=self.bell)
        self.office = runtime.settings.mailgun_api_url
        self.say = say
        self.evenings = Evenings()
        self.subscriber_id = 0
        self.questions = self.replies = 0

    def play(self) -> Played:
        """Play the month; return what is left to look at.

        Raises:
            DemoError: mail would leave this machine, or `make run` is not running.
        """
        self._require_stack()
        address = f"mira-{secrets.token_hex(3)}@example.com"
        first = (local_date(self.really_now, LONDON).replace(day=1) - timedelta(days=1)).replace(day=1)
        self.clock.now = instant(first, FIRST_LIGHT, LONDON) - 30 * _MINUTE
        hands = Hands(self.runtime, self.bell)
        try:
            self._join(Address.parse(address), hands)
            self._live(hands)
        finally:
            hands.close()
            self._look_ahead()
        base = self.runtime.settings.base_url
        digest = self._digest_mail(address)
        return Played(
            address,
            f"{self.office}/?to={address}",
            f"{base}/journal",
            f"{self.office}/mail/{digest}" if digest else f"{self.office}/",
            self.questions,
            self.replies,
        )

    def _require_stack(self) -> None:
        settings = self.runtime.settings
        if not settings.is_local:
            raise DemoError("The demo plays on this machine only, and MAILGUN_API_URL names the real provider.")
        try:
            ready = requests.get(f"{settings.base_url}/readyz", timeout=HTTP_SECONDS).ok
            ready = requests.get(f"{self.office}/_local/mails", timeout=HTTP_SECONDS).ok and ready
        except requests.RequestException:
            ready = False
        if not ready:
            raise DemoError("The demo needs the pages and the mailbox. Start them with `make run` in another terminal.")

    def _join(self, address: Address, hands: Hands) -> None:
        self.say(f"{self._day()}: signs up and confirms")
        asker = Asker(*(secrets.token_bytes(32) for _ in range(3)))
        form = signup.SignupForm(address, SCHEDULE, "en-GB")
        with self._unseen() as session:
            asked = signup.ask(session, self.runtime.keyring, form=form, asker=asker, now=self.clock.now)
            assert isinstance(asked, int)
            self.bell.send(signup.act(session, self.runtime.keyring, asked, self.clock.now))
            person = Subscriber.with_address(session, self.runtime.keyring.address_hash(address))
            assert person is not None
            self.subscriber_id = person.id
        hands.work()
        self.clock.now += 2 * _MINUTE
        with self._unseen() as session:
            library, now = self.runtime.library, self.clock.now
            self.bell.send(signup.confirm(session, library, self.subscriber_id, now, source="link"))
        hands.work()
        self._maybe_reply()

    def _live(self, hands: Hands) -> None:
        """Go from slot to slot until now: prompts on their days, the digest on the 1st."""
        today = local_date(self.clock.now, LONDON)
        while True:
            after = self.clock.now
            prompt, month = next_slot(SCHEDULE, after), next_month_slot(SCHEDULE, after)
            self.clock.now = min(prompt.at, month.at)
            if self.clock.now > self.really_now - _MINUTE:
                return
            if local_date(self.clock.now, LONDON) == today:
                continue  # the welcome was that day's question
            with self._unseen() as session:
                person = session.get_one(Subscriber, self.subscriber_id)
                person.next_digest_at = month.at if month.at == self.clock.now else None
                person.next_prompt_at = prompt.at if prompt.at == self.clock.now else None
                session.flush()
                planned = plan_due_digests(session, now=self.clock.now, limit=EVERYBODY).delivery_ids
                planned += plan_due_prompts(
                    session, self.runtime.library, now=self.clock.now, limit=EVERYBODY
                ).delivery_ids
                self.bell.send(planned)
            hands.work()
            self._maybe_reply()

    @contextmanager
    def _unseen(self) -> Iterator[Session]:
        """Write in one transaction that leaves nothing due for a clock or a sweep that runs beside the demo."""
        with self.runtime.database.write() as session:
            yield session
            session.flush()
            if self.bell.to_send:
                Delivery.note_rung(session, self.bell.to_send, self.really_now + _MINUTE)
            person = session.get(Subscriber, self.subscriber_id) if self.subscriber_id else None
            if person is not None:
                person.next_prompt_at = person.next_digest_at = None

    def _maybe_reply(self) -> None:
        """Answer the newest question as the made-up person would, and wait until it is in the journal."""
        with self.runtime.database.read() as session:
            asked = Delivery.newest_question(session, self.subscriber_id)
            before = Entry.count_of(session, self.subscriber_id)
        prompt = self.runtime.library.get(asked.prompt_id or "") if asked and asked.sent_at == self.clock.now else None
        if asked is None or prompt is None:
            self.say(f"{self._day()}: the month comes back")
            return
        self.questions += 1
        words = self.evenings.answer_to(prompt.kind, prompt.theme)
        if words is None or SILENT_FROM <= local_date(self.clock.now, LONDON).day < SILENT_TO:
            self.say(f"{self._day()}: {prompt.subject} (nothing, and that is fine)")
            return
        self._reply(asked.id, words)
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            with self.runtime.database.read() as session:
                if Entry.count_of(session, self.subscriber_id) > before:
                    self.replies += 1
                    self.say(f"{self._day()}: {prompt.subject} (answered)")
                    return
            time.sleep(0.05)
        raise DemoError("A reply did not reach the journal within 20 seconds. Is `make run` still running?")

    def _reply(self, delivery_id: int, words: str) -> None:
        mails = requests.get(f"{self.office}/_local/mails", timeout=HTTP_SECONDS).json()
        mail = next((mail for mail in mails if mail["variables"].get("delivery") == str(delivery_id)), None)
        if mail is None:
            raise DemoError("A question did not reach the mailbox.")
        requests.post(
            f"{self.office}/_local/mails/{mail['mail_id']}/reply",
            json={
                "words": words,
                "client": self.evenings.client(),
                "sent_at": (self.clock.now + timedelta(hours=11)).isoformat(),
            },
            timeout=HTTP_SECONDS,
        ).raise_for_status()

    def _digest_mail(self, address: str) -> str:
        mails = requests.get(f"{self.office}/_local/mails", params={"to": address}, timeout=HTTP_SECONDS).json()
        return next((mail["mail_id"] for mail in mails if "in your own words" in mail["subject"]), "")

    def _look_ahead(self) -> None:
        """Give the made-up person real next times, as anybody has."""
        if not self.subscriber_id:
            return
        with self.runtime.database.write() as session:
            person = session.get_one(Subscriber, self.subscriber_id)
            person.look_ahead(self.really_now, not_on=local_date(self.really_now, LONDON))

    def _day(self) -> str:
        on = local_date(self.clock.now, LONDON)
        return f"{on:%a} {on.day} {on:%b}"
