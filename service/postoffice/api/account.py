"""The account at the provider: its domains with their settings and DNS records, and its routes.

It starts as `smallsteps setup mailgun` leaves it, and is kept in memory only, because the URLs of the webhooks may
differ from one start to the next. Events are posted to the webhooks that are set here, and what the
service sends to its own reply domain goes where the routes say; replies go to the service whatever the routes are.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.postoffice.mailbox.event_log import Event
from service.postoffice.mailbox.files import unique_name

WEBHOOK_NAMES = (
    *("accepted", "clicked", "complained", "delivered"),
    *("opened", "permanent_fail", "temporary_fail", "unsubscribed"),
)
USED_WEBHOOKS = ("complained", "delivered", "permanent_fail", "temporary_fail", "unsubscribed")
TRACKED = ("click", "open", "unsubscribe")
MAX_URLS = 3
# A public RSA key of 2,048 bits whose private half was thrown away: nothing here is signed with it.
DKIM_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqF1xl1RdrDZdgr99NBTXG3SEvPtOfytdpG8Tgcz3GEJEBWX7IAZZgJ"
    "fswXbg1Acp9BPEbnuUqxp3sDSDo3PlqV596UWpyhZPCtRuiym+4Elrhy3MM6e/aMEre+58q+SMt7ERz7KbAcB071IoUnoME3Kv"
    "LM0E3m734+YTmO/bDvifg2Yw9BA+FVTal7KSQIhbbSP/L0hLyONfVaLoME9x/eIOxzgaZ6u4+MEIXz4OeXshFtmuMcOcqg2TeS"
    "WQNAHMSBOeMZk1WH9bQpK3g1GghxRE3qHVIwqFFvEI4DZvowMAwJ8HGNQLISECxAHfR8LmVbBjGpxkUNnX1geUpdZuSwIDAQAB"
)
_FORWARD = re.compile(r"""forward\(["'](.*)["']\)""")
_FILTER = re.compile(r"match_recipient\((['\"])(?P<pattern>.*)\1\)|(?P<all>catch_all\(\))", re.DOTALL)


@dataclass(slots=True)
class DnsEntry:
    """A DNS record that the provider asks for, and whether it has seen it."""

    record_type: str
    name: str
    value: str
    priority: str = ""
    valid: str = "valid"
    is_active: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the record as the domains API shows it."""
        shown = {
            "cached": [self.value] if self.valid == "valid" else [],
            "is_active": self.is_active,
            "name": self.name,
            "record_type": self.record_type,
            "valid": self.valid,
            "value": self.value,
        }
        return shown | ({"priority": self.priority} if self.priority else {})


@dataclass(slots=True)
class MailDomain:
    """A domain of the account."""

    name: str
    state: str = "active"
    type: str = "custom"
    is_disabled: bool = False
    spam_action: str = "tag"
    tracking: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(TRACKED, False))
    webhooks: dict[str, list[str]] = field(default_factory=dict)
    queue_disabled: Mapping[str, str] | None = None
    sending: list[DnsEntry] = field(default_factory=list)
    receiving: list[DnsEntry] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the domain as the domains API shows it, without its records."""
        return {
            "id": f"{sum(self.name.encode()):024x}",
            "is_disabled": self.is_disabled,
            "name": self.name,
            "require_tls": False,
            "skip_verification": False,
            "smtp_login": f"postmaster@{self.name}",
            "spam_action": self.spam_action,
            "state": self.state,
            "type": self.type,
            "web_prefix": "email",
            "web_scheme": "https",
            "wildcard": False,
        }


@dataclass(slots=True)
class Route:
    """A route: for which recipients it acts, and what it does."""

    expression: str
    actions: list[str]
    priority: int = 0
    description: str = ""
    id: str = field(default_factory=unique_name)

    def as_json(self, created_at: datetime) -> dict[str, Any]:
        """Return the route as the routes API shows it."""
        return {
            "actions": self.actions,
            "created_at": f"{created_at:%a, %d %b %Y %H:%M:%S} GMT",
            "description": self.description,
            "expression": self.expression,
            "id": self.id,
            "priority": self.priority,
        }

    def matches(self, address: str) -> bool:
        """Return whether the route acts for a recipient; of the filters, only these two are known here."""
        found = _FILTER.fullmatch(self.expression.strip())
        if found is None:
            return False
        return bool(found["all"]) or re.match(found["pattern"], address) is not None


class MailAccount:
    """The domains and routes; one lock for all, because the API is served by threads."""

    def __init__(self, *, domain: str, reply_domain: str, inbound_url: str, events_url: str, now: datetime) -> None:
        self.lock = threading.Lock()
        self.created_at = now
        self.domains = {name: _new_domain(name) for name in dict.fromkeys((domain, reply_domain))}
        self.domains[domain].webhooks = {name: [events_url] for name in USED_WEBHOOKS} if events_url else {}
        pattern = f".*@{re.escape(reply_domain)}"
        self.routes = [Route(f'match_recipient("{pattern}")', [f'forward("{inbound_url}")', "stop()"])]

    def event_urls(self, domain: str, event: Event) -> Sequence[str]:
        """Return the URLs of the webhooks to which an event is posted."""
        name = f"{event['severity']}_fail" if event["event"] == "failed" else event["event"]
        with self.lock:
            return list(self.domains[domain].webhooks.get(name, ()))

    def route_for(self, address: str) -> Route | None:
        """Return the first route that acts for a recipient, by priority, or None."""
        with self.lock:
            return next((route for route in sorted(self.routes, key=_priority) if route.matches(address)), None)

    def forward_urls(self, address: str) -> Sequence[str]:
        """Return the URLs to which a route forwards the mail of a recipient."""
        route = self.route_for(address)
        found = (_FORWARD.fullmatch(action.strip()) for action in (route.actions if route else ()))
        return [action[1] for action in found if action]


def _priority(route: Route) -> int:
    return route.priority


def _new_domain(name: str) -> MailDomain:
    sending = [
        DnsEntry("TXT", name, "v=spf1 include:mailgun.org ~all"),
        DnsEntry("TXT", f"smtp._domainkey.{name}", f"k=rsa; p={DKIM_KEY}"),
        DnsEntry("CNAME", f"email.{name}", "mailgun.org"),
    ]
    receiving = [DnsEntry("MX", name, host, priority="10") for host in ("mxa.mailgun.org", "mxb.mailgun.org")]
    return MailDomain(name, sending=sending, receiving=receiving)
