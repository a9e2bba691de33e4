from __future__ import annotations

from datetime import timedelta

from service.core.sending.domain_results import DomainResults
from service.db import Database
from service.models import DomainHour, ResultDay
from service.models.outgoing.result_day import KEPT_FOR
from tests.harness.people.people import NOW


def test_expired_hours_are_summed_by_day_once_and_kept_for_thirty_days(database: Database) -> None:
    with database.write() as session:
        for hours in (0, 30, 31):
            for domain in (b"a" * 32, b"b" * 32):
                DomainHour.add(session, domain, NOW - timedelta(hours=hours), DomainResults(10, 2, 1))
    for _ in range(2):
        with database.write() as session:
            DomainHour.prune(session, NOW)
            ResultDay.prune(session, NOW)
            assert DomainHour.total(session) == (20, 2)
            assert ResultDay.total(session, NOW) == (40, 4)
    later = NOW + KEPT_FOR
    with database.write() as session:
        assert ResultDay.total(session, later) == (0, 0)
        ResultDay.prune(session, later)
        assert ResultDay.total(session, NOW) == (0, 0)
