"""Reading one mail after another, in a process of its own: JSON in, JSON out, bounded in time and memory.

Run as `python -m service.mail.inbound.reading` by the `MailReader`, which kills it when a mail takes too long.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from service.core.replies import Attachment, ReplyWords, SentEmail, TrimmedPiece, decode_bodies, read_words
from service.core.replies.classify.automatic import holds_telling_part
from service.core.replies.classify.bounce_reports import MAX_REPORT_CHARACTERS
from service.mail.inbound import files
from service.mail.inbound.child_server import serve
from service.mail.inbound.phrase_files import load_client_phrases

REPORT_PARTS = ("message/delivery-status", "message/global-delivery-status")


@dataclass(frozen=True, slots=True)
class MailContent:
    """What a mail is made of: the raw MIME, or the bodies that the provider decoded."""

    raw_mime: bytes | None = field(default=None, repr=False)
    plain: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailReading:
    """The person's words, and how many files came along.

    `automatic` tells that a part of it is one that only programs write; `report` is the start of its delivery report's
    part for machines; `bounded` tells that something lay past a bound and is in the raw mail alone. All three are known
    here where the mail came as raw MIME.
    """

    words: ReplyWords = field(repr=False)
    files: int
    automatic: bool = False
    report: str = field(default="", repr=False)
    bounded: bool = False


def read(material: MailContent, sent: SentEmail | None) -> MailReading:
    """Return the words of a mail, in this process."""
    if material.raw_mime is None:
        return MailReading(read_words(material.plain, material.html, sent, load_client_phrases()), 0)
    bodies = decode_bodies(material.raw_mime)
    words = read_words(bodies.plain, bodies.html, sent, load_client_phrases())
    automatic = holds_telling_part((file.content_type, file.data) for file in bodies.attachments)
    return MailReading(words, len(bodies.attachments), automatic, report_in(bodies.attachments), bodies.bounded)


def report_in(files: Iterable[Attachment]) -> str:
    """Return the start of the part for machines of a delivery report (RFC 3464), "" where there is none."""
    parts = (file.data for file in files if file.content_type in REPORT_PARTS)
    return next(parts, b"")[:MAX_REPORT_CHARACTERS].decode("utf-8", "replace")


def question(material: MailContent, sent: SentEmail | None, wants: str = "words") -> bytes:
    """Return a mail as it travels to the reading process; it wants the words, or `files.WANTED`."""
    mime = material.raw_mime.decode("latin-1") if material.raw_mime is not None else None
    body = {"mime": mime, "plain": material.plain, "html": material.html}
    parts = {**body, "sent": asdict(sent) if sent else None, "wants": wants}
    return json.dumps(parts).encode("ascii")


def answered(answer: bytes) -> MailReading | str:
    """Return the reading in an answer, or the name of what went wrong."""
    parts = json.loads(answer)
    if "error" in parts:
        return str(parts["error"])
    words = parts["words"]
    trimmed = tuple(TrimmedPiece(**piece) for piece in words["trimmed"])
    return MailReading(**{**parts, "words": ReplyWords(**{**words, "trimmed": trimmed})})


def answer_to(asked: bytes, reader: Callable[[MailContent, SentEmail | None], MailReading] = read) -> bytes:
    """Return the answer to a question; whatever a mail makes happen is told by name alone, without its words."""
    parts: dict[str, Any] = json.loads(asked)
    mime, sent = parts["mime"], parts["sent"]
    material = MailContent(mime.encode("latin-1") if mime is not None else None, parts["plain"], parts["html"])
    try:
        if parts["wants"] == files.WANTED:
            return files.answer_to(parts)
        reading = reader(material, SentEmail(**sent) if sent else None)
    except Exception as error:  # noqa: BLE001 - see the docstring
        return json.dumps({"error": type(error).__name__}).encode("ascii")
    return json.dumps(asdict(reading)).encode("ascii")


if __name__ == "__main__":
    load_client_phrases()
    serve(sys.stdin.buffer, sys.stdout.buffer, answer_to)
