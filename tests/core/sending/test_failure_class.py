"""Each refusal has one class, and only a few of them say anything about the address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.sending.failure_class import FailureClass, failure_class

ADDRESS, FULL, OTHER = FailureClass.ADDRESS, FailureClass.FULL, FailureClass.OTHER


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_these_codes_say_that_the_address_does_not_exist(code: str) -> None:
    assert failure_class(code, 550, "bounce") is ADDRESS


@pytest.mark.parametrize(
    ("enhanced", "code", "reason", "expected"),
    [
        ("5.2.2", 552, "bounce", FULL),
        (None, 602, "generic", FULL),
        (None, None, "old", FULL),
        ("4.2.2", 602, "old", FULL),
        ("5.7.1", 550, "bounce", FailureClass.POLICY),
        ("5.7.26", 550, "bounce", FailureClass.POLICY),
        ("5.7.515", 550, "bounce", FailureClass.POLICY),
        ("5.6.0", 554, "bounce", FailureClass.CONTENT),
        ("5.4.4", 550, "bounce", FailureClass.NETWORK),
        ("5.3.4", 552, "bounce", FailureClass.SYSTEM),
        ("5.1.8", 550, "bounce", OTHER),
        ("5.0.0", 550, "bounce", OTHER),
        ("5.2.3", 552, "bounce", OTHER),
        ("5.1.1 ", 550, "bounce", OTHER),
        ("2.1.1", 550, "bounce", OTHER),
        ("", 550, "bounce", OTHER),
        (None, 550, None, OTHER),
        (None, None, None, OTHER),
        ("5.1.1", 605, "bounce", FailureClass.SUPPRESSED),
        (None, 606, None, FailureClass.SUPPRESSED),
        (None, None, "suppress-complaint", FailureClass.SUPPRESSED),
    ],
)
def test_the_class_of_a_failure(
    enhanced: str | None, code: int | None, reason: str | None, expected: FailureClass
) -> None:
    assert failure_class(enhanced, code, reason) is expected


@given(st.one_of(st.none(), st.text(max_size=12)), st.one_of(st.none(), st.integers()), st.text(max_size=20))
def test_whatever_the_provider_sends_has_a_class(enhanced: str | None, code: int | None, reason: str) -> None:
    assert failure_class(enhanced, code, reason) in FailureClass


def test_neither_the_address_nor_a_full_mailbox_nor_the_providers_own_list_is_about_us() -> None:
    assert {found for found in FailureClass if not found.is_about_us} == {ADDRESS, FULL, FailureClass.SUPPRESSED}
