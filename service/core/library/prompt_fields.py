"""The fields of a prompt: which it must have, which it may have, and their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_REQUIRED: Final[Mapping[str, type]] = {
    "id": str,
    "subject": str,
    "theme": str,
    "kind": str,
    "minutes": int,
    "depth": int,
    "resurface": bool,
    "status": str,
}
_OPTIONAL: Final[Mapping[str, type]] = {
    "lighter": str,
    "evidence": str,
    "opening": int,
    "gratitude": bool,
    "asks_for_step": bool,
}
_TYPE_NAMES: Final = {str: "text in quotes", int: "a whole number", bool: "true or false"}


def first_fault(fields: Mapping[str, Any], choices: Mapping[str, tuple[object, ...]]) -> str | None:
    """Return what is wrong with the fields of a prompt, or None; `choices` are the values that some may have."""
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        return f"the front matter needs {', '.join(missing)}."
    unknown = sorted(set(fields) - set(_REQUIRED) - set(_OPTIONAL))
    if unknown:
        return f"the front matter knows no field {', '.join(unknown)}."
    for name, value in fields.items():
        wanted = _REQUIRED.get(name) or _OPTIONAL[name]
        if type(value) is not wanted:  # isinstance accepts a bool as an int
            return f"{name} must be {_TYPE_NAMES[wanted]}."
        allowed = choices.get(name)
        if allowed is not None and value not in allowed:
            return f'{name} is "{value}"; it must be one of {", ".join(str(choice) for choice in allowed)}.'
    return None
