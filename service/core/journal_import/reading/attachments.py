"""What an entry's attachments are, by their kind: photos to bring, and names for what is not brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from service.core.journal.photos import sniff
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.journal_import.reading.imported import A_DOCUMENT, A_MISSING_PHOTO, A_SOUND, A_VIDEO

_VIDEO: Final = frozenset({"mp4", "mov", "m4v", "avi", "webm", "mkv", "3gp", "3gpp"})
_SOUND: Final = frozenset({"m4a", "aac", "mp3", "wav", "caf", "ogg", "opus", "amr", "flac"})
_START_BYTES: Final = 16


def kind_left_behind(files: ImportFiles, name: str) -> str | None:
    """Return what a file is called that is no photo, or None for a photo; its first bytes count, not its name."""
    return None if sniff(files.head(name)[:_START_BYTES]) else _kind_by_name(name) or A_DOCUMENT


def sort_attachments(
    files: ImportFiles, written: Sequence[str], beside: str = ""
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the photos among the files that an entry refers to, each once, and what is left behind."""
    photos: dict[str, None] = {}
    left: list[str] = []
    for each in written:
        name = files.find(each, beside) or files.find_stem(each) or files.find_picture(each)
        files.was_read.add(name or "")
        if name is None:
            left.append(_kind_by_name(each) or A_MISSING_PHOTO)
        elif (other := kind_left_behind(files, name)) is not None:
            left.append(other)
        else:
            photos[name] = None
    return tuple(photos), tuple(left)


def left_behind_of(ending: str, mime: str = "") -> str:
    """Return what a file is called that is not brought, by its ending and its media type."""
    kinds = {"video": A_VIDEO, "audio": A_SOUND, "image": A_MISSING_PHOTO}
    return kinds.get(mime.partition("/")[0]) or _kind_by_name(f".{ending}") or A_DOCUMENT


def _kind_by_name(name: str) -> str | None:
    ending = name.rpartition(".")[2].lower()
    if ending in _VIDEO:
        return A_VIDEO
    return A_SOUND if ending in _SOUND else None


def dicts_in(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a JSON list; nothing for any other value."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts_in(value: Any) -> tuple[str, ...]:
    """Return the texts in a JSON list, without empty ones."""
    return (
        tuple(each.strip() for each in value if isinstance(each, str) and each.strip())
        if isinstance(value, list)
        else ()
    )


def text_in(value: Any, otherwise: str = "") -> str:
    """Return a JSON value if it is a text, else `otherwise`."""
    return value if isinstance(value, str) else otherwise
