"""The pieces of the answered mail that mail programs quote."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from enum import StrEnum
from html import escape
from itertools import zip_longest

from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.replies.languages import Language, moment_words

BREAK = "<br>"


class Where(StrEnum):
    """Where the words are: above the quotation, below it, or between its paragraphs."""

    TOP = "top"
    BOTTOM = "bottom"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class TypedReply:
    """What a person types, the mail that it answers, the language and the position."""

    words: str = field(repr=False)
    mail: MailboxMail
    language: Language
    where: Where

    def attribution(self, pattern: str) -> str:
        """Return the line that introduces the quotation."""
        name, address = parseaddr(self.mail.sender)
        moment = moment_words(self.language, self.mail.accepted_at)
        return pattern.format(name=name or address, address=address, **moment)

    def header_block(self) -> list[tuple[str, str]]:
        """Return Outlook's four lines, as (name, value)."""
        moment = moment_words(self.language, self.mail.accepted_at)
        values = (
            self.mail.sender,
            self.language.outlook_sent.format(**moment),
            self.mail.recipient,
            self.mail.subject,
        )
        return list(zip(self.language.outlook_names, values, strict=True))

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Yield (paragraph of the reply, paragraph of the mail) pairs, for answers in between."""
        return zip_longest(paragraphs(self.mail.text), paragraphs(self.words), fillvalue="")


def paragraphs(text: str) -> Sequence[str]:
    """Return the blocks of a text, which empty lines separate."""
    blocks = text.replace("\r\n", "\n").split("\n\n")
    return [block.strip("\n") for block in blocks if block.strip()]


def marked(text: str, width: int | None = None) -> str:
    """Return the text with `> ` before each line, wrapped to `width` if given."""
    lines = wrapped(text, width).split("\n") if width else text.split("\n")
    return "\n".join(f"> {line}" if line.strip() else ">" for line in lines)


def wrapped(text: str, width: int) -> str:
    """Return the text with long lines wrapped, without breaking words or links."""
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if len(line) > width else line
        for line in text.split("\n")
    )


def markup(text: str, tag: str = "div", attributes: str = "") -> str:
    """Return each line of the text as one element, an empty line as one with a break."""
    opening = f"<{tag} {attributes}>" if attributes else f"<{tag}>"
    return "".join(f"{opening}{escape(line) if line.strip() else BREAK}</{tag}>" for line in text.split("\n"))


def paragraph_markup(text: str) -> str:
    """Return the text as paragraphs, divided where it has empty lines, with breaks within them."""
    parts = [part.split("\n") for part in text.split("\n\n")]
    return "".join(f"<p>{'<br>'.join(escape(line) for line in lines) or BREAK}</p>" for lines in parts)


def body_of(html: str) -> str:
    """Return the content of a page's body; mail programs leave out its head."""
    low = html.lower()
    opens = low.find("<body")
    start = low.find(">", opens) + 1 if opens >= 0 else 0
    end = low.rfind("</body")
    return html[start : end if end >= start else len(html)].strip()


def link(address: str) -> str:
    """Return an address as mail programs show it in an attribution."""
    return f'<a href="mailto:{escape(address)}">{escape(address)}</a>'


def linked(attribution: str, address: str) -> str:
    """Return an attribution as HTML, its address a link."""
    return escape(attribution).replace(escape(address), link(address), 1)
