from __future__ import annotations

import base64
import gzip
import json
import quopri
import zlib
from collections.abc import Callable

import pytest

from tests.faults.traces import traces

SECRET = "zq7 marmalade on the tram"


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda raw: raw, id="plain"),
        pytest.param(lambda raw: raw.decode().encode("utf-16-le"), id="UTF-16"),
        pytest.param(base64.b64encode, id="base64"),
        pytest.param(lambda raw: base64.b64encode(b"x" + raw + b"y"), id="base64 shifted by one"),
        pytest.param(lambda raw: base64.urlsafe_b64encode(b"??" + raw), id="base64 for URLs, shifted by two"),
        pytest.param(lambda raw: raw.hex().encode(), id="hex"),
        pytest.param(zlib.compress, id="zlib"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(lambda raw: base64.b64encode(zlib.compress(raw)), id="base64 of zlib"),
        pytest.param(lambda raw: zlib.compress(json.dumps({"a": base64.b64encode(raw).decode()}).encode()), id="both"),
        pytest.param(lambda raw: quopri.encodestring(b"\xc3\xa9" * 20 + raw), id="quoted-printable"),
    ],
)
def test_a_secret_is_found_however_it_is_written(hide: Callable[[bytes], bytes]) -> None:
    around = bytes(range(256)) * 3
    assert traces(around + hide(SECRET.encode()) + around, [SECRET]) == {SECRET}


def test_what_is_not_there_is_not_found() -> None:
    assert traces(bytes(range(256)) * 30 + zlib.compress(b"something else"), [SECRET]) == set()
