"""The local mailbox as the demo's person uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

HTTP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class DemoMailbox:
    """The local mailbox at a URL; every method raises requests.RequestException if it is not running."""

    url: str

    def answers(self) -> bool:
        """Return whether the mailbox answers."""
        return requests.get(f"{self.url}/_local/mails", timeout=HTTP_SECONDS).ok

    def url_of(self, address: str) -> str:
        """Return the URL of the page with the mails to an address."""
        return f"{self.url}/?to={address}"

    def digest_url(self, address: str) -> str:
        """Return the URL of the newest digest to an address, or of the mailbox if there is none."""
        found = (mail for mail in self._mails(to=address) if "in your own words" in mail["subject"])
        digest = next(found, None)
        return f"{self.url}/mail/{digest['mail_id']}" if digest else f"{self.url}/"

    def reply(self, delivery_id: int, words: str, *, client: str, sent_at: datetime) -> bool:
        """Reply to the mail of a delivery as a mail program would; return whether there was such a mail."""
        mail = next((mail for mail in self._mails() if mail["variables"].get("delivery") == str(delivery_id)), None)
        if mail is None:
            return False
        requests.post(
            f"{self.url}/_local/mails/{mail['mail_id']}/reply",
            json={"words": words, "client": client, "sent_at": sent_at.isoformat()},
            timeout=HTTP_SECONDS,
        ).raise_for_status()
        return True

    def _mails(self, **query: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/_local/mails", params=query, timeout=HTTP_SECONDS)
        mails: list[dict[str, Any]] = answer.json()
        return mails
