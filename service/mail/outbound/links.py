"""Where an email's reply goes and what its links lead to, for one recipient or for a batch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from service.mail.outbound.placeholders import placeholder


@dataclass(frozen=True, slots=True)
class Links:
    """What differs from person to person in an email; addresses and tokens, so `repr` shows nothing.

    `stop_url` is the page /unsubscribe/<token>, `one_click_url` what RFC 8058 posts to,
    `stop_address` s-<token>@REPLY_DOMAIN. `settings_url` and `help_url` are the same for
    everybody: left empty they are filled in from the base URL. An empty `write_url` means no such link.
    """

    reply_address: str = field(repr=False)
    stop_url: str = field(repr=False)
    one_click_url: str = field(repr=False)
    stop_address: str = field(repr=False)
    rest_url: str = field(repr=False)
    write_url: str = field(default="", repr=False)
    settings_url: str = field(default="", repr=False)
    help_url: str = field(default="", repr=False)


PLACEHOLDERS: Final = Links(
    reply_address=placeholder("reply_address"),
    stop_url=placeholder("stop_url"),
    one_click_url=placeholder("one_click_url"),
    stop_address=placeholder("stop_address"),
    rest_url=placeholder("rest_url"),
)
# As an email goes out to whoever has such a page: its lines are then known for ours in a quotation.
WRITE_LINK: Final = placeholder("write_url")
WITH_WRITE_LINK: Final = replace(PLACEHOLDERS, write_url=WRITE_LINK)
