"""Example replies from a folder, in the format that the collection's README describes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from service.core.replies import Bodies, SentEmail, decode_bodies

_ENDINGS = {"mime": ".eml", "html": ".html", "plain": ".txt"}


@dataclass(frozen=True, slots=True)
class Case:
    """One mail, the words expected of it, and the forms that count as right.

    `name` is CORPUS/NAME; `collection` is the folder above the corpus.
    """

    name: str
    collection: str
    bodies: Bodies = field(repr=False)
    sent: SentEmail | None = field(repr=False)
    expected: str = field(repr=False)
    most: str = field(repr=False)
    accepted: tuple[str, ...] = field(repr=False)
    tags: frozenset[str] = frozenset()


def read_cases(folder: Path) -> Iterator[Case]:
    """Yield every case below `folder`, in the order of their paths."""
    for path in sorted(folder.rglob("*.json")):
        about = json.loads(path.read_text())
        if isinstance(about, dict) and "kind" in about:
            yield _case(path, about)


def _case(path: Path, about: dict[str, Any]) -> Case:
    body = path.with_name(path.stem + _ENDINGS[about["kind"]])
    bodies = _bodies(about["kind"], body.read_bytes())
    expected = about.get("expected_reply", "")
    return Case(
        name=f"{path.parent.name}/{path.stem}",
        collection=path.parent.parent.name,
        bodies=bodies,
        sent=_sent(about.get("prompt"), bodies),
        expected=expected,
        most=about.get("most", expected),
        accepted=tuple(about.get("accepted") or [expected]),
        tags=frozenset(about.get("tags", ())),
    )


def _bodies(kind: str, data: bytes) -> Bodies:
    if kind == "mime":
        return decode_bodies(data)
    text = data.decode("utf-8", "replace")
    return Bodies(html=text) if kind == "html" else Bodies(plain=text)


def _sent(prompt: dict[str, str] | None, bodies: Bodies) -> SentEmail | None:
    """Return the email that was answered; its reply address and its recipient are those of the mail's To and From."""
    if not prompt:
        return None
    to = (bodies.headers.get("to") or ("",))[0]
    address = to[to.rfind("<") + 1 :].strip("<> ") if "," not in to else ""
    return SentEmail(
        subject=prompt.get("subject", ""),
        text=prompt.get("text", ""),
        html=prompt.get("html", ""),
        reply_address=address,
        recipient_names=parseaddr((bodies.headers.get("from") or ("",))[0]),
    )
