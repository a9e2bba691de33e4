"""Mail is processed once: it gets an outcome, and an entry, a command or an answer."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from service.core.access.tokens import FrequencyToken, ReplyKind, ReplyToken
from service.flows.incoming.replies.process import ReplyProcessor
from service.flows.outgoing import emails
from service.flows.outgoing.auto_replies import MAX_ANSWERS_PER_DAY, AnsweredMail, AutoReply, plan_auto_reply
from service.flows.outgoing.tick import UNQUEUED_AFTER, prune, sweep
from service.flows.people.journal import journal
from service.mail.outbound.links import PLACEHOLDERS
from service.mail.sandbox.reader import MailReader
from service.models import Delivery, Entry, Outcome, Reply, Subscriber, SubscriberStatus
from service.models.incoming import reply_claims
from service.models.incoming.reply import RAW_KEPT
from service.models.incoming.reply_claims import MAX_ATTEMPTS
from service.storage import StorageError
from tests.harness.mail.posts import mail, post, signed
from tests.harness.mail.reply_examples import quoted
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import REPLY_DOMAIN, SIGNING_KEY, SendingHarness, open_sending_harness

ANA = "ana@example.com"
ELSEWHERE = "ana@elsewhere.example"
ON = date(2026, 5, 11)
LAPSED = datetime(2026, 1, 1, tzinfo=UTC)
# A reader that reports that it is ready, and then dies with every mail.
DYING = (sys.executable, "-c", "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.buffer.read(9)")


@dataclass
class ProcessHarness:
    """Mail for one subscriber, stored and processed without HTTP."""

    sending: SendingHarness
    ana: Subscriber
    reply_processor: ReplyProcessor

    def address(self, kind: ReplyKind = ReplyKind.PROMPT, on: date = ON) -> str:
        prompt = self.sending.runtime.library.first_six("en-GB")[0]
        token = ReplyToken(kind, self.ana.id, prompt.key, on).encode(self.sending.runtime.keyring.index)
        return f"r-{token}@{REPLY_DOMAIN}"

    def question(self) -> str:
        """Return the text of the email with that prompt, without its links."""
        runtime = self.sending.runtime
        text = emails.prompt.compose(runtime.composer, runtime.library.first_six("en-GB")[0], None, PLACEHOLDERS).text
        return "\n".join(line for line in text.splitlines() if "%recipient." not in line)

    def stop_address(self) -> str:
        return f"s-{FrequencyToken(self.ana.id).encode(self.sending.runtime.keyring.index)}@{REPLY_DOMAIN}"

    def keep(self, raw: bytes, to: str, *, envelope_sender: str | None = None) -> int:
        signature = signed(self.sending.clock(), key=SIGNING_KEY)
        form = post(raw, to, signature, envelope_sender=envelope_sender)
        _, (reply_id,) = self.sending.runtime.inbound_store().store(*form, signature)
        return reply_id

    def receive(self, raw: bytes, to: str, *, envelope_sender: str | None = None) -> Reply:
        """Post a mail and process it; return its row."""
        reply_id = self.keep(raw, to, envelope_sender=envelope_sender)
        self.reply_processor.process(reply_id)
        return self.row(reply_id)

    def row(self, reply_id: int) -> Reply:
        with self.sending.runtime.database.read() as session:
            return session.get_one(Reply, reply_id)

    def entries(self) -> list[journal.OpenEntry]:
        with self.sending.runtime.database.read() as session:
            rows = session.scalars(select(Entry).order_by(Entry.created_at)).all()
            return journal.open_entries(self.sending.runtime.keyring, self.ana, rows)

    def answers(self) -> list[tuple[str, str | None]]:
        with self.sending.runtime.database.read() as session:
            return [(row.kind, row.detail) for row in session.scalars(select(Delivery))]

    def set_status(self, status: SubscriberStatus) -> None:
        with self.sending.runtime.database.write() as session:
            person = session.get_one(Subscriber, self.ana.id)
            person.status = status
            person.schedule_next(self.sending.clock())

    def status(self) -> str:
        with self.sending.runtime.database.read() as session:
            return session.get_one(Subscriber, self.ana.id).status

    def lapse_lease(self, reply_id: int) -> None:
        """Make the lease on a mail expire."""
        with self.sending.runtime.database.write() as session:
            session.execute(update(Reply).where(Reply.id == reply_id).values(lease_until=LAPSED))

    def dying_processor(self) -> ReplyProcessor:
        return replace(self.reply_processor, reader=MailReader(command=DYING))


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[ProcessHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as sending:
        (ana,) = sending.members(ANA)
        reply_processor = sending.runtime.reply_processor()
        yield ProcessHarness(sending, ana, reply_processor)
        reply_processor.reader.close()


@pytest.mark.parametrize(
    ("said_before", "attribution"),
    [
        pytest.param("Soup, slowly.", "On Mon, 11 May 2026 at 09:00, me wrote:", id="known as an entry"),
        pytest.param("Bread.", "On Mon, 11 May 2026 at 09:00, <ana@example.com> wrote:", id="named by address"),
    ],
)
def test_a_reply_to_ones_own_reply_adds_only_what_is_new(
    harness: ProcessHarness, said_before: str, attribution: str
) -> None:
    to = harness.address()
    theirs = quoted(f"On Mon, 11 May 2026 at 08:00, Small Steps <{to}> wrote:\n{quoted(harness.question())}")
    harness.receive(mail(said_before), to)
    harness.receive(mail(f"And bread.\n\n{attribution}\n\n> Soup, slowly.\n>\n{theirs}"), to)
    assert sorted(entry.words for entry in harness.entries()) == sorted([said_before, "And bread."])


def test_a_reply_becomes_an_entry_of_its_tokens_day(harness: ProcessHarness) -> None:
    reply = harness.receive(mail("Soup, slowly."), harness.address())
    assert reply.outcome == Outcome.ENTRY
    (entry,) = harness.entries()
    assert (entry.words, entry.written_on, entry.id) == ("Soup, slowly.", ON, reply.entry_id)
    assert harness.answers() == [("receipt", None)]


def test_several_replies_on_a_day_are_several_entries_and_one_receipt(harness: ProcessHarness) -> None:
    for words in ("One.", "Two."):
        harness.receive(mail(words), harness.address())
        harness.sending.clock.now += MINUTE
    assert [entry.words for entry in harness.entries()] == ["One.", "Two."]
    assert len(harness.answers()) == 1


def test_a_processed_mail_is_sealed_for_its_owner_and_deleted_after_thirty_days(harness: ProcessHarness) -> None:
    runtime = harness.sending.runtime
    small = harness.receive(mail("Small."), harness.address())
    large = harness.receive(mail("Large. " + "x " * 200_000), harness.address())
    place = f"replies.raw:{small.id}"
    key = runtime.keyring.key_of(harness.ana)
    assert b"Small." in key.open(small.sealed_raw or b"", place=place)
    assert b"Large." in key.open(runtime.storage.get(large.stored_as or ""), place=f"replies.raw:{large.id}")
    objects = [path for path in Path(runtime.storage.root).rglob("*") if path.is_file()]
    assert len(objects) == 1, "the object sealed with the service's own key is deleted"
    prune(runtime.database, runtime.storage, now=harness.sending.clock() + RAW_KEPT - MINUTE)
    assert harness.row(small.id).sealed_raw is not None
    prune(runtime.database, runtime.storage, now=harness.sending.clock() + RAW_KEPT + MINUTE)
    assert (harness.row(small.id).sealed_raw, harness.row(large.id).stored_as) == (None, None)
    assert not objects[0].exists()
    assert harness.row(small.id).outcome == Outcome.ENTRY


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"X_Failed_Recipients": ANA},
    ],
    ids=lambda headers: next(iter(headers)),
)
@pytest.mark.parametrize("status", [SubscriberStatus.ACTIVE, SubscriberStatus.PENDING])
def test_automatic_mail_is_recorded_and_neither_kept_nor_answered(
    harness: ProcessHarness, headers: dict[str, Any], status: SubscriberStatus
) -> None:
    harness.set_status(status)
    reply = harness.receive(mail("I am away until Monday.", **headers), harness.address())
    assert (reply.outcome, harness.entries(), harness.answers()) == (Outcome.AUTO_REPLY, [], [])
    assert harness.status() == status


def test_a_delivery_report_is_never_answered(harness: ProcessHarness) -> None:
    reply = harness.receive(mail("It bounced."), harness.address(), envelope_sender="")
    assert (reply.outcome, harness.answers()) == (Outcome.AUTO_REPLY, [])


@pytest.mark.parametrize("headers", [{"Precedence": "bulk"}, {"List_Id": "<a.example>"}], ids=str)
def test_words_with_weak_signs_of_a_program_are_kept_unanswered_and_confirm_nobody(
    harness: ProcessHarness, headers: dict[str, Any]
) -> None:
    harness.set_status(SubscriberStatus.PENDING)
    assert harness.receive(mail("Soup, slowly.", **headers), harness.address()).outcome == Outcome.ENTRY
    assert (len(harness.entries()), harness.answers(), harness.status()) == (1, [], SubscriberStatus.PENDING)


def test_a_strangers_mail_is_deleted_and_nothing_is_sent_back(harness: ProcessHarness) -> None:
    for words in ("Buy this.", "Buy this. " * 50_000):
        reply = harness.receive(mail(words, sender="stranger@example.net"), f"hello@{REPLY_DOMAIN}")
        assert (reply.outcome, reply.sealed_raw, reply.stored_as) == (Outcome.STRANGER, None, None)
    assert harness.answers() == []
    assert not [path for path in Path(harness.sending.runtime.storage.root).rglob("*") if path.is_file()]


def test_mail_to_a_stop_address_stops_its_subscriber(harness: ProcessHarness) -> None:
    assert harness.receive(mail("unsubscribe", sender=ELSEWHERE), harness.stop_address()).outcome == Outcome.COMMAND
    assert (harness.status(), harness.entries()) == (SubscriberStatus.STOPPED, [])


@pytest.mark.parametrize("words", ["yes", "Yes!", "ok"])
@pytest.mark.parametrize("status", [SubscriberStatus.PENDING, SubscriberStatus.STOPPED])
def test_yes_confirms_a_pending_or_stopped_subscriber(
    harness: ProcessHarness, status: SubscriberStatus, words: str
) -> None:
    harness.set_status(status)
    assert harness.receive(mail(words), harness.address(ReplyKind.CONFIRMATION)).outcome == Outcome.CONFIRMED
    assert (harness.status(), harness.entries()) == (SubscriberStatus.ACTIVE, [])
    assert harness.answers() == [("welcome", None)]


def test_words_of_a_stopped_subscriber_are_kept_and_do_not_restart_emails(harness: ProcessHarness) -> None:
    harness.set_status(SubscriberStatus.STOPPED)
    assert harness.receive(mail("Soup, slowly."), harness.address()).outcome == Outcome.ENTRY
    assert harness.status() == SubscriberStatus.STOPPED


def test_a_reply_from_another_address_is_held_with_one_notice_a_day(harness: ProcessHarness) -> None:
    for words in ("One.", "Two."):
        assert harness.receive(mail(words, sender=ELSEWHERE), harness.address()).outcome == Outcome.HELD
    assert (harness.entries(), harness.answers()) == ([], [("answer", "held")])


@pytest.mark.parametrize(("passes", "outcome"), [(True, Outcome.ENTRY), (False, Outcome.HELD)], ids=["aligned", "not"])
def test_mail_without_a_token_is_accepted_only_if_its_sender_is_aligned(
    harness: ProcessHarness, passes: bool, outcome: Outcome
) -> None:
    sent_at = datetime(2026, 5, 12, 1, 30, tzinfo=UTC)
    reply = harness.receive(mail("Late.", passes=passes, sent_at=sent_at), f"hello@{REPLY_DOMAIN}")
    assert reply.outcome == outcome
    assert [entry.written_on for entry in harness.entries()] == ([date(2026, 5, 11)] if passes else [])


def test_every_empty_reply_of_a_day_is_answered(harness: ProcessHarness) -> None:
    for _ in range(11):
        assert harness.receive(mail(" \n\n"), harness.address()).outcome == Outcome.EMPTY
    assert (harness.entries(), harness.answers()) == ([], [("answer", "empty")] * 11)


def test_a_loop_of_answers_ends_at_the_bound_and_begins_no_more_on_that_day(harness: ProcessHarness) -> None:
    planned_at = harness.sending.clock()
    with harness.sending.runtime.database.write() as session:
        for number in range(MAX_ANSWERS_PER_DAY - 1):
            answered = AutoReply("empty", number + 1)
            assert plan_auto_reply(
                session, harness.sending.runtime.keyring, harness.ana, answered, to=AnsweredMail(), now=planned_at
            )
    for _ in range(2):
        assert harness.receive(mail(" \n\n"), harness.address()).outcome == Outcome.EMPTY
    assert len(harness.answers()) == MAX_ANSWERS_PER_DAY
    harness.sending.clock.move(DAY)
    harness.receive(mail(" \n\n"), harness.address())
    assert len(harness.answers()) == MAX_ANSWERS_PER_DAY + 1


@pytest.mark.parametrize(
    "empty",
    [mail(" \n\n", Auto_Submitted="auto-replied"), mail(" \n\n", Precedence="bulk")],
    ids=["certainly", "probably"],
)
def test_an_empty_mail_that_a_program_wrote_is_not_answered(harness: ProcessHarness, empty: bytes) -> None:
    harness.receive(empty, harness.address())
    assert harness.answers() == []


def attempt(harness: ProcessHarness, reply_processor: ReplyProcessor, reply_id: int, times: int) -> None:
    for _ in range(times):
        reply_processor.process(reply_id)
        harness.lapse_lease(reply_id)


def test_a_mail_that_kills_its_reader_is_set_aside_after_five_attempts_while_others_are_read(
    harness: ProcessHarness,
) -> None:
    poison = harness.keep(mail("Boom."), harness.address())
    attempt(harness, harness.dying_processor(), poison, MAX_ATTEMPTS - 1)
    assert harness.row(poison).outcome is None
    assert harness.receive(mail("Soup, slowly."), harness.address()).outcome == Outcome.ENTRY
    attempt(harness, harness.dying_processor(), poison, 1)
    aside = harness.row(poison)
    assert (aside.outcome, aside.attempts) == (Outcome.UNREADABLE, MAX_ATTEMPTS)
    assert b"Boom." in harness.sending.runtime.keyring.key_of(harness.ana).open(
        aside.sealed_raw or b"", place=f"replies.raw:{poison}"
    )
    assert ("answer", "unreadable") in harness.answers()


def test_a_mail_that_kills_its_worker_is_set_aside_by_the_sweep(harness: ProcessHarness) -> None:
    poison = harness.keep(mail("Boom."), harness.address())
    with harness.sending.runtime.database.write() as session:
        session.execute(update(Reply).values(attempts=MAX_ATTEMPTS, lease_until=LAPSED))
    sweep(harness.sending.runtime.database, harness.sending.queue, now=harness.sending.clock() + DAY)
    assert (harness.row(poison).outcome, harness.sending.queue.replies) == (Outcome.UNREADABLE, [])
    assert harness.row(poison).sealed_raw is not None


def test_two_workers_process_a_mail_once(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail("Soup, slowly."), harness.address())
    with harness.sending.runtime.database.write() as session:
        assert reply_claims.claim(session, reply_id, timedelta(minutes=1)) is not None
    assert harness.reply_processor.process(reply_id) == []
    assert harness.entries() == []
    harness.lapse_lease(reply_id)
    harness.reply_processor.process(reply_id)
    assert len(harness.entries()) == 1


@pytest.mark.parametrize("more", ["", "x " * 200_000], ids=["small", "large"])
def test_a_worker_whose_lease_has_passed_changes_nothing(harness: ProcessHarness, more: str) -> None:
    reply_id = harness.keep(mail(f"Soup, slowly. {more}"), harness.address())

    def overtake() -> None:
        harness.lapse_lease(reply_id)
        harness.reply_processor.process(reply_id)

    slow = InterruptedReader(overtake)
    late = replace(harness.reply_processor, reader=slow)
    assert late.process(reply_id) == []
    slow.close()
    assert len(harness.entries()) == 1
    root = Path(harness.sending.runtime.storage.root)
    kept_in = [root / (harness.row(reply_id).stored_as or "")] if more else []
    assert [path for path in root.rglob("*") if path.is_file()] == kept_in


class InterruptedReader(MailReader):
    """A reader that calls `meanwhile` before it reads."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def read(self, *args):  # type: ignore[no-untyped-def]  # the same as the real one's
        self.meanwhile()
        return super().read(*args)


def test_a_mail_missing_from_the_object_store_is_tried_again(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail("x " * 200_000), harness.address())
    name = harness.row(reply_id).stored_as or ""
    content = harness.sending.runtime.storage.get(name)
    harness.sending.runtime.storage.remove(name)
    attempt(harness, harness.reply_processor, reply_id, 1)
    assert harness.row(reply_id).outcome is None
    harness.sending.runtime.storage.put(name, content)
    harness.reply_processor.process(reply_id)
    assert harness.row(reply_id).outcome == Outcome.ENTRY
    with pytest.raises(StorageError):
        harness.sending.runtime.storage.get(name)


def test_erasing_a_subscriber_while_their_mail_is_read_leaves_no_words(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail("Soup, slowly."), harness.address())

    def erase() -> None:
        with harness.sending.runtime.database.write() as session:
            session.delete(session.get_one(Subscriber, harness.ana.id))

    slow = InterruptedReader(erase)
    replace(harness.reply_processor, reader=slow).process(reply_id)
    slow.close()
    gone = harness.row(reply_id)
    assert (gone.sealed_raw, gone.entry_id, gone.subscriber_id) == (None, None, None)


def test_mail_that_no_worker_has_taken_is_enqueued_again(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail(), harness.address())
    sweep(harness.sending.runtime.database, harness.sending.queue, now=harness.sending.clock() + UNQUEUED_AFTER)
    assert harness.sending.queue.replies == []
    sweep(
        harness.sending.runtime.database, harness.sending.queue, now=harness.sending.clock() + UNQUEUED_AFTER + MINUTE
    )
    assert harness.sending.queue.replies == [reply_id]
