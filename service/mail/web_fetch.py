"""Fetching what strangers' addresses name, such as feeds and their pictures, and nothing within our own network.

Each address of a host is checked, and the connection goes to that very address, so that a second answer of the DNS
changes nothing; each redirect is checked anew. No proxy, no cookie, no password.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import certifi

from service.core.feeds.public_addresses import is_loopback, is_public

MOST_BYTES: Final = 5_000_000  # when unpacked
MOST_HOPS: Final = 5
SECONDS: Final = 20.0
_CHUNK: Final = 64 * 1024
_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_PERMANENT: Final = (301, 308)
_URL_SIGNS: Final = "/:?#[]@!$&'()*+,;=%~-._"

# Return the addresses of a host. Raises OSError where it has none.
Resolve = Callable[[str], Sequence[str]]


class FetchProblem(StrEnum):
    """Why nothing was fetched."""

    BAD_URL = "bad_url"
    NOT_PUBLIC = "not_public"
    NO_HOST = "no_host"
    NO_ANSWER = "no_answer"
    TOO_LATE = "too_late"
    TOO_LARGE = "too_large"
    BAD_PACKING = "bad_packing"
    TOO_MANY_HOPS = "too_many_hops"
    LESS_SAFE = "less_safe"


class FetchError(Exception):
    """Nothing was fetched."""

    def __init__(self, problem: FetchProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: `url` is the last address of all hops, `moved_to` where permanent redirects alone lead, or None."""

    status: int
    url: str = field(repr=False)
    moved_to: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def resolve(host: str) -> list[str]:
    """Return the addresses of a host, as this machine resolves names."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))


@dataclass(frozen=True, slots=True)
class WebFetcher:
    """Fetches; `allows_loopback` is for development alone, and lets a server of this machine answer on any port."""

    user_agent: str
    allows_loopback: bool = False
    resolve: Resolve = field(default=resolve, repr=False)
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Return the answer of an address, after up to five redirects.

        Raises:
            FetchError: nothing was fetched.
        """
        deadline = time.monotonic() + self.seconds
        moved_to, is_permanent = None, True
        for _ in range(MOST_HOPS + 1):
            status, found, body = self._request(url, headers or {}, deadline)
            target = found.get("location")
            if status not in _REDIRECTS or not target:
                return Fetched(status, url, moved_to, found, body)
            before, url = url, _joined(url, target)
            if before.startswith("https:") and url.startswith("http:"):
                raise FetchError(FetchProblem.LESS_SAFE)
            is_permanent = is_permanent and status in _PERMANENT
            moved_to = url if is_permanent else moved_to
        raise FetchError(FetchProblem.TOO_MANY_HOPS)

    def _request(self, url: str, headers: Mapping[str, str], deadline: float) -> tuple[int, dict[str, str], bytes]:
        parts = _checked(url)
        host = parts.hostname or ""
        address, port = self._place(parts, host)
        connection = _Connection(host, address, port, deadline, is_tls=parts.scheme == "https")
        sent = {"User-Agent": self.user_agent, "Accept-Encoding": "gzip", "Connection": "close", **headers}
        path = quote(parts.path or "/", safe=_URL_SIGNS) + (
            f"?{quote(parts.query, safe=_URL_SIGNS)}" if parts.query else ""
        )
        with _ended_at(connection, deadline):
            try:
                connection.request("GET", path, headers=sent)
                with connection.getresponse() as response:
                    status = response.status
                    found = {name.lower(): value for name, value in response.getheaders()}
                    body = b"" if status in _REDIRECTS else self._body(response, found, deadline)
            except zlib.error:
                raise FetchError(FetchProblem.BAD_PACKING) from None
            except (OSError, http.client.HTTPException, ValueError):
                late = time.monotonic() >= deadline
                raise FetchError(FetchProblem.TOO_LATE if late else FetchProblem.NO_ANSWER) from None
        return status, found, body

    def _place(self, parts: SplitResult, host: str) -> tuple[str, int]:
        """Return the address and the port to connect to, both allowed."""
        try:
            addresses = self.resolve(host)
        except (OSError, UnicodeError):
            raise FetchError(FetchProblem.NO_HOST) from None
        if not addresses:
            raise FetchError(FetchProblem.NO_HOST)
        port = parts.port or _PORTS[parts.scheme]
        if self.allows_loopback and all(map(is_loopback, addresses)):
            return addresses[0], port
        # All of them: a name that also leads into our network is no name to trust.
        if port not in _PORTS.values() or not all(map(is_public, addresses)):
            raise FetchError(FetchProblem.NOT_PUBLIC)
        return addresses[0], port

    def _body(self, response: http.client.HTTPResponse, headers: Mapping[str, str], deadline: float) -> bytes:
        is_packed = headers.get("content-encoding", "").strip().lower() in {"gzip", "x-gzip"}
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if is_packed else None
        body = bytearray()
        while chunk := response.read1(_CHUNK):
            if time.monotonic() >= deadline:
                raise FetchError(FetchProblem.TOO_LATE)
            body += unpack.decompress(chunk, self.most_bytes + 1 - len(body)) if unpack else chunk
            if len(body) > self.most_bytes:
                raise FetchError(FetchProblem.TOO_LARGE)
        if time.monotonic() >= deadline:
            raise FetchError(FetchProblem.TOO_LATE)
        return bytes(body)


class _Connection(http.client.HTTPConnection):
    """A connection to one address, which names the host as its address did."""

    def __init__(self, host: str, address: str, port: int, deadline: float, *, is_tls: bool) -> None:
        named = port if port not in _PORTS.values() else None
        super().__init__(f"[{host}]" if ":" in host else host, named)
        self._address, self._port, self._deadline, self._is_tls = address, port, deadline, is_tls
        self._name = host
        # Kept here, since `sock` is given up once the answer begins.
        self.raw: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the address that was checked, and over TLS have the host prove its name."""
        left = max(0.001, self._deadline - time.monotonic())
        self.sock = self.raw = socket.create_connection((self._address, self._port), left)
        if self._is_tls:
            context = ssl.create_default_context(cafile=certifi.where())
            secured = context.wrap_socket(self.sock, server_hostname=self._name, do_handshake_on_connect=False)
            self.sock = self.raw = secured
            secured.do_handshake()


@contextlib.contextmanager
def _ended_at(connection: _Connection, deadline: float) -> Iterator[None]:
    """End a connection at its deadline, however slowly the other side sends: a byte now and then resets no timer."""

    def end() -> None:
        if connection.raw is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection.raw, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise FetchError(FetchProblem.BAD_URL) from None
    has_password = parts.username is not None or parts.password is not None
    if parts.scheme not in _PORTS or not parts.hostname or has_password or not url.isprintable():
        raise FetchError(FetchProblem.BAD_URL)
    return parts


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise FetchError(FetchProblem.BAD_URL) from None
