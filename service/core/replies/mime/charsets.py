"""Decoding the bytes of a mail, with a correct, wrong or missing charset: the first lossless decoding is used."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from service.core.replies.mime.charset_guess import likely_charset, makes_words
from service.core.replies.mime.iso_2022 import decode_escapes, decode_euc_jp, has_escapes, with_escapes

# What mail programs mean by a name (WHATWG Encoding): the superset, or nothing at all.
_MEANT = {
    "": (
        "us-ascii", "ascii", "ansi_x3.4-1968", "x-unknown", "unknown-8bit", "unknown", "default",
        "_autodetect", "x-user-defined", "8bit", "binary",
    ),
    "cp1252": ("iso-8859-1", "latin1", "latin-1", "iso8859-1", "iso_8859-1", "ansi", "windows1252", "cp-1252"),
    "iso-8859-6": ("iso-8859-6-i", "iso-8859-6-e"),
    "iso-8859-8": ("iso-8859-8-i", "iso-8859-8-e"),
    "gb18030": ("gb2312", "gbk", "x-gbk", "cp936", "gb_2312-80", "gb-2312", "euc-cn", "windows-936"),
    "big5hkscs": ("big5", "x-x-big5", "big5-hkscs", "cp950", "big-5"),
    "cp932": ("shift_jis", "shift-jis", "x-sjis", "sjis", "windows-31j", "shiftjis"),
    "cp949": ("euc-kr", "ks_c_5601-1987", "ksc5601", "x-windows-949", "euckr", "ks_c_5601"),
    "cp874": ("windows-874", "tis-620", "iso-8859-11"),
    "cp1254": ("iso-8859-9", "latin5"),
    "mac-roman": ("macintosh", "x-mac-roman", "mac"),
    "mac-cyrillic": ("x-mac-cyrillic",),
    "utf-8": ("utf8", "utf-8mb4", "utf8mb4", "unicode-1-1-utf-8", "utf", "unicode"),
}  # fmt: skip
_ALIASES = {alias: name for name, aliases in _MEANT.items() for alias in aliases}
_NOT_ASCII = frozenset({"utf-7", "hz", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_NOT_IN_LINES = _NOT_ASCII | {"utf-8"}
_SEVERAL_BYTES = frozenset({"gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "johab"})
_JAPANESE = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_2004")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = frozenset({"cp1252", "iso8859-15"})
_LEAST_NUL_SHARE = 0.3
_MOST_DAMAGE_SHARE = 0.1
_MOST_BY_ACCIDENT = 4  # characters: about every sixth Chinese character of two bytes is also valid UTF-8
_FIRST_OF_THREE_BYTES = "\u0800"
_LONGEST_NAME = 40
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
# No charsets of mail, though Python has them; the time of Punycode grows as a square.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"})

Guess = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Text, and whether its charset was guessed; windows-1252 is every program's default and not a guess."""

    text: str = field(repr=False)
    guessed: bool = False


def decoded_text(data: bytes, *charsets: str, guess: Guess = likely_charset) -> DecodedText:
    """Return `data` as text; never raises.

    Valid UTF-8 is decoded as UTF-8, since other text is hardly ever valid UTF-8 by accident. Else the first of the
    named charsets that decodes all of it is used. Text that is partly UTF-8 is decoded line by line. Otherwise `guess`
    guesses the charset. Each invalid byte becomes one U+FFFD.
    """
    names = list(filter(None, map(_known, charsets)))
    plain = _self_evident_text(data, names)
    if plain is not None:
        return DecodedText(plain)
    utf8 = _strict(data, "utf-8")
    if utf8 is not None and not _is_accident(utf8, data, names):
        return DecodedText(utf8)
    if utf8 is None and _is_mostly_utf8(data, names):
        return _by_lines(data, names, guess)
    for name in names:
        text = _strict(data, name)
        if text is not None:
            return _unless_foreign(text, data, name, guess)
    return _guessed(data, names, guess)


def _self_evident_text(data: bytes, names: Iterable[str]) -> str | None:
    """Return text in ASCII, in escape sequences, or in units of two or four bytes; None for other bytes."""
    for mark, name in _BOMS:
        if data.startswith(mark) and (text := _strict(data, name)) is not None:
            return text
    text = _unmarked_utf_16(data)
    if text is not None:
        return text
    for name in names:
        if name in _NOT_ASCII and (text := _strict(data, _byte_order(data, name))) is not None:
            return text
        if name in _JAPANESE:
            data = with_escapes(data)
    if has_escapes(data):
        return decode_escapes(data)
    return data.decode("ascii") if data.isascii() else None


def _unmarked_utf_16(data: bytes) -> str | None:
    """Return text in UTF-16 without a mark, which many NUL bytes show, or None; NULs alone are not text."""
    if data.count(0) <= _LEAST_NUL_SHARE * len(data):
        return None
    text = _strict(data, _byte_order(data, "utf-16"))
    return text if text is not None and text.count("\0") <= _LEAST_NUL_SHARE * len(text) else None


def _byte_order(data: bytes, name: str) -> str:
    """Return the charset with its byte order, guessed without a mark: most characters have the high byte 0."""
    if name != "utf-16":
        return name
    return "utf-16-be" if data[:64:2].count(0) > data[1:64:2].count(0) else "utf-16-le"


def _is_accident(utf8: str, data: bytes, names: list[str]) -> bool:
    """Return whether a few words in a multi-byte charset are valid UTF-8 by accident."""
    several = names and names[0] in _SEVERAL_BYTES and _strict(data, names[0]) is not None
    if not several or _beyond_ascii(utf8) > _MOST_BY_ACCIDENT or max(utf8) >= _FIRST_OF_THREE_BYTES:
        return False
    return sum(map(str.isalpha, utf8.encode("ascii", "ignore").decode())) <= _beyond_ascii(utf8)


def _is_mostly_utf8(data: bytes, names: list[str]) -> bool:
    """Return whether text is UTF-8 except for a few bytes, or in some of its lines."""
    if names and names[0] in _SEVERAL_BYTES and _strict(data, names[0]) is not None:
        return False
    text = data.decode("utf-8", "replace")
    damage = text.count(_UNKNOWN)
    right = _beyond_ascii(text) - damage
    if right >= damage:
        return right > 0
    return right > 0 and any(not line.isascii() and _strict(line, "utf-8") is not None for line in data.split(b"\n"))


def _by_lines(data: bytes, names: list[str], guess: Guess) -> DecodedText:
    """Return text decoded line by line: a footer added by a mail server may have another charset than UTF-8."""
    lines = data.split(b"\n")
    texts = list(map(_line_in_utf8, lines))
    others = b"\n".join(line for line, text in zip(lines, texts, strict=True) if text is None)
    other = next((name for name in names if name not in _NOT_IN_LINES and _strict(others, name) is not None), "")
    guessed = not other and bool(others)
    if guessed:
        other = guess(others) or "cp1252"
        guessed = other != "cp1252"
    rest = iter(_replaced(others, other).split("\n") if others else ())
    return DecodedText("\n".join(next(rest) if text is None else text for text in texts), guessed)


def _line_in_utf8(line: bytes) -> str | None:
    """Return a line as UTF-8 text, or None if more of its bytes are damaged than are letters."""
    text = line.decode("utf-8", "replace")
    damage = text.count(_UNKNOWN)
    return text if not damage or _beyond_ascii(text) - damage >= damage else None


def _unless_foreign(text: str, data: bytes, name: str, guess: Guess) -> DecodedText:
    """Return text in the named charset, unless it is the charset that programs name by default and gives no words."""
    if name not in _WESTERN or makes_words(text):
        return DecodedText(text)
    likely = guess(data)
    if not likely or likely == name:
        return DecodedText(text)
    return DecodedText(_replaced(data, likely), guessed=True)


def _guessed(data: bytes, names: list[str], guess: Guess) -> DecodedText:
    """Return text in the named charset if that decodes nearly all of it, else in the most likely one."""
    for name in names:
        text = _replaced(data, name)
        allowed = _MOST_DAMAGE_SHARE * _beyond_ascii(text)
        is_read = text.count(_UNKNOWN) <= (allowed if name == "utf-8" else max(allowed, 1))
        if is_read and (name not in _WESTERN or makes_words(text)):
            return DecodedText(text)
    likely = guess(data)
    if likely:
        return DecodedText(_replaced(data, likely), guessed=likely != "cp1252")
    western = _strict(data, "cp1252")
    if western is not None:
        return DecodedText(western, guessed=not makes_words(western))
    return DecodedText(_replaced(data, names[0] if names else "cp1252"), guessed=True)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except ValueError:
        return None


def _replaced(data: bytes, name: str) -> str:
    return decode_euc_jp(data) if name == "euc_jp" else data.decode(name, "replace")


def _known(charset: str) -> str:
    """Return the name of a charset that decodes bytes to text, or "" for an unknown one."""
    name = charset.strip(" \"'\\;").lower()
    name = _ALIASES.get(name, _ALIASES.get(name.replace("_", "-"), name))
    if not name or not name.isascii() or len(name) > _LONGEST_NAME:
        return ""
    try:
        "".encode(name)
        b"".decode(name)
        known = codecs.lookup(name).name
        return "" if known.replace("-", "_") in _NO_CHARSETS else known
    except (LookupError, ValueError):
        return _known(name[2:]) if name.startswith("x-") else ""
