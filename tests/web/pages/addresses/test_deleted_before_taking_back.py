"""What is deleted around a change of address waits for it, and comes back with the former address."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from service.core.access.tokens import Action
from service.core.addresses import Address
from service.flows.outgoing.tick import prune
from service.job_queue import BackgroundJob
from service.models import AddressChange, Entry, Photo
from tests.harness.mail.pictures import encoded, picture
from tests.harness.people.people import DAY, MINUTE
from tests.harness.website import WebHarness

NEW = Address.parse("ana@new.example")
HOUR = timedelta(hours=1)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def entry(site: WebHarness) -> str:
    """The path of an entry with words, a tag and a photo, whose owner is signed in."""
    site.join()
    photos = [(BytesIO(encoded(picture())), "a.jpg")]
    return str(site.post("/write", {"words": "the kettle sang #tea", "photos": photos}).location).partition("?")[0]


def ask(site: WebHarness) -> str:
    """Ask for another address; return the path of the link in the new mailbox."""
    site.post("/settings/change-address", {"email": NEW.text})
    token = site.act_link(
        Action.CONFIRM_ADDRESS, site.queue.deliveries[-1], person_id=site.person().id, lasts=timedelta(days=1)
    )
    return f"/act/{token}"


def way_back(site: WebHarness) -> str:
    """Return the path of the link in the former mailbox."""
    person_id = site.person(NEW).id
    with site.runtime.database.read() as session:
        [change] = AddressChange.of_subscriber(session, person_id)
    return f"/act/{site.act_link(Action.TAKE_BACK_ADDRESS, change.id, person_id=person_id, lasts=3 * DAY)}"


def later(site: WebHarness, by: timedelta) -> None:
    """Move the clock, and erase what is to go for good."""
    site.clock.now += by
    prune(site.runtime.database, site.runtime.storage, now=site.clock())


def rows(site: WebHarness) -> tuple[int, ...]:
    """Return how many entries and photos there are, deleted or not."""
    with site.runtime.database.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Entry, Photo))


def test_the_former_address_brings_back_what_was_deleted_since_it_was_asked_for(site: WebHarness, entry: str) -> None:
    """Somebody with an open browser asks for the change, deletes, confirms a day later, and deletes more."""
    link, second = ask(site), site.write("the bus was late").partition("?")[0]
    site.post(f"{second}/delete")
    later(site, DAY - MINUTE)
    site.post(link)
    back = way_back(site)
    photo = re.search(r"/journal/photo/\d+", site.get(entry).text)
    assert photo is not None
    site.post(f"{photo.group()}/remove")
    later(site, HOUR)
    site.post(f"{entry}/delete")
    later(site, 3 * DAY - HOUR - MINUTE)
    assert site.get("/journal").text.count("kettle") == 0
    stranger = site.another_browser()
    assert "would come back into your journal" in stranger.get(back).text
    assert "are in your journal again" in stranger.get(str(stranger.post(back).location)).text
    later(site, DAY)
    stranger.post("/sign-in", {"email": "ana@example.com"})
    stranger.do_what_was_asked()
    stranger.post(stranger.sign_in_path())
    assert "the bus was late" in stranger.get(second).text
    assert "tea" in stranger.get("/journal/tags").text
    assert photo.group() in stranger.get(entry).text
    assert stranger.get(photo.group()).status_code == 200


@ON_SQLITE
def test_whoever_does_not_take_it_back_sees_only_more_time(site: WebHarness, entry: str) -> None:
    second = site.write("the bus was late").partition("?")[0]
    site.post(ask(site))
    site.post(f"{entry}/delete")
    assert "Until Saturday 16 May 2026 at" in site.get(entry).text  # three days after the change
    later(site, 2 * DAY + HOUR)
    site.post(f"{second}/delete")
    assert "Until Saturday 16 May 2026 at" in site.get(second).text
    site.post(f"{entry}/undelete", page=entry)
    assert "kettle" in site.get(entry).text
    site.post(f"{entry}/delete")
    later(site, 23 * HOUR - MINUTE)
    assert rows(site) == (2, 1)
    later(site, MINUTE)
    assert rows(site) == (2, 1)
    assert site.get(entry).status_code == 200
    later(site, HOUR)
    assert rows(site) == (0, 0)
    assert site.get(entry).status_code == 404


@ON_SQLITE
def test_a_change_holds_nothing_that_somebody_else_has_deleted(site: WebHarness, entry: str) -> None:
    ben = site.another_browser()
    ben.ask_for_signup("ben@example.com")
    ben.do_what_was_asked()
    ben_id = site.person(Address.parse("ben@example.com")).id
    ben.post(f"/confirm/{site.act_link(Action.CONFIRM, site.queue.mail_requests[-1], person_id=ben_id, lasts=DAY)}")
    theirs = ben.write("the bus was late").partition("?")[0]
    site.post(ask(site))
    site.post(f"{entry}/delete")
    ben.post(f"{theirs}/delete")
    later(site, DAY)
    assert rows(site) == (1, 1)
    site.another_browser().post(way_back(site))
    with site.runtime.database.read() as session:
        assert session.scalars(select(Entry.deleted_at)).all() == [None]


@ON_SQLITE
def test_an_import_cannot_be_taken_back_from_the_day_the_change_is_asked_for(site: WebHarness) -> None:
    site.join()
    at = str(site.post("/import", {"journal": (BytesIO(b"2026-04-05\nThe river was high.\n"), "a.txt")}).location)
    do_imports(site)
    site.post(f"{at}/start", page=at)
    do_imports(site)
    link = ask(site)
    assert_it_stays(site, at)
    site.post(link)
    later(site, 3 * DAY - MINUTE)
    assert_it_stays(site, at)
    later(site, MINUTE)
    assert f'href="{at}/undo"' in site.get(at).text
    site.post(f"{at}/undo")
    do_imports(site)
    assert "river" not in site.get("/journal").text


def assert_it_stays(site: WebHarness, at: str) -> None:
    assert "Somebody asked to change your address" in site.get(at).text
    assert site.get(f"{at}/undo").location == at
    site.post(f"{at}/undo", page="/import")
    do_imports(site)
    assert "river" in site.get("/journal").text


def do_imports(site: WebHarness) -> None:
    """Do the jobs of imports that were enqueued, until none is left."""
    while ids := site.queue.background.pop(BackgroundJob.IMPORTS, []):
        for import_id in ids:
            site.runtime.journal_importer().work(import_id)
