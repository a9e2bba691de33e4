"""The files of a mail, listed by the reading process: pictures with their bytes, anything else by name alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.core.photos import sniff
from service.core.replies import Attachment, SentEmail, decode_bodies
from service.core.replies.quotation.quoted_pictures import aside
from service.mail.inbound.phrase_files import load_client_phrases

WANTED = "files"


@dataclass(frozen=True, slots=True)
class MailFiles:
    """What came along; `aside` are the content ids of pictures that stand only in a quotation or a signature."""

    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    aside: frozenset[str] = field(default=frozenset(), repr=False)


def answer_to(parts: dict[str, Any]) -> bytes:
    """Return the answer to a question that wants files: JSON on one line, then the bytes of the pictures.

    `parts` is the question for a mail's words; where it came as fields its files are not among them.
    """
    sent = SentEmail(**parts["sent"]) if parts["sent"] else None
    html: str | None = parts["html"]
    found: tuple[Attachment, ...] = ()
    if parts["mime"] is not None:
        bodies = decode_bodies(parts["mime"].encode("latin-1"))
        html, found = bodies.html, bodies.attachments
    pictures = [file.data if sniff(file.data) else b"" for file in found]
    head = {
        "files": [
            [file.filename, file.content_type, file.content_id, len(data)]
            for file, data in zip(found, pictures, strict=True)
        ],
        "aside": sorted(aside(html, sent, load_client_phrases())),
    }
    return json.dumps(head).encode("ascii") + b"\n" + b"".join(pictures)


def answered(answer: bytes) -> MailFiles | str:
    """Return the files in an answer, or the name of what went wrong."""
    head, _, data = answer.partition(b"\n")
    parts = json.loads(head)
    if "error" in parts:
        return str(parts["error"])
    return MailFiles(tuple(_attachments(parts["files"], data)), frozenset(parts["aside"]))


def _attachments(listed: Sequence[tuple[str, str, str, int]], data: bytes) -> list[Attachment]:
    attachments, at = [], 0
    for filename, content_type, content_id, length in listed:
        attachments.append(Attachment(filename, content_type, content_id, data[at : at + length]))
        at += length
    return attachments
