"""Setting up the account at Mailgun: what to change, what to add to the DNS, and what could not be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.config import Settings
from service.core.sending.email_dns import applicable_policies, zone_line
from service.flows.checks.account_checks import check_route
from service.flows.checks.dmarc_check import find_policies, record_to_add
from service.flows.checks.doctor import from_domain
from service.flows.checks.finding import READ_ERRORS, Status, cannot_see
from service.flows.checks.our_webhooks import SAMPLE_LOCAL_PARTS, events_url, forwards_to_us, inbound_urls
from service.mail.dns_lookup import TxtLookup
from service.mail.outbound.account_changes import set_route, set_webhook, stop_tracking, write_spam_headers
from service.mail.outbound.mailer import ProviderUnreachable
from service.mail.outbound.provider_account import (
    OUR_WEBHOOKS,
    AccessRefused,
    AccountChange,
    ChangeRefused,
    DnsRecord,
    ProviderAccount,
    ProviderRoute,
)

MOST_URLS: Final = 3  # Mailgun's limit of URLs for one event
DESCRIPTION: Final = "Small Steps: replies"


@dataclass(slots=True)
class SetupPlan:
    """What is to be done; `problems` are what it cannot do itself, `unseen` what it could not look at."""

    changes: list[AccountChange] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """A change that was tried, and why it failed, or the empty string."""

    words: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class MailgunSetup:
    """Makes or mends the route, the event webhooks and the settings of the domains, through Mailgun's API."""

    settings: Settings
    account: ProviderAccount
    lookup: TxtLookup = field(repr=False)

    def plan(self) -> SetupPlan:
        """Return what is to be done; nothing is changed."""
        plan, settings = SetupPlan(), self.settings
        steps: dict[str, Callable[[SetupPlan], None]] = {
            f"the domain {settings.mailgun_domain}": self._plan_sending_domain,
            f"the domain {settings.reply_domain}": self._plan_reply_domain,
            "tracking": self._plan_tracking,
            "the webhooks": self._plan_webhooks,
            "the route": self._plan_route,
            "the DMARC policy": self._plan_policy,
        }
        for what, step in steps.items():
            try:
                step(plan)
            except READ_ERRORS as error:
                plan.unseen.append(f"{what}: {cannot_see(what, error).text}")
        return plan

    def apply(self, plan: SetupPlan) -> Iterator[ChangeResult]:
        """Make the changes in order, and yield the result of each; a failed one does not keep the others back."""
        for change in plan.changes:
            try:
                self.account.apply(change)
            except ChangeRefused as error:
                yield ChangeResult(change.words, f"Mailgun says: {error}")
            except AccessRefused:
                yield ChangeResult(change.words, "the key may not do this")
            except ProviderUnreachable as error:
                yield ChangeResult(change.words, str(error))
            else:
                yield ChangeResult(change.words)

    def _plan_sending_domain(self, plan: SetupPlan) -> None:
        domain = self.account.domain(self.settings.mailgun_domain)
        plan.records += _missing([record for record in domain.sending if record.is_spf or record.is_dkim])

    def _plan_reply_domain(self, plan: SetupPlan) -> None:
        domain = self.account.domain(self.settings.reply_domain)
        plan.records += _missing([record for record in domain.receiving if record.record_type == "MX"])
        if domain.spam_action != "tag":
            plan.changes.append(write_spam_headers(domain.name))

    def _plan_tracking(self, plan: SetupPlan) -> None:
        name = self.settings.mailgun_domain
        plan.changes += [stop_tracking(name, what) for what in sorted(self.account.tracking(name))]

    def _plan_webhooks(self, plan: SetupPlan) -> None:
        domain, base_url = self.settings.mailgun_domain, self.settings.base_url
        ours, listed = events_url(base_url), self.account.webhooks(domain)
        for name in OUR_WEBHOOKS:
            urls = listed.get(name, ())
            if ours in urls:
                continue
            others = [url for url in urls if not url.startswith(f"{base_url}/")]
            if len(others) >= MOST_URLS:
                plan.problems.append(f"The event {name} has {MOST_URLS} other URLs: remove one at Mailgun.")
                continue
            plan.changes.append(set_webhook(domain, name, [*others, ours], exists=bool(urls)))

    def _plan_route(self, plan: SetupPlan) -> None:
        settings, found = self.settings, self._routes_of_samples()
        if check_route(found, settings.reply_domain, settings.base_url).status is Status.OK:
            return
        mine = next((route for route in self.account.routes() if self._is_mine(route)), None)
        expression = f'match_recipient(".*@{re.escape(settings.reply_domain)}")'
        target = inbound_urls(settings.base_url)[0]
        is_as_wanted = mine is not None and mine.expression == expression and mine.priority == 0
        if mine is not None and is_as_wanted and forwards_to_us(mine.actions, settings.base_url):
            first = [route for of_address in found for route in of_address if route.id != mine.id]
            names = ", ".join(dict.fromkeys(f"{route.expression} ({route.id})" for route in first))
            plan.problems.append(f"Another route takes the mail first: {names}. Give it a priority of 1 or more.")
            return
        route_id = mine.id if mine is not None else None
        plan.changes.append(set_route(route_id, expression=expression, target=target, description=DESCRIPTION))

    def _routes_of_samples(self) -> list[Sequence[ProviderRoute]]:
        routes = [self.account.route_for(f"{part}@{self.settings.reply_domain}") for part in SAMPLE_LOCAL_PARTS]
        return [[] if route is None else [route] for route in routes]

    def _is_mine(self, route: ProviderRoute) -> bool:
        return route.description == DESCRIPTION or forwards_to_us(route.actions, self.settings.base_url)

    def _plan_policy(self, plan: SetupPlan) -> None:
        if self.settings.is_local:
            return
        sender = from_domain(self.settings)
        if applicable_policies(find_policies(self.lookup, sender)) is None:
            plan.records.append(record_to_add(sender, self.settings.writer_emails))


def _missing(records: Sequence[DnsRecord]) -> list[str]:
    """Return the records that the provider has not seen, as lines of a zone file."""
    return [zone_line(r.record_type, r.name, r.value, r.priority) for r in records if not r.is_seen]
