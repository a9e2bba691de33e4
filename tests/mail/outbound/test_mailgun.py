"""The contract: the real SDK over real HTTP, for every answer and every fault of the provider."""

import logging
import os
import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from service.mail.outbound.mailer import (
    Accepted,
    BatchTooLarge,
    ProviderMisconfigured,
    ProviderUnreachable,
    QuotaExceeded,
    Refused,
    RetryLater,
    Unknown,
)
from service.mail.outbound.mailgun import MailgunGateway
from tests.harness.mail.odd_mail import EMAIL, NOW, somebody
from tests.mail.conftest import Provider


@pytest.mark.parametrize(
    ("kind", "outcome", "accepted"),
    [
        ("rate-limit-silent", RetryLater, 0),
        ("rate-limit-retry-after", RetryLater, 0),
        ("quota", QuotaExceeded, 0),
        ("large-batches", BatchTooLarge, 0),
        ("refused", Refused, 0),
        ("error-before", Unknown, 0),
        ("unavailable-before", Unknown, 0),
        ("error-after", Unknown, 1),
        ("close-before", Unknown, 0),
        ("close-after", Unknown, 1),
        ("no-id", Unknown, 1),
    ],
)
def test_each_fault_is_met_once_and_never_tried_again_by_the_sdk(
    gateway: MailgunGateway, provider: Provider, kind: str, outcome: type, accepted: int
) -> None:
    provider.office.faults.add(kind)
    assert isinstance(gateway.send(EMAIL, [somebody()]), outcome)
    assert len(provider.mails()) == accepted
    assert isinstance(gateway.send(EMAIL, [somebody()]), Accepted)
    assert len(provider.mails()) == accepted + 1


def test_an_answer_that_never_comes_is_unknown_and_asked_for_once(provider: Provider) -> None:
    provider.office.faults.add("hang-after", hang_seconds=2.0)
    with MailgunGateway(
        api_key="key-of-these-tests", domain="mail.example.org", api_url=provider.url, read_seconds=0.5
    ) as gateway:
        assert isinstance(gateway.send(EMAIL, [somebody()]), Unknown)
    assert len(provider.mails()) == 1


@pytest.mark.parametrize(
    "kind",
    [
        *("magnificent", "not-allowed", "unknown-domain", "payment"),
        *("no-method", "conflict", "media-type", "misdirected", "locked", "legal"),
    ],
)
def test_a_setting_that_is_wrong_is_an_exception_and_nothing_is_accepted(
    gateway: MailgunGateway, provider: Provider, kind: str
) -> None:
    provider.office.faults.add(kind)
    with pytest.raises(ProviderMisconfigured):
        gateway.send(EMAIL, [somebody()])
    assert provider.mails() == []


@pytest.mark.parametrize(
    "change",
    [{"api_key": "key-of-somebody"}, {"domain": "other.example.org"}, {"api_url": "{url}/elsewhere"}],
    ids=["key", "domain", "path"],
)
def test_a_wrong_key_domain_or_path_is_told_from_the_real_answers(provider: Provider, change: dict[str, str]) -> None:
    settings = {"api_key": "key-of-these-tests", "domain": "mail.example.org", "api_url": "{url}"} | change
    with (
        MailgunGateway(
            api_key=settings["api_key"],
            domain=settings["domain"],
            api_url=settings["api_url"].format(url=provider.url),
        ) as gateway,
        pytest.raises(ProviderMisconfigured) as caught,
    ):
        gateway.send(EMAIL, [somebody()])
    assert "somebody" not in str(caught.value)
    assert provider.mails() == []


@pytest.mark.parametrize("kind", ["rate-limit-date", "rate-limit-seconds", "rate-limit-header"])
def test_a_rate_limit_names_its_wait_in_each_of_its_forms(
    gateway: MailgunGateway, provider: Provider, kind: str
) -> None:
    provider.office.faults.add(kind, wait_seconds=137.0)
    outcome = gateway.send(EMAIL, [somebody()])
    assert isinstance(outcome, RetryLater)
    assert outcome.wait == timedelta(seconds=137)


def test_a_bad_sender_is_a_wrong_setting_and_fails_nobody(gateway: MailgunGateway, provider: Provider) -> None:
    with pytest.raises(ProviderMisconfigured, match="MAIL_FROM"):
        gateway.send(replace(EMAIL, sender="nobody"), [somebody()])
    assert provider.mails() == []


def test_a_bad_address_refuses_the_whole_batch(gateway: MailgunGateway, provider: Provider) -> None:
    outcome = gateway.send(EMAIL, [somebody(), replace(somebody("tom"), address="tom@nowhere")])
    assert isinstance(outcome, Refused)
    assert provider.mails() == []


def test_a_batch_over_the_account_s_size_is_too_many(gateway: MailgunGateway, provider: Provider) -> None:
    provider.office.faults.largest_batch = 10
    assert isinstance(gateway.send(EMAIL, [somebody(f"p{n}", n) for n in range(11)]), BatchTooLarge)
    assert isinstance(gateway.send(EMAIL, [somebody(f"p{n}", n) for n in range(10)]), Accepted)


def test_a_refused_connection_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with MailgunGateway(api_key="k", domain="d.example", api_url=f"http://127.0.0.1:{port}") as gateway:
        assert isinstance(gateway.send(EMAIL, [somebody()]), RetryLater)
        with pytest.raises(ProviderUnreachable):
            gateway.lift_suppression("maya@home.example")
        with pytest.raises(ProviderUnreachable):
            list(gateway.find_events(NOW, NOW))


def test_an_unknown_host_sent_nothing() -> None:
    with MailgunGateway(api_key="k", domain="d.example", api_url="https://nowhere.invalid") as gateway:
        assert isinstance(gateway.send(EMAIL, [somebody()]), RetryLater)


def test_a_suppression_is_lifted_in_every_table(gateway: MailgunGateway, provider: Provider) -> None:
    provider.office.suppressions.add("bounces", "maya+x@home.example", NOW)
    provider.office.suppressions.add("complaints", "maya+x@home.example", NOW)
    assert gateway.lift_suppression("maya+x@home.example")
    assert provider.office.suppressions.table_of("maya+x@home.example") is None
    assert not gateway.lift_suppression("maya+x@home.example")


def test_an_address_the_sdk_cannot_name_in_a_path_is_left_barred(gateway: MailgunGateway) -> None:
    assert not gateway.lift_suppression("a/b@home.example")


def test_a_wrong_key_or_domain_cannot_pass_for_an_address_that_is_not_barred(provider: Provider) -> None:
    for key, domain in (("another", "mail.example.org"), ("key-of-these-tests", "other.example")):
        with MailgunGateway(api_key=key, domain=domain, api_url=provider.url) as gateway:
            with pytest.raises(ProviderMisconfigured):
                gateway.lift_suppression("maya@home.example")
            with pytest.raises(ProviderMisconfigured):
                list(gateway.find_events(NOW, NOW))


def test_events_are_read_to_the_end_page_by_page(gateway: MailgunGateway) -> None:
    gateway.send(EMAIL, [somebody(f"p{n}", n) for n in range(1, 8)])
    found = list(gateway.find_events(NOW - timedelta(hours=1), NOW, page_size=3))
    assert [event.delivery_id for event in found] == [1, 2, 3, 4, 5, 6, 7]
    assert {event.name for event in found} == {"accepted"}


def test_events_can_be_narrowed_by_name_recipient_message_and_time(gateway: MailgunGateway) -> None:
    outcome = gateway.send(EMAIL, [somebody("maya", 1), somebody("tom", 2)])
    assert isinstance(outcome, Accepted)
    hour = timedelta(hours=1)
    both = gateway.find_events(NOW - hour, NOW, names=("accepted", "delivered"), recipient="tom@home.example")
    assert [(event.name, event.delivery_id) for event in both] == [("accepted", 2), ("delivered", 2)]
    by_id = gateway.find_events(NOW - hour, NOW, message_id=outcome.provider_id)
    assert len(list(by_id)) == 2
    assert list(gateway.find_events(NOW - 2 * hour, NOW - hour)) == []


def test_events_can_be_read_backwards(gateway: MailgunGateway) -> None:
    gateway.send(EMAIL, [somebody(f"p{n}", n) for n in range(1, 8)])
    found = gateway.find_events(NOW - timedelta(hours=1), NOW, newest_first=True, page_size=3)
    assert [event.delivery_id for event in found] == [7, 6, 5, 4, 3, 2, 1]


def test_a_record_forgets_what_is_older_than_it_keeps(gateway: MailgunGateway, provider: Provider) -> None:
    gateway.send(EMAIL, [somebody()])
    provider.office.faults.events_kept = timedelta(seconds=-1)
    assert list(gateway.find_events(NOW - timedelta(hours=1), NOW)) == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, ProviderMisconfigured), (403, ProviderMisconfigured), (503, ProviderUnreachable)]
)
def test_a_record_that_breaks_off_is_told_from_one_that_ends(
    gateway: MailgunGateway, provider: Provider, status: int, error: type[Exception]
) -> None:
    gateway.send(EMAIL, [somebody(f"p{n}", n) for n in range(1, 8)])
    provider.office.faults.record_status, provider.office.faults.readable_events = status, 3
    found = gateway.find_events(NOW - timedelta(hours=1), NOW, page_size=3)
    assert [next(found).delivery_id for _ in range(3)] == [1, 2, 3]
    with pytest.raises(error):
        next(found)


def test_what_is_sent_along_comes_back_with_the_events(gateway: MailgunGateway) -> None:
    along = replace(EMAIL, event_variables={"installation": "0f1e", "kind": "prompt", "slot": "2026-05-03"})
    gateway.send(along, [somebody("maya", 1), somebody("tom", 2)])
    found = gateway.find_events(NOW - timedelta(hours=1), NOW)
    assert [(event.delivery_id, event.installation, event.kind, event.slot) for event in found] == [
        (1, "0f1e", "prompt", "2026-05-03"),
        (2, "0f1e", "prompt", "2026-05-03"),
    ]


def test_a_record_that_lags_shows_nothing_yet(gateway: MailgunGateway, provider: Provider) -> None:
    provider.office.faults.event_lag = timedelta(minutes=30)
    gateway.send(EMAIL, [somebody()])
    assert list(gateway.find_events(NOW - timedelta(hours=1), NOW)) == []


def test_a_forked_child_makes_its_own_client_and_the_parent_s_still_works(
    gateway: MailgunGateway, provider: Provider
) -> None:
    gateway.send(EMAIL, [somebody()])
    parents = gateway._client()
    child = os.fork()
    if child == 0:
        accepted = isinstance(gateway.send(EMAIL, [somebody()]), Accepted)
        os._exit(0 if accepted and gateway._client() is not parents else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert isinstance(gateway.send(EMAIL, [somebody()]), Accepted)
    assert gateway._client() is parents
    assert len(provider.mails()) == 3


def test_no_log_line_and_no_error_holds_an_address_or_the_key(
    gateway: MailgunGateway, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.office.faults.add("close-after")
    outcome = gateway.send(EMAIL, [somebody()])
    gateway.lift_suppression("maya@home.example")
    provider.office.faults.add("error-before")
    gateway.send(EMAIL, [somebody()])
    shown = caplog.text + repr(outcome) + repr(EMAIL) + repr(somebody())
    for private in ("maya", "window", "key-of-these-tests", "%recipient"):
        assert private not in shown


def test_a_proxy_in_the_environment_does_not_carry_local_mail_away(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with MailgunGateway(api_key="key-of-these-tests", domain="mail.example.org", api_url=provider.url) as g:
        assert isinstance(g.send(EMAIL, [somebody()]), Accepted)


def test_threads_may_share_a_gateway(gateway: MailgunGateway, provider: Provider) -> None:
    threads = [threading.Thread(target=gateway.send, args=(EMAIL, [somebody()])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(provider.mails()) == 8
