"""Addresses have one form, with an ASCII domain, and what is no address is refused in plain words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.addresses import Address, AddressError

SPELLINGS = json.loads((Path(__file__).parent.parent / "data" / "attacks" / "domain_spellings.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        pytest.param(" Ana@Example.COM ", "ana@example.com", id="trimmed and lower-cased"),
        pytest.param("ana+steps@example.com", "ana+steps@example.com", id="a plus tag stays"),
        pytest.param("ana@bücher.example", "ana@xn--bcher-kva.example", id="an international domain"),
        pytest.param("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example", id="its ASCII form"),
        pytest.param("ana@straße.example", "ana@xn--strae-oqa.example", id="a letter that is no two letters"),
        pytest.param("o'neil@example.co.uk", "o'neil@example.co.uk", id="an apostrophe"),
    ],
)
def test_an_address_is_taken(typed: str, compared: str) -> None:
    assert Address.parse(typed).text == compared


@pytest.mark.parametrize(
    "typed",
    ["", "ana", "ana@", "@example.com", "ana@example", "a b@example.com", ".ana@example.com", "ana..b@example.com",
     "ana@-example.com", "ana@example.123", "ana@exa_mple.com", "ana@example.com\nbcc: x@example.com",
     "a" * 65 + "@example.com", "ana@" + "a" * 64 + ".com", "a" * 60 + "@" + "b.c" * 90 + ".com", "аna@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(AddressError):
        Address.parse(typed)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling["rule"])
def test_every_spelling_of_a_domain_is_one_address(spelling: dict[str, str]) -> None:
    """Suppression and the limits go by address: another spelling must not get past them."""
    assert Address.parse(f"ana@{spelling['domain']}") == Address.parse("ana@target.example")


def test_look_alikes_in_a_domain_are_different_people() -> None:
    assert Address.parse("ana@еxample.com") != Address.parse("ana@example.com")  # a Cyrillic e


@pytest.mark.parametrize(("typed", "meant"), [("a@gmial.com", "a@gmail.com"), ("a@gmail.com", "")])
def test_a_likely_slip_is_named_and_never_mended(typed: str, meant: str) -> None:
    assert Address.parse(typed).text == typed
    assert Address.parse(typed).likely == meant


@given(st.text(max_size=80))
def test_no_text_does_worse_than_be_refused(typed: str) -> None:
    try:
        address = Address.parse(typed)
    except AddressError:
        return
    assert Address.parse(address.text) == address


def test_an_address_does_not_show_in_a_repr() -> None:
    assert "ana" not in repr(Address.parse("ana@example.com"))
