import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service.app import create_app
from service.config import Settings
from service.db import Base
from service.web.context import network_hash
from service.web.security.security import source_hash
from tests.harness.website import TOKEN, WebHarness

PUBLIC = ("/", "/sent", "/sign-in", "/help-now", "/privacy", "/about", "/nowhere")
PRIVATE = ("/welcome", "/journal", "/journal/2026-05", "/journal/2026-05-13", "/write", "/settings")
LARGEST_PAGE_BYTES = 30 * 1024


def _source(code: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"


def _pages(site: WebHarness) -> Iterator[tuple[str, TestResponse]]:
    """Yield the pages that anybody may open, as a stranger sees them, and those of somebody signed in."""
    site.join()
    stranger = site.another_browser()
    yield from ((path, stranger.get(path)) for path in PUBLIC)
    yield from ((path, site.get(path)) for path in PRIVATE)


def test_a_browser_may_run_only_the_style_and_script_that_stand_there(site: WebHarness) -> None:
    for path, page in _pages(site):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        for directive in ("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert directive in policy
        assert "unsafe" not in policy
        assert "img-src http://localhost/favicon.svg" in policy
        for tag in ("style", "script"):
            for code in re.findall(rf"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL):
                assert _source(code) in policy, path
        assert not re.search(r"<[^>]+ (style|on\w+)=", page.text), path


def test_every_answer_carries_the_headers(site: WebHarness) -> None:
    for path in PUBLIC + PRIVATE:
        headers = site.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "camera=()" in headers["Permissions-Policy"]


def test_a_page_without_a_person_s_words_stays_small(site: WebHarness) -> None:
    for path, page in _pages(site):
        assert page.status_code in {200, 404}, path  # "/nowhere" is no page, and small as well
        assert len(page.data) < LARGEST_PAGE_BYTES, path


def test_the_largest_settings_page_stays_small(site: WebHarness) -> None:
    site.join()
    answer = site.post("/settings", {"time_zone": "", "at": "", "muted": ["body"]})
    assert answer.status_code == 422
    assert len(answer.data) < LARGEST_PAGE_BYTES


def test_the_hash_is_that_of_the_text() -> None:
    assert source_hash("a{}") == _source("a{}")


@pytest.mark.parametrize("host", ["evil.example", "localhost:81", "localhost.evil.example", "[bad", ""])
def test_another_host_is_told_where_the_site_lives(site: WebHarness, host: str) -> None:
    answer = site.app.test_client().get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "This site’s address is http://localhost" in answer.text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_address_with_a_null_character_has_no_page(site: WebHarness) -> None:
    assert site.get("/letters/x%00").status_code == 404


def test_a_platform_may_ask_for_health_by_any_host(site: WebHarness) -> None:
    assert site.app.test_client().get("/healthz", headers={"Host": "10.0.0.7:9000"}).status_code == 200


def test_no_get_writes_a_row(site: WebHarness) -> None:
    site.join()
    site.write("hello")
    link = site.frequency_link()
    before = _contents(site)
    for path in (*PUBLIC, *PRIVATE, f"/rest/{link}", f"/unsubscribe/{link}", site.confirm_path()):
        site.get(path)
        site.browser.head(path)
        site.another_browser().get(path)
    assert _contents(site) == before


def test_every_post_but_the_machines_needs_the_page_s_token(site: WebHarness) -> None:
    """A token in the form that belongs to the cookie; only RFC 8058's post and the provider's do without."""
    site.join()
    machines = {"webhooks.inbound", "webhooks.inbound_mime", "webhooks.event"}
    for rule in site.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and rule.endpoint not in machines:
            path = re.sub(r"<[^>]*id:[^>]+>", "7", rule.rule)
            path = re.sub(r"<[^>]+>", site.frequency_link(), path)
            assert site.browser.post(path).status_code == 400, rule.endpoint


@pytest.fixture
def secure(site: WebHarness, settings: Settings) -> Flask:
    """The application behind a proxy that speaks TLS."""
    public = settings.model_copy(update={"base_url": "https://steps.example.org", "trusted_proxies": 1})
    return create_app(replace(site.runtime, settings=public))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fallbacks", [["a secret of the tests"], []], ids=["kept", "ended"])
def test_a_changed_secret_key_keeps_browsers_and_forms_only_while_the_former_is_a_fallback(
    site: WebHarness, settings: Settings, fallbacks: list[str]
) -> None:
    site.join()
    form = TOKEN.search(site.get("/settings").text)
    cookie = site.browser.get_cookie("steps")
    assert form is not None
    assert cookie is not None
    changed = settings.model_copy(update={"secret_key": "another secret", "secret_key_fallbacks": fallbacks})
    browser = create_app(replace(site.runtime, settings=changed)).test_client()
    browser.set_cookie("steps", cookie.value)
    data = {"csrf_token": form.group(1), "words": "Soup.", "once": "1"}
    assert browser.post("/write", data=data).status_code == (303 if fallbacks else 400)
    assert browser.get("/journal").status_code == (200 if fallbacks else 303)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_former_secret_key_that_can_be_guessed_is_refused(settings: Settings) -> None:
    values = {**settings.model_dump(), "secret_key_fallbacks": "a secret of the tests, short"}
    with pytest.raises(ValueError, match="must be former values of SECRET_KEY, each of at least 16 characters"):
        Settings(_env_file=None, **values)


def test_over_tls_the_cookie_and_the_site_stay_there(secure: Flask) -> None:
    answer = secure.test_client().get("/", base_url="https://steps.example.org")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-steps=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie


def test_a_proxy_is_believed_as_far_as_it_is_trusted(secure: Flask, site: WebHarness) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    assert _network(secure, headers, "https://steps.example.org") == _network_of(secure, "198.51.100.7")
    assert _network(site.app, headers, "http://localhost") == _network_of(site.app, "127.0.0.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
    ],
    ids=["two IPv4 addresses", "one customer's /64", "two /64s", "IPv4 in IPv6"],
)
def test_a_network_is(site: WebHarness, one: str, other: str, same: bool) -> None:
    assert (_network_of(site.app, one) == _network_of(site.app, other)) == same


def _network_of(app: Flask, address: str) -> bytes:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        return network_hash()


def _network(app: Flask, headers: dict[str, str], base_url: str) -> bytes:
    seen: list[bytes] = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(network_hash()))
    app.test_client().get("/about", headers=headers, base_url=base_url)
    app.before_request_funcs[None].pop()
    return seen[0]


def _contents(site: WebHarness) -> list[object]:
    with site.runtime.database.read() as session:
        return [sorted(map(repr, session.execute(text(f"SELECT * FROM {name}")))) for name in Base.metadata.tables]


def test_the_host_that_a_client_says_a_proxy_forwarded_is_not_believed(site: WebHarness) -> None:
    settings = site.runtime.settings.model_copy(update={"trusted_proxies": 1})
    client = create_app(replace(site.runtime, settings=settings)).test_client()
    evil, own = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}, {"X-Forwarded-Host": "evil.example"}
    assert client.get("/", headers=evil).status_code == 400
    assert client.get("/", headers=own).status_code == 200


def test_a_proxy_that_is_not_trusted_is_told_of_once(site: WebHarness) -> None:
    with capture_logs() as lines:
        for _ in range(2):
            site.browser.get("/about", headers={"X-Forwarded-For": "192.0.2.7"})
    warnings = [line for line in lines if line["event"] == "proxy.not_trusted"]
    assert [line["setting"] for line in warnings] == ["TRUSTED_PROXIES"]
    assert "192.0.2.7" not in repr(lines)


def test_security_txt_says_where_to_report_and_until_when(site: WebHarness) -> None:
    answer = site.get("/.well-known/security.txt")
    assert answer.mimetype == "text/plain"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"].startswith("mailto:")
    assert fields["Canonical"].endswith("/.well-known/security.txt")
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=30) < expires - site.clock() < timedelta(days=365)
