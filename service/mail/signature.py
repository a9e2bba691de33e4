"""The provider's signature on its posts: HMAC-SHA256 over timestamp and token.

Source: Mailgun, Securing webhooks. The signature does not cover the body, so a captured one
fits any body: the caller uses each token once, in the transaction that stores the post.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

# The provider retries for eight hours, perhaps with the first signature.
OLDEST = timedelta(hours=36)
NEWEST = timedelta(minutes=5)
_MAX_TIMESTAMP_DIGITS = 12
_MAX_TOKEN_LENGTH = 256


class SignatureCheck(Enum):
    """The result of verifying a signature; only GENUINE is truthy."""

    GENUINE = "genuine"
    FORGED = "forged"
    STALE = "stale"

    def __bool__(self) -> bool:
        return self is SignatureCheck.GENUINE


@dataclass(frozen=True, slots=True)
class Signature:
    """The three signature fields of a post, unchanged."""

    timestamp: str
    token: str = field(repr=False)
    signature: str = field(repr=False)

    def verify(self, keys: Sequence[str], now: datetime) -> SignatureCheck:
        """Return whether one of `keys` made this signature, and whether its time is within the limits.

        Never raises. Every key is tried, in constant time, so that the old and the new one are
        both valid while a key is changed.
        """
        if not self._is_genuine(keys):
            return SignatureCheck.FORGED
        signed_at = self._signed_at()
        if signed_at is None or not now - OLDEST <= signed_at <= now + NEWEST:
            return SignatureCheck.STALE
        return SignatureCheck.GENUINE

    def _is_genuine(self, keys: Sequence[str]) -> bool:
        if not 0 < len(self.token) <= _MAX_TOKEN_LENGTH:
            return False
        signed = _bytes(self.timestamp + self.token)
        # compare_digest raises for a non-ASCII str, so bytes are compared.
        given = _bytes(self.signature.lower())
        matches = [hmac.compare_digest(_digest(key, signed).encode("ascii"), given) for key in keys if key]
        return any(matches)

    def _signed_at(self) -> datetime | None:
        text = self.timestamp
        if len(text) > _MAX_TIMESTAMP_DIGITS or not (text.isascii() and text.isdigit()):
            return None
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (ValueError, OverflowError, OSError):
            return None


def sign(key: str, *, timestamp: int, token: str) -> Signature:
    """Return the signature the provider would put on a post, for the local post office and tests."""
    text = str(timestamp)
    return Signature(text, token, _digest(key, _bytes(text + token)))


def _digest(key: str, signed: bytes) -> str:
    return hmac.new(_bytes(key), signed, hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
