"""Email addresses: which we accept, the one form in which they are compared, and likely typos."""

from __future__ import annotations

import string
from dataclasses import dataclass, field

import idna

MAX_ADDRESS_LENGTH = 254
MAX_LOCAL_LENGTH = 64
MAX_LABEL_LENGTH = 63
_ATEXT = frozenset(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-.")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

_SLIPS = {
    "gmial.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gnail.com": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.cm": "gmail.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "outlok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "yaho.com": "yahoo.com",
    "yahooo.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "iclod.com": "icloud.com",
    "icloud.con": "icloud.com",
}


class AddressError(ValueError):
    """The text is not an address that we can write to; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An email address in the one form in which it is stored and compared.

    ASCII letters are lower case and the domain is ASCII, so that every spelling of a domain is the same address.
    """

    text: str = field(repr=False)

    @classmethod
    def parse(cls, typed: str) -> Address:
        """Return the address that was typed, trimmed.

        Plus tags stay and look-alike letters stay different. The domain is brought to its ASCII form (UTS 46,
        non-transitional), since full-width letters, other dots and soft hyphens all lead to the same mailbox.

        Raises:
            AddressError: the text is not an address (RFC 5321 dot-atom form, at most 254 characters).
        """
        text = typed.strip()
        if not text:
            raise AddressError("Enter your email address")
        local, _, typed_domain = text.rpartition("@")
        domain = _ascii_domain(typed_domain)
        if not _is_local_part(local) or not _is_domain(domain):
            raise AddressError("Enter an email address like name@example.com")
        address = f"{local}@{domain}"
        if len(address) > MAX_ADDRESS_LENGTH:
            raise AddressError("That address is too long. Enter a shorter one")
        return cls(address.translate(_LOWER))

    @property
    def domain(self) -> str:
        """Return the part after the @."""
        return self.text.rpartition("@")[2]

    @property
    def likely(self) -> str:
        """Return the address the person may have meant ("gmail" for "gmial"), or ""."""
        local, _, domain = self.text.rpartition("@")
        meant = _SLIPS.get(domain)
        return f"{local}@{meant}" if meant else ""


def _is_local_part(text: str) -> bool:
    return (
        0 < len(text) <= MAX_LOCAL_LENGTH
        and _ATEXT.issuperset(text)
        and not text.startswith(".")
        and not text.endswith(".")
        and ".." not in text
    )


def _ascii_domain(text: str) -> str:
    """Return a domain in its ASCII form, or "" if it has none."""
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        return ""


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(map(_is_label, labels)) and not labels[-1].isdigit()


def _is_label(text: str) -> bool:
    return (
        0 < len(text) <= MAX_LABEL_LENGTH
        and all(c.isascii() and (c.isalnum() or c == "-") for c in text)
        and not text.startswith("-")
        and not text.endswith("-")
    )
