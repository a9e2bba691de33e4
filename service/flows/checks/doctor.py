"""The doctor: all checks, whose readings are made at the same time, so that they end within ten seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from service.clock import Clock
from service.config import LOOPBACK, Settings
from service.core.helplines import HelpLines
from service.db import Database
from service.flows.checks import account_checks, dmarc_check, round_trip, service_checks
from service.flows.checks.finding import READ_ERRORS, Finding, Reading, fail, ok
from service.flows.checks.our_webhooks import SAMPLE_LOCAL_PARTS
from service.mail.dns_lookup import TxtLookup
from service.mail.outbound.mailer import ProviderUnreachable
from service.mail.outbound.provider_account import NotAtProvider, ProviderAccount, ProviderDomain, ProviderRoute

# One request to the provider takes 6 s at most, and a command about 2 s to start: together less than ten.
READ_SECONDS: Final = 7.0
PAGE_TIMEOUT: Final = (2.0, 4.0)
# Return why a page cannot be read, in a few words, or the empty string if it can.
PageProbe = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at the account at the provider, the DNS, the pages and the database, and changes nothing."""

    settings: Settings
    database: Database
    account: ProviderAccount
    lookup: TxtLookup = field(repr=False)
    probe: PageProbe = field(repr=False)
    help_lines: HelpLines = field(repr=False)
    clock: Clock
    seconds: float = READ_SECONDS

    def examine(self, *, verify: bool = False, awaited: int | None = None) -> list[Finding]:
        """Return a finding of every check; with `verify` the provider looks at the DNS records again first.

        `awaited` is the id of a test mail for which somebody has waited long enough.
        """
        readings = read_together(self._to_read(verify=verify), self.seconds)
        now = self.clock()
        return [*self._of_account(readings, now), *self._of_service(readings["page"], now, awaited)]

    def _to_read(self, *, verify: bool) -> dict[str, Callable[[], object]]:
        settings, account = self.settings, self.account
        sending, receiving = settings.mailgun_domain, settings.reply_domain
        to_read: dict[str, Callable[[], object]] = {
            "domain": lambda: self._domain_and_keys(verify=verify),
            "tracking": lambda: account.tracking(sending),
            "webhooks": lambda: account.webhooks(sending),
            "queue": lambda: account.queue(sending),
            "page": lambda: self.probe(f"{settings.base_url}/healthz"),
        }
        if receiving != sending:
            to_read["reply_domain"] = lambda: account.domain(receiving, verify=verify)
        for part in SAMPLE_LOCAL_PARTS:
            to_read[f"route {part}"] = partial(self._route, f"{part}@{receiving}")
        if not settings.is_local:
            to_read["policies"] = lambda: dmarc_check.find_policies(self.lookup, from_domain(settings))
        return to_read

    def _route(self, address: str) -> Sequence[ProviderRoute]:
        """Return the route of an address as a list of one, or an empty one."""
        route = self.account.route_for(address)
        return [] if route is None else [route]

    def _domain_and_keys(self, *, verify: bool) -> tuple[ProviderDomain, dict[str, Sequence[str]]]:
        """Return the sending domain, and the TXT records of those of its DKIM keys that the DNS has as an alias."""
        domain = self.account.domain(self.settings.mailgun_domain, verify=verify)
        aliases = {record.name for record in domain.sending if record.is_dkim and record.record_type == "CNAME"}
        # At the same time, and in half the time, so that a silent DNS does not hide what the provider said.
        texts = read_together({name: partial(self.lookup, name) for name in aliases}, self.seconds / 2)
        return domain, {name: reading.value or () for name, reading in texts.items()}

    def _of_account(self, readings: Mapping[str, Reading[Any]], now: datetime) -> list[Finding]:
        settings, checks = self.settings, account_checks
        both = readings["domain"]
        domain: Reading[ProviderDomain] = Reading(both.value[0] if both.value else None, both.error)
        reply_domain = readings.get("reply_domain", domain)
        routes = [reading for name, reading in readings.items() if name.startswith("route ")]
        route = next((reading for reading in routes if reading.error is not None), None)
        all_routes = route or Reading(value=[reading.value for reading in routes])
        return [
            _domain_finding(domain, settings.mailgun_domain),
            domain.judge("spf", checks.check_spf),
            both.judge("dkim", lambda found: checks.check_dkim(*found)),
            _mx_finding(reply_domain, settings),
            self._dmarc(readings.get("policies"), domain),
            reply_domain.judge("spam headers", checks.check_spam_headers),
            readings["tracking"].judge("tracking", checks.check_tracking),
            readings["webhooks"].judge("webhooks", lambda found: checks.check_webhooks(found, settings.base_url)),
            all_routes.judge("route", lambda r: checks.check_route(r, settings.reply_domain, settings.base_url)),
            readings["queue"].judge("queue", checks.check_queue),
            domain.judge("time", lambda found: checks.check_time(found, now)),
        ]

    def _dmarc(self, policies: Reading[Any] | None, domain: Reading[ProviderDomain]) -> Finding:
        if policies is None:
            return ok(dmarc_check.NAME, "Not needed, because no mail leaves this machine.")
        sender = from_domain(self.settings)
        keys = [record.name for record in domain.value.sending if record.is_dkim] if domain.value else []
        fix = f"Add to the DNS: {dmarc_check.record_to_add(sender, self.settings.writer_emails)}"
        signers = list(dict.fromkeys(name.partition("._domainkey.")[2].lower().rstrip(".") for name in keys))
        return policies.judge(
            dmarc_check.NAME,
            lambda found: dmarc_check.check_dmarc(found, from_domain=sender, dkim_domains=signers, fix=fix),
        )

    def _of_service(self, page: Reading[str], now: datetime, awaited: int | None) -> list[Finding]:
        with self.database.read() as session:
            record = service_checks.read_record(session, now)
        settings = self.settings
        return [
            service_checks.check_events(record, now),
            service_checks.check_replies(record, now),
            round_trip.check_round_trip(record, now, awaited),
            service_checks.check_complaints(record),
            service_checks.check_https(settings, page.value if page.value is not None else "no answer in time"),
            service_checks.check_postal_address(settings),
            service_checks.check_clock(record, now),
            service_checks.check_backup(settings),
            service_checks.check_help_lines(self.help_lines, settings, now),
        ]


def from_domain(settings: Settings) -> str:
    """Return the domain of MAIL_FROM, in lower case."""
    return parseaddr(settings.mail_from)[1].rpartition("@")[2].lower()


def read_together(to_read: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, Reading[Any]]:
    """Return what each function brings, run at the same time; a TimeoutError for those that take longer."""
    found: dict[str, Reading[Any]] = {}

    def read(name: str, function: Callable[[], object]) -> None:
        try:
            found[name] = Reading(function())
        except READ_ERRORS as error:
            found[name] = Reading(error=error)

    # Daemons, because a pool's threads would keep the command from ending.
    threads = [threading.Thread(target=read, args=item, daemon=True) for item in to_read.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {name: found.get(name, Reading(error=TimeoutError())) for name in to_read}


def why_page_fails(url: str) -> str:
    """Return why a page cannot be read, in a few words, or the empty string if it can."""
    with requests.Session() as session:
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        try:
            status = session.get(url, timeout=PAGE_TIMEOUT, allow_redirects=False).status_code
        except requests.exceptions.SSLError:
            return "its certificate is not valid"
        except requests.RequestException as error:
            return type(error).__name__
    return "" if status == requests.codes.ok else f"it answers {status}"


def _domain_finding(domain: Reading[ProviderDomain], name: str) -> Finding:
    """Return the finding about the sending domain; that nobody answers is reported once, here."""
    if isinstance(domain.error, NotAtProvider):
        fix = "Add the domain at Mailgun, or mend MAILGUN_DOMAIN; or set MAILGUN_API_URL to the region where it is."
        return fail("domain", f"Mailgun has no domain {name}.", fix)
    if isinstance(domain.error, ProviderUnreachable | TimeoutError):
        text = str(domain.error) or "Mailgun did not answer in time."
        return fail("domain", text, "Mend MAILGUN_API_URL or the network of this machine, or wait for Mailgun.")
    return domain.judge("domain", account_checks.check_domain)


def _mx_finding(domain: Reading[ProviderDomain], settings: Settings) -> Finding:
    if isinstance(domain.error, NotAtProvider) and settings.reply_domain != settings.mailgun_domain:
        fix = "Add the domain at Mailgun, or mend REPLY_DOMAIN."
        return fail("mx", f"Mailgun has no domain {settings.reply_domain}.", fix)
    return domain.judge("mx", account_checks.check_mx)
