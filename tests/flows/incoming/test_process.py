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

from service.core.tokens import FrequencyToken, ReplyKind, ReplyToken
from service.flows.incoming.process import ReplyProcessor
from service.flows.outgoing.tick import UNQUEUED_AFTER, prune, sweep
from service.flows.people import journal
from service.mail.inbound.reader import MailReader
from service.models import Delivery, Entry, Outcome, Reply, Subscriber, SubscriberStatus
from service.models.incoming.reply import MAX_ATTEMPTS, RAW_KEPT
from service.storage import StorageError
from tests.harness.people import DAY, MINUTE
from tests.harness.posts import mail, post, signed
from tests.harness.sending import REPLY_DOMAIN, SIGNING_KEY, SendingHarness, open_sending_harness

ANA = "ana@example.com"
ELSEWHERE = "ana@elsewhere.example"
ON = date(2026, 5, 11)
LAPSED = datetime(2026, 1, 1, tzinfo=UTC)
# It answers that it is ready and dies of every mail it is given.
DYING = (sys.executable, "-c", "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.buffer.read(9)")


@dataclass
class ProcessHarness:
    """Mail that comes in for Ana, and what becomes of it."""

    sending: SendingHarness
    ana: Subscriber
    reply_processor: ReplyProcessor

    def address(self, kind: ReplyKind = ReplyKind.PROMPT, on: date = ON) -> str:
        prompt = self.sending.runtime.library.first_six("en-GB")[0]
        token = ReplyToken(kind, self.ana.id, prompt.key, on).encode(self.sending.runtime.keyring.index)
        return f"r-{token}@{REPLY_DOMAIN}"

    def stop_address(self) -> str:
        return f"s-{FrequencyToken(self.ana.id).encode(self.sending.runtime.keyring.index)}@{REPLY_DOMAIN}"

    def keep(self, raw: bytes, to: str, *, envelope_sender: str | None = None) -> int:
        signature = signed(self.sending.clock(), key=SIGNING_KEY)
        form = post(raw, to, signature, envelope_sender=envelope_sender)
        _, (reply_id,) = self.sending.runtime.inbound_store().store(*form, signature)
        return reply_id

    def comes(self, raw: bytes, to: str, *, envelope_sender: str | None = None) -> Reply:
        """Let a mail come in and be understood; return what became of it."""
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

    def become(self, status: SubscriberStatus) -> None:
        with self.sending.runtime.database.write() as session:
            session.get_one(Subscriber, self.ana.id).status = status

    def status(self) -> str:
        with self.sending.runtime.database.read() as session:
            return session.get_one(Subscriber, self.ana.id).status

    def lapse(self, reply_id: int) -> None:
        """Let the lease of whoever holds a mail pass."""
        with self.sending.runtime.database.write() as session:
            session.execute(update(Reply).where(Reply.id == reply_id).values(lease_until=LAPSED))

    def dying(self) -> ReplyProcessor:
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


def test_a_reply_becomes_an_entry_of_its_tokens_day(harness: ProcessHarness) -> None:
    reply = harness.comes(mail("Soup, slowly."), harness.address())
    assert reply.outcome == Outcome.ENTRY
    (entry,) = harness.entries()
    assert (entry.words, entry.written_on, entry.id) == ("Soup, slowly.", ON, reply.entry_id)
    assert harness.answers() == [("receipt", None)]


def test_several_replies_on_a_day_are_several_entries_and_one_receipt(harness: ProcessHarness) -> None:
    for words in ("One.", "Two."):
        harness.comes(mail(words), harness.address())
        harness.sending.clock.now += MINUTE
    assert [entry.words for entry in harness.entries()] == ["One.", "Two."]
    assert len(harness.answers()) == 1


def test_an_understood_mail_is_sealed_for_its_owner_and_goes_after_thirty_days(harness: ProcessHarness) -> None:
    runtime = harness.sending.runtime
    small = harness.comes(mail("Small."), harness.address())
    large = harness.comes(mail("Large. " + "x " * 200_000), harness.address())
    place = f"replies.raw:{small.id}"
    key = runtime.keyring.key_of(harness.ana)
    assert b"Small." in key.open(small.sealed_raw or b"", place=place)
    assert b"Large." in key.open(runtime.storage.get(large.stored_as or ""), place=f"replies.raw:{large.id}")
    objects = [path for path in Path(runtime.storage.root).rglob("*") if path.is_file()]
    assert len(objects) == 1, "the one sealed by the service's own key is gone"
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
def test_mail_that_a_program_wrote_is_recorded_and_neither_kept_nor_answered(
    harness: ProcessHarness, headers: dict[str, Any], status: SubscriberStatus
) -> None:
    harness.become(status)
    reply = harness.comes(mail("I am away until Monday.", **headers), harness.address())
    assert (reply.outcome, harness.entries(), harness.answers()) == (Outcome.AUTO_REPLY, [], [])
    assert harness.status() == status


def test_a_delivery_report_is_never_answered(harness: ProcessHarness) -> None:
    reply = harness.comes(mail("It bounced."), harness.address(), envelope_sender="")
    assert (reply.outcome, harness.answers()) == (Outcome.AUTO_REPLY, [])


@pytest.mark.parametrize("headers", [{"Precedence": "bulk"}, {"List_Id": "<a.example>"}], ids=str)
def test_weak_signs_of_a_program_keep_the_words_unanswered_and_confirm_nobody(
    harness: ProcessHarness, headers: dict[str, Any]
) -> None:
    harness.become(SubscriberStatus.PENDING)
    assert harness.comes(mail("Soup, slowly.", **headers), harness.address()).outcome == Outcome.ENTRY
    assert (len(harness.entries()), harness.answers(), harness.status()) == (1, [], SubscriberStatus.PENDING)


def test_a_strangers_mail_is_deleted_and_nothing_is_sent_back(harness: ProcessHarness) -> None:
    for words in ("Buy this.", "Buy this. " * 50_000):
        reply = harness.comes(mail(words, sender="stranger@example.net"), f"hello@{REPLY_DOMAIN}")
        assert (reply.outcome, reply.sealed_raw, reply.stored_as) == (Outcome.STRANGER, None, None)
    assert harness.answers() == []
    assert not [path for path in Path(harness.sending.runtime.storage.root).rglob("*") if path.is_file()]


def test_mail_to_the_stop_address_stops_whoever_it_names(harness: ProcessHarness) -> None:
    assert harness.comes(mail("unsubscribe", sender=ELSEWHERE), harness.stop_address()).outcome == Outcome.COMMAND
    assert (harness.status(), harness.entries()) == (SubscriberStatus.STOPPED, [])


@pytest.mark.parametrize("words", ["yes", "Yes!", "ok"])
@pytest.mark.parametrize("status", [SubscriberStatus.PENDING, SubscriberStatus.STOPPED])
def test_yes_confirms_whoever_was_asked(harness: ProcessHarness, status: SubscriberStatus, words: str) -> None:
    harness.become(status)
    assert harness.comes(mail(words), harness.address(ReplyKind.CONFIRMATION)).outcome == Outcome.CONFIRMED
    assert (harness.status(), harness.entries()) == (SubscriberStatus.ACTIVE, [])
    assert harness.answers() == [("welcome", None)]


def test_what_a_stopped_person_writes_is_kept_and_starts_nothing(harness: ProcessHarness) -> None:
    harness.become(SubscriberStatus.STOPPED)
    assert harness.comes(mail("Soup, slowly."), harness.address()).outcome == Outcome.ENTRY
    assert harness.status() == SubscriberStatus.STOPPED


def test_a_reply_from_another_address_is_held_and_its_owner_is_asked_once_a_day(harness: ProcessHarness) -> None:
    for words in ("One.", "Two."):
        assert harness.comes(mail(words, sender=ELSEWHERE), harness.address()).outcome == Outcome.HELD
    assert (harness.entries(), harness.answers()) == ([], [("answer", "held")])


@pytest.mark.parametrize(("passes", "outcome"), [(True, Outcome.ENTRY), (False, Outcome.HELD)], ids=["aligned", "not"])
def test_mail_without_a_token_is_believed_only_where_its_sender_is_aligned(
    harness: ProcessHarness, passes: bool, outcome: Outcome
) -> None:
    sent_at = datetime(2026, 5, 12, 1, 30, tzinfo=UTC)
    reply = harness.comes(mail("Late.", passes=passes, sent_at=sent_at), f"hello@{REPLY_DOMAIN}")
    assert reply.outcome == outcome
    assert [entry.written_on for entry in harness.entries()] == ([date(2026, 5, 11)] if passes else [])


def test_an_empty_reply_is_no_entry_and_answered_kindly_at_most_ten_times_a_day(harness: ProcessHarness) -> None:
    for _ in range(11):
        assert harness.comes(mail(" \n\n"), harness.address()).outcome == Outcome.EMPTY
    assert (harness.entries(), harness.answers()) == ([], [("answer", "empty")] * 10)


def tries(harness: ProcessHarness, reply_processor: ReplyProcessor, reply_id: int, times: int) -> None:
    for _ in range(times):
        reply_processor.process(reply_id)
        harness.lapse(reply_id)


def test_a_mail_that_kills_its_reader_is_set_aside_after_five_attempts_and_costs_the_others_nothing(
    harness: ProcessHarness,
) -> None:
    poison = harness.keep(mail("Boom."), harness.address())
    tries(harness, harness.dying(), poison, MAX_ATTEMPTS - 1)
    assert harness.row(poison).outcome is None
    assert harness.comes(mail("Soup, slowly."), harness.address()).outcome == Outcome.ENTRY
    tries(harness, harness.dying(), poison, 1)
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


def test_two_workers_understand_a_mail_once(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail("Soup, slowly."), harness.address())
    with harness.sending.runtime.database.write() as session:
        assert Reply.claim(session, reply_id, timedelta(minutes=1)) is not None
    assert harness.reply_processor.process(reply_id) == []
    assert harness.entries() == []
    harness.lapse(reply_id)
    harness.reply_processor.process(reply_id)
    assert len(harness.entries()) == 1


@pytest.mark.parametrize("more", ["", "x " * 200_000], ids=["small", "large"])
def test_a_worker_that_comes_late_changes_nothing_any_more(harness: ProcessHarness, more: str) -> None:
    reply_id = harness.keep(mail(f"Soup, slowly. {more}"), harness.address())

    def overtake() -> None:
        harness.lapse(reply_id)
        harness.reply_processor.process(reply_id)

    slow = SlowReader(overtake)
    late = replace(harness.reply_processor, reader=slow)
    assert late.process(reply_id) == []
    slow.close()
    assert len(harness.entries()) == 1
    root = Path(harness.sending.runtime.storage.root)
    kept_in = [root / (harness.row(reply_id).stored_as or "")] if more else []
    assert [path for path in root.rglob("*") if path.is_file()] == kept_in


class SlowReader(MailReader):
    """A reader during whose work something else happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def read(self, *question):  # type: ignore[no-untyped-def]  # the same as the real one's
        self.meanwhile()
        return super().read(*question)


def test_an_object_store_that_is_away_is_asked_again(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail("x " * 200_000), harness.address())
    name = harness.row(reply_id).stored_as or ""
    content = harness.sending.runtime.storage.get(name)
    harness.sending.runtime.storage.remove(name)
    tries(harness, harness.reply_processor, reply_id, 1)
    assert harness.row(reply_id).outcome is None
    harness.sending.runtime.storage.put(name, content)
    harness.reply_processor.process(reply_id)
    assert harness.row(reply_id).outcome == Outcome.ENTRY
    with pytest.raises(StorageError):
        harness.sending.runtime.storage.get(name)


def test_somebody_erased_while_their_mail_was_read_leaves_no_words(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail("Soup, slowly."), harness.address())

    def erase() -> None:
        with harness.sending.runtime.database.write() as session:
            session.delete(session.get_one(Subscriber, harness.ana.id))

    slow = SlowReader(erase)
    replace(harness.reply_processor, reader=slow).process(reply_id)
    slow.close()
    gone = harness.row(reply_id)
    assert (gone.sealed_raw, gone.entry_id, gone.subscriber_id) == (None, None, None)


def test_mail_of_which_no_worker_has_heard_is_rung_for_again(harness: ProcessHarness) -> None:
    reply_id = harness.keep(mail(), harness.address())
    sweep(harness.sending.runtime.database, harness.sending.queue, now=harness.sending.clock() + UNQUEUED_AFTER)
    assert harness.sending.queue.replies == []
    sweep(
        harness.sending.runtime.database, harness.sending.queue, now=harness.sending.clock() + UNQUEUED_AFTER + MINUTE
    )
    assert harness.sending.queue.replies == [reply_id]
