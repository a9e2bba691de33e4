"""The doctor finds each planted fault, and no other."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from service.core.sending.domain_results import DomainResults
from service.flows.checks.doctor import why_page_fails
from service.flows.incoming.events.events import EVENTS
from service.flows.incoming.replies.store import INBOUND
from service.flows.outgoing.tick import CLOCK
from service.models import DomainHour, Heartbeat, RoundTrip
from service.postoffice.api.account import Route
from service.postoffice.server import running
from tests.harness.examined import DOMAIN, Examined, open_examined

SEEN_NOWHERE = {"backup": "cannot see"}
OF_THE_ACCOUNT = (
    *("domain", "spf", "dkim", "mx", "spam headers", "tracking"),
    *("webhooks", "route", "queue", "time"),
)
POLICY_AT = f"_dmarc.{DOMAIN}"
SHORT_KEY = (  # of 1,024 bits
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDZb+V9Wp1h3uZI0FH5JDh4o7ymwX8G6LpW"
    "DIL7VcbZu6q27kNUbgg8pRldTyNrjLRUeWf5NOQ84CQZs4Fhu9JrZ0u1TIDxcb1FyZx0nrOI"
    "dGe4R3ZvgXeK//ZQcMijFCyKMHMsxNNNNJMDXMBJtFB7O020LikdSs6YnPrFoZEYCQIDAQAB"
)


@pytest.fixture
def examined(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Examined]:
    shutil.copy(migrated_sqlite, tmp_path / "smallsteps.db")
    with open_examined(f"sqlite:///{tmp_path / 'smallsteps.db'}", tmp_path) as opened:
        yield opened


def test_a_service_that_is_well_gets_no_fix_but_what_nobody_can_see(examined: Examined) -> None:
    assert examined.statuses() == SEEN_NOWHERE
    assert {found.check for found in examined.doctor().examine() if found.fix} == set(SEEN_NOWHERE)


def inactive(it: Examined) -> None:
    it.domain.state = "unverified"


def disabled(it: Examined) -> None:
    it.domain.is_disabled = True


def sandbox(it: Examined) -> None:
    it.domain.type = "sandbox"


def unknown_domain(it: Examined) -> None:
    it.settings = it.settings.model_copy(update={"reply_domain": "other.example.org"})
    it.office.account.routes.append(Route("catch_all()", it.office.account.routes[0].actions, 1))


def no_spf(it: Examined) -> None:
    it.domain.sending[0].valid = "invalid"


def inactive_dkim(it: Examined) -> None:
    it.domain.sending[1].is_active = False


def short_dkim(it: Examined) -> None:
    it.domain.sending[1].value = f"k=rsa; p={SHORT_KEY}"


def short_dkim_behind_an_alias(it: Examined) -> None:
    it.domain.sending[1].record_type = "CNAME"
    it.domain.sending[1].value = "key.mailgun.example"
    it.dns.texts[it.domain.sending[1].name] = [f"k=rsa; p={SHORT_KEY}"]


def no_mx(it: Examined) -> None:
    it.reply_domain.receiving[1].valid = "unknown"


def no_policy(it: Examined) -> None:
    it.dns.texts[POLICY_AT] = ["something else"]


def two_policies(it: Examined) -> None:
    it.dns.texts[POLICY_AT] = ["v=DMARC1; p=none", "v=DMARC1; p=reject"]


def no_reports(it: Examined) -> None:
    it.dns.texts[POLICY_AT] = ["v=DMARC1; p=reject"]


def removed_tag(it: Examined) -> None:
    it.dns.texts[POLICY_AT][0] += "; pct=50"


def foreign_sender(it: Examined) -> None:
    it.settings = it.settings.model_copy(update={"mail_from": "Small Steps <hello@example.net>"})
    it.dns.texts["_dmarc.example.net"] = it.dns.texts.pop(POLICY_AT)


def silent_dns(it: Examined) -> None:
    it.dns.silent.add(POLICY_AT)


def no_spam_headers(it: Examined) -> None:
    it.reply_domain.spam_action = "disabled"


def html_clicks(it: Examined) -> None:
    it.domain.tracking["click"] = "htmlonly"


def no_bounces(it: Examined) -> None:
    del it.domain.webhooks["permanent_fail"]


def events_elsewhere(it: Examined) -> None:
    it.domain.webhooks["complained"] = ["https://localhost:9/webhooks/mailgun/inbound"]


def no_route(it: Examined) -> None:
    it.office.account.routes.clear()


def storing_route(it: Examined) -> None:
    it.office.account.routes.insert(0, Route("catch_all()", ['store(notify="https://localhost:9/")'], -1))


def no_route_for_stopping(it: Examined) -> None:
    it.office.account.routes[0].expression = r'match_recipient("r-.*@reply\.example\.org")'


def stopped_queue(it: Examined) -> None:
    it.domain.queue_disabled = {"until": "Tue, 05 May 2026 08:00:00 UTC", "reason": "too many complaints"}


def clock_ahead(it: Examined) -> None:
    it.office.now = lambda: it.clock() + timedelta(minutes=6)


def clock_a_little_ahead(it: Examined) -> None:
    it.office.now = lambda: it.clock() - timedelta(minutes=2)


def no_events(it: Examined) -> None:
    it.emails_went(timedelta(hours=3), 1)
    it.beat(EVENTS, timedelta(hours=4))


def no_replies(it: Examined) -> None:
    it.emails_went(timedelta(hours=3), 60)
    it.beat(INBOUND, timedelta(days=8))


def _complaints(it: Examined, complaints: int) -> None:
    for day in range(3):
        found = DomainResults(500, 0, complaints if day == 0 else 0)
        with it.database.write() as session:
            DomainHour.add(session, b"d" * 32, it.clock() - timedelta(days=day), found)
            DomainHour.prune(session, it.clock())


def some_complaints(it: Examined) -> None:
    _complaints(it, 4)


def many_complaints(it: Examined) -> None:
    _complaints(it, 5)


def no_page(it: Examined) -> None:
    it.page = "its certificate is not valid"


def made_up_address(it: Examined) -> None:
    it.settings = it.settings.model_copy(update={"postal_address": "1 Example Street, Example Town"})


def no_clock(it: Examined) -> None:
    it.beat(CLOCK, timedelta(minutes=3))


def stale_help_line(it: Examined) -> None:
    line = dataclasses.replace(it.help_lines.lines[0], checked_on=it.clock().date() - timedelta(days=181))
    it.help_lines = dataclasses.replace(it.help_lines, lines=(line,))


def lost_test_mail(it: Examined) -> None:
    with it.database.write() as session:
        trip_id = RoundTrip.begin(session, it.clock() - timedelta(minutes=10))
        RoundTrip.note_event(session, trip_id, it.clock())


def nothing_has_come(it: Examined) -> None:
    with it.database.write() as session:
        Heartbeat.remove(session, EVENTS)
        Heartbeat.remove(session, INBOUND)


def foreign_route(it: Examined) -> None:
    it.office.account.routes.insert(0, Route("catch_all()", ['forward("https://elsewhere.example/")'], -1))


FAULTS: dict[Callable[[Examined], None], dict[str, str]] = {
    inactive: {"domain": "fail"},
    disabled: {"domain": "fail"},
    sandbox: {"domain": "fail"},
    unknown_domain: {"mx": "fail", "spam headers": "cannot see"},
    no_spf: {"spf": "fail"},
    inactive_dkim: {"dkim": "fail"},
    short_dkim: {"dkim": "warn"},
    short_dkim_behind_an_alias: {"dkim": "warn"},
    no_mx: {"mx": "fail"},
    no_policy: {"dmarc": "fail"},
    two_policies: {"dmarc": "fail"},
    no_reports: {"dmarc": "warn"},
    removed_tag: {"dmarc": "warn"},
    foreign_sender: {"dmarc": "fail"},
    silent_dns: {"dmarc": "cannot see"},
    no_spam_headers: {"spam headers": "fail"},
    html_clicks: {"tracking": "fail"},
    no_bounces: {"webhooks": "fail"},
    events_elsewhere: {"webhooks": "fail"},
    no_route: {"route": "fail"},
    storing_route: {"route": "fail"},
    no_route_for_stopping: {"route": "fail"},
    foreign_route: {"route": "fail"},
    lost_test_mail: {"round trip": "fail"},
    nothing_has_come: {"round trip": "warn"},
    stopped_queue: {"queue": "fail"},
    clock_ahead: {"time": "fail"},
    clock_a_little_ahead: {"time": "warn"},
    no_events: {"events": "fail"},
    no_replies: {"replies": "warn"},
    some_complaints: {"complaints": "warn"},
    many_complaints: {"complaints": "fail"},
    no_page: {"https": "fail"},
    made_up_address: {"postal address": "fail"},
    no_clock: {"clock": "fail"},
    stale_help_line: {"help lines": "warn"},
}


@pytest.mark.parametrize("plant", [pytest.param(plant, id=plant.__name__) for plant in FAULTS])
def test_each_fault_is_found_with_its_fix_and_no_other(examined: Examined, plant: Callable[[Examined], None]) -> None:
    plant(examined)
    assert examined.statuses() == FAULTS[plant] | SEEN_NOWHERE
    assert all(found.fix for found in examined.doctor().examine() if found.status != "ok")


def test_a_key_that_may_only_send_fails_nothing_and_hides_the_account(examined: Examined) -> None:
    examined.office.faults.account_status = 401
    assert examined.statuses() == dict.fromkeys(OF_THE_ACCOUNT, "cannot see") | SEEN_NOWHERE


def test_a_provider_that_is_away_is_one_failure(examined: Examined) -> None:
    examined.api_url = "http://127.0.0.1:1"
    expected = dict.fromkeys(OF_THE_ACCOUNT, "cannot see") | {"domain": "fail"}
    assert examined.statuses() == expected | SEEN_NOWHERE


def test_a_policy_is_looked_for_up_the_tree(examined: Examined) -> None:
    examined.dns.texts = {"_dmarc.example.org": examined.dns.texts[POLICY_AT]}
    assert examined.statuses() == SEEN_NOWHERE
    assert POLICY_AT in examined.dns.asked


def test_a_page_is_read_as_visitors_do() -> None:
    app = Flask("pages")
    app.add_url_rule("/healthz", view_func=lambda: "ok")
    with running(app) as url:
        assert not why_page_fails(f"{url}/healthz")
        assert why_page_fails(f"{url}/other") == "it answers 404"
    assert why_page_fails("http://127.0.0.1:1/healthz") == "ConnectionError"


def test_pausing_a_domain_does_not_lose_its_complaints(examined: Examined) -> None:
    with examined.database.write() as session:
        DomainHour.add(session, b"d" * 32, examined.clock(), DomainResults(100, 0, 3))
        DomainHour.forget(session, b"d" * 32)
        assert DomainHour.total(session) == (0, 0)
        Heartbeat.record(session, CLOCK, examined.clock())
    assert examined.statuses() == {"complaints": "fail"} | SEEN_NOWHERE
