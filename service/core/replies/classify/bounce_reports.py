"""The machine-readable part of a delivery report (RFC 3464): which addresses do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from service.core.sending.failure_class import FailureClass, failure_class

MAX_REPORT_CHARACTERS = 64 * 1024
_MAX_ADDRESSES = 100


def missing_addresses(report: str) -> frozenset[str]:
    """Return the addresses, in lower case, of the final recipients that the report says do not exist.

    A failure of another class (`failure_class`), such as a full mailbox or a refusal of our mail, adds no address.

    Reads `Final-Recipient`, `Action` and `Status` of each group (RFC 3464, section 2.3; statuses: RFC 3463) within the
    first 64 thousand characters. `Original-Recipient` is ignored: a forwarded copy may fail although the
    address that we wrote to works.
    """
    missing: set[str] = set()
    for fields in _groups(report[:MAX_REPORT_CHARACTERS]):
        if fields.get("action") == "failed" and failure_class(fields.get("status")) is FailureClass.ADDRESS:
            kind, _, address = fields.get("final-recipient", "").partition(";")
            if kind.strip() in {"rfc822", "utf-8"} and "@" in address:
                missing.add(address.strip().strip("<>"))
        if len(missing) >= _MAX_ADDRESSES:
            break
    return frozenset(missing)


def _groups(report: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each group, names and values in lower case; the first value if a name is repeated."""
    fields: dict[str, str] = {}
    for line in [*report.splitlines(), ""]:
        name, colon, value = line.partition(":")
        if not line.strip():
            yield fields
            fields = {}
        elif colon and not line[0].isspace():
            fields.setdefault(name.strip().lower(), value.partition("(")[0].strip().lower())
