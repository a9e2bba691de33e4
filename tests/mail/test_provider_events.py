"""Events as the provider posts them, with the gaps that practice shows."""

import json
from datetime import UTC, datetime

import pytest

from service.config import ROOT
from service.core.sending.failure_class import FailureClass
from service.mail.provider_events import MalformedEventError, ProviderEvent, read_event, read_event_post

DATA = ROOT / "tests" / "data" / "mailgun"


def event(name: str) -> ProviderEvent:
    return read_event(read_event_post((DATA / f"event-{name}.json").read_bytes())[1])


def test_a_delivered_event_names_our_delivery_and_the_mail() -> None:
    found = event("delivered")
    assert found.name == "delivered"
    assert found.delivery_id == 4611686018427387905
    assert found.message_id == "20260503190000.1.ABCDEF@mail.example.org"
    assert found.occurred_at == datetime(2026, 5, 3, 19, 12, 41, 654321, tzinfo=UTC)
    assert found.code == 250
    assert not found.is_final


def test_a_suppressed_send_is_a_final_failure_with_its_reason() -> None:
    found = event("failed-permanent")
    assert (found.name, found.is_final, found.reason, found.code) == (
        "failed",
        True,
        "suppress-bounce",
        605,
    )


def test_a_null_delivery_status_is_no_error() -> None:
    assert event("complained").code is None


def test_an_unsubscribe_may_carry_the_message_id_alone() -> None:
    assert event("unsubscribed").message_id == "20260503190000.1.ABCDEF@mail.example.org"


def test_the_signature_comes_as_it_stands_in_the_post() -> None:
    signature, _ = read_event_post((DATA / "event-delivered.json").read_bytes())
    assert signature.timestamp == "1777835562"
    assert len(signature.token) == 50


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"signature": {}}', b"\xff", b"recipient=a", b"[" * 100_000],
    ids=["nothing", "a list", "an empty object", "no event-data", "no text", "a form", "deep"],
)
def test_what_is_no_event_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(MalformedEventError):
        read_event_post(body)


@pytest.mark.parametrize(
    "data",
    [
        {"timestamp": 1},
        {"event": "delivered"},
        {"event": "delivered", "timestamp": "soon"},
        {"event": "delivered", "timestamp": 1e300},
        {"event": "delivered", "timestamp": float("nan")},
    ],
)
def test_an_event_without_name_or_time_is_malformed(data: dict[str, object]) -> None:
    with pytest.raises(MalformedEventError):
        read_event(data)


@pytest.mark.parametrize("value", [{"a": 1}, None, "x", "-1", "0", "9" * 30, "9" * 19, str(2**63), "٣", 2.5])
def test_a_delivery_that_is_none_of_ours_is_left_out(value: object) -> None:
    found = read_event({"event": "accepted", "timestamp": 1, "user-variables": {"delivery": value}})
    assert found.delivery_id is None


def test_the_largest_id_of_ours_is_read() -> None:
    found = read_event({"event": "accepted", "timestamp": 1, "user-variables": {"delivery": str(2**63 - 1)}})
    assert found.delivery_id == 2**63 - 1


def test_a_bounce_has_the_receiving_servers_code_and_its_class() -> None:
    found = event("failed-bounce")
    assert (found.enhanced_code, found.code, found.reason) == ("5.1.1", 550, "bounce")
    assert found.failure is FailureClass.ADDRESS
    assert event("failed-permanent").failure is FailureClass.SUPPRESSED
    assert event("delivered").failure is None


def test_a_failure_that_will_be_tried_again_has_no_class() -> None:
    assert read_event({"event": "failed", "timestamp": 1, "severity": "temporary"}).failure is None


@pytest.mark.parametrize("value", [511, None, "5.1", "5.1.1 <maya@home.example>", "5.1.1\n", ["5.1.1"]])
def test_an_enhanced_code_of_another_form_is_left_out(value: object) -> None:
    status = {"delivery-status": {"enhanced-code": value}}
    assert read_event({"event": "failed", "timestamp": 1, **status}).enhanced_code is None


def test_free_text_of_the_provider_is_never_kept() -> None:
    found = read_event({"event": "failed", "timestamp": 1, "reason": "550 <maya@home.example> gone"})
    assert found.reason is None
    assert "maya" not in repr(event("failed-permanent"))


def test_a_user_variables_list_is_no_error() -> None:
    assert read_event({"event": "x", "timestamp": 1, "user-variables": []}).delivery_id is None


def test_a_number_for_the_token_is_read_as_its_text() -> None:
    body = json.dumps({"signature": {"timestamp": 17, "token": "t"}, "event-data": {}}).encode()
    signature, _ = read_event_post(body)
    assert (signature.timestamp, signature.signature) == ("17", "")


def test_an_event_says_which_installation_sent_the_email_and_what_for() -> None:
    variables = {"delivery": "5", "installation": "0f1e2d", "kind": "prompt", "slot": "2026-05-06/17"}
    found = read_event({"event": "accepted", "timestamp": 1, "user-variables": variables})
    assert (found.delivery_id, found.installation, found.kind, found.slot) == (5, "0f1e2d", "prompt", "2026-05-06/17")


@pytest.mark.parametrize("value", ["", "Two words", "x" * 49, 7, None, {"a": "b"}])
def test_what_we_never_send_along_is_not_believed(value: object) -> None:
    found = read_event({"event": "accepted", "timestamp": 1, "user-variables": {"installation": value, "slot": value}})
    assert (found.installation, found.slot) == (None, None)


@pytest.mark.parametrize(
    ("message_id", "delivery_id"),
    [
        ("<7fffffffffffffff.1@mail.example.org>", 2**63 - 1),
        ("1f.12@mail.example.org", 31),
        ("8000000000000000.1@mail.example.org", None),
        ("20260203192638.000be97f99f8cea1@mail.example.org", None),
        ("0.1@mail.example.org", None),
        ("1f@mail.example.org", None),
    ],
    ids=["the largest", "another", "too large", "the provider's own", "nothing", "no attempt"],
)
def test_without_variables_our_own_message_id_names_the_delivery(message_id: str, delivery_id: int | None) -> None:
    message = {"headers": {"message-id": message_id}}
    assert read_event({"event": "accepted", "timestamp": 1, "message": message}).delivery_id == delivery_id


def test_an_id_that_no_database_can_hold_is_left_out() -> None:
    for text, found in ((str(2**63 - 1), 2**63 - 1), (str(2**63), None)):
        event_ = read_event({"event": "accepted", "timestamp": 1, "user-variables": {"delivery": text}})
        assert event_.delivery_id == found
