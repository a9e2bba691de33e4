"""Why an email was not delivered, by class: the address, a full mailbox, or something about us.

Only the first says anything about the person. Sources: RFC 3463 (enhanced status codes) with the registry at
iana.org/assignments/smtp-enhanced-status-codes; Mailgun's own codes 602 and 605 to 607 (api-events).
"""

from __future__ import annotations

import re
from enum import StrEnum


class FailureClass(StrEnum):
    """The class of a final failure; the database and the metrics use these values."""

    ADDRESS = "address"
    FULL = "full"
    POLICY = "policy"
    CONTENT = "content"
    NETWORK = "network"
    SYSTEM = "system"
    OTHER = "other"
    SUPPRESSED = "suppressed"

    @property
    def is_about_us(self) -> bool:
        """Return whether the receiving side refused us, and not only this mailbox."""
        return self in _ABOUT_US


_ABOUT_US = frozenset(
    {
        FailureClass.POLICY,
        FailureClass.CONTENT,
        FailureClass.NETWORK,
        FailureClass.SYSTEM,
        FailureClass.OTHER,
    }
)
_BY_DETAIL = {
    **dict.fromkeys(("1.1", "1.2", "1.3", "1.6", "1.10", "2.1"), FailureClass.ADDRESS),
    "2.2": FailureClass.FULL,
}
_BY_SUBJECT = {
    "3": FailureClass.SYSTEM,
    "4": FailureClass.NETWORK,
    "6": FailureClass.CONTENT,
    "7": FailureClass.POLICY,
}
_PERMANENT = re.compile(r"5\.(?P<subject>\d{1,3})\.(?P<detail>\d{1,3})", re.ASCII)
# The provider dropped the mail itself, because the address is on one of its suppression lists.
_SUPPRESSED_CODES = frozenset({605, 606, 607})
_SUPPRESSED_REASON = "suppress-"
# The provider gave up after trying for hours: as a rule the mailbox is full.
_TOO_OLD_CODE = 602
_TOO_OLD_REASON = "old"


def failure_class(enhanced_code: str | None, code: int | None = None, reason: str | None = None) -> FailureClass:
    """Return the class of a final failure, by its enhanced status code, else by the provider's code and reason.

    A bare SMTP code such as 550 stands for a missing mailbox and for a refusal by policy alike (RFC 5321, section
    4.2.3), so without an enhanced code it says nothing about the address.
    """
    if code in _SUPPRESSED_CODES or (reason or "").startswith(_SUPPRESSED_REASON):
        return FailureClass.SUPPRESSED
    found = _PERMANENT.fullmatch(enhanced_code or "")
    if found:
        detail = f"{found['subject']}.{found['detail']}"
        return _BY_DETAIL.get(detail) or _BY_SUBJECT.get(found["subject"], FailureClass.OTHER)
    if code == _TOO_OLD_CODE or reason == _TOO_OLD_REASON:
        return FailureClass.FULL
    return FailureClass.OTHER
