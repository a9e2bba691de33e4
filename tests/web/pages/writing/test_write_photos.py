"""Photos that are added on the page where one writes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from service.core.access.tokens import Action
from service.core.journal.entry_text import write_link_object
from service.flows.people.journal.photos import photo_upload
from service.models import Entry, Photo
from service.web.security.limits import LARGEST_FORM_BYTES, LARGEST_PHOTOS_FORM_BYTES
from tests.harness.mail.pictures import encoded, exif, picture
from tests.harness.mail.posted_mail import multipart
from tests.harness.website import TOKEN, WebHarness

# The database does what it does for words alone, and that is tested on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAY = date(2026, 5, 13)
SHOWN = re.compile(r'src="(/journal/photo/\d+)"')
File = tuple[str, bytes]


def jpeg(colour: str = "teal") -> File:
    return f"{colour}.jpg", encoded(picture((120, 80), colour), exif=exif())


def send(site: WebHarness, words: str, *files: File, **more: str) -> TestResponse:
    photos = [(BytesIO(data), name) for name, data in files]
    return site.post("/write", {"words": words, "once": "x", "photos": photos, **more})


def csrf_token(site: WebHarness) -> str:
    token = TOKEN.search(site.get("/write").text)
    assert token is not None
    return token.group(1)


def post_large(site: WebHarness, words: str, photo: bytes, token: str = "") -> TestResponse:
    """Post the form as a browser does, its words before its file, and without a temporary file of the test client."""
    fields = {"csrf_token": token or csrf_token(site), "once": "x", "words": words}
    content_type, body = multipart([*fields.items()], [("photos", "a.png", "image/png", photo)])
    return site.browser.post("/write", data=body, content_type=content_type)


def entries(site: WebHarness) -> int:
    with site.runtime.database.read() as session:
        return Entry.count_for(session, site.person().id)


def objects(site: WebHarness) -> list[str]:
    return site.runtime.storage.names_before("photos", datetime.max.replace(tzinfo=UTC))


def test_photos_stand_with_the_words_redrawn_without_metadata(site: WebHarness) -> None:
    site.join()
    kept = site.get(str(send(site, "two of the garden", jpeg(), jpeg("olive")).location)).text
    assert "two of the garden" in kept
    assert "couldn’t be kept" not in kept
    shown = SHOWN.findall(kept)
    assert len(shown) == 2
    for path in shown:
        data = site.get(path).data
        assert b"Camera of Ana" not in data
        assert not Image.open(BytesIO(data)).getexif()


def test_a_photo_needs_no_words(site: WebHarness) -> None:
    site.join()
    assert len(SHOWN.findall(site.get(str(send(site, "", jpeg()).location)).text)) == 1


def test_photos_can_be_added_for_an_earlier_day(site: WebHarness) -> None:
    site.join()
    send(site, "then", jpeg(), written_on="2026-05-02")
    assert len(SHOWN.findall(site.get("/journal/2026-05-02").text)) == 1


@pytest.mark.parametrize(
    "refused",
    [
        ("notes.pdf", b"%PDF-1.7 a letter"),
        ("page.jpg", b"<script>alert(1)</script>"),
        ("cut.jpg", encoded(picture())[:200]),
        ("empty.jpg", b""),
    ],
    ids=["a document", "a script that is called a photo", "half a photo", "nothing"],
)
def test_what_is_no_photo_is_left_out_and_the_words_and_photos_stay(site: WebHarness, refused: File) -> None:
    site.join()
    kept = site.get(str(send(site, "an hour by the river", refused, jpeg()).location)).text
    assert "an hour by the river" in kept
    assert "something you added couldn’t be kept" in kept
    assert len(SHOWN.findall(kept)) == 1


def test_what_is_no_photo_and_comes_without_words_is_explained(site: WebHarness) -> None:
    site.join()
    answer = send(site, "", ("notes.pdf", b"%PDF-1.7 a letter"))
    assert answer.status_code == 422
    assert "Error: That isn’t a photo we can keep" in answer.text
    assert entries(site) == 0


def test_ten_photos_are_kept_and_more_are_named(site: WebHarness) -> None:
    site.join()
    files = [(f"{number}.png", encoded(picture((40, 40), (number, 0, 0)), "PNG")) for number in range(11)]
    kept = site.get(str(send(site, "all of them", *files).location)).text
    assert len(SHOWN.findall(kept)) == 10
    assert "something you added couldn’t be kept" in kept


def test_pressing_twice_keeps_the_photos_once(site: WebHarness) -> None:
    site.join()
    chosen = jpeg()
    before = objects(site)
    first, second = (send(site, "once", chosen, chosen).location for _ in range(2))
    assert first == second
    assert len(SHOWN.findall(site.get(str(first)).text)) == 1
    assert len(objects(site)) == len(before) + 1


def test_words_of_a_form_with_another_fault_stay_and_its_photos_are_asked_for_again(site: WebHarness) -> None:
    site.join()
    before = objects(site)
    answer = send(site, "an hour", jpeg(), written_on="2026-05-14")
    assert answer.status_code == 422
    assert "an hour</textarea>" in answer.text
    assert "Error: Choose your photos again" in answer.text
    assert objects(site) == before


def test_words_stay_while_others_photos_are_redrawn(site: WebHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    site.join()
    monkeypatch.setattr(photo_upload, "FORMS_AT_ONCE", 0)
    site.app.extensions["photo_uploader"] = site.runtime.photo_uploader()
    answer = send(site, "an hour", jpeg())
    assert answer.status_code == 422
    assert "an hour</textarea>" in answer.text
    assert "Error: We’re still busy with other photos" in answer.text


def test_words_stay_when_photos_cannot_be_stored(site: WebHarness, tmp_path_factory: pytest.TempPathFactory) -> None:
    site.join()
    folder = tmp_path_factory.mktemp("store")
    (folder / "photos").write_text("in the way of the folder")
    site.app.extensions["photo_uploader"] = photo_upload.PhotoUploader(
        site.runtime.keyring, type(site.runtime.storage).at(f"file://{folder}")
    )
    answer = send(site, "an hour", jpeg())
    site.app.extensions["photo_uploader"].close()
    assert answer.status_code == 422
    assert "an hour</textarea>" in answer.text
    assert "Error: Photos can’t be kept just now" in answer.text


def test_a_form_of_many_megabytes_is_read_for_who_is_signed_in(site: WebHarness) -> None:
    site.join()
    large = encoded(picture((3000, 2000)), "PNG")
    assert len(large) > 3 * LARGEST_FORM_BYTES
    assert len(SHOWN.findall(site.get(str(post_large(site, "large", large).location)).text)) == 1


def test_words_beside_too_many_megabytes_are_given_back(site: WebHarness) -> None:
    site.join()
    answer = post_large(site, "an hour's <work>", bytes(LARGEST_PHOTOS_FORM_BYTES))
    assert answer.status_code == 413
    assert "up to 60 MB together" in answer.text
    assert "an hour&#39;s &lt;work&gt;</textarea>" in answer.text
    assert entries(site) == 0


def test_words_alone_have_the_limit_of_every_form_beside_photos_too(site: WebHarness) -> None:
    site.join()
    assert post_large(site, "a" * (LARGEST_FORM_BYTES + 1), jpeg()[1]).status_code == 413
    assert entries(site) == 0


def test_words_beside_photos_are_given_back_after_the_sign_in_is_over(site: WebHarness) -> None:
    site.join()
    token = csrf_token(site)
    site.clock.move(timedelta(days=31))
    for size in (10, 2 * LARGEST_FORM_BYTES):
        answer = post_large(site, "an hour's <work>", bytes(size), token=token)
        assert answer.status_code == 403
        assert "an hour&#39;s &lt;work&gt;</textarea>" in answer.text


def test_megabytes_of_a_stranger_are_not_read(site: WebHarness) -> None:
    """Nobody makes the server take a large form apart without a sign-in, on any page."""
    for path in ("/write", "/subscribe"):
        body = BytesIO(b"--b\r\n" + bytes(2 * LARGEST_FORM_BYTES))
        site.another_browser().browser.post(
            path,
            input_stream=body,
            content_type="multipart/form-data; boundary=b",
            content_length=2 * LARGEST_FORM_BYTES,
        )
        assert body.tell() <= LARGEST_FORM_BYTES


def test_a_link_without_a_sign_in_takes_no_photo(site: WebHarness) -> None:
    """It may have been forwarded: a friend may leave words, and no pictures that its owner has to look at."""
    site.join()
    object_id = write_link_object(0, DAY)
    token = site.act_link(Action.WRITE, object_id, person_id=site.person().id, lasts=timedelta(days=1))
    reader = site.another_browser()
    assert 'type="file"' not in reader.get(f"/write/{token}").text
    reader.post(f"/write/{token}", {"words": "from a friend", "photos": [(BytesIO(jpeg()[1]), "a.jpg")]})
    with site.runtime.database.read() as session:
        [entry] = Entry.between(session, site.person().id, DAY, DAY)
        assert Photo.list_for_entries(session, site.person().id, [entry.id]) == []
