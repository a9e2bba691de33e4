"""The signs of automatic mail, read once from the package's data."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from service.core import automatic
from service.core.automatic import Signs

DATA = Path(automatic.__file__).parent / "data" / "automatic.toml"


@cache
def load_signs() -> Signs:
    """Return the signs by which programs that answer by themselves are known."""
    return Signs.parse(DATA.read_text("utf-8"))
