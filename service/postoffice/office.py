"""The post office: accepts sends, stores mails and events, and posts replies."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from service.clock import Clock
from service.config import LOOPBACK
from service.mail.inbound.posts import Post
from service.mail.signature import Signature, sign
from service.postoffice.api.accept_message import NotAcceptedError, SendCall, accept
from service.postoffice.api.account import MailAccount
from service.postoffice.faults import Faults
from service.postoffice.mailbox.event_log import SUPPRESSED, Event, EventLog, Suppressions, make_event
from service.postoffice.mailbox.mailbox import Mailbox, MailboxMail
from service.postoffice.postman import NO_ANSWER, Postman, WebPost, new_post
from service.postoffice.route import authenticated, route_form

# The events that can be simulated for a mail, and the suppression list that its address is then added to.
HAPPENINGS = {
    "failed": "bounces",
    "mailbox_full": None,
    "refused": None,
    "temporarily_failed": None,
    "complained": "complaints",
    "unsubscribed": "unsubscribes",
    "delivered": None,
}
_ONE_CLICK = b"List-Unsubscribe=One-Click"
_ONE_CLICK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class OfficeSettings:
    """The provider's settings, and the URLs of the service's webhooks; an empty `reply_domain` is the domain itself.

    With an empty `events_url` no events are posted; the events API still has them.
    """

    folder: Path
    domain: str
    api_key: str = field(repr=False)
    signing_key: str = field(repr=False)
    inbound_url: str
    events_url: str
    reply_domain: str = ""


class PostOffice:
    """The functions of the local provider, used by its API and its pages."""

    def __init__(self, settings: OfficeSettings, now: Clock) -> None:
        self.settings = settings
        self.now = now
        self.mailbox = Mailbox(settings.folder / "mails")
        self.events = EventLog(settings.folder / "events.jsonl")
        self.suppressions = Suppressions(settings.folder / "suppressions.json")
        self.postman = Postman(settings.folder / "outbox")
        self.faults = Faults()
        self.account = MailAccount(
            domain=settings.domain,
            reply_domain=settings.reply_domain or settings.domain,
            inbound_url=settings.inbound_url,
            events_url=settings.events_url,
            now=now(),
        )

    def take(self, post: Post) -> SendCall:
        """Accept a form of the messages API: store its mails, and report their delivery by events.

        Raises:
            NotAcceptedError: the provider would refuse it.
        """
        call = accept(post, domain=self.settings.domain, now=self.now())
        self._check_limits(call)
        if call.pictures:
            kept = {name: self.mailbox.keep_picture(data) for name, data in call.pictures.items()}
            call = replace(call, mails=tuple(replace(mail, pictures=kept) for mail in call.mails))
        self.events.note(*(self._event("accepted", mail) for mail in call.mails))
        events = [(mail, self._deliver(mail)) for mail in call.mails]
        self.events.note(*(event for _, event in events))
        for mail, event in events:
            for notice in (*self._event_posts(mail, event), *self._route_posts(mail, event)):
                self.postman.post_later(notice)
        return call

    def _check_limits(self, call: SendCall) -> None:
        """Check that the active limits allow this request.

        Raises:
            NotAcceptedError: they do not; the texts are the provider's, from public reports.
        """
        faults, number, domain = self.faults, len(call.mails), self.settings.domain
        if faults.largest_batch is not None and number > faults.largest_batch:
            raise NotAcceptedError("Domain is not allowed to send large batches yet", status=403)
        if faults.on_probation is not None and number > faults.on_probation:
            raise NotAcceptedError(f"Only {faults.on_probation} recipients per request is allowed on probation")
        allowed = faults.sandbox_recipients
        if allowed is not None and any(mail.recipient not in allowed for mail in call.mails):
            raise NotAcceptedError(
                f"Domain {domain} is not allowed to send: Sandbox subdomains are for test purposes only. Please add"
                " your own domain or add the address to authorized recipients in Account Settings.",
                status=403,
            )
        until = faults.quota.refuses(number, self.now()) if faults.quota is not None else None
        if until is not None:
            words = f"recipient limit exceeded, try again after {until:%a, %d %b %Y %H:%M:%S} UTC"
            raise NotAcceptedError(f"Domain {domain} is not allowed to send: {words}", status=429)

    def happen(self, name: str, mail: MailboxMail) -> WebPost | None:
        """Simulate an event of a mail, and post it at once.

        Raises:
            KeyError: an unknown event.
        """
        table = HAPPENINGS[name]
        if table is not None:
            self.suppressions.add(table, mail.recipient, self.now(), error="550 5.1.1 No such mailbox here")
        event_name, details = _FAILURES.get(name, (name, _status(250) if name == "delivered" else {}))
        event = self._event(event_name, mail, **details)
        self.events.note(event)
        posted = [self.postman.post_now(notice) for notice in self._event_posts(mail, event)]
        return posted[0] if posted else None

    def bring(
        self,
        raw_mime: bytes,
        *,
        recipients: Sequence[str],
        as_mime: bool = False,
        envelope_sender: str | None = None,
    ) -> WebPost:
        """Post an incoming mail to the service's route, signed, as fields or as raw MIME; see `route_form`."""
        content_type, body = route_form(
            raw_mime,
            recipients=recipients,
            signature=self._signature(),
            as_mime=as_mime,
            envelope_sender=envelope_sender,
        )
        url = self.settings.inbound_url.rstrip("/") + ("/mime" if as_mime else "")
        return self.postman.post_now(new_post("route", "a reply", url, content_type, body))

    def unsubscribe_with_one_click(self, mail: MailboxMail) -> int | None:
        """Post to the mail's List-Unsubscribe as a mail program does (RFC 8058); return the status.

        None if the mail has no such header; 0 if there was no response. Only our own service is
        called, whatever URL the header has.
        """
        listed = [part.strip(" <>") for part in (mail.header("List-Unsubscribe") or "").split(",")]
        url = next((part for part in listed if part.startswith(("https://", "http://"))), None)
        offers = "one-click" in (mail.header("List-Unsubscribe-Post") or "").lower()
        if not url or not offers or not self._is_ours(url):
            return None
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with urllib3.PoolManager(retries=False, timeout=_ONE_CLICK_SECONDS) as pool:
            try:
                return pool.request("POST", url, body=_ONE_CLICK, headers=headers, redirect=False).status
            except urllib3.exceptions.HTTPError:
                return NO_ANSWER

    def close(self) -> None:
        """Stop the work in the background."""
        self.postman.close()

    def forget_all(self) -> None:
        """Delete all mails and events."""
        self.mailbox.forget_all()
        self.events.forget_all()

    def _is_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.hostname in LOOPBACK and parts.port == urlsplit(self.settings.inbound_url).port

    def _deliver(self, mail: MailboxMail) -> Event:
        """Add the mail to the mailbox, unless its address is suppressed; return the event to report."""
        table = self.suppressions.table_of(mail.recipient)
        if table is None:
            self.mailbox.add(mail)
            return self._event("delivered", mail, **_status(250))
        reason, code = SUPPRESSED[table]
        return self._event("failed", mail, severity="permanent", reason=reason, **_status(code))

    def _event(self, name: str, mail: MailboxMail, **details: Any) -> Event:
        return make_event(name, mail, domain=self.settings.domain, at=self.now(), **details)

    def _signature(self) -> Signature:
        timestamp = int(self.now().timestamp())
        return sign(self.settings.signing_key, timestamp=timestamp, token=secrets.token_hex(25))

    def _route_posts(self, mail: MailboxMail, event: Event) -> list[WebPost]:
        """Return the posts of a mail that the service has sent to its own reply domain, as the routes say."""
        domain = self.settings.reply_domain or self.settings.domain
        if event["event"] != "delivered" or mail.recipient.rpartition("@")[2].lower() != domain:
            return []
        posts = []
        for url in self.account.forward_urls(mail.recipient):
            content_type, body = route_form(
                authenticated(mail.source()),
                recipients=[mail.recipient],
                signature=self._signature(),
                as_mime=url.endswith("/mime"),
            )
            posts.append(new_post("route", "a mail to itself", url, content_type, body))
        return posts

    def _event_posts(self, mail: MailboxMail, event: Event) -> list[WebPost]:
        """Return the signed posts of an event, one for each URL of its webhook."""
        signed = self._signature()
        payload = {
            "signature": {
                "timestamp": signed.timestamp,
                "token": signed.token,
                "signature": signed.signature,
            },
            "event-data": event,
        }
        kind = "delivered" if event["event"] == "delivered" else "event"
        about = f"{event['event']}: {mail.subject}"
        body = json.dumps(payload).encode()
        urls = self.account.event_urls(self.settings.domain, event)
        return [new_post(kind, about, url, "application/json", body) for url in urls]


def _status(code: int, enhanced_code: str | None = None) -> dict[str, Any]:
    status = {"code": code, "message": "", "description": ""}
    return {"delivery-status": status | ({"enhanced-code": enhanced_code} if enhanced_code else {})}


_FOR_GOOD = {"severity": "permanent", "reason": "bounce"}
# With the codes of RFC 3463 and its registry: no such mailbox, a full one, mail that fails authentication.
_FAILURES: dict[str, tuple[str, dict[str, Any]]] = {
    "failed": ("failed", _FOR_GOOD | _status(550, "5.1.1")),
    "mailbox_full": ("failed", _FOR_GOOD | _status(552, "5.2.2")),
    "refused": ("failed", _FOR_GOOD | _status(550, "5.7.26")),
    "temporarily_failed": ("failed", {"severity": "temporary", "reason": "generic", **_status(421)}),
}
