"""Email addresses: what we accept, the one form in which they are compared, and likely slips."""

from __future__ import annotations

import string
from dataclasses import dataclass, field

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
    """The text is no address we can write to; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An email address in its compared form: ASCII letters lower-cased, everything else untouched."""

    text: str = field(repr=False)

    @classmethod
    def parse(cls, typed: str) -> Address:
        """Return the address that was typed, trimmed.

        Plus tags stay and look-alike letters stay different: two addresses are one person
        only if they agree byte for byte after ASCII lower-casing.

        Raises:
            AddressError: no address (RFC 5321 dot-atom form, 254 characters at most).
        """
        text = typed.strip()
        if not text:
            raise AddressError("Enter your email address")
        local, at, domain = text.rpartition("@")
        if not at or not _is_local_part(local) or not _is_domain(domain):
            raise AddressError("Enter an email address like name@example.com")
        if len(text) > MAX_ADDRESS_LENGTH:
            raise AddressError("That address is too long. Enter a shorter one")
        return cls(text.translate(_LOWER))

    @property
    def domain(self) -> str:
        """Return what stands after the @."""
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


def _is_domain(text: str) -> bool:
    try:
        ascii_form = text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError:
        return False
    labels = ascii_form.split(".")
    return len(labels) > 1 and all(map(_is_label, labels)) and not labels[-1].isdigit()


def _is_label(text: str) -> bool:
    return (
        0 < len(text) <= MAX_LABEL_LENGTH
        and all(c.isascii() and (c.isalnum() or c == "-") for c in text)
        and not text.startswith("-")
        and not text.endswith("-")
    )
