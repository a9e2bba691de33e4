"""Playing the demo's month through the running service."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import requests
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.library.prompts import Prompt
from service.core.settings.schedule import (
    FIRST_LIGHT,
    Rhythm,
    Schedule,
    instant,
    local_date,
    next_month_slot,
    next_slot,
)
from service.demo.mailbox import HTTP_SECONDS, DemoMailbox
from service.demo.steps import asked_at, date_answer, date_chosen, follow_ups
from service.demo.words import Evenings
from service.flows.outgoing.planning.plan_digests import plan_due_digests
from service.flows.outgoing.planning.plan_prompts import plan_due_prompts
from service.flows.people.access.mail_requests import Requester
from service.flows.people.journal import steps
from service.flows.people.subscription import confirm_signup, signup
from service.flows.people.subscription.signup_form import SignupForm
from service.inline import InlineWorker
from service.job_queue import InMemoryQueue
from service.models import Delivery, Entry, Subscriber
from service.runtime import Runtime

LONDON = ZoneInfo("Europe/London")
SCHEDULE = Schedule(Rhythm.THREE.days, FIRST_LIGHT, LONDON)
SILENT_FROM, SILENT_TO = 17, 24
UNTIL_EVENING = timedelta(hours=11)
# Nobody else is due at a past instant, because the clock runs at the same time as the demo.
EVERYBODY = 1000
ANSWER_SECONDS = 20.0
_MINUTE = timedelta(minutes=1)


class DemoError(Exception):
    """The demo cannot be played; the message is for the terminal."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the demo has made, for the person to look at."""

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
        self.real_clock, self.really_now = runtime.clock, runtime.clock()
        self.clock = _MovedClock(self.really_now)
        self.queue = InMemoryQueue()
        self.runtime = replace(runtime, clock=self.clock, job_queue=self.queue)
        self.mailbox = DemoMailbox(runtime.settings.mailgun_api_url)
        self.say = say
        self.evenings = Evenings()
        self.subscriber_id = 0
        self.questions = self.replies = 0

    def play(self) -> Played:
        """Play the month; return what there is to look at.

        Raises:
            DemoError: mail would leave this machine, or `make run` is not running.
        """
        self._require_stack()
        address = f"mira-{secrets.token_hex(3)}@example.com"
        first = (local_date(self.really_now, LONDON).replace(day=1) - timedelta(days=1)).replace(day=1)
        self.clock.now = instant(first, FIRST_LIGHT, LONDON) - 30 * _MINUTE
        worker = InlineWorker(self.runtime, self.queue)
        try:
            self._join(Address.parse(address), worker)
            self._live(worker)
        finally:
            worker.close()
            self._look_ahead()
        base = self.runtime.settings.base_url
        return Played(
            address,
            self.mailbox.url_of(address),
            f"{base}/journal",
            self.mailbox.digest_url(address),
            self.questions,
            self.replies,
        )

    def _require_stack(self) -> None:
        settings = self.runtime.settings
        if not settings.is_local:
            raise DemoError("The demo plays on this machine only, and MAILGUN_API_URL names the real provider.")
        try:
            ready = requests.get(f"{settings.base_url}/readyz", timeout=HTTP_SECONDS).ok and self.mailbox.answers()
        except requests.RequestException:
            ready = False
        if not ready:
            raise DemoError("The demo needs the pages and the mailbox. Start them with `make run` in another terminal.")

    def _join(self, address: Address, worker: InlineWorker) -> None:
        self.say(f"{self._day()}: signs up and confirms")
        asker = Requester(*(secrets.token_bytes(32) for _ in range(3)))
        form = SignupForm(address, SCHEDULE, "en-GB")
        with self._unseen() as session:
            asked = signup.ask(session, self.runtime.keyring, form=form, asker=asker, now=self.clock.now)
            assert isinstance(asked, int)
            self.queue.enqueue_deliveries(
                signup.process_mail_request(session, self.runtime.keyring, asked, self.clock.now)
            )
            person = Subscriber.with_address(session, self.runtime.keyring.address_hash(address))
            assert person is not None
            self.subscriber_id = person.id
        worker.work()
        self.clock.now += 2 * _MINUTE
        with self._unseen() as session:
            library, now = self.runtime.library, self.clock.now
            self.queue.enqueue_deliveries(
                confirm_signup.confirm(session, self.runtime.keyring, library, self.subscriber_id, now, source="link")
            )
        worker.work()
        self._maybe_reply()

    def _live(self, worker: InlineWorker) -> None:
        """Go through the slots until now: prompts and follow-ups on their days, the digest on the 1st."""
        today = local_date(self.clock.now, LONDON)
        while True:
            after = self.clock.now
            prompt, month = next_slot(SCHEDULE, after), next_month_slot(SCHEDULE, after)
            with self.runtime.database.read() as session:
                asked = [due.ready_at for due in follow_ups(session, self.subscriber_id) if due.ready_at > after]
            self.clock.now = min(prompt.at, month.at, *asked)
            if self.clock.now > self.really_now - _MINUTE:
                return
            if local_date(self.clock.now, LONDON) == today:
                continue  # the welcome had that day's question
            with self._unseen() as session:
                person = self._person(session)
                person.next_digest_at = month.at if month.at == self.clock.now else None
                person.next_prompt_at = prompt.at if prompt.at == self.clock.now else None
                session.flush()
                planned = plan_due_digests(session, now=self.clock.now, limit=EVERYBODY).delivery_ids
                planned += plan_due_prompts(
                    session, self.runtime.library, now=self.clock.now, limit=EVERYBODY
                ).delivery_ids
                due = [due.id for due in follow_ups(session, self.subscriber_id) if due.ready_at == self.clock.now]
                self.queue.enqueue_deliveries(planned + due)
            worker.work()
            self._maybe_reply()

    @contextmanager
    def _unseen(self) -> Iterator[Session]:
        """Open a transaction after which nothing is due for the clock or the sweep, which run at the same time."""
        with self.runtime.database.write() as session:
            yield session
            session.flush()
            waiting = [due.id for due in follow_ups(session, self.subscriber_id)]
            Delivery.note_enqueued(session, self.queue.deliveries + waiting, self.real_clock() + _MINUTE)
            person = session.get(Subscriber, self.subscriber_id) if self.subscriber_id else None
            if person is not None:
                person.next_prompt_at = person.next_digest_at = None

    def _maybe_reply(self) -> None:
        """Answer the last email as the made-up person would."""
        with self.runtime.database.read() as session:
            asked = Delivery.newest_question(session, self.subscriber_id)
            follow_up = asked_at(session, self.subscriber_id, self.clock.now)
        if follow_up is not None:
            self._tell_how_it_went(follow_up)
            return
        prompt = self.runtime.library.get(asked.prompt_id or "") if asked and asked.sent_at == self.clock.now else None
        if asked is None or prompt is None:
            self.say(f"{self._day()}: the month comes back")
            return
        self.questions += 1
        is_silent = SILENT_FROM <= self._on().day < SILENT_TO
        words = None if is_silent else self.evenings.answer_to(prompt)
        if words is None:
            self.say(f"{self._day()}: {prompt.subject} (nothing, and that is fine)")
        else:
            self._answer(asked, prompt, words)
        if self._on().day >= SILENT_TO:
            self._choose_on_the_page()

    def _answer(self, asked: Delivery, prompt: Prompt, words: str) -> None:
        since = self.real_clock()
        self._reply(asked.id, words)
        with self._unseen() as session:
            person = self._person(session)
            chosen = date_chosen(session, self.runtime, person, since=since, at=self._evening())
        self.say(f"{self._day()}: {prompt.subject} (answered{', with a small step' if chosen else ''})")

    def _choose_on_the_page(self) -> None:
        """Choose the second step as the page does, unless a question has asked for one already."""
        words = self.evenings.step()
        if words is None:
            return
        with self._unseen() as session:
            steps.choose(session, self.runtime.keyring, self._person(session), words, now=self._evening())
        self.say(f"{self._day()}: a small step, chosen on its page")

    def _tell_how_it_went(self, follow_up: Delivery) -> None:
        self._reply(follow_up.id, self.evenings.how_it_went())
        with self._unseen() as session:
            state = date_answer(session, self._person(session), follow_up.reference or 0, at=self._evening())
        self.say(f"{self._day()}: the small step, asked about once ({state.replace('_', ' ')})")

    def _reply(self, delivery_id: int, words: str) -> None:
        """Reply to an email, and wait until the reply is in the journal."""
        with self.runtime.database.read() as session:
            before = Entry.count_for(session, self.subscriber_id)
        if not self.mailbox.reply(delivery_id, words, client=self.evenings.client(), sent_at=self._evening()):
            raise DemoError("A question did not reach the mailbox.")
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            with self.runtime.database.read() as session:
                if Entry.count_for(session, self.subscriber_id) > before:
                    self.replies += 1
                    return
            time.sleep(0.05)
        raise DemoError("A reply did not reach the journal within 20 seconds. Is `make run` still running?")

    def _look_ahead(self) -> None:
        """Set the made-up person's next times after the real present."""
        if not self.subscriber_id:
            return
        with self.runtime.database.write() as session:
            person = self._person(session)
            person.schedule_next(self.really_now, not_on=local_date(self.really_now, LONDON))

    def _person(self, session: Session) -> Subscriber:
        person = Subscriber.locked(session, self.subscriber_id)
        assert person is not None
        return person

    def _on(self) -> date:
        return local_date(self.clock.now, LONDON)

    def _evening(self) -> datetime:
        return self.clock.now + UNTIL_EVENING

    def _day(self) -> str:
        on = self._on()
        return f"{on:%a} {on.day} {on:%b}"
