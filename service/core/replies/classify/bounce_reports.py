"""The machine-readable part of a delivery report (RFC 3464): whose mail failed for good."""

from __future__ import annotations

from collections.abc import Iterator

MAX_REPORT_CHARACTERS = 64 * 1024
_MAX_ADDRESSES = 100
_PERMANENT = "5."


def failed_for_good(report: str) -> frozenset[str]:
    """Return the addresses, in lower case, of the final recipients whose delivery failed and will not be tried again.

    Reads `Final-Recipient`, `Action` and `Status` of each group (RFC 3464, section 2.3; statuses: RFC 3463) within the
    first 64 thousand characters. `Original-Recipient` is left aside: a copy that somebody forwards may fail while
    the address we wrote to works.
    """
    failed: set[str] = set()
    for fields in _groups(report[:MAX_REPORT_CHARACTERS]):
        if fields.get("action") == "failed" and fields.get("status", "").startswith(_PERMANENT):
            kind, _, address = fields.get("final-recipient", "").partition(";")
            if kind.strip() in {"rfc822", "utf-8"} and "@" in address:
                failed.add(address.strip().strip("<>"))
        if len(failed) >= _MAX_ADDRESSES:
            break
    return frozenset(failed)


def _groups(report: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each group, names and values in lower case; of a name that stands twice the first."""
    fields: dict[str, str] = {}
    for line in [*report.splitlines(), ""]:
        name, colon, value = line.partition(":")
        if not line.strip():
            yield fields
            fields = {}
        elif colon and not line[0].isspace():
            fields.setdefault(name.strip().lower(), value.partition("(")[0].strip().lower())
