"""Helpers of every view: the runtime, the time of the request, keyed hashes, tokens and pages."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast

from flask import current_app, g, render_template, request

from service.core.access.tokens import ActToken, FrequencyToken
from service.core.helplines import HelpLines
from service.runtime import Runtime

_NETWORK_BITS = 64


def get_runtime() -> Runtime:
    """Return the runtime of this process."""
    return cast("Runtime", current_app.extensions["runtime"])


def get_help_lines() -> HelpLines:
    """Return the help lines by country."""
    return cast("HelpLines", current_app.extensions["help_lines"])


def contact_address() -> str:
    """Return the operator's address, from which the emails come."""
    return parseaddr(get_runtime().settings.mail_from)[1]


def now() -> datetime:
    """Return the time of this request, the same for all of the request."""
    if "now" not in g:
        g.now = get_runtime().clock()
    return cast("datetime", g.now)


def hashed(purpose: str, text: str) -> bytes:
    """Return a keyed hash, 32 bytes, of a text that must not be in the database."""
    return get_runtime().keyring.index.digest(purpose, text.encode("utf-8", "surrogatepass"))


def network_hash() -> bytes:
    """Return the hash of the client's network: an IPv4 address, or an IPv6 /64, which one customer has."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return hashed("network", "")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, IPv6Address):
        return hashed("network", str(ip_network((address, _NETWORK_BITS), strict=False)))
    return hashed("network", str(address))


def read_act_token(text: str) -> ActToken | None:
    """Return the action token in a link, or None if this service did not make it."""
    return ActToken.decode(text, get_runtime().keyring.index)


def read_frequency_token(text: str) -> FrequencyToken | None:
    """Return the frequency token in a link, or None if this service did not make it."""
    return FrequencyToken.decode(text, get_runtime().keyring.index)


def page(name: str, **context: object) -> str:
    """Return the page templates/pages/<name>.html."""
    return render_template(f"pages/{name}.html", **context)
