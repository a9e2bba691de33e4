"""How many links a network may follow, and how many wrong ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.core.access.tokens import Action
from service.web.security.rate_limit import NETWORKS_COUNTED, RateLimiter
from service.web.security.security import LINKS_AN_HOUR, WRONG_TOKENS_AN_HOUR
from tests.harness.people.people import NOW
from tests.harness.website import WebHarness

HOUR = timedelta(hours=1)
ROUTES = ("act", "write", "confirm", "sign-in", "digest", "rest", "unsubscribe")


def test_a_network_has_its_limit_for_an_hour_and_others_have_theirs() -> None:
    limiter = RateLimiter(2)
    assert [limiter.allows(b"a", NOW) for _ in range(3)] == [True, True, False]
    assert limiter.allows(b"b", NOW)
    assert limiter.allows(b"a", NOW + HOUR)


def test_only_so_many_networks_are_counted() -> None:
    limiter = RateLimiter(1)
    for number in range(NETWORKS_COUNTED + 1):
        limiter.allows(number.to_bytes(4), NOW)
    assert limiter.allows((0).to_bytes(4), NOW)  # forgotten, and so a new one
    assert not limiter.allows(NETWORKS_COUNTED.to_bytes(4), NOW)


@pytest.mark.parametrize("route", ROUTES)
def test_guessing_tokens_is_slowed_down_on_every_route(site: WebHarness, route: str) -> None:
    answers = [site.get(f"/{route}/{number:040}").status_code for number in range(WRONG_TOKENS_AN_HOUR + 2)]
    assert answers == [404] * WRONG_TOKENS_AN_HOUR + [429] * 2


def test_every_route_with_a_token_is_among_them(site: WebHarness) -> None:
    routes = {rule.rule.removesuffix("/<token>") for rule in site.app.url_map.iter_rules() if "token" in rule.arguments}
    assert routes == {f"/{route}" for route in (*ROUTES, "desk/sign-in")}


def test_guessing_links_of_the_desk_is_slowed_down(site: WebHarness) -> None:
    answers = [site.get(f"/desk/sign-in/{number:040}").status_code for number in range(WRONG_TOKENS_AN_HOUR + 1)]
    assert answers == [410] * WRONG_TOKENS_AN_HOUR + [429]


def test_who_guessed_can_still_stop_and_somebody_else_notices_nothing(site: WebHarness) -> None:
    site.join()
    for number in range(WRONG_TOKENS_AN_HOUR + 5):
        site.get(f"/act/{number:040}")
    assert site.get(f"/unsubscribe/{site.frequency_link()}").status_code == 200
    token = site.act_link(Action.KEEP_OUT, 1, person_id=site.person().id, lasts=HOUR)
    assert site.get(f"/act/{token}").status_code == 200


def test_a_network_follows_hundreds_of_links_and_then_waits_but_may_always_stop(site: WebHarness) -> None:
    site.join()
    token = site.act_link(Action.KEEP_OUT, 1, person_id=site.person().id, lasts=2 * HOUR)
    answers = [site.get(f"/act/{token}").status_code for _ in range(LINKS_AN_HOUR + 1)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert answers.count(200) >= LINKS_AN_HOUR - 5  # joining followed a link, too
    assert site.get(f"/unsubscribe/{site.frequency_link()}").status_code == 200
    assert site.post("/sign-in/passkey", {"answer": "{}"}).status_code == 429
    site.clock.move(HOUR)
    assert site.post("/sign-in/passkey", {"answer": "{}"}).status_code == 422
    assert site.get(f"/act/{token}").status_code == 200
