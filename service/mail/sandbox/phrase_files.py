"""The data files that reading a mail needs, each loaded once per process."""

from __future__ import annotations

from functools import cache
from importlib import resources

from service.core.replies import ClientPhrases
from service.core.replies.classify.automatic import AutomaticSigns


@cache
def load_client_phrases() -> ClientPhrases:
    """Return the phrases that identify quotations, footers and signatures, in many languages."""
    return ClientPhrases.parse(_text("replies.toml"))


@cache
def load_automatic_signs() -> AutomaticSigns:
    """Return the signs that identify programs that reply automatically."""
    return AutomaticSigns.parse(_text("automatic.toml"))


def _text(name: str) -> str:
    return resources.files("service.core").joinpath("data", name).read_text("utf-8")
