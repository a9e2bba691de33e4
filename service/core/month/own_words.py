"""The part that the digests of a month and of a year share: the person's words, the question, and the stored copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, ClassVar, Final, Self

from service.core.library.prompts import DEFAULT_LOCALE
from service.core.month.resurfacing import Passage, TakenStep

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    """What a person wrote in a period, and the question that ends its digest; `locale` is the question's language.

    The digest is stored, sealed, as it was sent; the fields named in `NOT_STORED` are missing in that copy.
    """

    NOT_STORED: ClassVar[frozenset[str]] = frozenset()

    words: tuple[str, ...] = field(repr=False)
    steps: tuple[TakenStep, ...]
    passages: tuple[Passage, ...]
    question: str
    locale: str = DEFAULT_LOCALE

    def to_json(self) -> str:
        """Return the copy to store."""
        stored = {name: value for name, value in asdict(self).items() if name not in self.NOT_STORED}
        return json.dumps({"format": _FORMAT, **stored}, default=date.isoformat, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the digest of a stored copy.

        Raises:
            ValueError: the text is not such a copy; the message holds none of it.
        """
        try:
            return cls(**cls._fields_of(json.loads(text)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(f"not a stored {cls.__name__}") from None

    @classmethod
    def _fields_of(cls, stored: dict[str, Any]) -> dict[str, Any]:
        if stored.pop("format") != _FORMAT:
            raise ValueError("unknown format")
        shared = {
            "words": tuple(stored["words"]),
            "steps": tuple(map(TakenStep.from_stored, stored["steps"])),
            "passages": tuple(map(Passage.from_stored, stored["passages"])),
        }
        return stored | shared | cls._period_of(stored)

    @classmethod
    def _period_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a stored copy that belong to this kind of period, with their types."""
        raise NotImplementedError
