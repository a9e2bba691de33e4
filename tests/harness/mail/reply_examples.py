"""Replies as mail programs write them: words above a prompt that is quoted in many ways and languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from service.config import ROOT
from service.core.replies import ClientPhrases, ReplyWords, SentEmail, decode_bodies, read_words
from tests.harness.mail.raw_mime import HEADERS

DATA = ROOT / "tests" / "data"
ADDRESS = "r-abcdefghijklmnopqrstuvwxyz234567abcdefgh@in.steps.example"
NAME = "Small Steps"
TEXT = """Hello there,

What made you smile today?

Just reply to this email: a line is enough, and so is a page.

A year ago you wrote: "We saw the first swallows."

--\x20
Small Steps
Rest for a week: https://steps.example/rest/abc
Stop: https://steps.example/stop/abc
"""
HTML = """<div style="display:none">A small question for today</div>
<table width="600"><tr><td><p>Hello there,</p><h1>What made you smile today?</h1>
<p>Just reply to this email: a line is enough, and so is a page.</p>
<p>A year ago you wrote: &ldquo;We saw the first swallows.&rdquo;</p></td></tr>
<tr><td>Small Steps<br><a href="https://steps.example/rest/abc">Rest for a week</a> &middot;
<a href="https://steps.example/stop/abc">Stop</a></td></tr></table>"""
SENT = SentEmail("What made you smile today?", TEXT, HTML, ADDRESS, NAME)
GMAIL_EN = f"On Thu, Sep 3, 2026 at 10:20 AM {NAME} <{ADDRESS}> wrote:"

OWN = (
    "It rained all morning, and I liked it.",
    "Things:\n\n- tea\n- the long letter from M.\n- bread",
    "On Monday I wrote to her:\n\nsee you soon",
    "Спал плохо.\n\nНо вечером гуляли.",
    "今日は雨。\n\n本を読んだ。",
    "היום הלכתי לים.",
    "I'm fine. Date: none\n\nFrom: me\nTo: you",
)


@dataclass(frozen=True)
class Mail:
    """One reply with both parts, and its words."""

    program: str
    words: str = field(repr=False)
    plain: str = field(repr=False)
    html: str = field(repr=False)


@cache
def phrases() -> ClientPhrases:
    """The phrases of mail programs that the service has."""
    return ClientPhrases.parse((ROOT / "service" / "core" / "data" / "replies.toml").read_text("utf-8"))


@cache
def languages() -> dict[str, Any]:
    """The lines that mail programs write, by language; `headers` has lists of labels."""
    return tomllib.loads((DATA / "mail_programs" / "languages.toml").read_text("utf-8"))


def read(plain: str | None, html: str | None = None, sent: SentEmail | None = SENT) -> ReplyWords:
    """Read a reply to the prompt of these tests."""
    return read_words(plain, html, sent, phrases())


def words_in(mail: bytes) -> str:
    """The words that the reader keeps of a raw mail without these headers, on one line."""
    bodies = decode_bodies(HEADERS + mail)
    return " ".join(read(bodies.plain, bodies.html, None).text.split())


def quoted(text: str) -> str:
    """The text with `> ` before each line."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def divs(text: str) -> str:
    """The text as a web mail program writes it."""
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def attributed(words: str, attribution: str) -> Iterator[Mail]:
    """Replies of programs that put an attribution line above the quotation."""
    line = attribution.format(name=NAME, address=ADDRESS)
    html = "<br>".join(map(escape, line.split("\n")))
    yield Mail(
        "gmail",
        words,
        f"{words}\n\n{line}\n\n{quoted(TEXT)}",
        f'<div dir="ltr">{divs(words)}</div><br><div class="gmail_quote"><div class="gmail_attr">{html}<br></div>'
        f'<blockquote class="gmail_quote" style="border-left:1px solid">{HTML}</blockquote></div>',
    )
    yield Mail(
        "yahoo",
        words,
        f" {words}\n    {line}  \n \n" + "\n".join(f" {each}" for each in TEXT.split("\n")),
        f'<div class="ydp1yahoo-style-wrap">{divs(words)}</div><div id="ydp1yahoo_quoted_47" class="yahoo_quoted">'
        f"<div><div>{html}</div><div><br></div><div>{HTML}</div></div></div>",
    )
    yield Mail(
        "apple",
        words,
        f"{words}\n\n{quoted(line)}\n> \n{quoted(TEXT)}",
        f'{divs(words)}<div><br><blockquote type="cite"><div>{html}</div><br><div>{HTML}</div></blockquote></div>',
    )
    yield Mail(
        "thunderbird below",
        words,
        f"{line}\n{quoted(TEXT)}\n\n{words}",
        f'<div class="moz-cite-prefix">{html}<br></div><blockquote type="cite">{HTML}</blockquote>{divs(words)}',
    )


def headed(words: str, labels: list[str]) -> Iterator[Mail]:
    """Replies of programs that put a block of headers above an unmarked quotation."""
    values = (f"{NAME} <{ADDRESS}>", "2026-09-03 10:20", "Mia <mia@mail.example>", SENT.subject)
    pairs = list(zip(labels, values, strict=True))
    block = "\n".join(f"{label}: {value}" for label, value in pairs)
    starred = "\n".join(f"*{label}:* {value}" for label, value in pairs)
    html = "<br>".join(f"<b>{label}:</b> {escape(value)}" for label, value in pairs)
    yield Mail(
        "outlook web",
        words,
        f"{words}\n\n{'_' * 32}\n{block}\n\n{TEXT}",
        f'{divs(words)}<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><font>{html}</font></div>{HTML}',
    )
    yield Mail(
        "outlook",
        words,
        f"{words}\n\n{block}\n\n{TEXT}",
        "".join(f"<p class=MsoNormal>{escape(line) or '&nbsp;'}</p>" for line in words.split("\n"))
        + f'<div style="border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal>{html}</p></div>{HTML}',
    )
    yield Mail("starred", words, f"{words}\n\n{starred}\n\n{TEXT}", f"{divs(words)}<p>{html}</p>{HTML}")
    yield Mail(
        "original message",
        words,
        f"{words}\n\n-----Original Message-----\n{block}\n\n{TEXT}",
        f"{divs(words)}<div>-----Original Message-----<br>{html}<br><br>{HTML}</div>",
    )


def squeezed(text: str) -> str:
    """The text without the white space that mail programs change."""
    return " ".join(text.split())
