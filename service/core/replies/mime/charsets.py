"""The bytes of a mail as text, whatever charset it names or does not name."""

import codecs

# What mail programs mean by a name (WHATWG Encoding): the superset, or nothing at all.
_MEANT = {
    "": (
        "us-ascii", "ascii", "ansi_x3.4-1968", "x-unknown", "unknown-8bit", "unknown", "default",
        "_autodetect", "x-user-defined",
    ),
    "cp1252": ("iso-8859-1", "latin1", "latin-1", "iso8859-1"),
    "iso-8859-6": ("iso-8859-6-i", "iso-8859-6-e"),
    "iso-8859-8": ("iso-8859-8-i", "iso-8859-8-e"),
    "gb18030": ("gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80"),
    "big5hkscs": ("big5", "x-x-big5", "big5-hkscs"),
    "cp932": ("shift_jis", "shift-jis", "x-sjis", "sjis", "windows-31j"),
    "cp949": ("euc-kr", "ks_c_5601-1987", "ksc5601", "x-windows-949"),
    "iso2022_jp_ext": ("iso-2022-jp",),
    "cp874": ("windows-874", "tis-620"),
    "mac-roman": ("macintosh", "x-mac-roman"),
    "utf-8": ("utf8", "utf-8mb4", "unicode-1-1-utf-8"),
}  # fmt: skip
_ALIASES = {alias: name for name, aliases in _MEANT.items() for alias in aliases}


def decode_text(data: bytes, charset: str | None) -> str:
    """Return `data` as text; never raises.

    The charset named is tried first, then UTF-8, then windows-1252. What none can read becomes
    replacement characters, in the charset named.
    """
    name = _known(charset)
    for candidate in filter(None, (name, "utf-8", "cp1252")):
        try:
            return data.decode(candidate)
        except ValueError:
            continue
    return data.decode(name or "cp1252", "replace")


def _known(charset: str | None) -> str:
    """Return the name of a charset that decodes bytes to text, or "" for one nobody knows."""
    name = (charset or "").strip(" \"'").lower()
    name = _ALIASES.get(name, name)
    if not name or not name.isascii():
        return ""
    try:
        "".encode(name)
        b"".decode(name)
    except (LookupError, ValueError):
        return ""
    return codecs.lookup(name).name
