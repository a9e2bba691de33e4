"""The reply address and the links of an email, for one recipient or for a batch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from service.mail.outbound.placeholders import placeholder


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses and links of an email that differ from person to person; private, so `repr` shows none.

    `stop_url` is the page /unsubscribe/<token>, `one_click_url` the target of RFC 8058's post,
    `stop_address` s-<token>@REPLY_DOMAIN. `settings_url` and `help_url` are the same for
    everybody: if empty, they are filled in from the base URL. An empty `write_url` means no such link.
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
# For the emails that have such a link, so that their lines are recognised in a quotation.
WRITE_LINK: Final = placeholder("write_url")
WITH_WRITE_LINK: Final = replace(PLACEHOLDERS, write_url=WRITE_LINK)
