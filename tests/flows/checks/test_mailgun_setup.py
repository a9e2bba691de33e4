"""Setting up the provider's account: a dry run first, and then only what is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.flows.checks.mailgun_setup import MailgunSetup
from service.flows.checks.our_webhooks import inbound_urls
from service.mail.dns_lookup import DnsResolver
from service.postoffice.api.account import DKIM_KEY, Route
from tests.harness.examined import BASE_URL, DOMAIN, REPLY_DOMAIN, Examined, open_examined

OURS = f"{BASE_URL}/webhooks/mailgun/events"
THEIRS = "https://localhost:1/theirs"


@pytest.fixture
def examined(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Examined]:
    shutil.copy(migrated_sqlite, tmp_path / "smallsteps.db")
    with open_examined(f"sqlite:///{tmp_path / 'smallsteps.db'}", tmp_path) as opened:
        yield opened


def setup_of(it: Examined) -> MailgunSetup:
    return MailgunSetup(it.settings, it.account(), DnsResolver(["127.0.0.1"], it.dns.port, seconds=0.5).txt)


def apply(it: Examined) -> list[str]:
    setup = setup_of(it)
    return [result.failure for result in setup.apply(setup.plan())]


def test_an_account_that_is_set_up_needs_nothing(examined: Examined) -> None:
    plan = setup_of(examined).plan()
    assert (plan.changes, plan.records, plan.problems, plan.unseen) == ([], [], [], [])


def test_a_new_account_is_set_up_once_and_not_before_it_is_asked_for(examined: Examined) -> None:
    examined.reply_domain.spam_action = "disabled"
    examined.domain.tracking |= {"open": True, "click": "htmlonly"}
    examined.domain.webhooks = {"delivered": [THEIRS], "complained": [f"{BASE_URL}/old"], "opened": [THEIRS]}
    examined.office.account.routes = []
    assert len(setup_of(examined).plan().changes) == 9
    assert examined.statuses() == {
        "spam headers": "fail",
        "tracking": "fail",
        "webhooks": "fail",
        "route": "fail",
        "backup": "cannot see",
    }
    assert apply(examined) == [""] * 9
    assert examined.statuses() == {"backup": "cannot see"}
    assert setup_of(examined).plan().changes == []
    assert examined.domain.webhooks["delivered"] == [THEIRS, OURS]
    assert examined.domain.webhooks["complained"] == [OURS]
    assert examined.domain.webhooks["opened"] == [THEIRS]
    assert [route.actions for route in examined.office.account.routes] == [
        [f'forward("{inbound_urls(BASE_URL)[0]}")', "stop()"]
    ]


def test_our_route_is_mended_and_nobody_elses_is_touched(examined: Examined) -> None:
    theirs = Route('match_recipient(".*@other.example")', ['forward("https://elsewhere.example/")'], 5)
    examined.office.account.routes.append(theirs)
    examined.office.account.routes[0].expression = 'match_recipient("r-.*")'
    assert apply(examined) == [""]
    assert [route.id for route in examined.office.account.routes][1:] == [theirs.id]
    assert examined.statuses() == {"backup": "cannot see"}


def test_a_route_that_takes_the_mail_first_is_named_and_left_alone(examined: Examined) -> None:
    first = Route("catch_all()", ['forward("https://elsewhere.example/")'], -1)
    examined.office.account.routes.append(first)
    plan = setup_of(examined).plan()
    assert plan.changes == []
    assert plan.problems == [
        f"Another route takes the mail first: catch_all() ({first.id}). Give it a priority of 1 or more."
    ]


def test_an_event_with_three_other_urls_is_left_to_a_person(examined: Examined) -> None:
    examined.domain.webhooks["delivered"] = [f"{THEIRS}/{number}" for number in range(3)]
    plan = setup_of(examined).plan()
    assert plan.changes == []
    assert plan.problems == ["The event delivered has 3 other URLs: remove one at Mailgun."]


def test_missing_records_are_printed_as_a_zone_file_takes_them(examined: Examined) -> None:
    for record in (*examined.domain.sending, *examined.reply_domain.receiving):
        record.valid = "unknown"
    examined.dns.texts = {}
    key = f"k=rsa; p={DKIM_KEY}"
    assert setup_of(examined).plan().records == [
        f'{DOMAIN}. IN TXT "v=spf1 include:mailgun.org ~all"',
        f'smtp._domainkey.{DOMAIN}. IN TXT "{key[:255]}" "{key[255:]}"',
        f"{REPLY_DOMAIN}. IN MX 10 mxa.mailgun.org.",
        f"{REPLY_DOMAIN}. IN MX 10 mxb.mailgun.org.",
        f'_dmarc.{DOMAIN}. IN TXT "v=DMARC1; p=none; rua=mailto:me@example.org"',
    ]


def test_what_the_key_may_not_see_is_said(examined: Examined) -> None:
    examined.office.faults.account_status = 403
    examined.dns.silent.add(f"_dmarc.{DOMAIN}")
    plan = setup_of(examined).plan()
    assert [line.partition(":")[0] for line in plan.unseen] == [
        f"the domain {DOMAIN}",
        f"the domain {REPLY_DOMAIN}",
        "tracking",
        "the webhooks",
        "the route",
        "the DMARC policy",
    ]


def test_a_change_that_the_provider_refuses_does_not_keep_the_others_back(examined: Examined) -> None:
    examined.settings = examined.settings.model_copy(update={"base_url": "https://steps.example.org"})
    examined.reply_domain.spam_action = "disabled"
    failures = apply(examined)
    assert failures.count("Mailgun says: Invalid URL") == 5  # the local post office posts to this machine only
    assert examined.reply_domain.spam_action == "tag"
