"""No word of a journal stands on a disk while it is exported, made into a book, or imported (invariant 7)."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from service.flows.people.journal_export.book_printer import can_print
from service.models import ExportForm, JournalExport
from tests.faults.traces import traces, traces_in_files
from tests.faults.watching import files_written, rdb
from tests.harness.journals.journals import photo, zipped
from tests.harness.journey import Browser, JourneyHarness

ADDRESS = "zq9canary.heron@example.com"
WRITTEN = "zq9 canary written nightingale"
DRAFT = "zq9 canary draft dipper"
BROUGHT = "zq9 canary brought kingfisher"
FILE_NAME = "zq9 canary name wagtail.zip"
SECRETS = (WRITTEN, DRAFT, BROUGHT, FILE_NAME, ADDRESS)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
JOURNAL = zipped({"2020-01-01.md": f"{BROUGHT} ![](a.jpg)".encode(), "a.jpg": photo()})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_word_of_a_journal_is_on_a_disk_while_it_comes_and_goes(
    journey: JourneyHarness, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    browser = journey.join(ADDRESS)
    browser.press("/write", words=WRITTEN, once="1")
    browser.press("/write", words=DRAFT, once="2", draft="yes")
    with ExitStack() as stack:
        client = stack.enter_context(redis.Redis.from_url(redis_url))
        written = stack.enter_context(files_written())

        def look() -> None:
            assert traces(rdb(client), SECRETS) == set()
            for folder in ("objects", "temporary"):
                assert traces_in_files(tmp_path / folder, SECRETS) == {}
            for file in tmp_path.glob("smallsteps.db*"):
                assert traces(file.read_bytes(), SECRETS) == set(), file.name

        for form in _forms():
            asked = browser.press("/export", form=form.value)
            assert asked.status_code == 200, form
            look()
            journey.work()
            look()
        _bring(journey, browser, look)

    assert BROUGHT in [entry.words.partition(" ![")[0] for entry in journey.entries(ADDRESS)]
    with journey.runtime.database.read() as session:
        assert JournalExport.list_for(session, journey.person(ADDRESS).id)
    service = [name for name in written if not name.startswith((str(tmp_path / "postoffice"), "/dev/null"))]
    assert service, "the objects were seen"
    assert [name for name in service if not name.startswith(str(tmp_path / "objects"))] == []


def _forms() -> list[ExportForm]:
    """Return every form that this machine can make; a PDF needs the extra `book`."""
    return [form for form in ExportForm if not form.is_printed or can_print()]


def _bring(journey: JourneyHarness, browser: Browser, look: object) -> None:
    assert callable(look)
    token = TOKEN.search(browser.open("/import").text)
    assert token is not None
    at = browser.session.post(
        f"{journey.web}/import",
        data={"csrf_token": token[1]},
        files={"journal": (FILE_NAME, JOURNAL)},
        timeout=30,
    ).url
    look()
    journey.work()
    assert "1 entry would come in" in browser.open(at).text
    look()
    browser.press(f"{at}/start", page=at)
    look()
    journey.work()
    assert "Your journal is here" in browser.open(at).text
    look()
