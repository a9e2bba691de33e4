"""What an export says besides the person's words: the page that reads offline, and the file that explains the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.core.dates import full_date, month_name, weekday_and_date
from service.core.text.light_markdown import words_as_html

_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class PagePhoto:
    """A photo on the page: its path within the zip, its size, and the person's own description, "" without one."""

    path: str
    width: int
    height: int
    description: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageEntry:
    """An entry on the page; a new month or day begins with a heading."""

    on: date
    is_new_month: bool
    is_new_day: bool
    question: str = field(repr=False)
    words: str = field(repr=False)
    tags: Sequence[str] = field(repr=False)
    photos: Sequence[PagePhoto]


class ExportTexts:
    """The templates under `export/`, compiled once; `style` is that of the pages."""

    def __init__(self, templates: Path, *, name: str, style: str) -> None:
        environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals.update(name=name, style=style)
        for say in (full_date, month_name, weekday_and_date, words_as_html):
            environment.filters[say.__name__] = say
        self._page = environment.get_template("export/index.html")
        self._readme = environment.get_template("export/README.txt")

    def page(self, entries: Iterable[PageEntry], months: Sequence[date], on: date) -> Iterator[bytes]:
        """Yield the page in pieces, each entry when its turn comes; `on` is the day of the export."""
        years = {year: [month for month in months if month.year == year] for year in sorted({m.year for m in months})}
        return in_pieces(self._page.generate(entries=entries, years=years, on=on))

    def readme(self, values: Mapping[str, object]) -> bytes:
        """Return the file that says what is in the zip."""
        return self._readme.render(values).encode()


def in_pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Yield many short texts as pieces of about 64 kB."""
    waiting, size = [], 0
    for text in texts:
        data = text.encode()
        waiting.append(data)
        size += len(data)
        if size >= _PIECE_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
