"""The DNS records of email authentication: DMARC policies (RFC 9989) and the keys of DKIM (RFC 6376)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

REMOVED_TAGS: Final = ("pct", "rf", "ri")  # RFC 9989 removed them
_MOST_QUERIES: Final = 8  # RFC 9989, section 4.10: a longer name is cut to seven labels after the first query
_TXT_STRING_BYTES: Final = 255


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """A DMARC policy, by its tags; `policy` is what receivers are asked to do with mail that fails."""

    tags: Mapping[str, str]

    @property
    def policy(self) -> str:
        """Return the policy of the domain itself: none, quarantine or reject."""
        return self.tags.get("p", "none").lower()

    @property
    def wants_reports(self) -> bool:
        """Return whether it names an address for aggregate reports."""
        return bool(self.tags.get("rua"))

    @property
    def is_strict_on_dkim(self) -> bool:
        """Return whether the domain that signs must be exactly that of the From."""
        return self.tags.get("adkim", "r").lower() == "s"

    @property
    def removed_tags(self) -> list[str]:
        """Return the tags in it that receivers ignore since RFC 9989."""
        return [name for name in REMOVED_TAGS if name in self.tags]


def dmarc_policies(texts: Sequence[str]) -> list[DmarcPolicy]:
    """Return the DMARC policies among the TXT records of a name; if there are several, receivers ignore all of them."""
    found = [_tags(text) for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
    return [DmarcPolicy(tags) for tags in found if tags.get("v", "").upper() == "DMARC1"]


def dmarc_names(domain: str) -> list[str]:
    """Return the names under which a domain's policy may be, in the order of the tree walk (RFC 9989, section 4.10)."""
    labels = domain.lower().rstrip(".").split(".")
    walked = [labels]
    rest = labels[-(_MOST_QUERIES - 1) :] if len(labels) > _MOST_QUERIES - 1 else labels[1:]
    walked += [rest[start:] for start in range(len(rest))]
    return ["_dmarc." + ".".join(part) for part in walked if part]


def applicable_policies(
    found: Sequence[tuple[str, Sequence[DmarcPolicy]]],
) -> tuple[str, Sequence[DmarcPolicy]] | None:
    """Return the name and the policies that apply, from those found by the tree walk, or None.

    The domain's own record counts; else that of its organizational domain, which is the shortest name with one record,
    unless a longer one says of itself that it is (`psd=n`). A record of a registry (`psd=y`) is not ours.
    """
    if found and found[0][1]:
        return found[0]
    ours = [(name, policies) for name, policies in found if policies and policies[0].tags.get("psd") != "y"]
    named = [(name, policies) for name, policies in ours if policies[0].tags.get("psd") == "n"]
    return named[0] if named else (ours[-1] if ours else None)


def dkim_key_bits(text: str) -> int | None:
    """Return the length of the RSA key in a DKIM record's `p=`, in bits; None if there is none that can be read."""
    tags = _tags(text)
    try:
        key = load_der_public_key(base64.b64decode("".join(tags.get("p", "").split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None


def zone_line(record_type: str, name: str, value: str, priority: str = "") -> str:
    """Return a record as a line of a zone file (RFC 1035); a long text is split into strings of up to 255 bytes."""
    if record_type == "TXT":
        parts = [value[start : start + _TXT_STRING_BYTES] for start in range(0, len(value), _TXT_STRING_BYTES)]
        data = " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts or [""])
    else:
        data = f"{priority} {value.rstrip('.')}.".strip()
    return f"{name.rstrip('.')}. IN {record_type} {data}"


def _tags(text: str) -> dict[str, str]:
    """Return the tags of a tag list ("v=DMARC1; p=none"), by name in lower case."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}
