"""What happens to the running service: each function is one row of the table of faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from service.models import HoldReason, Installation
from service.postoffice.faults import Quota
from service.web.forms.form_time import sign_form_time
from tests.faults.outside.databases import full
from tests.faults.outside.running import FaultCounts, Outside
from tests.harness.journey import Browser
from tests.harness.website import FILLED_IN

SENDERS = ("send-1", "send-2")
DOWN_SECONDS = 2.0
FULL_SECONDS = 20.0
KILLED_AFTER_SECONDS = 10.0
SLOW_SECONDS = 0.15
PEOPLE_A_KILL = 40  # 50 kills for 2,000 people
READERS_A_KILL = 50  # 200 kills for 10,000 people
SLOW_LETTER_SECONDS = 4.0  # less than the sender waits for an answer
PAUSED_SECONDS = 10.0
STARTED_AGAIN_SECONDS = 90.0  # a kill counts if the process was at work, also on a busy machine
SLOW_CALLS = 5
SIGNUPS = 3
QUOTA_WINDOW = timedelta(hours=1)


def sender_killed(outside: Outside) -> FaultCounts:
    """SIGKILL of one sender in the middle of its batches."""
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.add_people(outside.people)
    outside.start("web", "send-1", "receive", "jobs", "clock")
    outside.wait_for_mails(outside.people // 4)
    outside.processes.kill("send-1")
    return _finish(outside)


def database_restarted(outside: Outside) -> FaultCounts:
    """PostgreSQL ends at once and is back two seconds later; on SQLite every process is killed."""
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.add_people(outside.people)
    outside.start()
    outside.wait_for_mails(outside.people // 4)
    outside.database.restart(
        kill_clients=outside.processes.kill_all,
        down_seconds=DOWN_SECONDS,
    )
    return _finish(outside)


def senders_killed_often(outside: Outside) -> FaultCounts:
    """SIGKILL of one or the other of two senders, again and again while they send."""
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.add_people(outside.people)
    outside.start()
    kills = max(5, outside.people // PEOPLE_A_KILL)
    for _ in range(kills):
        outside.wait_for_requests(1, 15.0)
        time.sleep(outside.chance.uniform(0.0, SLOW_SECONDS))
        outside.processes.kill(outside.chance.choice(SENDERS))
        if outside.mails() >= outside.people:
            break
    return _finish(outside)


def letter_killed_often(outside: Outside) -> FaultCounts:
    """SIGKILL of a sender or of the clock, again and again while a letter is planned and sent."""
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.add_readers(outside.people)
    outside.begin_letter()
    outside.start()
    killed = 0
    for _ in range(max(5, outside.people // READERS_A_KILL)):
        outside.wait_for_requests(1, STARTED_AGAIN_SECONDS)
        time.sleep(outside.chance.uniform(0.0, SLOW_SECONDS))
        outside.processes.kill(outside.chance.choice((*SENDERS, "clock")))
        killed += 1
        if outside.mails() >= outside.people:
            break
    return _finish(outside, note=f"{killed} kills")


def letter_paused_and_resumed(outside: Outside) -> FaultCounts:
    """A letter is paused once its first emails went, and a sender is killed: only requests under way still go.

    What goes after it is resumed is exactly the rest. A request takes so long that there is a middle at any size.
    """
    outside.provider.delay_seconds = SLOW_LETTER_SECONDS
    outside.add_readers(outside.people)
    letter_id = str(outside.begin_letter())
    outside.start()
    outside.wait_for_mails(1)
    outside.command("letters", "pause", letter_id)
    before = outside.mails()
    outside.processes.kill("send-1")
    time.sleep(2 * SLOW_LETTER_SECONDS)
    paused_at = outside.mails()
    time.sleep(PAUSED_SECONDS)
    meanwhile = outside.mails() - paused_at
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.command("letters", "resume", letter_id)
    under_way = len(SENDERS) * outside.runtime.settings.batch_size
    is_wrong = not 0 < before < outside.people or paused_at - before > under_way or meanwhile > 0
    note = f"{before} went before the pause, {paused_at - before} by requests under way, {meanwhile} while it lasted"
    return _finish(outside, note=note, wrong=int(is_wrong))


def errors_for_a_third(outside: Outside) -> FaultCounts:
    """A third of the requests is answered 500 before, or 502 after, it is taken."""
    return _unreliable(outside, 1 / 3, "error-before", "error-after")


def errors_without_webhooks(outside: Outside) -> FaultCounts:
    """The same where no event comes by webhook: only the provider's record can tell what was taken."""
    outside.office.settings = replace(outside.office.settings, events_url="")
    return errors_for_a_third(outside)


def cut_or_hanging(outside: Outside) -> FaultCounts:
    """A third of the requests hangs or is cut, before or after it is taken."""
    return _unreliable(outside, 1 / 3, *(3 * ["close-before"]), "close-after", "hang-before")


def confirmation_unavailable(outside: Outside) -> FaultCounts:
    """The request for a confirmation is answered 503: it goes once more at once."""
    outside.start()
    for place in range(SIGNUPS):
        address = f"new{place}@example.com"
        outside.provider.add("unavailable-before")
        fields = {"email": address, "rhythm": "daily", "time_zone": "Europe/London"}
        Browser(outside.web_url, partial(_form_time, outside)).press("/subscribe", page="/", **fields)
        outside.expected.append(address)
        outside.wait_for_mails(place + 1, 90.0)
    return outside.count()


def disk_full(outside: Outside) -> FaultCounts:
    """The disk of the database is full for 20 seconds while emails are sent."""
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.add_people(outside.people)
    outside.start()
    outside.wait_for_mails(outside.people // 4)
    with full(outside.disk):
        time.sleep(FULL_SECONDS)
    outside.database.revive()
    return _finish(outside)


def killed_after_sigterm(outside: Outside) -> FaultCounts:
    """SIGTERM to a sender in a slow request, and SIGKILL ten seconds later: a deploy on an ordinary platform."""
    outside.provider.delay_seconds = SLOW_SECONDS
    outside.add_people(outside.people)
    outside.start("web", "send-1", "receive", "jobs", "clock")
    killed = 0
    for _ in range(SLOW_CALLS):
        outside.provider.delay_seconds = 7.0
        outside.wait_for_requests(1, 30.0)
        outside.provider.delay_seconds = SLOW_SECONDS
        began = time.monotonic()
        outside.processes.terminate("send-1", kill_after_seconds=KILLED_AFTER_SECONDS)
        killed += time.monotonic() - began >= KILLED_AFTER_SECONDS
    return _finish(outside, note=f"{killed} of {SLOW_CALLS} had to be killed")


def quota_of_a_third(outside: Outside) -> FaultCounts:
    """The provider takes a third of those who are due within an hour."""
    outside.provider.quota = Quota(max(1, outside.people // 3), QUOTA_WINDOW)
    outside.add_people(outside.people)
    outside.start()
    for _ in range(4):
        outside.wait_for_mails(min(outside.people, outside.mails() + outside.people // 3), 40.0)
        outside.pass_time(QUOTA_WINDOW + timedelta(minutes=2))
    return _finish(outside)


def old_copy_restored(outside: Outside) -> FaultCounts:
    """A copy of the database from before the questions is put back an hour later: it holds, and is reconciled."""
    outside.add_people(outside.people)
    outside.runtime.database.engine.dispose()
    outside.database.copy()
    outside.start()
    outside.wait_for_mails(outside.people)
    outside.wait_until(lambda: not outside.open_states(), 60.0)
    outside.processes.stop()
    outside.runtime.database.engine.dispose()
    outside.pass_time(timedelta(hours=1))
    outside.database.restore()
    outside.start()
    held = outside.wait_until(lambda: _held_because(outside) == HoldReason.OLD_COPY, 90.0)
    outside.pass_time(timedelta(minutes=50))
    outside.command("deliveries", "reconcile", "--yes")
    outside.command("sending", "release")
    return _finish(outside, note="held" if held else "NOT HELD", wrong=int(not held))


def _unreliable(outside: Outside, share: float, *kinds: str) -> FaultCounts:
    outside.provider.share, outside.provider.kinds = share, kinds
    outside.add_people(outside.people)
    outside.start()
    outside.wait_for_mails(outside.people // 2)
    outside.wait_until(lambda: set(outside.open_states()) <= {"unknown"}, 120.0)
    outside.provider.share = 0.0
    return _finish(outside)


def _finish(outside: Outside, note: str = "", wrong: int = 0) -> FaultCounts:
    outside.provider.delay_seconds = 0.0
    outside.settle()
    return outside.count(note, wrong)


def _form_time(outside: Outside) -> str:
    return sign_form_time(outside.runtime.keyring.index, outside.runtime.clock() - FILLED_IN)


def _held_because(outside: Outside) -> str | None:
    with outside.runtime.database.read() as session:
        return Installation.current(session).held_because


ROWS: Mapping[str, Callable[[Outside], FaultCounts]] = {
    row.__name__: row
    for row in (
        sender_killed,
        database_restarted,
        senders_killed_often,
        letter_killed_often,
        letter_paused_and_resumed,
        errors_for_a_third,
        errors_without_webhooks,
        cut_or_hanging,
        confirmation_unavailable,
        disk_full,
        killed_after_sigterm,
        quota_of_a_third,
        old_copy_restored,
    )
}
