"""Reading Rich Text Format (RTF 1.9.1) as text, or as the HTML that Exchange packs into it (MS-OXRTFEX)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final, NamedTuple

_BEGINNING: Final = b"{\\rtf"
_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,9})? ?"
    r"|(?P<bytes>(?:\\'[0-9a-fA-F]{2})+)"
    r"|\\(?P<symbol>[^a-zA-Z])"
    r"|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]+)"
    r"|[\r\n]+|\\",
    re.DOTALL,
)
_SYMBOLS: Final[Mapping[str, str]] = {
    "\\": "\\", "{": "{", "}": "}", "~": "\N{NO-BREAK SPACE}", "_": "-", "\n": "\n", "\r": "\n",
}  # fmt: skip
_SIGNS: Final[Mapping[str, str]] = {
    "par": "\n", "line": "\n", "row": "\n", "sect": "\n", "page": "\n", "tab": "\t", "cell": "\t",
    "emdash": "\N{EM DASH}", "endash": "\N{EN DASH}", "bullet": "\N{BULLET}", "emspace": " ", "enspace": " ",
    "lquote": "\N{LEFT SINGLE QUOTATION MARK}", "rquote": "\N{RIGHT SINGLE QUOTATION MARK}",
    "ldblquote": "\N{LEFT DOUBLE QUOTATION MARK}", "rdblquote": "\N{RIGHT DOUBLE QUOTATION MARK}",
    "zwj": "\N{ZERO WIDTH JOINER}", "zwnj": "\N{ZERO WIDTH NON-JOINER}",
}  # fmt: skip
_TOKENS: Final = 10_000  # that are read, and one more for each three bytes: text has fewer
# Groups whose text nobody reads; so is every group that begins with `\*`, but for the tags of packed HTML.
_UNREAD: Final = frozenset({
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "objdata", "header", "headerl", "headerr", "headerf",
    "footer", "footerl", "footerr", "footerf", "xe", "tc",
})  # fmt: skip
# The Windows code page of a font's charset (RTF 1.9.1, \fcharset).
_CHARSETS: Final[Mapping[int, int]] = {
    128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257,
    204: 1251, 222: 874, 238: 1250,
}  # fmt: skip


def is_rtf(data: bytes) -> bool:
    """Return whether this is RTF, by its first bytes."""
    return data.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(_BEGINNING)


class RtfText(NamedTuple):
    """The text of RTF, or its HTML if HTML was packed into it. `is_cut`: it has too many marks to read all."""

    plain: str | None = None
    html: str | None = None
    is_cut: bool = False


def read_rtf(data: bytes) -> RtfText:
    """Return the text of RTF, in linear time. Damage is read over: what is read up to it is kept."""
    reader = _RtfReader()
    is_cut = not reader.read(data.decode("latin-1"))
    # A character outside the first plane is written as its two halves.
    text = "".join(reader.pieces).replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return RtfText(html=text, is_cut=is_cut) if reader.is_html else RtfText(plain=text, is_cut=is_cut)


class _Group(NamedTuple):
    """What holds until the end of a group. After a Unicode character come `after_unicode` others, for old readers."""

    unread: bool = False
    only_rtf: bool = False
    is_tag: bool = False
    in_fonts: bool = False
    after_unicode: int = 1
    font: int | None = None


@dataclass(slots=True)
class _RtfReader:
    """Reads tokens one after another; `pieces` grows as it reads."""

    pieces: list[str] = field(default_factory=list, repr=False)
    is_html: bool = False
    _group: _Group = field(default_factory=_Group)
    _outer: list[_Group] = field(default_factory=list)
    _fonts: dict[int, str] = field(default_factory=dict)
    _code_page: str = "cp1252"
    _to_skip: int = 0
    _may_be_unread: bool = False

    def read(self, rtf: str) -> bool:
        """Read to the end, or to the end of the outermost group; return whether it was reached."""
        at = 0
        for _ in range(_TOKENS + len(rtf) // 3):
            found = _TOKEN.match(rtf, at)
            if found is None:
                return True
            at = found.end()
            kind = found.lastgroup
            if kind == "brace":
                if not self._take_brace(found[0]):
                    return True
            elif kind in {"word", "number"}:
                number = int(found["number"]) if kind == "number" else None
                at += max(0, number or 0) if found["word"] == "bin" else 0
                self._take_word(found["word"], number)
            else:
                self._take_plain(kind, found[0])
        return False

    def _take_brace(self, brace: str) -> bool:
        """Begin or end a group; return whether any is still open."""
        self._to_skip = 0
        self._may_be_unread = False
        if brace == "{":
            self._outer.append(self._group)
        elif self._outer:
            self._group = self._outer.pop()
        return bool(self._outer)

    def _take_plain(self, kind: str | None, token: str) -> None:
        if kind == "text":
            self._take_text(token)
        elif kind == "bytes":
            self._take_bytes(bytes.fromhex(token.replace("\\'", "")))
        elif kind == "symbol":
            self._take_symbol(token[1:])

    def _take_symbol(self, symbol: str) -> None:
        self._may_be_unread = symbol == "*"
        if symbol in _SYMBOLS:
            self._take_text(_SYMBOLS[symbol])

    def _take_word(self, word: str, number: int | None) -> None:
        was_marked, self._may_be_unread = self._may_be_unread, False
        if was_marked and word == "htmltag":
            self._group = self._group._replace(is_tag=True)
        elif was_marked or word in _UNREAD:
            self._group = self._group._replace(unread=True, in_fonts=word == "fonttbl")
        elif word in _SIGNS:
            self._to_skip = 0
            self._write(_SIGNS[word])
        elif setting := _SETTINGS.get(word):
            setting(self, number)

    def _take_text(self, text: str) -> None:
        skipped = min(self._to_skip, len(text))
        self._to_skip -= skipped
        if skipped < len(text):
            self._write(text[skipped:])

    def _take_bytes(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if skipped < len(data):
            font = self._group.font
            code_page = self._fonts.get(font, self._code_page) if font is not None else self._code_page
            self._write(data[skipped:].decode(code_page, "replace"))

    def _write(self, text: str) -> None:
        group = self._group
        if group.unread or group.only_rtf:
            return
        self.pieces.append(escape(text, quote=False) if self.is_html and not group.is_tag else text)

    def set_html(self, number: int | None) -> None:
        self.is_html = number != 0

    def set_only_rtf(self, number: int | None) -> None:
        self._group = self._group._replace(only_rtf=self.is_html and number != 0)

    def set_after_unicode(self, number: int | None) -> None:
        after = max(0, 1 if number is None else number)
        if self._group.after_unicode != after:
            self._group = self._group._replace(after_unicode=after)

    def set_code_page(self, number: int | None) -> None:
        self._code_page = _codec(number or 0)

    def set_font(self, number: int | None) -> None:
        if self._group.font != number:
            self._group = self._group._replace(font=number)

    def set_font_charset(self, number: int | None) -> None:
        if self._group.in_fonts and self._group.font is not None and (code_page := _CHARSETS.get(number or 0)):
            self._fonts[self._group.font] = _codec(code_page)

    def take_unicode(self, number: int | None) -> None:
        self._to_skip = 0
        self._write(chr((number or 0) & 0xFFFF))
        self._to_skip = self._group.after_unicode


_SETTINGS: Final[Mapping[str, Callable[[_RtfReader, int | None], None]]] = {
    "fromhtml": _RtfReader.set_html,
    "htmlrtf": _RtfReader.set_only_rtf,
    "uc": _RtfReader.set_after_unicode,
    "u": _RtfReader.take_unicode,
    "ansicpg": _RtfReader.set_code_page,
    "f": _RtfReader.set_font,
    "fcharset": _RtfReader.set_font_charset,
}


def _codec(code_page: int) -> str:
    try:
        return codecs.lookup(f"cp{code_page}").name
    except LookupError:
        return "cp1252"
