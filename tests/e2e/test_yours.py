"""What is yours stays yours: a journal is taken away, erased, and brought back after signing up again."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import expect

from service.web.security.limits import LARGEST_POST_BYTES
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService, run_on_server
from tests.e2e.visiting import Visits
from tests.harness.mail.pictures import encoded, picture

A_VIDEO = bytes(1024 * 1024)


def test_a_journal_is_exported_erased_and_found_again_after_an_import(
    stack: RunningService, visits: Visits, tmp_path: Path
) -> None:
    ida = Person("iris@example.com", visits.page(), stack)
    ida.join()
    write(ida, "The lilac is out. #garden", tmp_path)
    taken = export(ida, tmp_path / "journal.zip")
    make_very_large(taken)

    ida.go("/erase")
    ida.page.get_by_role("link", name="Erase everything").click()
    ida.page.get_by_role("button", name="Yes, erase everything").click()
    ida.page.get_by_role("heading", name="Goodbye").wait_for()
    erase_at_once(ida)

    ida.page = visits.page()
    join_again(ida, len(ida.mails()))
    ida.go("/journal")
    expect(ida.page.get_by_text("The lilac is out.")).to_have_count(0)

    ida.go("/import")
    ida.page.get_by_label("The file").set_input_files(taken)
    ida.page.get_by_role("button", name="Show me what’s in it").click()
    ida.page.get_by_role("heading", name="What’s in this file").wait_for()
    expect(ida.page.locator("main")).to_contain_text("1 entry would come in")
    ida.page.get_by_role("button", name="Bring them in").click()
    ida.page.get_by_role("heading", name="Your journal is here").wait_for()
    ida.open_entry("The lilac is out.")
    ida.page.get_by_role("link", name="Turn or describe this photo").wait_for()
    expect(ida.page.get_by_role("img", name="A photo you sent")).to_be_visible()
    expect(ida.page.get_by_role("button", name="#garden")).to_be_visible()


def write(ida: Person, words: str, folder: Path) -> None:
    (folder / "lilac.jpg").write_bytes(encoded(picture((300, 200))))
    ida.go("/write")
    ida.page.get_by_role("textbox").first.fill(words)
    ida.page.get_by_label("Photos, if you like").set_input_files(folder / "lilac.jpg")
    ida.page.get_by_role("button", name="Save", exact=True).click()
    ida.page.get_by_role("link", name="Change the words").wait_for()


def export(ida: Person, file: Path) -> Path:
    """Ask for the own form of a journal; return the file once it is downloaded."""
    ida.go("/export")
    ida.page.get_by_role("button", name="Make the file").click()
    link = ida.page.get_by_role("link", name="Download it")
    link.wait_for()
    with ida.page.expect_download() as download:
        link.click()
    download.value.save_as(file)
    return file


def make_very_large(file: Path) -> None:
    """Add a video to an export, so that the server reads the file while it arrives."""
    with zipfile.ZipFile(file, "a") as archive, archive.open("films/garden.mp4", "w") as video:
        for _ in range(LARGEST_POST_BYTES // len(A_VIDEO) + 1):
            video.write(A_VIDEO)


def erase_at_once(person: Person) -> None:
    """Erase somebody now, as whoever runs the service can; otherwise it would happen a day later."""
    run_on_server(person.stack, "journal", "erase", "-", "--apply", typed=f"{person.address}\n")


def join_again(person: Person, mails: int) -> None:
    """Sign up with an address that was erased, whose earlier mails are still in the mailbox."""
    person.ask_to_join()
    person.wait_for_mails(mails + 1)
    person.open_mail("Confirm your email address")
    person.page = person.follow("Yes, start the questions")
    person.page.get_by_role("button", name="Yes, start the questions").click()
    person.page.get_by_role("heading", name="Welcome").wait_for()
