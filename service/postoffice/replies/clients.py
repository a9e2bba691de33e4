"""How nine mail programs write a reply: text part, HTML part and footer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from html import escape
from itertools import chain, repeat

from service.postoffice.replies.quotation import (
    TypedReply,
    Where,
    body_of,
    linked,
    marked,
    markup,
    paragraph_markup,
    wrapped,
)

_GMAIL_WIDTH = 76
_GMAIL_QUOTE = (
    '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid'
    ' rgb(204,204,204);padding-left:1ex">'
)
_RULE = "_" * 32
_OUTLOOK_RULE = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
_BYTE_ORDER_MARK = "\ufeff"
Parts = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Client:
    """A mail program: its name, and how it formats a TypedReply."""

    label: str
    write: Callable[[TypedReply], Parts]
    is_flowed: bool = False
    uses_outlook_prefix: bool = False


def _gmail_web(answer: TypedReply) -> Parts:
    words = markup(answer.words) if "\n" in answer.words else escape(answer.words)
    return _gmail(answer, f'<div dir="ltr">{words}</div>', attribute='dir="ltr" ')


def _gmail_android(answer: TypedReply) -> Parts:
    return _gmail(answer, markup(answer.words, attributes='dir="auto"'), attribute="")


def _gmail(answer: TypedReply, words_html: str, *, attribute: str) -> Parts:
    attribution = answer.attribution(answer.language.gmail)
    head = wrapped(attribution, _GMAIL_WIDTH)
    text = _text(answer, head, wrapped(answer.words, _GMAIL_WIDTH), width=_GMAIL_WIDTH - 2)
    shown = f'<div {attribute}class="gmail_attr">{_linked(answer, attribution)}<br></div>'

    def quote(html: str) -> str:
        return f"{_GMAIL_QUOTE}{html}</blockquote>"

    opened = '<div class="gmail_quote gmail_quote_container">'
    return text, _html(answer, words_html, f"<br>{opened}{shown}", quote, "</div>")


def _apple_mail(answer: TypedReply) -> Parts:
    attribution = answer.attribution(answer.language.apple)
    text = _text(answer, attribution, answer.words)
    head = (
        f'<br><div><br><blockquote type="cite"><div>{_linked(answer, attribution)}</div>'
        '<br class="Apple-interchange-newline"></blockquote>'
    )

    def quote(html: str) -> str:
        return f'<blockquote type="cite"><div>{html}</div></blockquote>'

    html = _html(answer, markup(answer.words), head, quote, "</div>")
    return text, (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        f'<body style="overflow-wrap: break-word; line-break: after-white-space;">{html}</body></html>'
    )


def _iphone(answer: TypedReply) -> Parts:
    """Return an iPhone's parts: the attribution is also quoted, and the quotation begins with a BOM."""
    attribution = answer.attribution(answer.language.apple)
    footer = answer.language.iphone_footer
    inner = f"{_BYTE_ORDER_MARK}{answer.mail.text}"
    words = f"{answer.words}\n\n{footer}" if answer.where is Where.TOP else answer.words
    text = _text(answer, f"> {attribution}\n>", words, inner=inner)
    footer_html = (
        f'<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{escape(footer)}</div>'
        if answer.where is Where.TOP
        else ""
    )
    head = (
        f'{footer_html}<div dir="ltr"><br><blockquote type="cite">'
        f"{_linked(answer, attribution)}<br><br></blockquote></div>"
    )

    marks = chain([_BYTE_ORDER_MARK], repeat(""))

    def quote(html: str) -> str:
        return f'<blockquote type="cite"><div dir="ltr">{next(marks)}{html}</div></blockquote>'

    words_html = markup(answer.words, attributes='dir="ltr"')
    html = _html(answer, words_html, head, quote, "")
    return text, f'<html><head></head><body dir="auto">{html}</body></html>'


def _outlook_desktop(answer: TypedReply) -> Parts:
    """Return Outlook's parts: a header block, no `>` marks, an empty line after each line."""
    block = "\n".join(f"{name}: {value}" for name, value in answer.header_block())
    doubled = answer.mail.text.strip("\n").replace("\n", "\n\n")
    text = _unmarked(answer, f"\n\n{block}\n\n \n", doubled)
    rows = "<br>".join(f"<b>{escape(n)}:</b> {escape(v)}" for n, v in answer.header_block())
    paragraph = 'class="MsoNormal"'
    head = (
        f'<p {paragraph}><o:p>&nbsp;</o:p></p><div><div style="{_OUTLOOK_RULE}">'
        f"<p {paragraph}>{rows}<o:p></o:p></p></div></div><p {paragraph}><o:p>&nbsp;</o:p></p>"
    )
    html = _html(answer, markup(answer.words, "p", paragraph), head, str, "")
    return text, (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"'
        ' xmlns="http://www.w3.org/TR/REC-html40"><head><style><!-- p.MsoNormal {margin:0cm;'
        ' font-size:11.0pt;} --></style></head><body lang="EN-GB" style="word-wrap:break-word">'
        f'<div class="WordSection1">{html}</div></body></html>'
    )


def _outlook_web(answer: TypedReply) -> Parts:
    block = "\n".join(f"{name}: {value}" for name, value in answer.header_block())
    text = _unmarked(answer, f"\n{_RULE}\n{block}\n", answer.mail.text)
    rows = "<br>".join(f"<b>{escape(n)}:</b> {escape(v)}" for n, v in answer.header_block())
    style = 'class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt"'
    head = (
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" color="#000000">{rows}'
        "</font><div>&nbsp;</div></div>"
    )
    html = _html(answer, markup(answer.words, attributes=style), head, str, "")
    return text, f'<html><head></head><body dir="ltr">{html}</body></html>'


def _yahoo(answer: TypedReply) -> Parts:
    """Return Yahoo's parts: four spaces before the attribution, two after each quoted line."""
    attribution = answer.attribution(answer.language.yahoo)
    quoted = "\n".join(f" {line}  " for line in answer.mail.text.strip("\n").split("\n"))
    text = _unmarked(answer, f"    {attribution}  \n ", quoted)
    mark = "ydp1a2b3c4d"
    head = (
        f'<div id="{mark}yahoo_quoted_1234567890" class="{mark}yahoo_quoted"><div>'
        f"<div>{_linked(answer, attribution)}</div><div><br></div><div><br></div>"
    )

    def quote(html: str) -> str:
        return f'<div id="{mark}yiv1">{html}</div>'

    words = markup(answer.words, attributes='dir="ltr" data-setdir="false"')
    wrap = f'<div class="{mark}yahoo-style-wrap" style="font-family:Helvetica, sans-serif">'
    html = _html(answer, f"{wrap}{words}</div>", head, quote, "</div></div>")
    return text, f"<html><head></head><body>{html}</body></html>"


def _thunderbird(answer: TypedReply) -> Parts:
    attribution = answer.attribution(answer.language.thunderbird)
    text = _text(answer, attribution, _space_stuffed(answer.words), gap="\n")
    head = f'<div class="moz-cite-prefix">{escape(attribution)}<br></div>'

    def quote(html: str) -> str:
        return f'<blockquote type="cite" cite="mid:{answer.mail.provider_id}">{html}</blockquote>'

    html = _html(answer, paragraph_markup(answer.words), head, quote, "")
    return text, f"<!DOCTYPE html><html><head></head><body>{html}</body></html>"


def _phone(answer: TypedReply) -> Parts:
    """Return the parts of a simple mail program on a phone: only text, with a block above the old mail."""
    block = "\n".join(f"{name}: {value}" for name, value in answer.header_block())
    head = f"\n\n{answer.language.phone_footer}\n\n-------- {answer.language.original} --------\n{block}\n"
    return _unmarked(answer, head, answer.mail.text), None


CLIENTS: Mapping[str, Client] = {
    "gmail_web": Client("Gmail in a browser", _gmail_web),
    "gmail_android": Client("Gmail on Android", _gmail_android),
    "apple_mail": Client("Apple Mail", _apple_mail),
    "iphone": Client("iPhone", _iphone),
    "outlook_desktop": Client("Outlook on a desktop", _outlook_desktop, uses_outlook_prefix=True),
    "outlook_web": Client("Outlook in a browser", _outlook_web),
    "yahoo": Client("Yahoo Mail", _yahoo),
    "thunderbird": Client("Thunderbird", _thunderbird, is_flowed=True),
    "phone": Client("A plain phone", _phone),
}


def _text(
    answer: TypedReply,
    head: str,
    words: str,
    *,
    width: int | None = None,
    inner: str | None = None,
    gap: str = "\n\n",
) -> str:
    """Return the text part of a program that marks quotations."""
    quoted = marked((inner if inner is not None else answer.mail.text).rstrip("\n"), width)
    if answer.where is Where.TOP:
        return f"{words}\n\n{head}{gap}{quoted}\n"
    if answer.where is Where.BOTTOM:
        return f"{head}{gap}{quoted}\n\n{words}\n"
    turns = [
        part for theirs, ours in answer.pieces() for part in (marked(theirs, width) if theirs else "", ours) if part
    ]
    return f"{head}{gap}" + "\n\n".join(turns) + "\n"


def _unmarked(answer: TypedReply, head: str, quoted: str) -> str:
    """Return the text part of a program that does not mark quotations."""
    if answer.where is Where.TOP:
        return f"{answer.words}\n{head}\n{quoted}\n"
    head = head.lstrip("\n")
    if answer.where is Where.BOTTOM:
        return f"{head}\n{quoted}\n\n{answer.words}\n"
    turns = [part for pair in answer.pieces() for part in pair if part]
    return f"{head}\n" + "\n\n".join(turns) + "\n"


def _html(answer: TypedReply, words: str, head: str, quote: Callable[[str], str], tail: str) -> str:
    """Return the HTML part: words and quotation in the order of `where`."""
    if answer.where is Where.BETWEEN:
        turns = [
            (quote(markup(theirs, "p")) if theirs else "") + (markup(ours) if ours else "")
            for theirs, ours in answer.pieces()
        ]
        return head + "".join(turns) + tail
    quoted = quote(body_of(answer.mail.html) or markup(answer.mail.text))
    if answer.where is Where.BOTTOM:
        return f"{head}{quoted}{tail}{words}"
    return f"{words}{head}{quoted}{tail}"


def _linked(answer: TypedReply, attribution: str) -> str:
    return linked(attribution, parseaddr(answer.mail.sender)[1])


def _space_stuffed(words: str) -> str:
    """Return lines in format=flowed: none flows, and `>` and `From ` are stuffed (RFC 3676)."""
    return "\n".join(
        f" {line}" if line.startswith((" ", ">", "From ")) else line.rstrip(" ") for line in words.split("\n")
    )
