"""What a post costs before its signature is checked: little more than its own room."""

import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.harness.posted_mail import FORM
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
