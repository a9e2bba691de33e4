"""A book of a period: asked for on its page, made by the job of exports, and read as an e-reader or a printer does."""

from __future__ import annotations

import io
import posixpath
import re
import sys
import zipfile
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from pypdf import PdfReader

from service.flows.people.journal import journal
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.journal_exporter import JournalExporter
from service.job_queue import BackgroundJob
from service.models import ExportForm, Subscriber
from tests.harness.journals import exports as harness
from tests.harness.journals.exports import export_row, let_go, objects
from tests.harness.website import WebHarness

LINK = re.compile(r'href="(/export/\d+/journal\.(?:pdf|epub))"')
OPF = "{http://www.idpf.org/2007/opf}"
XHTML = "{http://www.w3.org/1999/xhtml}"
# One database is enough for what pages say. What both must do:
# `tests/flows/people/journal_export/test_journal_export.py`.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, with a journal of 2026 and one entry of 2027."""
    site.join()
    with site.runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        harness.fill(site.runtime, session, person, site.clock())
        words = '#read("/etc/passwd") *bold* &amp; <i>\x00\n\nགཞིས'
        new = journal.NewEntry(words=words, written_on=date(2027, 1, 3), source="page")
        journal.add_entry(session, site.runtime.keyring, person, new, site.clock())
    return site


@pytest.fixture
def exporter(site: WebHarness) -> JournalExporter:
    return site.runtime.journal_exporter()


def ask(home: WebHarness, form: ExportForm, first: str = "", last: str = "") -> int:
    assert home.post("/export", {"form": form.value, "first": first, "last": last}).status_code == 303
    [export_id] = home.queue.background.pop(BackgroundJob.EXPORTS)
    return export_id


def book(home: WebHarness, exporter: JournalExporter, form: ExportForm, first: str = "", last: str = "") -> bytes:
    assert exporter.work(ask(home, form, first, last))
    link = LINK.search(home.get("/export").text)
    assert link is not None
    got = home.get(link[1])
    assert got.headers["Content-Disposition"] == f'attachment; filename="journal.{form.value}"'
    assert got.headers["Cache-Control"] == "private, no-store"
    data: bytes = got.data
    return data


def test_a_pdf_has_a_page_for_each_year_the_words_as_words_photos_and_page_numbers(
    home: WebHarness, exporter: JournalExporter
) -> None:
    reader = PdfReader(io.BytesIO(book(home, exporter, ExportForm.PDF)))
    pages = [page.extract_text() for page in reader.pages]
    assert pages[0].split("\n") == ["Journal", "29 March 2026 to 3 January 2027"]
    assert [page.split() for page in pages if page.split()[0] in {"2026", "2027"} and len(page.split()) == 2] == [
        ["2026", "3"],
        ["2027", str(pages.index(next(page for page in pages if page.startswith("2027"))) + 1)],
    ]
    text = "\n".join(pages)
    for said in ("The kettle sang & <b>hissed</b>.", '#read("/etc/passwd") *bold* &amp; <i>', "Monday 30 March"):
        assert said in text
    assert "root:" not in text
    assert sum(len(page.images) for page in reader.pages) == 2
    assert [entry.title for entry in reader.outline if not isinstance(entry, list)] == ["2026", "2027"]
    assert "TIBETAN LETTER GA" in pages[-1]
    assert "/StructTreeRoot" in reader.root_object  # tagged, for screen readers


def test_a_book_has_only_its_period(home: WebHarness, exporter: JournalExporter) -> None:
    pdf = book(home, exporter, ExportForm.PDF, "2026-03-30", "2026-04-27")
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "30 March to 27 April 2026" in text
    assert "The kettle sang" in text
    assert "Tuesday 28 April" not in text
    assert "2027" not in text
    assert "30 March to 27 April 2026." in home.get("/export").text


def test_an_epub_is_whole(home: WebHarness, exporter: JournalExporter) -> None:
    data = book(home, exporter, ExportForm.EPUB)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert (data[30:38], data[38:58]) == (b"mimetype", b"application/epub+zip")
    assert {info.flag_bits & 0x08 for info in archive.infolist()} == {0}  # no sizes behind the files
    container = ET.fromstring(archive.read("META-INF/container.xml"))
    [root] = container.iter("{urn:oasis:names:tc:opendocument:xmlns:container}rootfile")
    package = ET.fromstring(archive.read(root.attrib["full-path"]))
    folder = posixpath.dirname(root.attrib["full-path"])
    items = {item.attrib["id"]: item.attrib for item in package.iter(f"{OPF}item")}
    listed = {f"{folder}/{item['href']}" for item in items.values()}
    assert listed | {"mimetype", "META-INF/container.xml", root.attrib["full-path"]} == set(archive.namelist())
    assert [item["href"] for item in items.values() if item.get("properties") == "nav"] == ["nav.xhtml"]
    spine = [items[each.attrib["idref"]]["href"] for each in package.iter(f"{OPF}itemref")]
    months = [f"2026{month}.xhtml" for month in ("", "-03", "-04", "-05")]
    assert spine == ["title.xhtml", "nav.xhtml", *months, "2027.xhtml", "2027-01.xhtml"]
    for name in sorted(name for name in listed if name.endswith(".xhtml")):
        page = ET.fromstring(archive.read(name))
        for target in [each.attrib["href"] for each in page.iter(f"{XHTML}a")] + [
            each.attrib["src"] for each in page.iter(f"{XHTML}img")
        ]:
            assert f"{folder}/{target}" in listed
    month = ET.fromstring(archive.read(f"{folder}/2026-04.xhtml"))
    assert [each.attrib["dir"] for each in month.iter(f"{XHTML}p") if "שלום" in (each.text or "")] == ["rtl"]
    assert '#read("/etc/passwd") *bold* &amp;amp; &lt;i>' in archive.read(f"{folder}/2027-01.xhtml").decode().replace(
        "&#34;", '"'
    ).replace("&gt;", ">")


def test_a_period_that_cannot_be_says_so_and_keeps_what_was_typed(home: WebHarness) -> None:
    for first, last, said in (
        ("soon", "", "Enter a date, or leave this empty"),
        ("2026-03-02", "2026-03-01", "Enter a date that is not before the first one"),
        ("1990-01-01", "1990-12-31", "There’s nothing in the journal for that time"),
    ):
        sent = home.post("/export", {"form": "epub", "first": first, "last": last})
        assert sent.status_code == 422
        assert said in sent.text
        assert f'value="{first}"' in sent.text
        assert 'value="epub" id="form-epub" checked' in sent.text
    assert home.queue.background == {}


def test_what_is_more_than_one_pdf_can_hold_comes_as_a_pdf_for_each_year(
    home: WebHarness, exporter: JournalExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_PDF_ENTRIES", 5)
    export_id = ask(home, ExportForm.PDF)
    assert exporter.work(export_id)
    page = home.get("/export").text
    assert "A book, as a PDF for each year" in page
    with zipfile.ZipFile(io.BytesIO(home.get(f"/export/{export_id}/journal.zip").data)) as taken:
        assert taken.testzip() is None
        books = {name: PdfReader(taken.open(name)) for name in taken.namelist() if name.endswith(".pdf")}
    texts = {name: "\n".join(each.extract_text() for each in book.pages) for name, book in books.items()}
    assert [*texts] == ["2026.pdf", "2027.pdf"]
    assert ("The kettle sang" in texts["2026.pdf"], "The kettle sang" in texts["2027.pdf"]) == (True, False)
    monkeypatch.setattr(exports, "MOST_PDF_ENTRIES", 4)
    refused = home.post("/export", {"form": "pdf"})
    assert (refused.status_code, "One year of that is more than a PDF can hold" in refused.text) == (422, True)


def test_a_photo_that_is_lost_for_good_is_named_in_a_book(home: WebHarness, exporter: JournalExporter) -> None:
    [lost, *_] = objects(home, "photos")
    lost.unlink()
    export_id = ask(home, ExportForm.PDF)
    let_go(home, export_id, failures=3)
    assert exporter.work(export_id)
    row = export_row(home, export_id)
    taken = harness.fetched(home.runtime, home.person(), row)
    reader = PdfReader(io.BytesIO(taken.data))
    assert re.search(r"a photo from \w+ \d+ \w+ 2026", reader.pages[-1].extract_text())
    assert sum(len(page.images) for page in reader.pages) == 1


def test_without_the_packages_for_pdf_there_is_the_e_book(home: WebHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'value="pdf"' in home.get("/export").text
    monkeypatch.setitem(sys.modules, "typst", None)  # as Python has a module that is not installed
    page = home.get("/export").text
    assert 'value="pdf"' not in page
    assert 'value="epub" id="form" checked' in page
    sent = home.post("/export", {"form": "pdf"})
    assert sent.status_code == 422
    assert "can’t make a PDF" in sent.text
