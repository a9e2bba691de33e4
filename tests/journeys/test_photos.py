"""A photo sent by reply is seen by its owner, by nobody else, and goes when they say so."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.flows.pictures import encoded, exif, mail_with, picture
from tests.journeys.stage import Browser, Stage

ANA, BEN = "ana@example.com", "ben@example.com"


def _send(stage: Stage, words: str, form: str) -> str:
    """Send a photo in reply to the welcome; return the address of the entry's page."""
    files = [("IMG_1.jpg", "image/jpeg", encoded(picture(), exif=exif()), "")]
    welcome = next(mail for mail in stage.mails(ANA) if mail["subject"] == "Your first question")
    recipient = dict(welcome["headers"])["Reply-To"]
    params = {"recipient": recipient, "form": form}
    answer = requests.post(f"{stage.office}/_local/inbound", params=params, data=mail_with(files, words), timeout=60)
    assert answer.json()["status"] == 200
    stage.work()
    [entry] = stage.entries(ANA)
    return f"/journal/entry/{entry.id}"


def _photo_on(browser: Browser, page: str) -> str:
    text = browser.open(page).text
    return text.split('<img src="')[1].split('"')[0]


def _objects(stage: Stage) -> int:
    folder = Path(stage.runtime.storage.root) / "photos"
    return len([*folder.iterdir()]) if folder.is_dir() else 0


@pytest.mark.parametrize("form", ["fields", "mime"])
def test_a_photo_alone_is_seen_by_its_owner_only(stage: Stage, form: str) -> None:
    ana, ben = stage.join(ANA), stage.join(BEN)
    page = _send(stage, "", form)
    photo = _photo_on(ana, page)
    assert 'alt="A photo you sent on 6 May"' in ana.open(page).text
    assert "img-src 'self'" in ana.open("/journal").headers["Content-Security-Policy"]
    assert "img-src" not in ana.open("/settings").headers["Content-Security-Policy"]

    answer = ana.open(photo)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert b"Camera of Ana" not in answer.content

    assert ben.open(photo).status_code == 404
    assert ben.press(f"{photo}/remove", page="/settings").status_code == 404
    assert stage.browser().open(photo).url.endswith("/sign-in")
    assert ana.open(photo).status_code == 200


def test_removing_the_only_thing_in_an_entry_removes_the_entry(stage: Stage) -> None:
    ana = stage.join(ANA)
    page = _send(stage, "", "fields")
    photo = _photo_on(ana, page)
    assert ana.press(f"{photo}/remove", page=page).status_code == 200
    assert ana.open(photo).status_code == 404
    assert stage.entries(ANA) == []
    assert _objects(stage) == 0


def test_words_stay_when_their_photo_goes_and_a_photo_goes_with_its_words(stage: Stage) -> None:
    ana = stage.join(ANA)
    page = _send(stage, "The lake.", "mime")
    assert "<img" in ana.open("/journal/2026-05-06").text
    assert "The lake." in ana.press(f"{_photo_on(ana, page)}/remove", page=page).text
    assert _objects(stage) == 0

    ana.press(f"{page}/delete")
    page = _send(stage, "The lake, again.", "mime")
    assert _objects(stage) == 1
    ana.press(f"{page}/delete")
    assert _objects(stage) == 0
