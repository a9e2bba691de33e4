"""The doctor ends in time although a provider, a DNS server or a page does not answer."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from service.flows.checks.compare_suppressions import compare_suppressions
from service.flows.checks.doctor import PAGE_TIMEOUT, READ_SECONDS, read_together
from service.mail.dns_lookup import LOOKUP_SECONDS
from service.mail.outbound.mailer import ListedAddress
from service.mail.outbound.mailgun_account import TIMEOUT
from tests.harness.examined import DOMAIN, Examined, open_examined


@pytest.fixture
def examined(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Examined]:
    shutil.copy(migrated_sqlite, tmp_path / "smallsteps.db")
    with open_examined(f"sqlite:///{tmp_path / 'smallsteps.db'}", tmp_path) as opened:
        yield opened


class Silent:
    """Whatever is asked of it is not answered before the end of the test."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.over = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return lambda *about, **_: self.answer(name, *about)

    def answer(self, *about: object) -> NoReturn:
        self.asked.append(about)
        self.over.wait()
        raise TimeoutError

    def read_suppressions(self, name: str, after: str | None, limit: int) -> list[ListedAddress]:
        self.answer("read_suppressions", name, after, limit)


@pytest.fixture
def silent() -> Iterator[Silent]:
    silent = Silent()
    yield silent
    silent.over.set()


def test_what_takes_too_long_is_left_out(silent: Silent) -> None:
    found = read_together({"quick": lambda: 1, "slow": silent.answer}, seconds=0.05)
    assert found["quick"].value == 1
    assert isinstance(found["slow"].error, TimeoutError)


def test_everything_is_asked_at_once_and_what_is_silent_hides_nothing_else(examined: Examined, silent: Silent) -> None:
    parts: Any = {"account": silent, "lookup": silent.lookup, "probe": silent.probe}
    doctor = dataclasses.replace(examined.doctor(), **parts, seconds=0.3)
    found = {finding.check: finding.status.value for finding in doctor.examine() if finding.status != "ok"}
    assert {check for check, status in found.items() if status == "fail"} == {"domain", "https"}
    assert len(found) == 13  # ten of the account, the policy, the page, and the backup, which nobody sees
    assert {about[0] for about in silent.asked} >= {"domain", "tracking", "webhooks", "route_for", "queue", "lookup"}
    assert max(sum(TIMEOUT), sum(PAGE_TIMEOUT), LOOKUP_SECONDS) < READ_SECONDS


def test_keys_behind_aliases_are_looked_up_at_the_same_time(examined: Examined) -> None:
    key = examined.domain.sending[1]
    examined.domain.sending[1:] = [
        dataclasses.replace(key, record_type="CNAME", value="key.mailgun.example", name=f"{name}._domainkey.{DOMAIN}")
        for name in ("a", "b", "c")
    ]
    all_three = threading.Barrier(3, timeout=6)

    def lookup(name: str) -> Sequence[str]:
        if "._domainkey." not in name:
            return examined.dns.texts.get(name, ())
        all_three.wait()
        return [key.value]

    found = dataclasses.replace(examined.doctor(), lookup=lookup).examine()
    assert [finding.check for finding in found if finding.status != "ok"] == ["backup"]


def test_a_provider_whose_list_does_not_come_is_not_asked_for_the_others(examined: Examined, silent: Silent) -> None:
    keyring: Any = None  # there is no address to hash
    found = compare_suppressions(examined.database, keyring, silent, seconds=0.1)
    assert [finding.status.value for finding in found] == ["cannot see"] * 3
    assert len(silent.asked) == 1
