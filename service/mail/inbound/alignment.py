"""Checking whether the provider vouches for the sender of a mail, by its SPF and DKIM results.

Relaxed alignment (RFC 7489, section 3.1): two domains are aligned if they are the same, or if they have the same
organizational domain, which is the part below a public suffix (publicsuffix.org, both of its sections).
"""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList

from service.mail.inbound.inbound_mail import InboundMail

PASS, FAIL = "pass", "fail"


def is_aligned(mail: InboundMail) -> bool:
    """Return whether the provider vouches for the From: SPF passed for its domain, or its only DKIM signature passed.

    With two signatures, or one that names two domains, it is unknown which of them passed.
    """
    if mail.from_address is None:
        return False
    domain = _domain(mail.from_address)
    if mail.spf == PASS and belong_together(_domain(mail.sender), domain):
        return True
    signatures = mail.all_headers("DKIM-Signature")
    if mail.dkim != PASS or len(signatures) != 1:
        return False
    signed_by = _tags(signatures[0], "d")
    return len(signed_by) == 1 and belong_together(signed_by[0], domain)


def is_refuted(mail: InboundMail) -> bool:
    """Return whether the provider reports that both SPF and DKIM failed, so that the From is forged."""
    return mail.spf == FAIL and mail.dkim == FAIL


def belong_together(one: str, other: str) -> bool:
    """Return whether two domains, in lower case, are aligned; a public suffix is aligned only with itself."""
    if not one or not other:
        return False
    organization = _suffixes().privatesuffix(one)
    return one == other or (organization is not None and organization == _suffixes().privatesuffix(other))


@cache
def _suffixes() -> PublicSuffixList:
    """Return the public suffix list of the package, read once per process."""
    return PublicSuffixList()


def _domain(address: str) -> str:
    return address.strip("<> ").rpartition("@")[2].lower()


def _tags(signature: str, name: str) -> list[str]:
    """Return every value of a tag in a DKIM-Signature (RFC 6376, section 3.2), in lower case, without white space."""
    pairs = (part.partition("=") for part in signature.split(";"))
    return ["".join(value.split()).lower() for key, _, value in pairs if key.strip().lower() == name]
