"""Looking up TXT records in the DNS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dns.exception
import dns.resolver

# Return the TXT records of a name; none if the name has none. Raises DnsUnavailable if nobody answers.
TxtLookup = Callable[[str], Sequence[str]]
LOOKUP_SECONDS = 3.0


class DnsUnavailable(Exception):  # noqa: N818 - a state of the network, not an error in our code
    """No DNS server answered in time, or the answer was an error: nothing is known about the name."""


class DnsResolver:
    """Looks names up at the DNS servers of this machine, or at those that are named."""

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53, seconds: float = LOOKUP_SECONDS) -> None:
        self._nameservers = tuple(nameservers)
        self._port = port
        self._seconds = seconds

    def txt(self, name: str) -> list[str]:
        """Return the TXT records of a name, each with its strings joined; aliases (CNAME) are followed.

        Raises:
            DnsUnavailable: nobody answered.
        """
        try:
            answer = self._resolver().resolve(name, "TXT", lifetime=self._seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise DnsUnavailable(type(error).__name__) from None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._nameservers)
        if self._nameservers:
            resolver.nameservers = list(self._nameservers)
            resolver.port = self._port
        return resolver
