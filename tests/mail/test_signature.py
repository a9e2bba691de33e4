"""The provider's signature: genuine, forged, stale, and whatever else the fields may hold."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.signature import Signature, SignatureCheck, sign

NOW = datetime(2026, 5, 3, 19, 12, tzinfo=UTC)
TOKEN = "06c96bafc3f42a66b9edd546347a2fe18dc23461fe80dc52f0"


def signed(*, key: str = "key-one", after: timedelta = timedelta(0)) -> Signature:
    return sign(key, timestamp=int((NOW + after).timestamp()), token=TOKEN)


def test_the_documented_computation_is_genuine() -> None:
    timestamp = str(int(NOW.timestamp()))
    digest = hmac.new(b"key-one", (timestamp + TOKEN).encode(), hashlib.sha256).hexdigest()
    assert Signature(timestamp, TOKEN, digest).verify(["key-one"], NOW) is SignatureCheck.GENUINE


def test_only_a_genuine_verdict_is_true() -> None:
    assert [bool(verdict) for verdict in SignatureCheck] == [True, False, False]


def test_old_and_new_key_are_both_accepted_while_a_key_changes() -> None:
    assert signed(key="old").verify(["new", "old"], NOW)
    assert signed(key="new").verify(["new", "old"], NOW)
    assert signed(key="gone").verify(["new", "old"], NOW) is SignatureCheck.FORGED


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        pytest.param(timedelta(hours=-8), SignatureCheck.GENUINE, id="the provider's last retry"),
        pytest.param(timedelta(hours=-36), SignatureCheck.GENUINE, id="a day and a half old"),
        pytest.param(timedelta(hours=-36, seconds=-1), SignatureCheck.STALE, id="older"),
        pytest.param(timedelta(minutes=5), SignatureCheck.GENUINE, id="a clock that runs ahead"),
        pytest.param(timedelta(minutes=5, seconds=1), SignatureCheck.STALE, id="further ahead"),
    ],
)
def test_freshness_spans_the_retries(after: timedelta, verdict: SignatureCheck) -> None:
    assert signed(after=after).verify(["key-one"], NOW) is verdict


def test_digits_moved_from_token_to_timestamp_do_not_pass() -> None:
    """The digest covers both run together, so a boundary that moves keeps it valid."""
    genuine = signed()
    moved = Signature(genuine.timestamp + TOKEN[:1], TOKEN[1:], genuine.signature)
    assert moved.verify(["key-one"], NOW) is SignatureCheck.STALE


@pytest.mark.parametrize("timestamp", ["", "now", "1e9", "-5", "١٧٧٧", "9" * 5000, "12\n"])
def test_a_timestamp_that_is_no_number_is_refused_even_if_signed(timestamp: str) -> None:
    digest = hmac.new(b"key-one", (timestamp + TOKEN).encode(), hashlib.sha256).hexdigest()
    assert not Signature(timestamp, TOKEN, digest).verify(["key-one"], NOW)


def test_without_a_key_or_with_an_empty_one_nothing_is_genuine() -> None:
    assert not signed(key="").verify([""], NOW)
    assert not signed().verify([], NOW)


def test_an_empty_token_is_forged() -> None:
    assert sign("k", timestamp=int(NOW.timestamp()), token="").verify(["k"], NOW) is SignatureCheck.FORGED


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=2))
def test_whatever_the_fields_hold_it_answers(timestamp: str, token: str, digest: str, keys: list[str]) -> None:
    assert Signature(timestamp, token, digest).verify(keys, NOW) in SignatureCheck


def test_its_repr_shows_neither_token_nor_digest() -> None:
    genuine = signed()
    assert TOKEN not in repr(genuine)
    assert genuine.signature not in repr(genuine)
