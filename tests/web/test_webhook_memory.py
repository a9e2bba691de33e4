"""The memory that a post takes: its own size before its signature is checked, and at most three times that after."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from service.mail.signature import Signature
from tests.harness.mail.posted_mail import FORM, multipart
from tests.harness.mail.posts import signed
from tests.harness.people.people import NOW
from tests.harness.website import WebHarness
from tests.web.test_webhooks import FIELDS, count

MEGABYTE = 1_000_000
OF_MULTIPART = "multipart/form-data; boundary=x"


@contextmanager
def at_most(times: float, body: bytes) -> Iterator[None]:
    """Fail if what happens here takes at its peak more than so many times the room of the body."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < times * len(body), f"{peak / len(body):.2f} times"


def send(site: WebHarness, content_type: str, body: bytes) -> int:
    overrides = {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type, "wsgi.input": io.BytesIO(body)}
    return site.app.test_client().post(FIELDS, environ_overrides=overrides).status_code


def plain(size: int, *, of: str = "word ") -> tuple[str, bytes]:
    return FORM, f"{_signature(signed(NOW))}&recipient=a%40b&body-plain={of * (size // len(of.encode()))}".encode()


def raw_mime(size: int) -> tuple[str, bytes]:
    mime = b"From: a@b.example\r\n\r\n" + b"%2B" + b"x" * 73 * (size // 73)
    return FORM, f"body-mime={mime.decode()}&{_signature(signed(NOW))}&recipient=a%40b".encode()


def with_photo(size: int) -> tuple[str, bytes]:
    signature = signed(NOW)
    fields = [("recipient", "a@b"), ("timestamp", signature.timestamp), ("token", signature.token)]
    photo = ("attachment-1", "a.jpg", "image/jpeg", bytes(range(256)) * (size // 256))
    return multipart([*fields, ("signature", signature.signature)], [photo])


def _signature(signature: Signature) -> str:
    parts = {"timestamp": signature.timestamp, "token": signature.token, "signature": signature.signature}
    return urlencode(parts)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(FORM, b"a=" + b"%41" * (40 * MEGABYTE // 3), id="all of it escaped"),
        pytest.param(FORM, b"aa&" * (40 * MEGABYTE // 3), id="as many fields as fit"),
        pytest.param(FORM, b"&token=" * (40 * MEGABYTE // 7), id="as many tokens as fit"),
        pytest.param(
            OF_MULTIPART,
            b"--x\r\nContent-Disposition: form-data; name=a" + b"; a=b" * (40 * MEGABYTE // 5) + b"\r\n\r\nb\r\n--x--",
            id="a part with as many parameters as fit",
        ),
        pytest.param(
            OF_MULTIPART,
            b"--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n\r\n" * (40 * MEGABYTE // 62) + b"--x--",
            id="as many files as fit",
        ),
    ],
)
def test_an_unsigned_post_of_40_megabytes_is_refused_for_little_more_than_its_own_room(
    site: WebHarness, content_type: str, body: bytes
) -> None:
    with at_most(2.2, body):  # its pieces as they come, and the whole
        answer = send(site, content_type, body)
    assert answer in {400, 401}
    assert count(site) == 0


def in_many_scripts(size: int) -> tuple[str, bytes]:
    return plain(size, of="w\N{LATIN SMALL LETTER O WITH DIAERESIS}rd \N{SEEDLING} ")


def with_headers(size: int) -> tuple[str, bytes]:
    content_type, body = plain(0)
    return content_type, body + b"&A=b" * (size // 4)


@pytest.mark.parametrize("form", [with_photo, raw_mime, plain, in_many_scripts, with_headers])
def test_a_signed_post_of_60_megabytes_is_kept_in_three_times_its_room(
    site: WebHarness, form: Callable[[int], tuple[str, bytes]]
) -> None:
    content_type, body = form(60 * MEGABYTE)
    with at_most(3, body):
        answer = send(site, content_type, body)
    assert answer == 200
    assert count(site) == 1
