"""What a book says besides the person's words: the pages of an EPUB, and the template that sets a PDF."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.core.dates import weekday_and_date
from service.core.journal_export.book import TITLE


class BookTexts:
    """The templates under `export/` for books, read once."""

    def __init__(self, templates: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=select_autoescape(("xhtml", "opf")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.pdf_template = (templates / "export" / "book.typ").read_text("utf-8")
        self._environment.globals.update(title=TITLE)
        self._environment.filters[weekday_and_date.__name__] = weekday_and_date

    def epub_file(self, template: str, **values: object) -> str:
        """Return a file of an EPUB, made of `export/epub/<template>`; every value is escaped as XML."""
        return self._environment.get_template(f"export/epub/{template}").render(values)
