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
