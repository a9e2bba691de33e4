"""Tokens in reply addresses and links: what they carry, and how we know that we made them.

Each is base32 in lower case (RFC 4648, no padding; mail lower-cases local parts) of a kind byte, a fixed payload and
the head of an HMAC-SHA256 over both. They carry all they need, so they remain valid when the rows that
they refer to are gone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Final

from service.core.sealing import IndexKey
from service.core.settings.consent import Stream

REPLY_MAC_BYTES = 10
FREQUENCY_MAC_BYTES = 16
ACT_MAC_BYTES = 15
DAY_ZERO = date(2020, 1, 1)
HOUR_ZERO = datetime(2020, 1, 1, tzinfo=UTC)
MAX_DAY = 0xFFFF
MAX_TOKEN_LENGTH = 80

_REPLY = struct.Struct(">BQIH")
_FREQUENCY = struct.Struct(">BQ")
_ACT = struct.Struct(">BBQQI")


class ReplyKind(IntEnum):
    """What kind of email is being answered. Numbers are written into addresses and never reused."""

    PROMPT = 1
    DIGEST = 2
    CONFIRMATION = 3
    STEP = 4
    ANSWER = 5
    NOTICE = 6
    LETTER = 7


class Action(IntEnum):
    """What an action token allows. Numbers are written into links and never reused."""

    CONFIRM = 1
    SIGN_IN = 2
    WRITE = 3
    UNDO_ENTRY = 4
    CLAIM_REPLY = 5
    KEEP_OUT = 6
    DIGEST = 7
    PUT_BACK = 8
    STEP = 9
    CONFIRM_ALIAS = 10
    KEEP_SET_ASIDE = 11
    NOT_A_STEP = 12
    SEND_ON = 13
    CONFIRM_ADDRESS = 14
    TAKE_BACK_ADDRESS = 15
    TAKE_BACK_LETTER = 16


# The kind byte of a frequency token says what it stops by itself: everything, as in all tokens before letters came.
_FREQUENCY_KINDS: Final[Mapping[int, Stream | None]] = {0x20: None, 0x21: Stream.LETTERS}
_FREQUENCY_KIND_OF: Final = {stream: kind for kind, stream in _FREQUENCY_KINDS.items()}
_ACT_KIND = 0x30
_REPLY_KINDS = frozenset(map(int, ReplyKind))
_ACTIONS = frozenset(map(int, Action))


@dataclass(frozen=True, slots=True)
class ReplyToken:
    """Says who was asked what for which local day, and allows adding words, nothing else.

    `prompt_key` is the key of a prompt, or of the step that the email is about, or 0.
    """

    kind: ReplyKind
    subscriber_id: int
    prompt_key: int
    on: date

    def encode(self, key: IndexKey) -> str:
        """Return 40 characters: 120 bits of payload, 80 of MAC.

        Raises:
            ValueError: the day is outside 2020 to 2199.
        """
        day = (self.on - DAY_ZERO).days
        if not 0 <= day <= MAX_DAY:
            raise ValueError("a reply token holds days from 2020 to 2199")
        return _signed(_REPLY.pack(self.kind, self.subscriber_id, self.prompt_key, day), REPLY_MAC_BYTES, key)

    @classmethod
    def decode(cls, text: str, key: IndexKey) -> ReplyToken | None:
        """Return the token, or None if this service never made it."""
        payload = _verified(text, _REPLY.size, REPLY_MAC_BYTES, key)
        if payload is None or payload[0] not in _REPLY_KINDS:
            return None
        kind, subscriber_id, prompt_key, day = _REPLY.unpack(payload)
        return cls(ReplyKind(kind), subscriber_id, prompt_key, DAY_ZERO + timedelta(days=day))


@dataclass(frozen=True, slots=True)
class FrequencyToken:
    """Allows one subscriber to rest and to stop; it never expires.

    `stream` is what it stops where nothing else is chosen: the letters, or everything if None. A question's token stops
    everything; a letter's leaves the questions.
    """

    subscriber_id: int
    stream: Stream | None = None

    def __post_init__(self) -> None:
        """Refuse a stream that no token can carry.

        Raises:
            ValueError: the stream is the questions, whose token stops everything.
        """
        if self.stream not in _FREQUENCY_KIND_OF:
            raise ValueError("a token stops the letters, or everything")

    def encode(self, key: IndexKey) -> str:
        """Return 40 characters."""
        return _signed(_FREQUENCY.pack(_FREQUENCY_KIND_OF[self.stream], self.subscriber_id), FREQUENCY_MAC_BYTES, key)

    @classmethod
    def decode(cls, text: str, key: IndexKey) -> FrequencyToken | None:
        """Return the token, or None if this service never made it."""
        payload = _verified(text, _FREQUENCY.size, FREQUENCY_MAC_BYTES, key)
        if payload is None or payload[0] not in _FREQUENCY_KINDS:
            return None
        kind, subscriber_id = _FREQUENCY.unpack(payload)
        return cls(subscriber_id, _FREQUENCY_KINDS[kind])


@dataclass(frozen=True, slots=True)
class ActToken:
    """Allows one action on one object of one subscriber, until the time (UTC) that it carries."""

    action: Action
    subscriber_id: int
    object_id: int = field(default=0)
    expires_at: datetime = field(default=HOUR_ZERO)

    def encode(self, key: IndexKey) -> str:
        """Return 60 characters; the expiry is kept to the minute, rounded up."""
        minutes = -((HOUR_ZERO - self.expires_at) // timedelta(minutes=1))
        packed = _ACT.pack(_ACT_KIND, self.action, self.subscriber_id, self.object_id, minutes)
        return _signed(packed, ACT_MAC_BYTES, key)

    @classmethod
    def decode(cls, text: str, key: IndexKey) -> ActToken | None:
        """Return the token, expired or not, or None if this service never made it."""
        payload = _verified(text, _ACT.size, ACT_MAC_BYTES, key)
        if payload is None or payload[0] != _ACT_KIND or payload[1] not in _ACTIONS:
            return None
        _, action, subscriber_id, object_id, minutes = _ACT.unpack(payload)
        return cls(Action(action), subscriber_id, object_id, HOUR_ZERO + timedelta(minutes=minutes))

    def has_expired(self, now: datetime) -> bool:
        """Return whether its time has passed."""
        return now >= self.expires_at


def _signed(payload: bytes, mac_bytes: int, key: IndexKey) -> str:
    return _encoded(payload + key.digest("token", payload)[:mac_bytes])


def _encoded(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def _verified(text: str, size: int, mac_bytes: int, key: IndexKey) -> bytes | None:
    if len(text) > MAX_TOKEN_LENGTH or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    # The last character has spare bits and decoders accept padding, so only the spelling that we write is accepted.
    if len(raw) != size + mac_bytes or _encoded(raw) != text.lower():
        return None
    payload, mac = raw[:size], raw[size:]
    if not hmac.compare_digest(key.digest("token", payload)[:mac_bytes], mac):
        return None
    return payload
