"""Photos of an entry that is there: added, turned, described and removed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.flows.outgoing.tick import prune
from service.models import Photo
from service.web.security.limits import LARGEST_FORM_BYTES, LARGEST_PHOTOS_FORM_BYTES
from tests.harness.mail.pictures import encoded, picture
from tests.harness.mail.posted_mail import multipart
from tests.harness.people.people import DAY, MINUTE
from tests.harness.website import WebHarness

# The database does what it does for other entries, and that is tested on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
IN_ORDER = re.compile(r'src="/journal/photo/(\d+)" width="(\d+)" height="(\d+)" alt="([^"]*)"')
WIDE, SQUARE = encoded(picture((120, 80), "teal")), encoded(picture((90, 90), "olive"))


@pytest.fixture
def entry(site: WebHarness) -> str:
    """The address of an entry of the person who is signed in."""
    site.join()
    return site.write("the garden").partition("?")[0]


def save(site: WebHarness, entry: str, words: str, *photos: bytes, **more: str) -> TestResponse:
    files = [(BytesIO(data), "a.jpg") for data in photos]
    return site.post(f"{entry}/edit", {"words": words, "photos": files, **more})


def photos(site: WebHarness, entry: str) -> list[tuple[int, int, int, str]]:
    """Return id, width, height and alternative text of the photos on an entry's page."""
    return [(int(a), int(b), int(c), alt) for a, b, c, alt in IN_ORDER.findall(site.get(entry).text)]


def objects(site: WebHarness) -> list[str]:
    return site.runtime.storage.names_before("photos", datetime.max.replace(tzinfo=UTC))


def test_photos_are_added_while_editing_after_those_that_are_there(site: WebHarness, entry: str) -> None:
    save(site, entry, "the garden", WIDE)
    save(site, entry, "the garden in May", SQUARE, WIDE)  # one of them is there already
    assert [(width, height) for _, width, height, _ in photos(site, entry)] == [(120, 80), (90, 90)]
    assert "the garden in May" in site.get(entry).text
    assert len(objects(site)) == 2


def test_what_is_no_photo_costs_no_words(site: WebHarness, entry: str) -> None:
    answer = save(site, entry, "the garden in May", b"no photo")
    text = site.get(str(answer.location)).text
    assert "couldn’t be kept" in text
    assert "the garden in May" in text


def test_photos_beside_a_stale_change_are_kept_and_both_texts_shown(site: WebHarness, entry: str) -> None:
    answer = save(site, entry, "from the desk", WIDE, seen="another wording")
    assert answer.status_code == 409
    assert len(photos(site, entry)) == 1


def test_an_entry_of_photos_alone_may_lose_its_words(site: WebHarness, entry: str) -> None:
    assert save(site, entry, "").status_code == 422
    assert save(site, entry, "", WIDE).status_code == 303
    assert "the garden" not in site.get(entry).text
    assert "the garden" in site.get(f"{entry}/earlier").text


def test_photos_for_an_entry_that_was_deleted_meanwhile_leave_no_object(site: WebHarness, entry: str) -> None:
    site.post(f"{entry}/delete")
    files = [(BytesIO(WIDE), "a.jpg")]
    answer = site.post(f"{entry}/edit", {"words": "from the desk", "photos": files}, page="/write")
    assert answer.status_code == 404
    assert "from the desk</textarea>" in answer.text
    assert objects(site) == []


def test_too_many_megabytes_of_photos_cost_no_words(site: WebHarness, entry: str) -> None:
    token = LexborHTMLParser(site.get(f"{entry}/edit").text).css_first("input[name=csrf_token]")
    assert token is not None
    fields = [("csrf_token", token.attributes["value"] or ""), ("words", "from the desk")]
    for size, status in ((2 * LARGEST_FORM_BYTES, 303), (LARGEST_PHOTOS_FORM_BYTES, 413)):
        content_type, body = multipart(fields, [("photos", "a.jpg", "image/jpeg", WIDE + bytes(size))])
        answer = site.browser.post(f"{entry}/edit", data=body, content_type=content_type)
        assert answer.status_code == status
    assert "up to 60 MB together" in answer.text
    assert "from the desk</textarea>" in answer.text


@pytest.mark.parametrize(("way", "corner"), [("right", (70, 10)), ("left", (10, 110))])
def test_a_photo_is_turned_and_keeps_its_place_and_description(
    site: WebHarness, entry: str, way: str, corner: tuple[int, int]
) -> None:
    marked = picture((120, 80), "white")
    marked.paste((0, 0, 0), (0, 0, 30, 30))
    save(site, entry, "the garden", encoded(marked), SQUARE)
    (first, *_), _ = photos(site, entry)
    site.post(f"/journal/photo/{first}/describe", {"description": "A corner"}, page=f"/journal/photo/{first}/change")
    answer = site.post(f"/journal/photo/{first}/turn", {"way": way}, page=f"/journal/photo/{first}/change")
    turned, other = photos(site, entry)
    assert answer.location == f"/journal/photo/{turned[0]}/change"
    assert (turned[1:], other[1:3]) == ((80, 120, "A corner"), (90, 90))
    shown = Image.open(BytesIO(site.get(f"/journal/photo/{turned[0]}").data)).convert("L")
    column, row = corner
    assert shown.tobytes()[row * shown.width + column] < 60
    assert len(objects(site)) == 2
    assert site.get(f"/journal/photo/{first}").status_code == 404


def test_a_description_is_the_alternative_text_sealed_and_can_be_taken_away(site: WebHarness, entry: str) -> None:
    save(site, entry, "the garden", WIDE)
    [(photo, *_)] = photos(site, entry)
    change = f"/journal/photo/{photo}/change"
    site.post(f"/journal/photo/{photo}/describe", {"description": ' Two "beds"\r\nof beans '}, page=change)
    assert photos(site, entry)[0][3] == "Two &#34;beds&#34; of beans"
    assert 'alt="Two &#34;beds&#34; of beans"' in site.get("/journal").text
    with site.runtime.database.read() as session:
        [row] = session.scalars(select(Photo))
    assert row.sealed_description is not None
    assert b"beans" not in row.sealed_description
    site.post(f"/journal/photo/{photo}/describe", {"description": ""}, page=change)
    assert photos(site, entry)[0][3].startswith("A photo you sent on")


def test_a_description_that_is_too_long_is_given_back(site: WebHarness, entry: str) -> None:
    save(site, entry, "the garden", WIDE)
    [(photo, *_)] = photos(site, entry)
    change = f"/journal/photo/{photo}/change"
    answer = site.post(f"/journal/photo/{photo}/describe", {"description": "bean " * 200}, page=change)
    assert answer.status_code == 422
    assert "Error: Make it a little shorter" in answer.text
    assert "bean bean bean" in answer.text


def test_a_photo_that_cannot_be_read_stays_as_it_is(site: WebHarness, entry: str) -> None:
    save(site, entry, "the garden", WIDE)
    [(photo, *_)] = photos(site, entry)
    change = f"/journal/photo/{photo}/change"
    site.get(change)
    site.runtime.storage.remove(f"photos/{photo}")
    answer = site.post(f"/journal/photo/{photo}/turn", {"way": "left"}, page=change)
    assert answer.status_code == 503
    assert "The photo stays as it is" in answer.text
    assert len(photos(site, entry)) == 1


def test_a_removed_photo_is_put_back_until_its_day_is_over(site: WebHarness, entry: str) -> None:
    save(site, entry, "the garden", WIDE, SQUARE)
    [(wide, *_), (square, *_)] = photos(site, entry)
    before = photos(site, entry)
    back = f"/journal/photo/{wide}/put-back"
    shown = site.get(str(site.post(f"/journal/photo/{wide}/remove").location)).text
    assert back in shown
    assert [photo for photo, *_ in photos(site, entry)] == [square]
    assert site.get(f"/journal/photo/{wide}").status_code == 404
    assert "<img" in site.get("/journal").text
    site.clock.now += DAY - MINUTE
    prune(site.runtime.database, site.runtime.storage, now=site.clock())
    site.post(back, page=entry)
    assert photos(site, entry) == before
    assert site.get(f"/journal/photo/{wide}").status_code == 200
    assert "put-back" not in site.get(entry).text


def test_a_day_later_a_removed_photo_is_erased(site: WebHarness, entry: str) -> None:
    save(site, entry, "the garden", WIDE, SQUARE)
    [(wide, *_), _] = photos(site, entry)
    site.post(f"/journal/photo/{wide}/remove")
    site.clock.now += DAY
    assert "put-back" not in site.get(entry).text
    assert site.post(f"/journal/photo/{wide}/put-back", page=f"{entry}/edit").status_code == 404
    prune(site.runtime.database, site.runtime.storage, now=site.clock())
    assert len(objects(site)) == 1
    site.post(f"{entry}/delete")
    prune(site.runtime.database, site.runtime.storage, now=site.clock() + DAY)
    assert objects(site) == []


def test_an_entry_that_was_a_photo_alone_comes_back_with_it(site: WebHarness, entry: str) -> None:
    save(site, entry, "", WIDE)
    save(site, entry, "", SQUARE)
    for photo, *_ in photos(site, entry):
        site.post(f"/journal/photo/{photo}/remove")
    assert "This entry is deleted" in site.get(entry).text
    site.post(f"{entry}/undelete", page=entry)
    assert [(width, height) for _, width, height, _ in photos(site, entry)] == [(90, 90)]
    assert "put-back" in site.get(entry).text
