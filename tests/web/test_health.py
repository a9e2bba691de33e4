from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.app import create_app
from service.dispatch import RqJobQueue
from service.flows.outgoing.tick import tick
from tests.harness.people import NOW
from tests.harness.website import WebHarness


def beat(site: WebHarness) -> None:
    tick(site.runtime.database, site.runtime.library, site.queue, now=site.clock(), chunk=10)


def test_alive_asks_nothing_of_anybody(site: WebHarness) -> None:
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE heartbeats"))
    assert site.get("/healthz").json == {"alive": True}


def test_ready_means_that_the_clock_has_ticked_lately(site: WebHarness) -> None:
    assert site.get("/readyz").status_code == 503
    beat(site)
    assert site.get("/readyz").json == {"ready": True, "database": True, "queue": True, "clock": True}
    site.clock.move(timedelta(seconds=120))
    late = site.get("/readyz")
    assert (late.status_code, late.json["clock"] if late.json else None) == (503, False)


def test_ready_says_which_part_is_away(site: WebHarness) -> None:
    beat(site)
    runtime = replace(site.runtime, job_queue=RqJobQueue("redis://127.0.0.1:1"))
    answer = create_app(runtime).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "database": True, "queue": False, "clock": True}
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE heartbeats"))
    gone = site.get("/readyz")
    assert (gone.status_code, gone.json["database"] if gone.json else None) == (503, False)


def test_the_figures_name_counts_and_nobody(site: WebHarness) -> None:
    site.join()
    beat(site)
    figures = site.get("/metrics").text
    assert 'smallsteps_deliveries{state="planned"} 2.0' in figures
    assert "smallsteps_replies_waiting 0.0" in figures
    assert f"smallsteps_clock_ticked_seconds {NOW.timestamp():.10g}" in figures.replace("e+09", "").replace(
        f"{NOW.timestamp() / 1e9:.10g}", f"{NOW.timestamp():.10g}"
    )
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
    assert client.get("/metrics", headers={"Authorization": given} if given else {}).status_code == status


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
