"""Reply addresses: a prefix that says their kind, a token, and the reply domain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from service.core.access.tokens import FrequencyToken, ReplyToken
from service.core.sealing import IndexKey
from service.core.settings.consent import Stream

REPLY_PREFIX: Final = "r-"
JOINING: Final = {Stream.QUESTIONS: "join", Stream.LETTERS: "join-letters"}  # the local parts of mails to join
STOP_PREFIX: Final = "s-"
TEST_PREFIX: Final = "t-"  # a test mail of the doctor
_TEST_LOCAL: Final = re.compile(r"t-([0-7][0-9a-f]{15}|[0-9a-f]{1,15})", re.ASCII)  # an id has 63 bits


def tokens_at(addresses: Iterable[str], domain: str, key: IndexKey) -> Iterator[ReplyToken | FrequencyToken | None]:
    """Yield the token of each address at the domain, or None for a token that we did not make."""
    for address in addresses:
        local, _, at = address.strip().lower().rpartition("@")
        if at == domain.lower():
            yield _token(local, key)


def address_of_trip(trip_id: int, domain: str) -> str:
    """Return the address of a test mail; the random id in it is what nobody else can guess."""
    return f"{TEST_PREFIX}{trip_id:x}@{domain}"


def trip_at(addresses: Iterable[str], domain: str) -> int | None:
    """Return the id of the test mail that these addresses are for, or None."""
    for address in addresses:
        local, _, at = address.strip().lower().rpartition("@")
        found = _TEST_LOCAL.fullmatch(local)
        if found and at == domain.lower():
            return int(found[1], 16)
    return None


def joining_address(stream: Stream, domain: str) -> str:
    """Return the address to which any mail asks for this stream."""
    return f"{JOINING[stream]}@{domain}"


def stream_joined_at(addresses: Iterable[str], domain: str) -> Stream | None:
    """Return what a mail to these addresses asks to join, or None."""
    given = {address.strip().lower() for address in addresses}
    return next((stream for stream in JOINING if joining_address(stream, domain.lower()) in given), None)


def _token(local: str, key: IndexKey) -> ReplyToken | FrequencyToken | None:
    if local.startswith(REPLY_PREFIX):
        return ReplyToken.decode(local.removeprefix(REPLY_PREFIX), key)
    if local.startswith(STOP_PREFIX):
        return FrequencyToken.decode(local.removeprefix(STOP_PREFIX), key)
    return None
