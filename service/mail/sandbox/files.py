"""The files of a mail, and their encoding for the pipe from the reading process to the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.core.journal.photos import sniff
from service.core.replies import Attachment


@dataclass(frozen=True, slots=True)
class MailFiles:
    """The files of raw MIME; `aside` are the content ids of pictures that are only in a quotation or a signature."""

    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    aside: frozenset[str] = field(default=frozenset(), repr=False)


def to_wire(files: MailFiles) -> tuple[dict[str, Any], bytes]:
    """Return files as a JSON object, and the concatenated bytes of the pictures."""
    pictures = [file.data if sniff(file.data) else b"" for file in files.attachments]
    listed = [
        [file.filename, file.content_type, file.content_id, len(data)]
        for file, data in zip(files.attachments, pictures, strict=True)
    ]
    return {"attachments": listed, "aside": sorted(files.aside)}, b"".join(pictures)


def from_wire(listed: dict[str, Any], data: bytes) -> MailFiles:
    """Return the files that `to_wire` wrote."""
    return MailFiles(tuple(_attachments(listed["attachments"], data)), frozenset(listed["aside"]))


def _attachments(listed: Sequence[tuple[str, str, str, int]], data: bytes) -> list[Attachment]:
    attachments, at = [], 0
    for filename, content_type, content_id, length in listed:
        attachments.append(Attachment(filename, content_type, content_id, data[at : at + length]))
        at += length
    return attachments
