"""Reading mails one after another in a separate process, limited in time and memory.

Run as `python -m service.mail.sandbox.reading` by the `MailReader`, which kills it when a mail takes too long. A
question is JSON; an answer is one line of JSON, followed by the bytes of the mail's pictures.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from service.core.replies import Attachment, Bodies, ReplyWords, SentEmail, TrimmedPiece, decode_bodies, read_words
from service.core.replies.classify.automatic import holds_telling_part
from service.core.replies.classify.bounce_reports import MAX_REPORT_CHARACTERS
from service.core.replies.quotation.quoted_pictures import aside
from service.mail.sandbox.child_server import serve
from service.mail.sandbox.files import MailFiles, from_wire, to_wire
from service.mail.sandbox.phrase_files import load_client_phrases

REPORT_PARTS = ("message/delivery-status", "message/global-delivery-status")


@dataclass(frozen=True, slots=True)
class MailContent:
    """The content of a mail: the raw MIME, or the bodies that the provider decoded."""

    raw_mime: bytes | None = field(default=None, repr=False)
    plain: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailReading:
    """The person's words, and the files of raw MIME; `files` is None if they could not be listed in time.

    `automatic` is true if only a program writes such a part. `report` is the start of the machine-readable part of a
    delivery report. `bounded` is true if something was beyond a limit and is only in the raw mail. `guessed` is true
    if letters may be wrong. All four are known only if the mail came as raw MIME.
    """

    words: ReplyWords = field(repr=False)
    files: MailFiles | None = field(default_factory=MailFiles)
    automatic: bool = False
    report: str = field(default="", repr=False)
    bounded: bool = False
    guessed: bool = False


def read(content: MailContent, sent: SentEmail | None, *, with_files: bool = True) -> MailReading:
    """Return the words of a mail and, with `with_files`, its files; reads in this process."""
    is_raw = content.raw_mime is not None
    bodies = decode_bodies(content.raw_mime or b"") if is_raw else Bodies(plain=content.plain, html=content.html)
    phrases = load_client_phrases()
    return MailReading(
        words=read_words(bodies.plain, bodies.html, sent, phrases),
        files=MailFiles(bodies.attachments, aside(bodies.html, sent, phrases)) if with_files else None,
        automatic=holds_telling_part((file.content_type, file.data) for file in bodies.attachments),
        report=report_in(bodies.attachments),
        bounded=bodies.bounded,
        guessed=bodies.guessed,
    )


def report_in(files: Iterable[Attachment]) -> str:
    """Return the start of the machine-readable part of a delivery report (RFC 3464), or "" if there is none."""
    parts = (file.data for file in files if file.content_type in REPORT_PARTS)
    return next(parts, b"")[:MAX_REPORT_CHARACTERS].decode("utf-8", "replace")


def _sent_email(values: dict[str, Any]) -> SentEmail:
    """Return the email from JSON, which has lists in place of tuples."""
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return SentEmail(**values | lists | {"alternatives": tuple((text, html) for text, html in values["alternatives"])})


def question(content: MailContent, sent: SentEmail | None, *, with_files: bool = True) -> bytes:
    """Return a mail encoded for the reading process."""
    parts = {
        "mime": content.raw_mime.decode("latin-1") if content.raw_mime is not None else None,
        "plain": content.plain,
        "html": content.html,
        "sent": asdict(sent) if sent else None,
        "with_files": with_files,
    }
    return json.dumps(parts).encode("ascii")


def answered(answer: bytes) -> MailReading | str:
    """Return the reading in an answer, or the name of the error."""
    head, _, data = answer.partition(b"\n")
    parts = json.loads(head)
    if "error" in parts:
        return str(parts["error"])
    words = parts["words"]
    trimmed = tuple(TrimmedPiece(**piece) for piece in words["trimmed"])
    files = None if parts["files"] is None else from_wire(parts["files"], data)
    return MailReading(**{**parts, "words": ReplyWords(**{**words, "trimmed": trimmed}), "files": files})


def answer_to(asked: bytes, reader: Callable[..., MailReading] = read) -> bytes:
    """Return the answer to a question; for an error it names the type only, never the mail's words."""
    parts: dict[str, Any] = json.loads(asked)
    mime, sent = parts["mime"], parts["sent"]
    content = MailContent(mime.encode("latin-1") if mime is not None else None, parts["plain"], parts["html"])
    try:
        reading = reader(content, _sent_email(sent) if sent else None, with_files=parts["with_files"])
    except Exception as error:  # noqa: BLE001 - see the docstring
        return json.dumps({"error": type(error).__name__}).encode("ascii")
    files, pictures = to_wire(reading.files) if reading.files is not None else (None, b"")
    head = {
        "words": asdict(reading.words),
        "files": files,
        "automatic": reading.automatic,
        "report": reading.report,
        "bounded": reading.bounded,
        "guessed": reading.guessed,
    }
    return json.dumps(head).encode("ascii") + b"\n" + pictures


if __name__ == "__main__":
    load_client_phrases()
    serve(sys.stdin.buffer, sys.stdout.buffer, answer_to)
