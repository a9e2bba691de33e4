"""The batches that deliveries are sent in, within the provider's limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from service.flows.outgoing.email_builder import OutgoingDelivery
from service.mail.outbound.mailgun_form import variables_bytes


def make_batches(
    deliveries: Iterable[OutgoingDelivery], *, most_recipients: int, most_bytes: int
) -> list[list[OutgoingDelivery]]:
    """Return the batches to send: deliveries with the same batch key together, every other one alone.

    Single emails come first, so that a person who asked for one does not wait for a thousand prompts. `most_bytes`
    limits the recipients' variables in one request.
    """
    by_key: dict[str, list[OutgoingDelivery]] = {}
    singles = []
    for outgoing in deliveries:
        if outgoing.batch_key is None:
            singles.append([outgoing])
        else:
            by_key.setdefault(outgoing.batch_key, []).append(outgoing)
    return singles + [
        batch
        for alike in by_key.values()
        for batch in _filled(alike, most_recipients=most_recipients, most_bytes=most_bytes)
    ]


def cut(batch: Sequence[OutgoingDelivery], most_recipients: int) -> list[Sequence[OutgoingDelivery]]:
    """Return a batch in pieces of at most `most_recipients`."""
    return [batch[start : start + most_recipients] for start in range(0, len(batch), most_recipients)]


def _filled(
    alike: Iterable[OutgoingDelivery], *, most_recipients: int, most_bytes: int
) -> Iterator[list[OutgoingDelivery]]:
    batch: list[OutgoingDelivery] = []
    size = 0
    for outgoing in alike:
        added = variables_bytes(outgoing.recipient)
        if batch and (len(batch) >= most_recipients or size + added > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(outgoing)
        size += added
    if batch:
        yield batch
