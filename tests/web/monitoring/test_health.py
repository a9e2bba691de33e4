from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service.app import create_app
from service.core.sending.domain_results import DomainResults
from service.dispatch import RqJobQueue
from service.flows.outgoing.sending.domain_pauses import record_results
from service.flows.outgoing.tick import tick
from service.job_queue import BackgroundJob
from service.models import Heartbeat, HoldReason, Installation, WriterMail, WriterMailKind
from service.models.outgoing.deliveries import delivery_claims
from service.web.monitoring.health import WRITE_HOLDS
from tests.harness.mail.posts import mail, post, signed
from tests.harness.website import WebHarness


def beat(site: WebHarness) -> None:
    tick(site.runtime.database, site.runtime.library, site.queue, now=site.clock(), chunk=10)


def test_alive_asks_nothing_of_anybody(site: WebHarness) -> None:
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE heartbeats"))
    with capture_logs() as lines:
        assert site.get("/healthz").json == {"alive": True}
        site.get("/about")
    assert [line["route"] for line in lines if line["event"] == "request"] == ["plain.about"]  # probes fill no log


def rename(site: WebHarness, table: str, name: str) -> None:
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


def test_ready_means_that_this_process_reads_and_writes_the_database(site: WebHarness) -> None:
    assert (site.get("/readyz").status_code, site.get("/readyz").json) == (200, {"ready": True, "database": True})
    site.clock.move(WRITE_HOLDS)
    rename(site, "heartbeats", "gone")
    away = site.get("/readyz")
    assert (away.status_code, away.json) == (503, {"ready": False, "database": False})


def test_a_database_that_takes_no_write_is_not_ready(site: WebHarness) -> None:
    engine = site.runtime.database.engine
    is_sqlite = engine.dialect.name == "sqlite"
    refuse = "PRAGMA query_only=ON" if is_sqlite else "SET transaction_read_only = on"
    event.listen(engine, "checkout", lambda connection, _record, _proxy: connection.cursor().execute(refuse))
    engine.dispose()
    assert site.get("/readyz").status_code == 503
    found = site.get("/status")
    assert found.json is not None
    assert (found.status_code, "database.not_writable" in found.json["problems"]) == (503, True)
    assert "database.not_readable" not in found.json["problems"]


def test_a_site_without_clock_workers_and_queue_stays_ready(site: WebHarness) -> None:
    runtime = replace(site.runtime, job_queue=RqJobQueue("redis://127.0.0.1:1"))
    client = create_app(runtime).test_client()
    assert client.get("/readyz").status_code == 200
    found = client.get("/status")
    assert found.status_code == 503
    assert found.json is not None
    assert found.json["problems"] == ["queue.away", "clock.missing", "send.missing", "receive.missing", "jobs.missing"]


def beat_all(site: WebHarness, **ages: float) -> None:
    """Record a heartbeat of each kind, as old as said or of now, in seconds."""
    names = {"clock": "clock", "send": "send-1f2e3d4c", "receive": "receive-1f2e3d4c", "jobs": "jobs-1f2e3d4c"}
    with site.runtime.database.write() as session:
        for kind, name in names.items():
            Heartbeat.record(session, name, site.clock() - timedelta(seconds=ages.get(kind, 0)))


@pytest.mark.parametrize(
    ("ages", "problems"),
    [
        pytest.param({}, [], id="all of now"),
        pytest.param({"clock": 120, "send": 120, "receive": 120}, [], id="120 seconds old"),
        pytest.param({"clock": 121}, ["clock.late"], id="a late clock"),
        pytest.param({"send": 121}, ["send.late"], id="a late sender"),
        pytest.param({"jobs": 121}, ["jobs.late"], id="a late worker of the queue jobs"),
        pytest.param({"receive": 90_000}, ["receive.missing"], id="a receiver of the day before"),
        pytest.param({"send": -5}, [], id="clocks that differ by five seconds"),
        pytest.param({"send": -6}, ["send.future"], id="a sender in the future"),
        pytest.param({"clock": -3600}, ["clock.future"], id="a clock in the future"),
    ],
)
def test_the_status_names_each_kind_of_process_that_is_not_alive(
    site: WebHarness, ages: dict[str, float], problems: list[str]
) -> None:
    beat_all(site, **ages)
    found = site.get("/status")
    assert found.json is not None
    assert (found.json["problems"], found.json["ok"]) == (problems, not problems)
    assert found.status_code == (503 if problems else 200)


@pytest.mark.parametrize(
    ("reason", "problems", "warnings"),
    [
        (HoldReason.OLD_COPY, ["sending.held"], []),
        (HoldReason.OPERATOR, ["sending.held"], []),
        (HoldReason.NOT_COMPARED, [], ["sending.held"]),
    ],
)
def test_a_hold_of_all_sending_is_named(
    site: WebHarness, reason: HoldReason, problems: list[str], warnings: list[str]
) -> None:
    beat_all(site)
    with site.runtime.database.write() as session:
        Installation.hold(session, reason, site.clock())
    found = site.get("/status").json
    assert found is not None
    assert (found["problems"], found["warnings"], found["held_because"]) == (problems, warnings, reason)
    figures = site.get("/metrics").text
    assert re.findall(r'smallsteps_sending_held\{reason="(\w+)"\} 1\.0', figures) == [reason]


def test_a_worker_that_was_replaced_is_not_missed(site: WebHarness) -> None:
    beat_all(site, send=600)
    with site.runtime.database.write() as session:
        Heartbeat.record(session, "send-00000000", site.clock())
    found = site.get("/status").json
    assert found is not None
    assert (found["ok"], found["parts"]["send"]["alive"]) == (True, 1)


@pytest.mark.parametrize("path", ["/inbound", "/events"])
def test_a_wrong_signing_key_is_a_warning_that_names_the_setting(site: WebHarness, path: str) -> None:
    beat_all(site)
    with capture_logs() as lines:
        for _ in range(3):
            assert post_signed(site, path, "another key").status_code == 401
    warnings = [line for line in lines if line["event"] == "webhook.signature_refused"]
    assert [(line["setting"], line["posts"]) for line in warnings] == [("MAILGUN_SIGNING_KEY", 1)]
    found = site.get("/status")
    assert found.json is not None
    assert (found.status_code, found.json["warnings"]) == (200, ["MAILGUN_SIGNING_KEY.refused"])
    site.clock.move(timedelta(seconds=10))
    post_signed(site, path, "another key")
    assert f'smallsteps_webhooks_total{{signature="forged",webhook="{path[1:]}"}} 4.0' in site.get("/metrics").text
    site.clock.move(timedelta(seconds=10))
    beat_all(site)
    assert post_signed(site, path, site.runtime.settings.mailgun_signing_key[0]).status_code in {200, 400, 406}
    assert (site.get("/status").json or {})["warnings"] == []
    assert "smallsteps_webhook_age_seconds 0.0" in site.get("/metrics").text


def post_signed(site: WebHarness, path: str, key: str) -> TestResponse:
    """Post to a webhook what the provider could have posted, signed with a key."""
    signature = signed(site.clock(), key=key)
    url = f"/webhooks/mailgun{path}"
    if path == "/inbound":
        content_type, body = post(mail(), "hello@reply.example.org", signature)
        return site.browser.post(url, data=body, content_type=content_type)
    fields = {"timestamp": signature.timestamp, "token": signature.token, "signature": signature.signature}
    happened = {"event": "opened", "recipient": "ana@example.com", "timestamp": site.clock().timestamp()}
    return site.browser.post(url, json={"signature": fields, "event-data": happened})


def test_the_figures_name_counts_and_nobody(site: WebHarness) -> None:
    site.join()
    beat(site)
    figures = site.get("/metrics").text
    assert 'smallsteps_deliveries{state="planned"} 2.0' in figures
    assert "smallsteps_replies_waiting 0.0" in figures
    assert "smallsteps_clock_age_seconds 0.0" in figures
    assert "@" not in figures


@pytest.mark.parametrize(
    ("token", "given", "proxies", "status"),
    [
        pytest.param("", "", 0, 200, id="from this machine"),
        pytest.param("", "", 1, 404, id="through a proxy without a token"),
        pytest.param("secret", "", 0, 404, id="with a token that is not shown"),
        pytest.param("secret", "Bearer secre", 1, 404, id="with another token"),
        pytest.param("secret", "Bearer secret", 1, 200, id="with the token"),
    ],
)
def test_who_may_see_the_figures(site: WebHarness, token: str, given: str, proxies: int, status: int) -> None:
    settings = site.runtime.settings.model_copy(update={"metrics_token": token, "trusted_proxies": proxies})
    client = create_app(replace(site.runtime, settings=settings)).test_client()
    headers = {"Authorization": given} if given else {}
    assert client.get("/metrics", headers=headers).status_code == status
    assert client.get("/status", headers=headers).status_code == {200: 503, 404: 404}[status]


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        pytest.param("https://steps.example.org", "steps.example.org", id="a public site"),
        pytest.param("https://steps.example.org", "localhost", id="a public site whose proxy hides its host"),
        pytest.param("http://localhost", "evil.example", id="a page of another site whose name leads here"),
    ],
)
def test_a_loopback_address_alone_shows_no_figures(site: WebHarness, base_url: str, host: str) -> None:
    settings = site.runtime.settings.model_copy(update={"base_url": base_url})
    client = create_app(replace(site.runtime, settings=settings)).test_client()
    assert client.get("/metrics", headers={"Host": host}).status_code == 404


def test_the_figures_count_the_jobs_that_were_refused(site: WebHarness) -> None:
    assert "smallsteps_jobs_refused_total 0.0" in site.get("/metrics").text


def test_a_queue_that_is_away_leaves_its_figure_out(site: WebHarness) -> None:
    runtime = replace(site.runtime, job_queue=RqJobQueue("redis://127.0.0.1:1"))
    answer = create_app(runtime).test_client().get("/metrics")
    assert answer.status_code == 200
    assert "smallsteps_jobs_refused" not in answer.text


def test_the_figures_show_how_long_each_state_has_waited_and_what_became_of_the_rest(site: WebHarness) -> None:
    site.join()
    ids = list(site.queue.deliveries)
    with site.runtime.database.write() as session:
        claims = delivery_claims.claim(session, ids, lease=timedelta(minutes=5), now=site.clock())
        delivery_claims.hand_over(session, claims, site.clock())
        delivery_claims.mark_unknown(session, claims, "no answer")
    site.clock.move(timedelta(minutes=3))
    figures = site.get("/metrics").text
    assert 'smallsteps_deliveries{state="unknown"} 1.0' in figures
    assert 'smallsteps_deliveries_oldest_seconds{state="unknown"} 180.0' in figures
    assert 'smallsteps_deliveries_oldest_seconds{state="claimed"} 0.0' in figures
    assert 'smallsteps_outcomes_total{reason="",state="unknown"} 1.0' in figures
    assert "@" not in figures


def test_the_figures_count_jobs_workers_and_provider_calls(site: WebHarness) -> None:
    beat_all(site)
    site.queue.enqueue_replies([1, 2])
    site.queue.enqueue_background(BackgroundJob.WRITER_MAILS, [1])
    site.runtime.counts.add("provider calls", "accepted", 3)
    site.runtime.write_counts()
    figures = site.get("/metrics").text
    assert 'smallsteps_queue_jobs{queue="receive"} 2.0' in figures
    assert 'smallsteps_queue_jobs{queue="jobs"} 1.0' in figures
    assert 'smallsteps_processes_alive{kind="send"} 1.0' in figures
    assert 'smallsteps_provider_calls_total{outcome="accepted"} 3.0' in figures


def test_the_figures_count_the_mails_to_writers_that_are_not_settled(site: WebHarness) -> None:
    with site.runtime.database.write() as session:
        for key in ("first", "second"):
            WriterMail.plan(session, site.runtime.keyring, WriterMailKind.DOMAIN_PAUSED, {}, key=key, now=site.clock())
    figures = site.get("/metrics").text
    assert 'smallsteps_writer_mails{state="planned"} 2.0' in figures
    assert 'smallsteps_writer_mails{state="failed"} 0.0' in figures


def test_without_a_database_the_figures_still_say_so(site: WebHarness) -> None:
    rename(site, "heartbeats", "gone")
    answer = site.get("/metrics")
    assert answer.status_code == 200
    assert "smallsteps_database_up 0.0" in answer.text
    assert "smallsteps_queue_jobs" in answer.text


def test_the_figures_count_the_domains_that_are_paused(site: WebHarness) -> None:
    with site.runtime.database.write() as session:
        record_results(session, site.runtime.keyring, "example.com", DomainResults(60, 6, 0), site.clock())
    figures = site.get("/metrics").text
    assert 'smallsteps_domains_paused{reason="refused"} 1.0' in figures
    assert 'smallsteps_domains_paused{reason="complained"} 0.0' in figures
    assert "example" not in figures
