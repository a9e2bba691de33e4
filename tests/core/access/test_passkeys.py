"""The site that passkeys are made for, and challenges, which only the browser that got one can answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.core.access.passkeys import Ceremony, Challenger, passkey_site
from service.core.sealing import IndexKey
from tests.harness.people.people import NOW

INDEX = IndexKey(b"i" * 32)


@pytest.mark.parametrize(
    ("base_url", "host", "origin"),
    [
        ("https://Steps.Example.org", "steps.example.org", "https://steps.example.org"),
        ("https://steps.example.org:443", "steps.example.org", "https://steps.example.org"),
        ("https://steps.example.org:8443/below", "steps.example.org", "https://steps.example.org:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_site_has_the_origin_that_a_browser_names(base_url: str, host: str, origin: str) -> None:
    site = passkey_site(base_url, "Small Steps")
    assert site is not None
    assert (site.host, site.origin) == (host, origin)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://192.0.2.7"])
def test_a_number_is_no_site_for_passkeys(base_url: str) -> None:
    assert passkey_site(base_url, "Small Steps") is None


def test_a_challenge_is_known_only_by_whom_it_was_made_for_and_for_ten_minutes() -> None:
    made_at = Challenger(INDEX, Ceremony.SIGN_IN, b"browser", NOW)
    challenge = made_at.make(lambda size: b"r" * size)

    def is_known(index: IndexKey = INDEX, browser: bytes = b"browser", *, after: timedelta = timedelta(0)) -> bool:
        return Challenger(index, Ceremony.SIGN_IN, browser, NOW + after).is_own(challenge)

    assert is_known()
    assert is_known(after=timedelta(minutes=10))
    assert not is_known(after=timedelta(minutes=10, microseconds=1))
    assert not is_known(after=timedelta(microseconds=-1))
    assert not is_known(browser=b"another")
    assert not is_known(IndexKey(b"j" * 32))
    assert not Challenger(INDEX, Ceremony.ADD, b"browser", NOW).is_own(challenge)
    assert not made_at.is_own(b"")
    assert not made_at.is_own(challenge[:-1])
