"""Rendering the templates of one email to its subject, text part and HTML part."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from service.core.dates import day_and_month, month_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jinja2 import Template

    from service.mail.outbound.discreet import DiscreetWords

TEXT_WIDTH: Final = 72
LONGEST_RUN: Final = 160
NAMES: Final = (
    "confirmation",
    "welcome",
    "prompt",
    "receipt",
    "step_follow_up",
    "digest",
    "year",
    "quiet_month",
    "sign_in",
    "answer",
    "letter",
)
WRITER_MAIL: Final = "writer_mail"
# Text between two tags. A tag of ours is never long; a person's words may be.
_LONG_TEXT = re.compile(rf"(?<=>)[^<>]{{{LONGEST_RUN},}}(?=<)")
_BLANK_LINES = re.compile(r"\n{4,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One email's three parts."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


class Templates:
    """The templates under `email/`, compiled once; an undefined name in a template is an error."""

    def __init__(self, folder: Path, site: Mapping[str, object]) -> None:
        # Only .html files are escaped, because the text part is not HTML.
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals.update(site)
        # The same in every email, so they are rendered once. Nobody's words are in them, only the place's colours.
        environment.globals["inlined_styles"] = Markup(environment.get_template("email/_inlined.css").render())  # noqa: S704
        environment.globals["kept_styles"] = Markup(environment.get_template("email/_kept.css").render())  # noqa: S704
        environment.filters.update(_FILTERS)
        names = (*NAMES, WRITER_MAIL)
        self._subjects = {name: environment.get_template(f"email/{name}/subject.txt") for name in names}
        self._texts = {name: environment.get_template(f"email/{name}/body.txt") for name in names}
        self._pages = {name: environment.get_template(f"email/{name}/body.html") for name in names}
        self._inliner = CSSInliner(load_remote_stylesheets=False, minify_css=True)

    def render(
        self, name: str, values: Mapping[str, object], discreet: DiscreetWords | None = None, full_name: str = ""
    ) -> Rendered:
        """Return the email `name`; lines fit RFC 5322's 998 octets, and links are never broken.

        With `discreet`, the subject and the first lines come from there, by `full_name`; then `opening` is set.
        """
        full_name = full_name or name
        values = {**values, "opening": discreet.opening(full_name) if discreet else None}
        subject = _one_line(self._subjects[name], values)
        if discreet:
            subject = discreet.subject(full_name, subject)
        context = {**values, "subject": subject}
        text = wrapped(self._texts[name].render(context))
        html = folded(self._inliner.inline(self._pages[name].render(context)))
        return Rendered(subject, text, html)


def wrapped(text: str) -> str:
    """Return plain text wrapped at 72 characters where it has white space, with one line break at its end."""
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= TEXT_WIDTH:
            lines.append(line.rstrip())
            continue
        for part in textwrap.wrap(line, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False):
            lines.extend(_pieces(part) if "://" not in part else [part])
    return _BLANK_LINES.sub("\n\n\n", "\n".join(lines)).strip() + "\n"


def folded(html: str) -> str:
    """Return the same HTML with long text broken into lines, at white space or by `<wbr>`.

    A line break inside the tag `<wbr>` is in the source of the mail and not on the screen.
    """
    return _LONG_TEXT.sub(lambda match: _folded_text(match[0]), html)


def _folded_text(text: str) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= LONGEST_RUN:
            lines.append(line)
            continue
        parts = textwrap.wrap(line, LONGEST_RUN, break_long_words=False, break_on_hyphens=False)
        lines.extend("<wbr\n>".join(_pieces(part)) for part in parts)
    return "\n".join(lines)


def _pieces(text: str) -> list[str]:
    """Return the text in pieces short enough for a line, without splitting character references."""
    if len(text) <= LONGEST_RUN:
        return [text]
    return re.findall(rf"(?:&[a-z0-9#]{{1,8}};|.){{1,{LONGEST_RUN}}}", text)


def _one_line(template: Template, values: Mapping[str, object]) -> str:
    return " ".join(template.render(values).split())


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


_FILTERS: Final[Mapping[str, Callable[..., object]]] = {
    "paragraphs": _paragraphs,
    "month_name": month_name,
    "day_and_month": day_and_month,
}
