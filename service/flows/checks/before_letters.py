"""What keeps a letter from starting: a check of the doctor that fails, when it is scheduled or when it is to begin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from service.db import Database
from service.flows.checks.doctor import Doctor
from service.flows.checks.finding import Finding, failures
from service.flows.checks.service_checks import CLOCK_CHECK
from service.flows.outgoing.letters.letter_states import pause
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.models import DoctorRun, Keyring, Letter, LetterPause, WriterMailKind

COUNTS_FOR: Final = timedelta(days=1)


def record_run(database: Database, findings: Sequence[Finding], now: datetime) -> None:
    """Record a run of the doctor as the last one."""
    with database.write() as session:
        DoctorRun.record(session, [found.check for found in failures(findings)], now)


def failures_before_letters(doctor: Doctor, *, asked_by_clock: bool = False) -> list[Finding]:
    """Return the failures over which no letter starts; call it outside a transaction, since it may take ten seconds.

    The last run counts for a day if nothing failed in it. Otherwise everything is checked again, so that nobody waits
    for what was mended. If the clock asks, its own check is left out: at its start it has not ticked yet.
    """
    now = doctor.clock()
    with doctor.database.read() as session:
        last = DoctorRun.last(session)
        if last is not None and not last.failed_checks and timedelta(0) <= now - last.at < COUNTS_FOR:
            return []
    findings = [found for found in doctor.examine() if not (asked_by_clock and found.check == CLOCK_CHECK)]
    record_run(doctor.database, findings, now)
    return failures(findings)


def pause_over_failures(doctor: Doctor, keyring: Keyring, now: datetime) -> None:
    """Pause the letters that are to begin at `now` while a check of the doctor fails, and tell the writers.

    Days may lie between scheduling and beginning. Call it before each tick, with the tick's `now`, so that no letter
    becomes due in between. The checks are made only if a letter is to begin; one that goes anyway is left alone.
    """
    with doctor.database.read() as session:
        if not Letter.beginning(session, now):
            return
    failed = failures_before_letters(doctor, asked_by_clock=True)
    if not failed:
        return
    checks = ", ".join(found.check for found in failed)
    with doctor.database.write() as session:
        for letter in Letter.beginning(session, now):
            if pause(session, letter.id, LetterPause.CHECKS, now):
                values = {"title": letter.title, "id": str(letter.id), "checks": checks}
                key = f"{letter.id}/{now:%Y-%m-%dT%H:%M}"
                plan_writer_mail(session, keyring, WriterMailKind.LETTER_NOT_BEGUN, values, key=key, now=now)
