"""The command that writes somebody's journal to a file."""

from __future__ import annotations

import stat
from pathlib import Path

from click.testing import CliRunner, Result

from service.cli.commands import main
from service.models import Subscriber
from tests.harness.journals import exports
from tests.harness.journals.exports import Taken
from tests.harness.sending import SendingHarness


def run(file: Path, address: str, *more: str) -> Result:
    return CliRunner().invoke(main, ["journal", "export", str(file), *more], input=f"{address}\n")


def test_a_journal_is_written_for_its_address_and_over_no_other_file(harness: SendingHarness, tmp_path: Path) -> None:
    (person,) = harness.members("ana@example.com")
    with harness.runtime.database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        exports.fill(harness.runtime, session, owner, harness.clock())
    file = tmp_path / "ana.zip"
    assert (run(file, "ben@example.com").exit_code, file.exists()) == (1, False)
    assert run(file, "not an address").exit_code == 1
    done = run(file, "ana@example.com")
    assert done.exit_code == 0, done.output
    taken = Taken(file.read_bytes())
    assert taken.is_whole()
    assert "The kettle sang" in taken.text("journal/2026-03.md")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(file, "ana@example.com").exit_code == 1
    assert "Journal.json" in exports.Taken(_day_one(tmp_path)).names


def _day_one(folder: Path) -> bytes:
    file = folder / "day-one.zip"
    assert run(file, "ana@example.com", "--form", "day_one").exit_code == 0
    return file.read_bytes()


def test_a_book_of_a_period_is_written(harness: SendingHarness, tmp_path: Path) -> None:
    (person,) = harness.members("ana@example.com")
    with harness.runtime.database.write() as session:
        exports.fill(harness.runtime, session, session.get_one(Subscriber, person.id), harness.clock())
    file = tmp_path / "ana.epub"
    period = ("--from", "2026-04-01", "--to", "2026-04-30")
    assert run(file, "ana@example.com", *period).exit_code == 2
    assert run(file, "ana@example.com", "--form", "epub", "--from", "April").exit_code == 2
    refused = run(file, "ana@example.com", "--form", "epub", "--to", "1999-12-31")
    assert (refused.exit_code, file.exists()) == (1, False)
    assert "There’s nothing in the journal for that time." in refused.output
    assert run(file, "ana@example.com", "--form", "epub", *period).exit_code == 0
    names = Taken(file.read_bytes()).names
    assert "book/2026-04.xhtml" in names
    assert "book/2026-03.xhtml" not in names
    pdf = tmp_path / "ana.pdf"
    assert run(pdf, "ana@example.com", "--form", "pdf", *period).exit_code == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
