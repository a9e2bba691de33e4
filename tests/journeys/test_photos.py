"""A photo sent by reply is seen by its owner, by nobody else, and goes when they say so."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from service.flows.outgoing.tick import prune
from tests.harness.journey import Browser, JourneyHarness
from tests.harness.mail.pictures import encoded, exif, mail_with, picture
from tests.harness.people.people import DAY

ANA, BEN = "ana@example.com", "ben@example.com"


def _send(journey: JourneyHarness, words: str, form: str) -> str:
    """Send a photo in reply to the welcome; return the address of the entry's page."""
    files = [("IMG_1.jpg", "image/jpeg", encoded(picture(), exif=exif()), "")]
    welcome = next(mail for mail in journey.mails(ANA) if mail["subject"] == "Your first question")
    recipient = dict(welcome["headers"])["Reply-To"]
    params = {"recipient": recipient, "form": form}
    answer = requests.post(f"{journey.office}/_local/inbound", params=params, data=mail_with(files, words), timeout=60)
    assert answer.json()["status"] == 200
    journey.work()
    [entry] = journey.entries(ANA)
    return f"/journal/entry/{entry.id}"


def _photo_on(browser: Browser, page: str) -> str:
    text = browser.open(page).text
    return text.split('<img src="')[1].split('"')[0]


def _objects(journey: JourneyHarness) -> int:
    folder = Path(journey.runtime.storage.root) / "photos"
    return len([*folder.iterdir()]) if folder.is_dir() else 0


@pytest.mark.parametrize("form", ["fields", "mime"])
def test_a_photo_alone_is_seen_by_its_owner_only(journey: JourneyHarness, form: str) -> None:
    ana, ben = journey.join(ANA), journey.join(BEN)
    page = _send(journey, "", form)
    photo = _photo_on(ana, page)
    assert 'alt="A photo you sent on 6 May"' in ana.open(page).text
    assert "img-src 'self'" in ana.open("/journal").headers["Content-Security-Policy"]
    assert "img-src 'self'" not in ana.open("/settings").headers["Content-Security-Policy"]

    answer = ana.open(photo)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert b"Camera of Ana" not in answer.content

    assert ben.open(photo).status_code == 404
    assert ben.press(f"{photo}/remove", page="/settings").status_code == 404
    assert journey.browser().open(photo).url.endswith("/sign-in")
    assert ana.open(photo).status_code == 200


def test_removing_the_only_thing_in_an_entry_removes_the_entry(journey: JourneyHarness) -> None:
    ana, ben = journey.join(ANA), journey.join(BEN)
    page = _send(journey, "", "fields")
    photo = _photo_on(ana, page)
    asked = ana.open(f"{photo}/remove")
    assert "Remove this photo?" in asked.text
    assert f'src="{photo}"' in asked.text
    assert ana.open(photo).status_code == 200
    assert ben.open(f"{photo}/remove").status_code == 404
    assert ana.press(f"{photo}/remove").status_code == 200
    assert ana.open(photo).status_code == 404
    assert _objects(journey) == 1  # for a day, in which the entry may be put back
    prune(journey.runtime.database, journey.runtime.storage, now=journey.clock.now + DAY)
    assert journey.entries(ANA) == []
    assert _objects(journey) == 0


def test_words_stay_when_their_photo_goes_and_a_photo_goes_with_its_words(journey: JourneyHarness) -> None:
    ana = journey.join(ANA)
    page = _send(journey, "The lake.", "mime")
    assert "<img" in ana.open("/journal/2026-05-06").text
    assert "The lake." in ana.press(f"{_photo_on(ana, page)}/remove", page=page).text
    prune(journey.runtime.database, journey.runtime.storage, now=journey.clock.now + DAY)
    assert _objects(journey) == 0

    ana.press(f"{page}/delete")
    page = _send(journey, "The lake, again.", "mime")
    assert _objects(journey) == 1
    ana.press(f"{page}/delete")
    assert "<img" not in ana.open("/journal/2026-05-06").text
    assert _objects(journey) == 1  # for a day, in which it may be put back
    prune(journey.runtime.database, journey.runtime.storage, now=journey.clock.now + DAY)
    assert _objects(journey) == 0
