"""The bodies and attachments of a raw mail, within limits on size, parts and depth; never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from service.core.replies.mime.body_forms import BodyForms, in_order, of_the_same
from service.core.replies.mime.charsets import Guess, decoded_text
from service.core.replies.mime.compressed_rtf import expand_rtf
from service.core.replies.mime.enriched import unenriched
from service.core.replies.mime.flowed import unflowed
from service.core.replies.mime.mime_headers import header_values
from service.core.replies.mime.mime_parts import DEPTH, PARTS, MimePart, MimeTree
from service.core.replies.mime.rtf import is_rtf, read_rtf
from service.core.replies.mime.signed_content import signed_content
from service.core.replies.mime.winmail import Winmail, read_winmail

MIME_BYTES = 40 * 1024 * 1024
_MOST_CONTAINERS = 4 * PARTS

_HTML = "text/html"
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
# Text types that are not the words of a mail.
_FILES = frozenset({
    "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/css", "text/csv", "text/xml", "text/rtf",
    "text/javascript", "text/json", "text/rfc822-headers", "text/tab-separated-values",
})  # fmt: skip
# Forms for watches and for interactive mail: the same words are also there as HTML.
_DOUBLES = frozenset({"text/x-amp-html", "text/watch-html"})
_RTF = frozenset({"text/rtf", "application/rtf", "application/x-rtf"})
_RTF_BYTES = 4 * 1024 * 1024
_EXPANDED_RTF_BYTES = 256 * 1024  # compressed, this may be 30 kB, and reading it must not take longer than those allow
_SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_NO_TYPE = "application/octet-stream"
_WHITE = str.maketrans("\t\r\n\f", "    ")
_MAILS = frozenset({"message/rfc822", "message/global"})
# Exchange gives such names to text between pictures.
_MADE_UP_NAME = re.compile(r"att\d{3,}\.(?:txt|html?)", re.IGNORECASE)
_META = re.compile(rb"<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_BYTES = 4 * 1024
_NOTICE = re.compile(r"multi-?part message|\bMIME\b", re.IGNORECASE)
_HTML_BEGINS = re.compile(r"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail; `content_id` has no angle brackets, and is "" if no HTML shows the file."""

    filename: str = field(repr=False)
    content_type: str
    content_id: str = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The content of a mail. `headers` has lower-case names, each with all its values in order.

    `bounded` is true if a limit cut something off, which is still in the raw mail. `guessed` is true if no charset
    that the mail names fits its bytes, so that letters may be wrong.
    """

    plain: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    bounded: bool = False
    guessed: bool = False


def decode_bodies(raw_mime: bytes) -> Bodies:
    """Return the bodies of a mail as text, its headers decoded, and its attachments.

    If no part is a body, other readable parts are used: a text file, or an attached mail.
    """
    tree = MimeTree()
    raw = raw_mime[:MIME_BYTES]
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    if raw.lower().count(b"multipart/") > _MOST_CONTAINERS:
        return _as_text(raw)
    root = tree.read(raw)
    reader = _PartReader(tree)
    forms = in_order(reader.read(root))
    if not forms.has_words():
        forms = reader.read_what_is_left(root) or forms
    return Bodies(
        plain=forms.plain,
        html=forms.html,
        headers=header_values(root.fields, tree.guess),
        attachments=tuple(reader.attachments),
        bounded=tree.cut or len(raw_mime) > MIME_BYTES,
        guessed=forms.guessed,
    )


def _as_text(raw: bytes) -> Bodies:
    """Return a mail as one text; for mails with more containers than any program writes."""
    head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return Bodies(plain=decoded_text(rest or head).text, bounded=True)


class _PartReader:
    """Sorts the parts of a mail into bodies and attachments; `attachments` grows as it reads."""

    def __init__(self, tree: MimeTree) -> None:
        self.attachments: list[Attachment] = []
        self._tree = tree
        self._texts: list[MimePart] = []
        self._mails: list[MimePart] = []
        self._winmails: list[Winmail] = []

    def read(self, part: MimePart, depth: int = 0) -> list[BodyForms]:
        """Return the bodies in a part, in their order."""
        if part.headers.subtype == "alternative" and part.children:
            children = [child for child in part.children if child.headers.content_type not in _DOUBLES] or part.children
            forms = [in_order(self.read(child, depth + 1)) for child in children]
            return (
                [of_the_same(forms)] if any(form.plain is not None or form.html is not None for form in forms) else []
            )
        if part.children:
            return [body for child in part.children for body in self.read(child, depth + 1)]
        return self._leaf(part, depth)

    def read_what_is_left(self, root: MimePart) -> BodyForms | None:
        """Return the readable text of a mail whose bodies have no words; None if there is none.

        Files of text come first, then attached mails, then Outlook's own format, and last the text outside the parts.
        """
        for bodies in (self._files_of_text(), self._mails_inside(), self._packed(), _outside(root, self._tree.guess)):
            forms = in_order(bodies)
            if forms.has_words():
                return forms
        return None

    def _leaf(self, part: MimePart, depth: int) -> list[BodyForms]:
        kind = part.headers.content_type
        if _may_be_signed(part) and depth < DEPTH and (signed := signed_content(part.content)) is not None:
            self._tree.cut |= signed.is_cut
            return self.read(self._tree.read(signed.data, depth + 1), depth + 1)
        if kind == "application/ms-tnef" or part.headers.filename.lower() == "winmail.dat":
            return self._winmail(part)
        if _is_read(part):
            return self._body(part)
        if _has_text(part, self._tree.guess):
            self._texts.append(part)
        elif kind in _MAILS:
            self._mails.append(part)
        self.attachments.append(_attachment(part))
        return []

    def _winmail(self, part: MimePart) -> list[BodyForms]:
        winmail = read_winmail(part.content)
        if winmail is None:
            self.attachments.append(_attachment(part))
            return []
        self._winmails.append(winmail)
        self.attachments.extend(Attachment(name, _NO_TYPE, "", data) for name, data in winmail.files)
        return []

    def _files_of_text(self) -> list[BodyForms]:
        return [body for part in self._texts for body in self._instead_of_file(part, self._body(part))]

    def _mails_inside(self) -> list[BodyForms]:
        found: list[BodyForms] = []
        for depth in range(1, DEPTH):
            mails, self._mails = self._mails, []
            for part in mails:
                found += self._instead_of_file(part, self.read(self._tree.read(part.content, depth), depth))
        return found

    def _instead_of_file(self, part: MimePart, bodies: list[BodyForms]) -> list[BodyForms]:
        """Return the bodies; if they have words, their part is no longer an attachment."""
        if any(body.has_words() for body in bodies):
            file = _attachment(part)
            self.attachments = [other for other in self.attachments if other != file]
        return bodies

    def _packed(self) -> list[BodyForms]:
        return [self._packed_body(winmail) for winmail in self._winmails]

    def _packed_body(self, winmail: Winmail) -> BodyForms:
        if winmail.plain or winmail.html or not winmail.rtf:
            return _packed_text(winmail, self._tree.guess)
        rtf = expand_rtf(winmail.rtf, most_bytes=_EXPANDED_RTF_BYTES)
        self._tree.cut |= len(rtf) == _EXPANDED_RTF_BYTES
        return self._rtf(rtf)

    def _body(self, part: MimePart) -> list[BodyForms]:
        if is_rtf(part.content):
            self._tree.cut |= len(part.content) > _RTF_BYTES
            return [self._rtf(part.content[:_RTF_BYTES])]
        return [_text_body(part, self._tree.guess)]

    def _rtf(self, rtf: bytes) -> BodyForms:
        text = read_rtf(rtf)
        self._tree.cut |= text.is_cut
        return BodyForms(text.plain, text.html)


def _may_be_signed(part: MimePart) -> bool:
    return part.headers.content_type in _SIGNED or part.headers.filename.lower().endswith((".p7m", ".p7z"))


def _has_text(part: MimePart, guess: Guess) -> bool:
    """Return whether a file may be read as the words of a mail that has no others."""
    kind = part.headers.content_type
    if kind in _RTF:
        return is_rtf(part.content)
    return (part.headers.maintype == "text" and not _is_file(kind)) or _may_be_text(part, guess)


def _may_be_text(part: MimePart, guess: Guess) -> bool:
    """Return whether a part without a type is text, as some programs send it."""
    headers = part.headers
    if headers.content_type != _NO_TYPE or (headers.filename and not headers.filename.lower().endswith(".txt")):
        return False
    return decoded_text(part.content[:_META_BYTES], guess=guess).text.translate(_WHITE).isprintable()


def _packed_text(winmail: Winmail, guess: Guess) -> BodyForms:
    plain = decoded_text(winmail.plain, winmail.charset, guess=guess) if winmail.plain else None
    meta = _meta_charset(winmail.html)
    html = decoded_text(winmail.html, winmail.charset, meta, guess=guess) if winmail.html else None
    texts = [text for text in (plain, html) if text is not None]
    return BodyForms(plain.text if plain else None, html.text if html else None, any(text.guessed for text in texts))


def _outside(root: MimePart, guess: Guess) -> list[BodyForms]:
    """Return the text around the parts of containers, without the texts that programs write there."""
    return [BodyForms(plain=text) for part in _containers(root) if (text := _without_notice(part.around, guess))]


def _containers(part: MimePart) -> Iterator[MimePart]:
    if part.children:
        yield part
        for child in part.children:
            yield from _containers(child)


def _without_notice(around: bytes, guess: Guess) -> str:
    lines = decoded_text(around, guess=guess).text.splitlines()
    return "\n".join(line for line in lines if not _NOTICE.search(line)).strip()


def _is_read(part: MimePart) -> bool:
    """Return whether a leaf is a body of the mail, and not an attachment."""
    headers = part.headers
    if headers.maintype == "multipart":
        return True  # a container without any parts
    kind = headers.content_type
    if headers.maintype != "text" or _is_file(kind):
        return False
    return headers.disposition != "attachment" or _MADE_UP_NAME.fullmatch(headers.filename) is not None


def _is_file(kind: str) -> bool:
    """Return whether text of this type is data: a known file type, a program's own type, JSON or XML."""
    return kind in _FILES or kind.startswith("text/vnd.") or kind.endswith(("+json", "+xml"))


def _text_body(part: MimePart, guess: Guess) -> BodyForms:
    headers = part.headers
    is_html = headers.content_type == _HTML or headers.content_type in _DOUBLES
    meta = _meta_charset(part.content) if is_html else ""
    found = decoded_text(part.content, headers.parameter("charset"), meta, guess=guess)
    text = found.text
    if is_html or _HTML_BEGINS.match(text):
        return BodyForms(None, text, found.guessed)
    if headers.content_type in _ENRICHED:
        return BodyForms(unenriched(text), None, found.guessed)
    if headers.parameter("format").lower() == "flowed":
        text = unflowed(text, delsp=headers.parameter("delsp").lower() == "yes")
    return BodyForms(text, None, found.guessed)


def _meta_charset(html: bytes) -> str:
    """Return the charset that HTML declares (HTML 4.01, section 5.2.2), or ""."""
    found = _META.search(html, 0, _META_BYTES)
    return found[1].decode("ascii", "replace") if found else ""


def _attachment(part: MimePart) -> Attachment:
    headers = part.headers
    return Attachment(headers.filename, headers.content_type, headers.content_id, part.content)
