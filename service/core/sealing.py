"""Sealing of words and addresses: AES-256-GCM with data keys, which the master keys wrap.

A sealed blob is one version byte, a 12-byte nonce, and the ciphertext with its tag. A wrapped key adds the
4-byte name of the key that wrapped it. Every blob is bound to the place where it is stored, so that it cannot be
opened in another (NIST SP 800-38D: a key seals at most 2**32 blobs with random nonces; each of ours seals one
person's words).
"""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

KEY_BYTES = 32
NONCE_BYTES = 12
NAME_BYTES = 4
VERSION = b"\x01"
SEALED_AT_ONCE_BYTES = 256 * 1024

RandomBytes = Callable[[int], bytes]


class SealError(Exception):
    """A blob cannot be opened: wrong key, wrong place, or damage. The message holds none of its content."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key that seals one person's words, or the service's own."""

    key: bytes = field(repr=False)
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the cipher once: for a short text that takes as long as opening it."""
        object.__setattr__(self, "_cipher", AESGCM(self.key))

    def seal(self, content: bytes, *, place: str, random: RandomBytes) -> bytes:
        """Return `content` sealed for `place` (such as "entries.words:17")."""
        nonce = random(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, content, place.encode())

    def seal_pieces(self, pieces: Iterable[bytes], *, place: str, random: RandomBytes) -> bytes:
        """Return the same as `seal` of the joined pieces, without a joined copy in memory."""
        nonce = random(NONCE_BYTES)
        encryptor = Cipher(AES(self.key), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(place.encode())
        sealed = io.BytesIO()
        sealed.write(VERSION + nonce)
        for piece in pieces:
            for start in range(0, len(piece), SEALED_AT_ONCE_BYTES):
                sealed.write(encryptor.update(piece[start : start + SEALED_AT_ONCE_BYTES]))
        sealed.write(encryptor.finalize() + encryptor.tag)
        return sealed.getvalue()

    def open(self, blob: bytes, *, place: str) -> bytes:
        """Return what was sealed.

        Raises:
            SealError: the key or the place is wrong, or the blob is damaged.
        """
        if blob[:1] != VERSION:
            raise SealError("A sealed value has an unknown form")
        nonce, sealed = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, sealed, place.encode())
        except (InvalidTag, ValueError):
            raise SealError("A sealed value does not open with this key") from None

    def seal_text(self, text: str, *, place: str, random: RandomBytes) -> bytes:
        """Return text sealed as UTF-8; lone surrogates survive."""
        return self.seal(text.encode("utf-8", "surrogatepass"), place=place, random=random)

    def open_text(self, blob: bytes, *, place: str) -> str:
        """Return text sealed by `seal_text`; raises SealError."""
        return self.open(blob, place=place).decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The keys of the environment, newest first: the newest wraps, any of them unwraps."""

    keys: Sequence[bytes] = field(repr=False)

    @property
    def names(self) -> tuple[bytes, ...]:
        """Return the names of the keys, 4 bytes each, newest first; a key that is given twice has its name once."""
        return tuple(dict.fromkeys(key_name(key) for key in self.keys))

    def wrap(self, data_key: DataKey, *, place: str, random: RandomBytes) -> bytes:
        """Return the data key wrapped by the newest master key, for `place`."""
        newest = self.keys[0]
        return key_name(newest) + DataKey(newest).seal(data_key.key, place=place, random=random)

    def unwrap(self, wrapped: bytes, *, place: str) -> DataKey:
        """Return the data key.

        Raises:
            SealError: none of the master keys wrapped it.
        """
        name = wrapped[:NAME_BYTES]
        for key in self.keys:
            if hmac.compare_digest(key_name(key), name):
                return DataKey(DataKey(key).open(wrapped[NAME_BYTES:], place=place))
        raise SealError("A key is wrapped by none of ENCRYPTION_KEYS; put the older key back at the end of the list")

    def wrap_again(self, wrapped: bytes, *, place: str, random: RandomBytes) -> bytes:
        """Return the same data key, wrapped by the newest master key; raises SealError as `unwrap` does."""
        return self.wrap(self.unwrap(wrapped, place=place), place=place, random=random)


@dataclass(frozen=True, slots=True)
class IndexKey:
    """The key of address hashes and token MACs. It is wrapped like the others and never changes."""

    key: bytes = field(repr=False)

    def digest(self, purpose: str, content: bytes) -> bytes:
        """Return 32 bytes, HMAC-SHA256 over the purpose and the content (RFC 2104)."""
        return hmac.new(self.key, purpose.encode() + b"\x00" + content, hashlib.sha256).digest()

    def address_hash(self, address: str) -> bytes:
        """Return the hash by which a compared address is found, 32 bytes."""
        return self.digest("address", address.encode("utf-8", "surrogatepass"))


def key_name(key: bytes) -> bytes:
    """Return four bytes that identify a master key and reveal nothing about it."""
    return hashlib.sha256(b"small-steps key name" + key).digest()[:NAME_BYTES]


def new_data_key(random: RandomBytes) -> DataKey:
    """Return a fresh data key."""
    return DataKey(random(KEY_BYTES))
