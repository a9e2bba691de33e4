"""A request as it arrives, in whatever pieces: whole exactly when its last byte is there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.local.reception import LARGEST_HEAD_BYTES, PIECE_BYTES, Arrival, Reception
from service.web.security.limits import (
    IMPORT_PATH,
    INBOUND_PATH,
    LARGEST_FORM_BYTES,
    LARGEST_IMPORT_BYTES,
    LARGEST_PHOTOS_FORM_BYTES,
    LARGEST_POST_BYTES,
    WRITE_PATH,
)

HEAD = b"POST /sign-in HTTP/1.1\r\nHost: here\r\n"
REQUESTS = {
    "no body": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    "declared": HEAD + b"Content-Length: 5\r\n\r\nhello",
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
    "with a trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n",
    "the old version": b"GET / HTTP/1.0\r\n\r\n",
}


def arrived(*pieces: bytes) -> Reception:
    reception = Reception(0.0)
    for piece in pieces:
        reception.feed(piece)
    return reception


@given(st.sampled_from(list(REQUESTS.values())), st.lists(st.integers(1, 120), max_size=8))
def test_a_request_is_whole_with_its_last_byte_and_not_before(request: bytes, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(request) - 1), len(request) - 1})
    pieces = [request[start:end] for start, end in pairwise(places)]
    assert arrived(*pieces).arrival is Arrival.UNDER_WAY
    reception = arrived(*pieces, request[-1:])
    assert reception.arrival is Arrival.WHOLE
    assert b"".join(reception.pieces) == request


@pytest.mark.parametrize("request_bytes", REQUESTS.values(), ids=REQUESTS)
def test_what_follows_a_request_is_kept_for_the_next(request_bytes: bytes) -> None:
    reception = arrived(request_bytes + b"GET")
    assert reception.arrival is Arrival.WHOLE
    assert b"".join(reception.pieces) == request_bytes + b"GET"


def head(path: str, framing: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: here\r\n{framing}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("path", "largest"),
    [
        (INBOUND_PATH, LARGEST_POST_BYTES),
        (f"{INBOUND_PATH}/mime?a=b", LARGEST_POST_BYTES),
        (f"http://here{INBOUND_PATH}", LARGEST_POST_BYTES),
        ("/webhooks/mailgun/events", LARGEST_FORM_BYTES),
        ("/", LARGEST_FORM_BYTES),
        (f"/?{INBOUND_PATH}", LARGEST_FORM_BYTES),
        (f"{WRITE_PATH}/token", LARGEST_FORM_BYTES),
    ],
)
def test_a_request_whose_body_is_too_large_for_its_path_is_not_waited_for(path: str, largest: int) -> None:
    assert arrived(head(path, f"Content-Length: {largest}")).arrival is Arrival.UNDER_WAY
    assert arrived(head(path, f"Content-Length: {largest + 1}")).arrival is Arrival.CUT


def test_a_very_large_journal_is_handed_over_while_it_arrives() -> None:
    for size, arrival in (
        (LARGEST_POST_BYTES, Arrival.UNDER_WAY),
        (LARGEST_POST_BYTES + 1, Arrival.STREAMED),
        (LARGEST_IMPORT_BYTES, Arrival.STREAMED),
        (LARGEST_IMPORT_BYTES + 1, Arrival.CUT),
    ):
        assert arrived(head(IMPORT_PATH, f"Content-Length: {size}")).arrival is arrival
    of_any_size = head(IMPORT_PATH, "Transfer-Encoding: chunked"), b"%x\r\n" % LARGEST_IMPORT_BYTES
    most_that_is_held = bytes(LARGEST_POST_BYTES)
    assert arrived(*of_any_size, most_that_is_held).arrival is Arrival.UNDER_WAY
    assert arrived(*of_any_size, most_that_is_held, b"a").arrival is Arrival.CUT


def test_of_photos_that_are_too_large_the_words_are_received() -> None:
    """The form begins with them, and the page that refuses it gives them back."""
    pieces = head(WRITE_PATH, f"Content-Length: {LARGEST_PHOTOS_FORM_BYTES + 1}"), bytes(LARGEST_FORM_BYTES)
    assert arrived(*pieces).arrival is Arrival.UNDER_WAY
    assert arrived(*pieces, b"a").arrival is Arrival.CUT


def test_a_body_in_chunks_is_cut_once_it_is_too_large() -> None:
    largest = b"%x\r\n" % LARGEST_FORM_BYTES + bytes(LARGEST_FORM_BYTES) + b"\r\n"
    pieces = head("/", "Transfer-Encoding: chunked"), largest
    assert arrived(*pieces).arrival is Arrival.UNDER_WAY
    assert arrived(*pieces, b"1\r\na").arrival is Arrival.CUT


def test_a_body_in_chunks_of_a_byte_is_cut_before_it_takes_six_times_its_room() -> None:
    reception = arrived(head("/", "Transfer-Encoding: chunked"))
    while reception.arrival is Arrival.UNDER_WAY:
        reception.feed(b"1\r\na\r\n" * 10_000)
    assert reception.arrival is Arrival.CUT
    assert reception.received_bytes < 2 * LARGEST_FORM_BYTES


@pytest.mark.parametrize(
    "malformed",
    [b"GET  /  \r\n\r\n", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost : here\r\n\r\n"],
    ids=["a line that is none", "TLS", "no host", "a header that is none"],
)
def test_a_malformed_head_is_left_to_the_servers_own_parser(malformed: bytes) -> None:
    assert arrived(malformed).arrival is Arrival.CUT


def test_a_head_has_a_largest_size() -> None:
    reception = arrived(b"GET / HTTP/1.1\r\nA: " + b"x" * LARGEST_HEAD_BYTES)
    assert reception.arrival is Arrival.CUT


def test_a_client_that_is_told_to_continue_is_told_once() -> None:
    reception = arrived(head("/", "Expect: 100-continue\r\nContent-Length: 5"))
    assert reception.must_say_continue
    reception.must_say_continue = False
    reception.feed(b"hel")
    assert not reception.must_say_continue


def test_bytes_that_come_one_by_one_are_kept_together() -> None:
    reception = arrived(head("/", f"Content-Length: {2 * PIECE_BYTES}"))
    for _ in range(2 * PIECE_BYTES - 10):
        reception.feed(b"a")
    assert len(reception.pieces) == 3


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_under_way_whole_or_refused(data: bytes) -> None:
    for beginning in (b"", HEAD, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"):
        assert b"".join(arrived(beginning + data).pieces) == beginning + data
