"""The checks of the account at the provider: domain, DNS records, spam filter, tracking, webhooks, route and queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from service.core.sending.email_dns import dkim_key_bits
from service.flows.checks.finding import Finding, fail, ok, warn
from service.flows.checks.our_webhooks import events_url, forwards_to_us, stores
from service.mail.outbound.provider_account import (
    OUR_WEBHOOKS,
    DnsRecord,
    ProviderDomain,
    ProviderRoute,
    QueueState,
)

LEAST_KEY_BITS: Final = 2048
CLOCK_WARNS: Final = timedelta(minutes=1)
CLOCK_FAILS: Final = timedelta(minutes=5)  # a webhook signed further in our future is refused
SETUP: Final = "Run `smallsteps setup mailgun`."


def check_domain(domain: ProviderDomain) -> Finding:
    """Return whether the sending domain is active and our own."""
    name = "domain"
    if domain.is_disabled:
        return fail(name, f"Mailgun has disabled {domain.name}.", "Ask Mailgun's support why, and how to lift it.")
    if domain.kind == "sandbox":
        return fail(name, f"{domain.name} is a sandbox domain.", "Add a domain of your own, and set MAILGUN_DOMAIN.")
    if domain.state != "active":
        return fail(
            name,
            f"{domain.name} is {domain.state or 'not active'}.",
            "Add the DNS records that `smallsteps setup mailgun` prints, then `smallsteps doctor --verify`.",
        )
    return ok(name, f"{domain.name} is active.")


def check_spf(domain: ProviderDomain) -> Finding:
    """Return whether the provider has seen its SPF record."""
    return _seen("spf", [record for record in domain.sending if record.is_spf], "SPF record", domain)


def check_dkim(domain: ProviderDomain, texts: Mapping[str, Sequence[str]]) -> Finding:
    """Return whether the provider has seen its DKIM keys, and whether each is long enough.

    `texts` are the TXT records by name, for keys that the DNS has as an alias.
    """
    records = [record for record in domain.sending if record.is_dkim]
    found = _seen("dkim", records, "DKIM record", domain)
    bits = [_key_bits(record, texts) for record in records]
    short = [length for length in bits if length is not None and length < LEAST_KEY_BITS]
    if found.fix or not short:
        known = [length for length in bits if length is not None]
        return found if found.fix or not known else ok("dkim", f"The key has {min(known)} bits.")
    return warn(
        "dkim",
        f"The DKIM key has {min(short)} bits.",
        f"Make one of {LEAST_KEY_BITS} bits at Mailgun (domain settings, DKIM), add its record, then remove the old.",
    )


def check_mx(domain: ProviderDomain) -> Finding:
    """Return whether mail to the reply domain reaches the provider."""
    records = [record for record in domain.receiving if record.record_type == "MX"]
    return _seen("mx", records, "MX record", domain)


def check_spam_headers(domain: ProviderDomain) -> Finding:
    """Return whether the provider writes its SPF and DKIM results into incoming mail."""
    if domain.spam_action == "tag":
        return ok("spam headers", f"Mail to {domain.name} gets them.")
    return fail(
        "spam headers",
        f"The spam filter of {domain.name} is on {domain.spam_action or 'disabled'!r}, so no sender can be believed.",
        SETUP,
    )


def check_tracking(tracked: frozenset[str]) -> Finding:
    """Return whether the provider follows nobody."""
    if not tracked:
        return ok("tracking", "Nothing is tracked.")
    return fail("tracking", f"Mailgun tracks: {', '.join(sorted(tracked))}.", SETUP)


def check_webhooks(webhooks: Mapping[str, Sequence[str]], base_url: str) -> Finding:
    """Return whether the events that we use are posted to us."""
    ours = events_url(base_url)
    missing = [name for name in OUR_WEBHOOKS if ours not in webhooks.get(name, ())]
    if not missing:
        return ok("webhooks", f"Events come to {ours}.")
    return fail("webhooks", f"Not posted to {ours}: {', '.join(missing)}.", SETUP)


def check_route(found: Sequence[Sequence[ProviderRoute]], reply_domain: str, base_url: str) -> Finding:
    """Return whether replies are posted to us; `found` has the route of each sample address, or none."""
    name = "route"
    routes = [route for of_address in found for route in of_address]
    if len(routes) == len(found) and all(forwards_to_us(route.actions, base_url) for route in routes):
        return ok(name, f"Mail to {reply_domain} comes to {base_url}.")
    if len(routes) < len(found):
        return fail(name, f"No route takes mail to {reply_domain}.", SETUP)
    if any(stores(route.actions) for route in routes):
        return fail(name, "The route stores mail instead of forwarding it, so photos do not come.", SETUP)
    return fail(name, f"The first route for mail to {reply_domain} does not forward it to {base_url}.", SETUP)


def check_queue(queue: QueueState) -> Finding:
    """Return whether the provider sends what it accepts."""
    if not queue.is_disabled:
        return ok("queue", "Mailgun sends.")
    until = f" until {queue.until}" if queue.until else ""
    reason = f" It says: {queue.reason}." if queue.reason else ""
    return fail("queue", f"Mailgun has stopped sending{until}.{reason}", "Mend the reason, or ask Mailgun's support.")


def check_time(domain: ProviderDomain, now: datetime) -> Finding:
    """Return whether the clock of this machine agrees with the provider's."""
    if domain.at is None:
        return ok("time", "Mailgun names no time.")
    difference = abs(now - domain.at)
    seconds = f"{difference.total_seconds():.0f} seconds"
    text, fix = f"This machine's clock and Mailgun's differ by {seconds}.", "Set the clock by NTP."
    if difference > CLOCK_FAILS:
        return fail("time", text, fix)
    return warn("time", text, fix) if difference > CLOCK_WARNS else ok("time", "The clock agrees with Mailgun's.")


def _seen(name: str, records: Sequence[DnsRecord], what: str, domain: ProviderDomain) -> Finding:
    if not records:
        return fail(name, f"Mailgun asks for no {what} of {domain.name}.", "Look at the domain in its control panel.")
    missing = [record.name for record in records if not record.is_seen]
    if not missing:
        return ok(name, f"Mailgun sees the {what} of {domain.name}.")
    fix = "Add what `smallsteps setup mailgun` prints to the DNS, then `smallsteps doctor --verify`."
    return fail(name, f"Mailgun does not see the {what} of {', '.join(dict.fromkeys(missing))}.", fix)


def _key_bits(record: DnsRecord, texts: Mapping[str, Sequence[str]]) -> int | None:
    for text in (record.value, *texts.get(record.name, ())):
        bits = dkim_key_bits(text)
        if bits is not None:
            return bits
    return None
