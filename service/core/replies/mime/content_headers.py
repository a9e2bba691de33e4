"""The content headers of a part, parsed as tolerantly as mail programs do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import collapse_rfc2231_value, decode_params
from itertools import islice

from service.core.replies.mime.charsets import Guess
from service.core.replies.mime.mime_headers import Fields, header_words, readable

_TYPE = re.compile(r"[\s\"']*([\w!#$&^.+-]+)[ \t]*[/\\][ \t]*([\w!#$&^.+-]+)")
_PARAMETER = re.compile(r"((?<![\w.*'-])[\w.*'-]++)[ \t]*+=++[ \t]*+(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]+))")
_DISPOSITION = re.compile(r"[\s\"']*([\w-]+)")
_COMMENT = re.compile(r"\([^()]*\)")
_MOST_PARAMETERS = 100
_READ = frozenset({"content-type", "content-disposition", "content-transfer-encoding", "content-id"})
_NOT_A_LETTER = re.compile(r"[^a-z0-9]")
# How programs write these encodings (RFC 2045, section 6), letters and digits only.
_ENCODINGS = (
    ("base64", ("base64", "b64")),
    ("quoted-printable", ("quotedprintable", "qp", "quotedprint")),
    ("uuencode", ("xuuencode", "uuencode", "xuue", "uue")),
)
_WORDS_BY_SUBTYPE = dict.fromkeys(("plain", "text", "txt"), "text/plain") | dict.fromkeys(
    ("html", "htm", "xhtml", "xhtml+xml"), "text/html"
)
_LONE_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}


@dataclass(frozen=True, slots=True)
class ContentHeaders:
    """The type and the subtype in lower case, its parameters, its encoding and its disposition.

    `typed` is true if there is a Content-Type; without one the type is text/plain (RFC 2045, section 5.2).
    `disposition` is "inline", "attachment" or "".
    """

    content_type: str
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    encoding: str = ""
    disposition: str = ""
    filename: str = field(default="", repr=False)
    content_id: str = field(default="", repr=False)
    typed: bool = True

    @property
    def maintype(self) -> str:
        """Return the type before the slash."""
        return self.content_type.partition("/")[0]

    @property
    def subtype(self) -> str:
        """Return the type after the slash."""
        return self.content_type.partition("/")[2]

    def parameter(self, name: str) -> str:
        """Return a parameter of the Content-Type, or "" if there is none."""
        return self.parameters.get(name, "")


def content_headers(fields: Fields, guess: Guess) -> ContentHeaders:
    """Return the parsed header fields of a part; never raises for any content. `guess` guesses charsets."""
    first: dict[str, str] = {}
    for name, value in fields:
        if name in _READ and name not in first:
            first[name] = readable(value, guess)
    written = first.get("content-type", "")
    shown = first.get("content-disposition", "")
    parameters = _parameters(written)
    filename = _parameters(shown).get("filename") or parameters.get("name") or ""
    disposition = _DISPOSITION.match(shown)
    return ContentHeaders(
        content_type=_type(written),
        parameters=parameters,
        encoding=_encoding(first.get("content-transfer-encoding", "")),
        disposition=disposition[1].lower() if disposition else "",
        filename=header_words(filename, guess),
        content_id=first.get("content-id", "").strip().strip("<>"),
        typed=bool(written.strip()),
    )


def _type(written: str) -> str:
    """Return `type/subtype`; for another notation, the type that it probably means."""
    found = _TYPE.match(written)
    if found is None:
        return _LONE_TYPES.get(_NOT_A_LETTER.sub("", written.lower().partition(";")[0]), "text/plain")
    maintype, subtype = found[1].lower(), found[2].lower()
    if subtype == "text" and maintype in _LONE_TYPES:
        return _LONE_TYPES[maintype]
    return _WORDS_BY_SUBTYPE.get(subtype, f"{maintype}/{subtype}")


def _parameters(written: str) -> dict[str, str]:
    """Return the parameters of a header, decoded by RFC 2231, with any separators between them."""
    _, _, rest = written.partition(";") if ";" in written else ("", "", written)
    first = (match.groups("") for match in islice(_PARAMETER.finditer(rest), _MOST_PARAMETERS))
    found = [(name.lower(), quoted or bare) for name, quoted, bare in first]
    if not found:
        return {}
    try:
        decoded = decode_params([("", ""), *((name, f'"{value}"') for name, value in found)])[1:]
        pairs = [(name, collapse_rfc2231_value(value)) for name, value in decoded]
    except (ValueError, LookupError, TypeError):
        pairs = found
    return {name: value.strip(" \"'") for name, value in reversed(pairs)}


def _encoding(written: str) -> str:
    """Return "base64", "quoted-printable", "uuencode", or "" for content without an encoding."""
    token = _NOT_A_LETTER.sub("", _COMMENT.sub("", written.lower()).strip().partition(";")[0])
    return next((name for name, forms in _ENCODINGS if token.startswith(forms)), "")
