"""Reading a reply: the person's words, and each piece that was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.html.html_tree import html_lines
from service.core.replies.lines import PICTURES, Hint, Line, clean, plain_line, plain_lines
from service.core.replies.pieces import words_of
from service.core.replies.quotation.armour import mark_armour
from service.core.replies.quotation.client_marks import ClientMarks
from service.core.replies.quotation.earlier_replies import mark_known_replies, mark_named_replies
from service.core.replies.quotation.evidence import Marks
from service.core.replies.quotation.footers import mark_footers
from service.core.replies.quotation.line_matching import Form, line_fold
from service.core.replies.quotation.sent_lines import keep_typed_inside, mark_addresses, mark_ours
from service.core.replies.quotation.set_aside import mark_set_aside
from service.core.replies.values import ReplyWords, SentEmail

CAP = 256 * 1024  # characters that are read; the rest is kept unread
LINES = 4_500  # about as many lines of wrapped prose as fit in the cap
_SHORTEST_TOKEN = 32
_KEPT_SHARE = 0.3
_SHORTEST_TRAIT, _SHORTEST_NAME = 3, 2


def read_words(plain: str | None, html: str | None, sent: SentEmail | None, phrases: ClientPhrases) -> ReplyWords:
    """Return the person's own words in a reply, and the trimmed pieces with reasons; never raises.

    Each part is read separately. The words of the HTML are used, because it distinguishes paragraphs
    from wrapped lines, unless the text part has words that the HTML lacks.

    Args:
        plain: the text part, decoded.
        html: the HTML part, decoded.
        sent: the email that was answered, as it was sent, or None if it is unknown.
        phrases: the words of mail programs.
    """
    plain, html = (_without_tokens(part or "") for part in (plain, html))
    parts = [
        _read(*part, sent, phrases)
        for part in ((_plain_part(plain), False), (_html_part(html, phrases), True))
        if part[0].lines
    ]
    if not parts:
        return ReplyWords("")
    chosen = parts[0] if len(parts) == 1 else _choose(*parts)
    mark_set_aside(chosen.lines, chosen.forms, chosen.marks)
    return words_of(chosen.lines, chosen.over, is_html=chosen.is_html)


@dataclass(slots=True)
class _BodyPart:
    """The lines of one part, and the text beyond the cap."""

    lines: list[Line] = field(repr=False)
    over: str = field(default="", repr=False)


@dataclass(slots=True)
class _Read:
    """One part, read."""

    lines: list[Line] = field(repr=False)
    over: str = field(repr=False)
    is_html: bool
    anchored: bool
    forms: Sequence[Form] = field(repr=False)
    marks: Marks = field(repr=False)

    def kept(self) -> str:
        """Return the letters and digits of the kept lines."""
        return "".join(
            line_fold(line) for line in self.lines if line.reason is None and not line.text.startswith(PICTURES)
        )


def _without_tokens(text: str) -> str:
    """Return a text without the tokens of reply addresses, which are secret and must not be in an entry.

    A token is a long run of letters and digits between a hyphen and the at sign.
    """
    parts: list[str] = []
    done, at = 0, text.find("@")
    while at >= 0:
        start = at
        while start > done and text[start - 1].isalnum():
            start -= 1
        if at - start >= _SHORTEST_TOKEN and text[max(start - 1, 0) : start] == "-":
            parts += (text[done:start], "\u2026")
            done = at
        at = text.find("@", at + 1)
    return "".join((*parts, text[done:]))


def _plain_part(plain: str) -> _BodyPart:
    text = clean(plain)
    if not text.strip():
        return _BodyPart([])
    cut = len(text)
    if cut > CAP:
        cut = text.rfind("\n", CAP // 2, CAP)
        cut = cut if cut >= 0 else CAP
    raws = text[:cut].split("\n", LINES)
    beyond = "\n" + raws.pop() if len(raws) > LINES else ""
    return _BodyPart(list(map(plain_line, raws)), beyond + text[cut:])


def _html_part(html: str, phrases: ClientPhrases) -> _BodyPart:
    if not html.strip():
        return _BodyPart([])
    lines = html_lines(clean(html), phrases)
    size = 0
    if len(lines) > LINES:
        return _BodyPart(lines[:LINES], "\n" + "\n".join(line.text for line in lines[LINES:]))
    for index, line in enumerate(lines):
        if size + len(line.text) > CAP:
            over = "\n".join(rest.text for rest in lines[index + 1 :])
            cut = CAP - size
            first = Line(line.text[:cut], line.text[:cut], line.depth, line.hint, "", line.box)
            return _BodyPart([*lines[:index], first], f"{line.text[cut:]}\n{over}".rstrip("\n"))
        size += len(line.text) + 1
    return _BodyPart(lines)


def _read(part: _BodyPart, is_html: bool, sent: SentEmail | None, phrases: ClientPhrases) -> _Read:
    lines = part.lines
    for line in lines:
        if line.hint & Hint.HIDDEN:
            line.reason = "footer"
    mark_armour(lines)
    marks = Marks(phrases, _traits(sent), _recipient_names(sent))
    forms = _forms(((sent.text, sent.html), *sent.alternatives), phrases) if sent is not None else ()
    after = mark_ours(lines, forms, marks) if forms else None
    earlier = _earlier_replies(sent)
    if earlier is not None:
        mark_known_replies(lines, earlier, marks)
        forms = (*forms, earlier)
    if after is not None:
        after += mark_named_replies(lines, marks)
    ClientMarks(lines, marks, strict=sent is not None).mark(after or 0)
    mark_addresses(lines, marks)
    mark_footers(lines, phrases)
    _keep_more(lines)
    if sent is not None and not _has_words(lines):
        keep_typed_inside(lines, forms, marks)
    return _Read(lines, part.over, is_html, after is not None, forms, marks)


def _has_words(lines: Sequence[Line]) -> bool:
    """Return whether anything except pictures is kept."""
    return any(line.reason is None and line_fold(line) and not line.text.startswith(PICTURES) for line in lines)


def _keep_more(lines: Sequence[Line]) -> None:
    """Undo doubtful cuts if less than 30% of what may be the person's text is left."""
    kept = sum(len(line.text) for line in lines if line.reason is None)
    doubtful = sum(len(line.text) for line in lines if line.doubtful)
    if kept < _KEPT_SHARE * (kept + doubtful):
        for line in lines:
            if line.doubtful:
                line.reason = None


def _traits(sent: SentEmail | None) -> tuple[str, ...]:
    """Return the addresses, names and subjects that identify our email in an attribution or a header."""
    if sent is None:
        return ()
    _, at, domain = sent.reply_address.partition("@")
    traits = (sent.reply_address, at + domain, sent.sender_name, sent.subject)
    return tuple(trait.casefold() for trait in traits if len(trait) >= _SHORTEST_TRAIT and "%recipient." not in trait)


def _recipient_names(sent: SentEmail | None) -> tuple[str, ...]:
    names = {name.strip().casefold() for name in sent.recipient_names} if sent is not None else set()
    return tuple(name for name in names if len(name) >= _SHORTEST_NAME)


def _earlier_replies(sent: SentEmail | None) -> Form | None:
    """Return the person's earlier replies, prepared for matching, or None."""
    if sent is None or not sent.earlier_replies:
        return None
    form = Form.of([line for reply in sent.earlier_replies for line in clean(reply).split("\n")])
    return form if form.letters else None


@lru_cache(maxsize=64)
def _forms(emails: tuple[tuple[str, str], ...], phrases: ClientPhrases) -> tuple[Form, ...]:
    """Return the text and HTML forms of our emails, prepared for matching.

    Many people answer the same email, so the last few are cached.
    """
    bodies = [
        lines
        for text, html in emails
        for lines in (
            plain_lines(clean(text)) if text.strip() else [],
            html_lines(clean(html), phrases) if html.strip() else [],
        )
    ]
    forms = (Form.of([line.text for line in lines]) for lines in bodies)
    return tuple(form for form in forms if form.letters)


def _choose(text: _Read, html: _Read) -> _Read:
    """Return the part whose words are used."""
    text_kept, html_kept = text.kept(), html.kept()
    if text_kept == html_kept or not text_kept:
        return html
    if not html_kept:
        return html if html.anchored and not text.anchored else text
    if text.anchored != html.anchored:
        return text if text.anchored else html
    if html_kept in text_kept:
        return text if _has_more(text, html) else html
    return text if text_kept in html_kept and text.anchored and not _has_more(html, text) else html


def _has_more(part: _Read, other: _Read) -> bool:
    """Return whether a part keeps a line that the other part lacks."""
    whole = "".join(map(line_fold, other.lines))
    return any(line_fold(line) not in whole for line in part.lines if line.reason is None)
