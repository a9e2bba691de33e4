"""A DNS server of the tests on this machine: it answers TXT questions over UDP from a table."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rrset


@dataclass
class DnsStandIn:
    """The TXT records by name; a name in `silent` is never answered."""

    port: int
    texts: dict[str, list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        if name in self.silent:
            return None
        response = dns.message.make_response(query)
        if name not in self.texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif self.texts[name]:
            parts = [" ".join(f'"{text[i : i + 255]}"' for i in range(0, len(text), 255)) for text in self.texts[name]]
            response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *parts))
        return response.to_wire()


@contextmanager
def running_dns() -> Iterator[DnsStandIn]:
    """Answer on a free port of this machine until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        server = DnsStandIn(listening.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listening, server), daemon=True)
        thread.start()
        yield server
        listening.sendto(b"", listening.getsockname())
        thread.join()


def _serve(listening: socket.socket, server: DnsStandIn) -> None:
    while True:
        wire, sender = listening.recvfrom(4096)
        if not wire:
            return
        answer = server.answer(wire)
        if answer is not None:
            listening.sendto(answer, sender)
