"""Words about letters that both the pages of the desk and the commands say."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

# Why a letter is paused, by the stored reason.
PAUSE_REASONS: Final = MappingProxyType(
    {
        "by_hand": "by hand",
        "late": "it was more than a day late",
        "old_copy": "this database may be an old copy, and some of it may have gone",
        "policy": "too many receiving servers refused it",
        "addresses": "too many addresses do not exist",
        "complaints": "too many people called it spam",
        "checks": "a check of the doctor failed when it was to begin",
    }
)
# Why somebody who asked for letters gets none, by their status.
NO_LETTER_BECAUSE: Final = MappingProxyType(
    {
        "pending": "they have not confirmed their address",
        "resting": "they are resting",
        "stopped": "they stopped all emails",
        "suppressed": "their address bounced, or they complained",
    }
)
