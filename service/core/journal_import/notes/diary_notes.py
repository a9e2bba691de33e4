"""Which notes of a program for notes are a diary's: those whose title or label says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

NOT_A_DIARY: Final = "It’s a note that neither its title nor a label calls a diary."
_DIARY: Final = re.compile(
    r"\b(?:diary|diaries|journal|tagebuch|diario|dagboek|dagbok|pamiętnik|journal intime|diário|дневник)\b|日記|日记",
    re.IGNORECASE,
)


def is_called_diary(title: str, labels: Sequence[str]) -> bool:
    """Return whether the title or a label of a note calls it a diary."""
    return any(_DIARY.search(each) for each in (title, *labels))
