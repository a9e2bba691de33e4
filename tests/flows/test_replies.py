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
from service.flows import journal
from service.flows.replies import RAW_KEPT, Receiver
from service.flows.ticking import UNHEARD_AFTER, prune, sweep
from service.mail.inbound import parse_post
from service.mail.reader import Reader
from service.models import Delivery, Entry, Outcome, Reply, Status, Subscriber
from service.models.reply import MAX_ATTEMPTS
from service.storage import StorageError
from tests.flows.line import REPLY_DOMAIN, SIGNING_KEY, Line, open_line
from tests.flows.people import DAY, MINUTE
from tests.flows.posts import mail, post, signed

ANA = "ana@example.com"
ELSEWHERE = "ana@elsewhere.example"
ON = date(2026, 5, 11)
LAPSED = datetime(2026, 1, 1, tzinfo=UTC)
# It answers that it is ready and dies of every mail it is given.
DYING = (sys.executable, "-c", "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.buffer.read(9)")


@dataclass
class Inbox:
    """Mail that comes in for Ana, and what becomes of it."""

    line: Line
    ana: Subscriber
    receiver: Receiver

    def address(self, kind: ReplyKind = ReplyKind.PROMPT, on: date = ON) -> str:
        prompt = self.line.runtime.library.first_six("en-GB")[0]
        token = ReplyToken(kind, self.ana.id, prompt.key, on).encode(self.line.runtime.keyring.index)
        return f"r-{token}@{REPLY_DOMAIN}"

    def stop_address(self) -> str:
        return f"s-{FrequencyToken(self.ana.id).encode(self.line.runtime.keyring.index)}@{REPLY_DOMAIN}"

    def keep(self, raw: bytes, to: str, *, envelope_sender: str | None = None) -> int:
        signature = signed(self.line.clock(), key=SIGNING_KEY)
        form = post(raw, to, signature, envelope_sender=envelope_sender)
        _, (reply_id,) = self.line.runtime.door().store(parse_post(*form), *form, signature.token)
        return reply_id

    def comes(self, raw: bytes, to: str, *, envelope_sender: str | None = None) -> Reply:
        """Let a mail come in and be understood; return what became of it."""
        reply_id = self.keep(raw, to, envelope_sender=envelope_sender)
        self.receiver.understand(reply_id)
        return self.row(reply_id)

    def row(self, reply_id: int) -> Reply:
        with self.line.runtime.database.read() as session:
            return session.get_one(Reply, reply_id)

    def entries(self) -> list[journal.OpenEntry]:
        with self.line.runtime.database.read() as session:
            rows = session.scalars(select(Entry).order_by(Entry.created_at)).all()
            return journal.read(self.line.runtime.keyring, self.ana, rows)

    def answers(self) -> list[tuple[str, str | None]]:
        with self.line.runtime.database.read() as session:
            return [(row.kind, row.detail) for row in session.scalars(select(Delivery))]

    def become(self, status: Status) -> None:
        with self.line.runtime.database.write() as session:
            session.get_one(Subscriber, self.ana.id).status = status

    def status(self) -> str:
        with self.line.runtime.database.read() as session:
            return session.get_one(Subscriber, self.ana.id).status

    def lapse(self, reply_id: int) -> None:
        """Let the lease of whoever holds a mail pass."""
        with self.line.runtime.database.write() as session:
            session.execute(update(Reply).where(Reply.id == reply_id).values(lease_until=LAPSED))

    def dying(self) -> Receiver:
        return replace(self.receiver, reader=Reader(command=DYING))


@pytest.fixture
def inbox(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Inbox]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_line(f"sqlite:///{file}", tmp_path) as line:
        (ana,) = line.members(ANA)
        receiver = line.runtime.receiver()
        yield Inbox(line, ana, receiver)
        receiver.reader.close()


def test_a_reply_becomes_an_entry_of_its_tokens_day(inbox: Inbox) -> None:
    reply = inbox.comes(mail("Soup, slowly."), inbox.address())
    assert reply.outcome == Outcome.ENTRY
    (entry,) = inbox.entries()
    assert (entry.words, entry.written_on, entry.id) == ("Soup, slowly.", ON, reply.entry_id)
    assert inbox.answers() == [("receipt", None)]


def test_several_replies_on_a_day_are_several_entries_and_one_receipt(inbox: Inbox) -> None:
    for words in ("One.", "Two."):
        inbox.comes(mail(words), inbox.address())
        inbox.line.clock.at += MINUTE
    assert [entry.words for entry in inbox.entries()] == ["One.", "Two."]
    assert len(inbox.answers()) == 1


def test_an_understood_mail_is_sealed_for_its_owner_and_goes_after_thirty_days(inbox: Inbox) -> None:
    runtime = inbox.line.runtime
    small = inbox.comes(mail("Small."), inbox.address())
    large = inbox.comes(mail("Large. " + "x " * 200_000), inbox.address())
    place = f"replies.raw:{small.id}"
    key = runtime.keyring.key_of(inbox.ana)
    assert b"Small." in key.open(small.sealed_raw or b"", place=place)
    assert b"Large." in key.open(runtime.storage.get(large.stored_as or ""), place=f"replies.raw:{large.id}")
    objects = [path for path in Path(runtime.storage.root).rglob("*") if path.is_file()]
    assert len(objects) == 1, "the one sealed by the service's own key is gone"
    prune(runtime.database, runtime.storage, now=inbox.line.clock() + RAW_KEPT - MINUTE)
    assert inbox.row(small.id).sealed_raw is not None
    prune(runtime.database, runtime.storage, now=inbox.line.clock() + RAW_KEPT + MINUTE)
    assert (inbox.row(small.id).sealed_raw, inbox.row(large.id).stored_as) == (None, None)
    assert not objects[0].exists()
    assert inbox.row(small.id).outcome == Outcome.ENTRY


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"X_Failed_Recipients": ANA},
    ],
    ids=lambda headers: next(iter(headers)),
)
@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PENDING])
def test_mail_that_a_program_wrote_is_recorded_and_neither_kept_nor_answered(
    inbox: Inbox, headers: dict[str, Any], status: Status
) -> None:
    inbox.become(status)
    reply = inbox.comes(mail("I am away until Monday.", **headers), inbox.address())
    assert (reply.outcome, inbox.entries(), inbox.answers()) == (Outcome.AUTO_REPLY, [], [])
    assert inbox.status() == status


def test_a_delivery_report_is_never_answered(inbox: Inbox) -> None:
    reply = inbox.comes(mail("It bounced."), inbox.address(), envelope_sender="")
    assert (reply.outcome, inbox.answers()) == (Outcome.AUTO_REPLY, [])


@pytest.mark.parametrize("headers", [{"Precedence": "bulk"}, {"List_Id": "<a.example>"}], ids=str)
def test_weak_signs_of_a_program_keep_the_words_unanswered_and_confirm_nobody(
    inbox: Inbox, headers: dict[str, Any]
) -> None:
    inbox.become(Status.PENDING)
    assert inbox.comes(mail("Soup, slowly.", **headers), inbox.address()).outcome == Outcome.ENTRY
    assert (len(inbox.entries()), inbox.answers(), inbox.status()) == (1, [], Status.PENDING)


def test_a_strangers_mail_is_deleted_and_nothing_is_sent_back(inbox: Inbox) -> None:
    for words in ("Buy this.", "Buy this. " * 50_000):
        reply = inbox.comes(mail(words, sender="stranger@example.net"), f"hello@{REPLY_DOMAIN}")
        assert (reply.outcome, reply.sealed_raw, reply.stored_as) == (Outcome.STRANGER, None, None)
    assert inbox.answers() == []
    assert not [path for path in Path(inbox.line.runtime.storage.root).rglob("*") if path.is_file()]


def test_mail_to_the_stop_address_stops_whoever_it_names(inbox: Inbox) -> None:
    assert inbox.comes(mail("unsubscribe", sender=ELSEWHERE), inbox.stop_address()).outcome == Outcome.COMMAND
    assert (inbox.status(), inbox.entries()) == (Status.STOPPED, [])


@pytest.mark.parametrize("words", ["yes", "Yes!", "ok"])
@pytest.mark.parametrize("status", [Status.PENDING, Status.STOPPED])
def test_yes_confirms_whoever_was_asked(inbox: Inbox, status: Status, words: str) -> None:
    inbox.become(status)
    assert inbox.comes(mail(words), inbox.address(ReplyKind.CONFIRMATION)).outcome == Outcome.CONFIRMED
    assert (inbox.status(), inbox.entries()) == (Status.ACTIVE, [])
    assert inbox.answers() == [("welcome", None)]


def test_what_a_stopped_person_writes_is_kept_and_starts_nothing(inbox: Inbox) -> None:
    inbox.become(Status.STOPPED)
    assert inbox.comes(mail("Soup, slowly."), inbox.address()).outcome == Outcome.ENTRY
    assert inbox.status() == Status.STOPPED


def test_a_reply_from_another_address_is_held_and_its_owner_is_asked_once_a_day(inbox: Inbox) -> None:
    for words in ("One.", "Two."):
        assert inbox.comes(mail(words, sender=ELSEWHERE), inbox.address()).outcome == Outcome.HELD
    assert (inbox.entries(), inbox.answers()) == ([], [("answer", "held")])


@pytest.mark.parametrize(("passes", "outcome"), [(True, Outcome.ENTRY), (False, Outcome.HELD)], ids=["aligned", "not"])
def test_mail_without_a_token_is_believed_only_where_its_sender_is_aligned(
    inbox: Inbox, passes: bool, outcome: Outcome
) -> None:
    sent_at = datetime(2026, 5, 12, 1, 30, tzinfo=UTC)
    reply = inbox.comes(mail("Late.", passes=passes, sent_at=sent_at), f"hello@{REPLY_DOMAIN}")
    assert reply.outcome == outcome
    assert [entry.written_on for entry in inbox.entries()] == ([date(2026, 5, 11)] if passes else [])


def test_an_empty_reply_is_no_entry_and_answered_kindly_at_most_ten_times_a_day(inbox: Inbox) -> None:
    for _ in range(11):
        assert inbox.comes(mail(" \n\n"), inbox.address()).outcome == Outcome.EMPTY
    assert (inbox.entries(), inbox.answers()) == ([], [("answer", "empty")] * 10)


def tries(inbox: Inbox, receiver: Receiver, reply_id: int, times: int) -> None:
    for _ in range(times):
        receiver.understand(reply_id)
        inbox.lapse(reply_id)


def test_a_mail_that_kills_its_reader_is_set_aside_after_five_attempts_and_costs_the_others_nothing(
    inbox: Inbox,
) -> None:
    poison = inbox.keep(mail("Boom."), inbox.address())
    tries(inbox, inbox.dying(), poison, MAX_ATTEMPTS - 1)
    assert inbox.row(poison).outcome is None
    assert inbox.comes(mail("Soup, slowly."), inbox.address()).outcome == Outcome.ENTRY
    tries(inbox, inbox.dying(), poison, 1)
    aside = inbox.row(poison)
    assert (aside.outcome, aside.attempts) == (Outcome.UNREADABLE, MAX_ATTEMPTS)
    assert b"Boom." in inbox.line.runtime.keyring.key_of(inbox.ana).open(
        aside.sealed_raw or b"", place=f"replies.raw:{poison}"
    )
    assert ("answer", "unreadable") in inbox.answers()


def test_a_mail_that_kills_its_worker_is_set_aside_by_the_sweep(inbox: Inbox) -> None:
    poison = inbox.keep(mail("Boom."), inbox.address())
    with inbox.line.runtime.database.write() as session:
        session.execute(update(Reply).values(attempts=MAX_ATTEMPTS, lease_until=LAPSED))
    sweep(inbox.line.runtime.database, inbox.line.bell, now=inbox.line.clock() + DAY)
    assert (inbox.row(poison).outcome, inbox.line.bell.received) == (Outcome.UNREADABLE, [])
    assert inbox.row(poison).sealed_raw is not None


def test_two_workers_understand_a_mail_once(inbox: Inbox) -> None:
    reply_id = inbox.keep(mail("Soup, slowly."), inbox.address())
    with inbox.line.runtime.database.write() as session:
        assert Reply.claim(session, reply_id, timedelta(minutes=1)) is not None
    assert inbox.receiver.understand(reply_id) == []
    assert inbox.entries() == []
    inbox.lapse(reply_id)
    inbox.receiver.understand(reply_id)
    assert len(inbox.entries()) == 1


@pytest.mark.parametrize("more", ["", "x " * 200_000], ids=["small", "large"])
def test_a_worker_that_comes_late_changes_nothing_any_more(inbox: Inbox, more: str) -> None:
    reply_id = inbox.keep(mail(f"Soup, slowly. {more}"), inbox.address())

    def overtake() -> None:
        inbox.lapse(reply_id)
        inbox.receiver.understand(reply_id)

    slow = SlowReader(overtake)
    late = replace(inbox.receiver, reader=slow)
    assert late.understand(reply_id) == []
    slow.close()
    assert len(inbox.entries()) == 1
    root = Path(inbox.line.runtime.storage.root)
    kept_in = [root / (inbox.row(reply_id).stored_as or "")] if more else []
    assert [path for path in root.rglob("*") if path.is_file()] == kept_in


class SlowReader(Reader):
    """A reader during whose work something else happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def read(self, *question):  # type: ignore[no-untyped-def]  # the same as the real one's
        self.meanwhile()
        return super().read(*question)


def test_an_object_store_that_is_away_is_asked_again(inbox: Inbox) -> None:
    reply_id = inbox.keep(mail("x " * 200_000), inbox.address())
    name = inbox.row(reply_id).stored_as or ""
    content = inbox.line.runtime.storage.get(name)
    inbox.line.runtime.storage.remove(name)
    tries(inbox, inbox.receiver, reply_id, 1)
    assert inbox.row(reply_id).outcome is None
    inbox.line.runtime.storage.put(name, content)
    inbox.receiver.understand(reply_id)
    assert inbox.row(reply_id).outcome == Outcome.ENTRY
    with pytest.raises(StorageError):
        inbox.line.runtime.storage.get(name)


def test_somebody_erased_while_their_mail_was_read_leaves_no_words(inbox: Inbox) -> None:
    reply_id = inbox.keep(mail("Soup, slowly."), inbox.address())

    def erase() -> None:
        with inbox.line.runtime.database.write() as session:
            session.delete(session.get_one(Subscriber, inbox.ana.id))

    slow = SlowReader(erase)
    replace(inbox.receiver, reader=slow).understand(reply_id)
    slow.close()
    gone = inbox.row(reply_id)
    assert (gone.sealed_raw, gone.entry_id, gone.subscriber_id) == (None, None, None)


def test_mail_of_which_no_worker_has_heard_is_rung_for_again(inbox: Inbox) -> None:
    reply_id = inbox.keep(mail(), inbox.address())
    sweep(inbox.line.runtime.database, inbox.line.bell, now=inbox.line.clock() + UNHEARD_AFTER)
    assert inbox.line.bell.received == []
    sweep(inbox.line.runtime.database, inbox.line.bell, now=inbox.line.clock() + UNHEARD_AFTER + MINUTE)
    assert inbox.line.bell.received == [reply_id]
