"""The names of the members of a zip: which are read, and what a name beside another file means."""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from typing import Final

_UTF8_NAME: Final = 0x800
_NEVER: Final = re.compile(r"(?:^|/)(?:__MACOSX/|\._[^/]*$|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


def safe_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member of a zip, or "" for one that is not read."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAME:
        # Archivers that write UTF-8 without saying so; the library has read it as code page 437.
        try:
            name = name.encode("cp437").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = info.filename
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    climbs = name.startswith("/") or ".." in name.split("/") or name[1:2] == ":"
    return "" if name.endswith("/") or is_link or climbs or _NEVER.search(name) else name


def joined(folder: str, name: str) -> str:
    """Return the name of a file that is written as seen from a folder."""
    parts: list[str] = folder.split("/") if folder else []
    for part in name.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in {"", ".", ".."}:
            parts.append(part)
    return "/".join(parts)
