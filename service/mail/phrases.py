"""The words of mail programs in many languages, read once from the package's data."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from service.core import replies
from service.core.replies import Phrases

DATA = Path(replies.__file__).parent.parent / "data" / "replies.toml"


@cache
def load_phrases() -> Phrases:
    """Return the phrases by which quotations, footers and signatures are known."""
    return Phrases.parse(DATA.read_text("utf-8"))
