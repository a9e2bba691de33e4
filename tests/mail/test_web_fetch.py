"""Fetching what strangers' addresses name: whole answers from outside, and no request to anything within."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator

import pytest

from service.mail.web_fetch import Fetched, FetchError, FetchProblem, WebFetcher
from tests.harness.feeds.blogs import Answer, Blog, running_blog

AGENT = "SmallSteps/1 (+https://steps.example.org)"
NOT_PUBLIC = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.88.99.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "::1", "::", "::ffff:10.0.0.1",
    "::ffff:127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::", "::7f00:1", "2001:db8::1", "nonsense",
]  # fmt: skip


@pytest.fixture
def blog() -> Iterator[Blog]:
    with running_blog() as found:
        yield found


def fetcher(**more: object) -> WebFetcher:
    return WebFetcher(AGENT, **{"allows_loopback": True, **more})  # type: ignore[arg-type]


def problem_of(fetching: WebFetcher, url: str) -> FetchProblem:
    with pytest.raises(FetchError) as error:
        fetching.fetch(url)
    return error.value.problem


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_nothing_is_sent_to_an_address_that_is_not_public(blog: Blog, address: str) -> None:
    for addresses in ([address], ["93.184.215.14", address]):
        guarded = WebFetcher(AGENT, resolve=lambda _, found=tuple(addresses): found, seconds=2.0)  # type: ignore[misc]
        assert problem_of(guarded, "http://blog.example.org/feed") is FetchProblem.NOT_PUBLIC
    assert problem_of(WebFetcher(AGENT), f"{blog.url}/feed") is FetchProblem.NOT_PUBLIC
    assert blog.asked == []


def test_each_hop_is_looked_up_and_checked_anew(blog: Blog) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    blog.answers["/feed"] = Answer(status=302, headers={"Location": "/again"})
    rebinding = fetcher(resolve=lambda _: next(answers))
    assert problem_of(rebinding, f"http://blog.example.org:{blog.port}/feed") is FetchProblem.NOT_PUBLIC
    assert [asked[":path"] for asked in blog.asked] == ["/feed"]
    assert blog.asked[0]["host"] == f"blog.example.org:{blog.port}"
    assert not {"cookie", "authorization"} & blog.asked[0].keys()


def test_a_name_that_is_answered_anew_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The DNS answers a public address for the look-up, and one of ours to whoever asks again (DNS rebinding)."""
    asked, connected = [], []

    def rebinding(host: str, port: int | None, *_: object, **__: object) -> list[tuple[object, ...]]:
        address = host
        if not host[0].isdigit():
            asked.append(host)
            address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    class Watched(socket.socket):
        def connect(self, address: object) -> None:
            connected.append(address)
            raise ConnectionRefusedError  # so that no packet leaves a test

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "socket", Watched)
    assert problem_of(WebFetcher(AGENT, seconds=5.0), "http://blog.example.org/feed") is FetchProblem.NO_ANSWER
    assert (asked, connected) == (["blog.example.org"], [("93.184.215.14", 80)])
    assert problem_of(WebFetcher(AGENT, seconds=5.0), "http://blog.example.org/feed") is FetchProblem.NOT_PUBLIC
    assert len(connected) == 1


@pytest.mark.parametrize(
    "url",
    ["ftp://x.example.org/", "file:///etc/passwd", "//x.example.org", "http://", "http://me:secret@x.example.org/",
     "http://x.example.org:99999/", "http://x.example.org/\r\nX: y", "gopher://x.example.org"],
)  # fmt: skip
def test_only_addresses_of_the_web_are_fetched(url: str) -> None:
    assert problem_of(fetcher(resolve=lambda _: ["127.0.0.1"]), url) is FetchProblem.BAD_URL


def test_other_ports_are_for_development_alone() -> None:
    guarded = WebFetcher(AGENT, resolve=lambda _: ["93.184.215.14"], seconds=2.0)
    assert problem_of(guarded, "https://blog.example.org:8443/") is FetchProblem.NOT_PUBLIC


def test_only_permanent_redirects_move_a_feed(blog: Blog) -> None:
    blog.answers |= {
        "/a": Answer(status=301, headers={"Location": "/b"}),
        "/b": Answer(status=302, headers={"Location": "/c"}),
        "/c": Answer(status=308, headers={"Location": "/d"}),
        "/d": Answer(b"feed"),
    }
    found: Fetched = fetcher().fetch(f"{blog.url}/a")
    assert (found.body, found.url, found.moved_to) == (b"feed", f"{blog.url}/d", f"{blog.url}/b")
    assert fetcher().fetch(f"{blog.url}/b").moved_to is None


def test_redirects_end_and_never_lead_from_https_to_http(blog: Blog) -> None:
    blog.answers["/round"] = Answer(status=302, headers={"Location": "/round"})
    assert problem_of(fetcher(), f"{blog.url}/round") is FetchProblem.TOO_MANY_HOPS
    assert len(blog.asked) == 6


def test_what_is_packed_is_bounded_by_what_comes_out(blog: Blog) -> None:
    blog.answers["/small"] = Answer(gzip.compress(b"feed"), headers={"Content-Encoding": "gzip"})
    blog.answers["/bomb"] = Answer(gzip.compress(b"0" * 200_000), headers={"Content-Encoding": "gzip"})
    blog.answers["/large"] = Answer(b"0" * 200_000)
    small = fetcher(most_bytes=100_000)
    assert small.fetch(f"{blog.url}/small").body == b"feed"
    for path in ("/bomb", "/large"):
        assert problem_of(small, blog.url + path) is FetchProblem.TOO_LARGE
    blog.answers["/damaged"] = Answer(b"<rss/>", headers={"Content-Encoding": "gzip"})
    assert problem_of(small, f"{blog.url}/damaged") is FetchProblem.BAD_PACKING


def test_a_byte_now_and_then_does_not_hold_a_worker(blog: Blog) -> None:
    blog.answers["/slow"] = Answer(b"0" * 1_000, seconds_between_bytes=0.05)
    assert problem_of(fetcher(seconds=0.4), f"{blog.url}/slow") is FetchProblem.TOO_LATE
