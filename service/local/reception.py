"""Receiving a request until it is complete, so that no thread waits for it."""

from __future__ import annotations

from collections import deque
from enum import Enum
from urllib.parse import urlsplit

import h11

from service.web.security.limits import (
    LARGEST_POST_BYTES,
    largest_body_bytes,
    largest_streamed_bytes,
    received_anyway_bytes,
)

LARGEST_HEAD_BYTES = 64 * 1024
PIECE_BYTES = 64 * 1024
# Chunks of a few bytes take several times their content; no honest client sends a large body like this.
CHUNK_OVERHEAD = 1.25


class Arrival(Enum):
    """The state of a request that arrives."""

    UNDER_WAY = "under way"
    WHOLE = "whole"
    CUT = "cut"  # what arrived is enough to answer: the head is malformed, or the body is too large
    STREAMED = "streamed"  # the head is here, and the body is read from the connection while it is answered
    MALFORMED = "malformed"  # the chunks of the body are invalid


class Reception:
    """One request as it arrives. `pieces` are its bytes, with what the client sent after it.

    h11 (RFC 9112) parses the request only to find its end; the server's own parser then parses it again, and its result
    is used.
    """

    def __init__(self, started_at: float) -> None:
        self.arrival = Arrival.UNDER_WAY
        self.pieces: deque[bytearray] = deque()
        self.started_at = started_at
        self.received_bytes = 0
        self.has_head = False
        self.must_say_continue = False
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD_BYTES)
        self._largest = LARGEST_POST_BYTES
        self._body_bytes = 0

    def feed(self, data: bytes) -> None:
        """Add received bytes and check whether the request is complete."""
        if self.pieces and len(self.pieces[-1]) < PIECE_BYTES:
            self.pieces[-1] += data  # otherwise a client that sends single bytes would cost 60 bytes for each
        else:
            self.pieces.append(bytearray(data))
        self.received_bytes += len(data)
        try:
            self._http.receive_data(data)
            self._watch()
        except h11.RemoteProtocolError:
            self.arrival = Arrival.MALFORMED if self.has_head else Arrival.CUT

    def _watch(self) -> None:
        while self.arrival is Arrival.UNDER_WAY:
            match self._http.next_event():
                case h11.Request() as head:
                    self._take_head(head)
                case h11.Data(data=data):
                    self._body_bytes += len(data)
                case h11.EndOfMessage():
                    self.arrival = Arrival.WHOLE
                case _:
                    break
        if self.arrival is Arrival.UNDER_WAY and self._is_too_large():
            self.arrival = Arrival.CUT

    def _take_head(self, head: h11.Request) -> None:
        self.has_head = True
        try:
            path = urlsplit(head.target.decode("latin-1")).path
        except ValueError:  # not a path of ours
            path = ""
        self._largest = largest_body_bytes(path)
        declared = next((int(value) for name, value in head.headers if name == b"content-length"), 0)
        if self._largest < declared <= largest_streamed_bytes(path):
            self.arrival = Arrival.STREAMED
        elif declared > self._largest:
            self._largest = received_anyway_bytes(path)
            if not self._largest:
                self.arrival = Arrival.CUT
        self.must_say_continue = self._http.they_are_waiting_for_100_continue

    def _is_too_large(self) -> bool:
        room = self._largest * CHUNK_OVERHEAD + LARGEST_HEAD_BYTES
        return self._body_bytes > self._largest or self.received_bytes > room
