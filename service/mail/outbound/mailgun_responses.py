"""Mailgun's responses to a send, as outcomes.

Sources: Mailgun, API errors and rate limits (documentation, and OpenAPI 2026-07), and
django-anymail for the bare-text 401 and for wrong paths, which answer 200 "Mailgun Magnificent API".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests
import urllib3

from service.mail.outbound.mailer import (
    Accepted,
    BatchTooLarge,
    ProviderMisconfigured,
    QuotaExceeded,
    Refused,
    RetryLater,
    SendOutcome,
    Unknown,
)

DEFAULT_WAIT = timedelta(minutes=1)
RECONNECT_WAIT = timedelta(seconds=30)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(days=31)
_LEGACY_RATE_LIMIT = 420

_AFTER_SECONDS = re.compile(r"try again after (\d{1,9}) seconds?")
_AFTER_DATE = re.compile(r"try again after (\w{3}, \d{1,2} \w{3} \d{4} [\d:]{8} \w{1,5})")
# The response's text can quote an address or a subject, so only names of fields are kept.
_FIELD = re.compile(r"\b(from|to|cc|subject|text|html|recipient-variables|message|domain|address)\b", re.IGNORECASE)
_PARAMETER = re.compile(
    r"\b(?:from|to|cc|bcc|subject|text|html|recipient-variables)'? parameter\b|\bvalid address\b", re.IGNORECASE
)
# A domain on probation may send to few recipients at once (mailgun-php issue 787).
_ON_PROBATION = re.compile(r"\bonly (\d{1,4}) recipients? per request\b", re.IGNORECASE)
# "recipient limit exceeded" (mailgun-java issue 50, Ghost issue 15725), and the same for bytes (Mailgun, API errors).
_QUOTA = re.compile(r"\b(?:recipients?|bytes) limit exceeded\b", re.IGNORECASE)
# A sandbox domain sends only to a few addresses that its owner has authorised.
_SANDBOX = "authorized recipients"
_BAD_SENDER = re.compile(r"\bfrom'? parameter\b", re.IGNORECASE)
_ABOUT_RECIPIENTS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})
_MISCONFIGURED = {
    HTTPStatus.UNAUTHORIZED: "the key is wrong, or of another region",
    HTTPStatus.PAYMENT_REQUIRED: "the account may not send: look at its plan and its payments",
    HTTPStatus.FORBIDDEN: "the key or the domain may not do this",
    HTTPStatus.NOT_FOUND: "the domain is unknown there",
}


def read_answer(*, status: int, body: bytes, headers: Mapping[str, str], recipients: int, now: datetime) -> SendOutcome:
    """Return the outcome that a complete response to a send means.

    Raises:
        ProviderMisconfigured: nothing is accepted until a setting changes.
    """
    words = _words(body)
    if status in _ABOUT_RECIPIENTS and (outcome := _limited(status, words)):
        return outcome
    problem = misconfigured(status, body)
    if problem:
        raise problem
    if status == HTTPStatus.BAD_REQUEST and _BAD_SENDER.search(words):
        # If this counted as a bad recipient, a mistake in MAIL_FROM would mark everybody's email as failed.
        raise ProviderMisconfigured("Mailgun answered 400: it does not take MAIL_FROM as a sender.")
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _accepted(status, body)
    if status in {HTTPStatus.TOO_MANY_REQUESTS, _LEGACY_RATE_LIMIT}:
        wait = named_wait(words, headers, now)
        if _QUOTA.search(words):
            return QuotaExceeded(wait, f"{status}: the quota has too little left")
        return RetryLater(wait, f"{status}: too many requests")
    return _declined(status, words, recipients)


def misconfigured(status: int, body: bytes) -> ProviderMisconfigured | None:
    """Return the error if this response says that the key, domain, region or URL is wrong, else None."""
    why = None
    if status == HTTPStatus.OK and b"Mailgun Magnificent API" in body:
        why = "the URL is wrong"
    elif HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        why = "the URL leads elsewhere"
    elif status in _MISCONFIGURED:
        why = _MISCONFIGURED[HTTPStatus(status)]
    return ProviderMisconfigured(f"Mailgun answered {status}: {why}.") if why else None


def read_failure(cause: BaseException | None) -> RetryLater | Unknown:
    """Return the outcome of a send without a response: it is certainly not sent only if no connection was made."""
    if isinstance(cause, requests.ConnectTimeout):
        return RetryLater(RECONNECT_WAIT, "no connection in time")
    if isinstance(cause, requests.ConnectionError) and _never_connected(cause):
        return RetryLater(RECONNECT_WAIT, "no connection")
    if isinstance(cause, requests.Timeout):
        return Unknown("no answer in time")
    return Unknown("the connection broke")


def named_wait(words: str, headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return the wait that a 429 gives in its body, else in X-RateLimit-Reset or Retry-After, else a minute.

    It is at least a second and at most 31 days.
    """
    named = _wait_in_words(words, now)
    if named is None:
        named = _wait_in_header(headers, now)
    if named is None or named <= timedelta(0):
        return DEFAULT_WAIT
    return min(max(named, SHORTEST_WAIT), LONGEST_WAIT)


def _limited(status: int, words: str) -> SendOutcome | None:
    """Return the outcome if the domain may not send to so many recipients at once or to this address, else None."""
    if "large batch" in words.lower():
        return BatchTooLarge(f"{status}: no large batches yet")
    if probation := _ON_PROBATION.search(words):
        return BatchTooLarge(f"{status}: on probation", max(1, int(probation[1])))
    if _SANDBOX in words.lower():
        return Refused(f"{status}: not an authorised recipient of the sandbox")
    return None


def _accepted(status: int, body: bytes) -> SendOutcome:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    provider_id = found.get("id") if isinstance(found, dict) else None
    if isinstance(provider_id, str) and provider_id.strip("<> "):
        return Accepted(provider_id.strip("<> "))
    return Unknown(f"{status}: an answer without an id")


def _declined(status: int, words: str, recipients: int) -> SendOutcome:
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return BatchTooLarge("413: too large") if recipients > 1 else Refused("413: too large")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unknown(f"{status}: an answer after the email went out")
    fields = sorted({name.lower() for name in _FIELD.findall(words)})
    if status != HTTPStatus.BAD_REQUEST and not _PARAMETER.search(words):
        # 405, 409, 415, 421, 423, 451 and others are not about the recipients: a proxy or the provider is at fault.
        raise ProviderMisconfigured(f"Mailgun answered {status}: it names nothing in the email.")
    return Refused(f"{status}: about {', '.join(fields)}" if fields else str(status))


def _words(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    message = found.get("message") if isinstance(found, dict) else None
    return message if isinstance(message, str) else body[:1_000].decode("utf-8", "replace")


def _wait_in_words(words: str, now: datetime) -> timedelta | None:
    if seconds := _AFTER_SECONDS.search(words):
        return timedelta(seconds=int(seconds[1]))
    if date := _AFTER_DATE.search(words):
        try:
            until = parsedate_to_datetime(date[1])
        except ValueError:
            return None
        return (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return None


def _wait_in_header(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    try:
        return datetime.fromtimestamp(float(headers.get("X-RateLimit-Reset", "")), UTC) - now
    except (ValueError, OverflowError, OSError):
        return _retry_after(headers.get("Retry-After", "").strip(), now)


def _retry_after(value: str, now: datetime) -> timedelta | None:
    """Return the wait in a Retry-After (RFC 9110, section 10.2.3), which gateways send as seconds or as a date."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), LONGEST_WAIT.total_seconds()))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) - now


def _never_connected(error: requests.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return True
    # A certificate is checked before anything is sent.
    return isinstance(reason, urllib3.exceptions.SSLError) and "CERTIFICATE" in str(reason)
