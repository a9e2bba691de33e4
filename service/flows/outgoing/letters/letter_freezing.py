"""Composing a letter once, from its content to all that goes out and all that its page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from markupsafe import Markup
from sqlalchemy.orm import Session

from service.core.letters.blocks import LetterBody
from service.core.letters.letter_from_html import read_html
from service.core.letters.letter_html import HtmlTarget, ShownPicture, without_placeholders, write_html
from service.core.letters.letter_markdown import read_markdown
from service.core.letters.letter_text import write_text
from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.letters.frozen_letter import FrozenLetter
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import Links
from service.mail.outbound.rendering import Rendered
from service.models import Letter, LetterFormat, LetterPicture, LetterVisibility

MOST_PICTURES = 5
MOST_PICTURE_BYTES = 200_000
MOST_PICTURES_BYTES = 600_000
# Gmail shows about 100 kB of an email and hides the rest, and the ways out with it.
MOST_HTML_BYTES = 80_000
CUT_HTML_BYTES = 60_000
MOST_OUTPUT_BYTES = 1_000_000
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class ComposedLetter:
    """A letter composed whole, and what its writer should know before it goes."""

    frozen: FrozenLetter = field(repr=False)
    faults: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class LetterSources:
    """What a letter is composed from; `shown` are the pictures inside its email, by name."""

    title: str
    body: LetterBody = field(repr=False)
    page_url: str
    shown: Mapping[str, ShownPicture] = field(default_factory=dict, repr=False)


def compose_letter(session: Session, context: EmailContext, letter: Letter) -> ComposedLetter:
    """Return a letter composed from its content as it is now.

    Raises:
        LetterError: it is too large to be sent.
    """
    body = body_of(letter)
    stored = LetterPicture.of_letter(session, letter.id)
    inside = _pictures_inside(body, stored)
    page_url = page_url_of(context, letter)
    names = {picture.id: f"picture{place}.{_ENDINGS[picture.content_type]}" for place, picture in enumerate(inside, 1)}
    shown = {
        picture.name: ShownPicture(f"cid:{names[picture.id]}", picture.width, picture.height) for picture in inside
    }
    sources = LetterSources(letter.title, body, page_url, shown)
    composers = [context.composer.in_mode(is_discreet=is_discreet) for is_discreet in (False, True)]
    by_mode = [render_letter(composer, letter_links(context), sources) for composer in composers]
    page = HtmlTarget(pictures_on_page(context, stored), page_url, is_page=True)
    frozen = FrozenLetter(
        ordinary=by_mode[0][0],
        discreet=by_mode[1][0],
        page_html="\n".join(write_html(body, page)),
        pictures=tuple((picture.id, names[picture.id]) for picture in inside),
    )
    if len(frozen.as_json().encode()) > MOST_OUTPUT_BYTES:
        raise LetterError("The letter is too large: all its forms together are more than 1 MB.")
    is_cut = any(cut for _, cut in by_mode)
    if is_cut and not page_url:
        raise LetterError("The letter is too long for an email, and it has no page for the rest: make it visible.")
    return ComposedLetter(frozen, (*body.faults, *_picture_faults(body, inside, stored)), is_cut)


def body_of(letter: Letter) -> LetterBody:
    """Return the blocks of a letter, by the language of its content."""
    return read_html(letter.content) if letter.format == LetterFormat.HTML else read_markdown(letter.content)


def page_url_of(context: EmailContext, letter: Letter) -> str:
    """Return the address of a letter's page, "" if it has none."""
    return "" if letter.visible == LetterVisibility.NOBODY else f"{context.links.base_url}/letters/{letter.slug}"


def render_letter(composer: Composer, links: Links, sources: LetterSources) -> tuple[Rendered, bool]:
    """Return a letter's parts in the composer's mode, and whether the HTML part holds only the beginning."""
    blocks = write_html(sources.body, HtmlTarget(sources.shown, sources.page_url))
    text = write_text(sources.body, sources.page_url)

    @cache
    def first(number: int) -> Rendered:
        html = "\n".join(blocks[:number])
        return _parts(composer, links, sources, text, html, has_rest=number < len(blocks))

    whole = first(len(blocks))
    if len(whole.html.encode()) <= MOST_HTML_BYTES:
        return whole, False
    return first(_most_that_fit(len(blocks), lambda number: len(first(number).html.encode()))), True


def _most_that_fit(number: int, size_of: Callable[[int], int]) -> int:
    """Return how many blocks fit 60 kB; at least none, so that the email says where the letter is."""
    low, high = 0, number - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size_of(middle) <= CUT_HTML_BYTES else (low, middle - 1)
    return low


def _parts(
    composer: Composer, links: Links, sources: LetterSources, text: str, html: str, *, has_rest: bool
) -> Rendered:
    values = {
        "title": without_placeholders(sources.title),
        "html": Markup(html),  # noqa: S704 - the writer escaped it
        "page_url": sources.page_url,
        "has_rest": has_rest,
    }
    return composer.letter_parts(links, text, values)


def letter_links(context: EmailContext) -> Links:
    """Return the links of a letter, with placeholders for what differs between recipients."""
    return replace(context.links.batch_links(), write_url="")


def _pictures_inside(body: LetterBody, stored: Sequence[LetterPicture]) -> list[LetterPicture]:
    """Return the pictures that go inside the email: the first five that fit."""
    by_name = {picture.name: picture for picture in stored}
    inside: dict[str, LetterPicture] = {}
    room = MOST_PICTURES_BYTES
    for block in body.pictures():
        picture = by_name.get(block.name)
        if picture is None or block.name in inside or len(inside) >= MOST_PICTURES:
            continue
        if picture.size_bytes <= min(MOST_PICTURE_BYTES, room):
            inside[block.name] = picture
            room -= picture.size_bytes
    return [*inside.values()]


def pictures_on_page(context: EmailContext, stored: Sequence[LetterPicture]) -> dict[str, ShownPicture]:
    """Return where the page of a letter finds its pictures, by name."""
    folder = f"{context.links.base_url}/letters/pictures"
    return {picture.name: ShownPicture(f"{folder}/{picture.id}", picture.width, picture.height) for picture in stored}


def _picture_faults(body: LetterBody, inside: Sequence[LetterPicture], stored: Sequence[LetterPicture]) -> list[str]:
    kept, shown = {picture.name for picture in stored}, {picture.name for picture in inside}
    faults = []
    for block in body.pictures():
        if block.name not in kept:
            faults.append(f"The picture {block.name} is not here: people see a line with its description instead.")
        elif block.name not in shown:
            faults.append(f"The picture {block.name} does not fit the email: it stands on the page alone.")
    return [*dict.fromkeys(faults)]
