"""What keeps a letter from starting: a check of the doctor that fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from service.db import Database
from service.flows.checks.doctor import Doctor
from service.flows.checks.finding import Finding, failures
from service.models import DoctorRun

COUNTS_FOR: Final = timedelta(days=1)


def record_run(database: Database, findings: Sequence[Finding], now: datetime) -> None:
    """Record a run of the doctor as the last one."""
    with database.write() as session:
        DoctorRun.record(session, [found.check for found in failures(findings)], now)


def failures_before_letters(doctor: Doctor) -> list[Finding]:
    """Return the failures over which no letter starts; call it outside a transaction, since it may take ten seconds.

    The last run counts for a day if nothing failed in it. Otherwise all is looked at again, so that what was mended
    keeps nobody waiting.
    """
    now = doctor.clock()
    with doctor.database.read() as session:
        last = DoctorRun.last(session)
        if last is not None and not last.failed_checks and timedelta(0) <= now - last.at < COUNTS_FOR:
            return []
    findings = doctor.examine()
    record_run(doctor.database, findings, now)
    return failures(findings)
