"""Bytes of a mail as text, whatever it says or does not say about its charset."""

import codecs

_ALIASES = {
    "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "iso-8859-6-i": "iso-8859-6", "utf8": "utf-8",
    "utf-8mb4": "utf-8", "x-unknown": "", "unknown-8bit": "", "unknown": "", "default": "", "_autodetect": "",
    "x-gbk": "gb18030", "gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "x-sjis": "cp932", "shift_jis": "cp932", "shift-jis": "cp932", "windows-31j": "cp932",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "ksc5601": "cp949", "x-windows-949": "cp949", "big5": "big5hkscs", "x-x-big5": "big5hkscs",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "x-mac-roman": "mac-roman", "macintosh": "mac-roman",
    "windows-874": "cp874", "tis-620": "cp874", "x-user-defined": "", "cp-850": "cp850", "iso-2022-jp": "iso2022_jp_ext", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip


def decode_text(data: bytes, charset: str | None) -> str:
    """Return `data` as text; never raises.

    The charset named is tried first, with the supersets that mail programs mean by their
    subsets (WHATWG Encoding); then UTF-8, then windows-1252; what no charset can read
    becomes replacement characters.
    """
    for name in _candidates(charset):
        try:
            return data.decode(name)
        except (UnicodeError, ValueError):
            continue
    named = next(iter(_candidates(charset)), "utf-8")
    return data.decode(named, "replace")


def _candidates(charset: str | None) -> list[str]:
    name = (charset or "").strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    names = [name] if name and _is_text_codec(name) else []
    if "utf-8" not in names:
        names.append("utf-8")
    return [*names, "cp1252"] if not names[0].startswith(("utf-8",)) or not charset else [*names, "cp1252"]


def _is_text_codec(name: str) -> bool:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return False
    return getattr(info, "_is_text_encoding", True)
