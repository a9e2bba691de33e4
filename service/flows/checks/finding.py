"""The result of one check: how it stands, what was seen, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from service.mail.dns_lookup import DnsUnavailable
from service.mail.outbound.mailer import ProviderUnreachable
from service.mail.outbound.provider_account import AccessRefused, NotAtProvider

T = TypeVar("T")
READ_ERRORS = (AccessRefused, DnsUnavailable, NotAtProvider, ProviderUnreachable, TimeoutError)


class Status(StrEnum):
    """How a check stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    CANNOT_SEE = "cannot see"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `fix` is what to do next, and empty if nothing is to be done."""

    check: str
    status: Status
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What a reading brought: a value, or why there is none."""

    value: T | None = None
    error: Exception | None = None

    def judge(self, check: str, judge: Callable[[T], Finding]) -> Finding:
        """Return the finding about the value, or that nothing could be seen."""
        if self.error is not None:
            return cannot_see(check, self.error)
        assert self.value is not None
        return judge(self.value)


def ok(check: str, text: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Status.OK, text)


def warn(check: str, text: str, fix: str) -> Finding:
    """Return that something will matter later."""
    return Finding(check, Status.WARN, text, fix)


def fail(check: str, text: str, fix: str) -> Finding:
    """Return that something is wrong now."""
    return Finding(check, Status.FAIL, text, fix)


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Return what fails; a warning, or what cannot be seen, is no failure."""
    return [found for found in findings if found.status is Status.FAIL]


def cannot_see(check: str, error: Exception) -> Finding:
    """Return that a check could not look, and what would let it."""
    text, fix = "Mailgun could not be asked.", "Run it again. If it stays so, see the line `domain`."
    if isinstance(error, AccessRefused):
        text = "Mailgun refuses this to the key in MAILGUN_API_KEY."
        fix = (
            "A sending key may only send: use an account key, or look in Mailgun's control panel. If emails are refused"
            " too, the key is wrong, or MAILGUN_API_URL is of the other region (US or EU)."
        )
    elif isinstance(error, NotAtProvider):
        text, fix = "Mailgun does not know the domain.", "Mend the line that names the unknown domain first."
    elif isinstance(error, DnsUnavailable):
        text, fix = "No DNS server answered.", "Run it again where DNS can be asked."
    return Finding(check, Status.CANNOT_SEE, text, fix)
