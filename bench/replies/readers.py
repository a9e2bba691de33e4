"""Our reader and those of other projects, each with a name, a version, and the words it finds in a case.

Another project's reader is used if it is installed, as its own documentation shows; one that reads only text gets the
text part, or the text of the HTML.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.replies.cases import Case
from service.core.replies import ClientPhrases, read_words
from service.core.replies.html.html_linear import linear_lines

PHRASES = Path(__file__).parents[2] / "service" / "core" / "data" / "replies.toml"
_PEERS = ("mail-parser-reply", "email-reply-parser", "quotequail", "unquotemail", "talon")


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader that finds the words in a case."""

    name: str
    version: str
    read: Callable[[Case], str] = field(repr=False)


def readers() -> Iterator[Reader]:
    """Yield our reader, then all others that are installed."""
    yield ours()
    for name in _PEERS:
        reader = _peer(name)
        if reader:
            yield reader


def absent_readers() -> list[str]:
    """Return the names of the readers that are not installed."""
    return [name for name in _PEERS if _peer(name) is None]


def ours() -> Reader:
    """Return the reader of this repository."""
    phrases = ClientPhrases.parse(PHRASES.read_text(encoding="utf-8"))

    def read(case: Case) -> str:
        words = read_words(case.bodies.plain, case.bodies.html, case.sent, phrases)
        return words.bare + words.over

    return Reader("small-steps", "this tree", read)


def _peer(name: str) -> Reader | None:
    makers: dict[str, Callable[[], Callable[[Case], str]]] = {
        "mail-parser-reply": _mail_parser_reply,
        "email-reply-parser": _email_reply_parser,
        "quotequail": _quotequail,
        "unquotemail": _unquotemail,
        "talon": _talon,
    }
    try:
        return Reader(name, version(name), makers[name]())
    except (ImportError, PackageNotFoundError):
        return None


def _text(case: Case) -> str:
    if case.bodies.plain:
        return case.bodies.plain
    return "\n".join(line.text for line in linear_lines(case.bodies.html or ""))


def _mail_parser_reply() -> Callable[[Case], str]:
    parser = import_module("mailparser_reply").EmailReplyParser(
        languages=["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs", "ja", "ko", "zh"]
    )

    def read(case: Case) -> str:
        return parser.parse_reply(_text(case)) or ""

    return read


def _email_reply_parser() -> Callable[[Case], str]:
    parser = import_module("email_reply_parser").EmailReplyParser

    def read(case: Case) -> str:
        return str(parser.parse_reply(_text(case)))

    return read


def _quotequail() -> Callable[[Case], str]:
    module = import_module("quotequail")

    def read(case: Case) -> str:
        return "\n".join(text for shown, text in module.quote(_text(case), quote_intro_line=True) if shown)

    return read


def _unquotemail() -> Callable[[Case], str]:
    unquote = import_module("unquotemail").Unquote

    def read(case: Case) -> str:
        if not (case.bodies.html or case.bodies.plain):
            return ""  # it refuses a mail without a body
        return unquote(case.bodies.html, case.bodies.plain or None).get_text() or ""

    return read


def _talon() -> Callable[[Case], str]:
    module = import_module("talon")
    module.init()
    quotations = import_module("talon.quotations")
    signatures = import_module("talon.signature.bruteforce")

    def read(case: Case) -> str:
        reply = quotations.extract_from(_text(case), "text/plain")
        return str(signatures.extract_signature(reply)[0] or "")

    return read
