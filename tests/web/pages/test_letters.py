"""The letters on pages and in the feed: for everybody, the same for all, and nothing of a draft."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from service.core.journal.photos import Picture
from service.flows.outgoing.letters import letter_archive, letter_states
from service.flows.outgoing.letters.letter_drafts import LetterDraft, LetterError, add_picture, make_draft
from service.flows.outgoing.letters.letter_scheduling import Straightaway, schedule
from service.models import Letter, LetterPicture, LetterVisibility
from tests.harness.website import WebHarness

ATOM = "{http://www.w3.org/2005/Atom}"
TEXT = "The pond froze[^1].\n\n![A pond](pond.jpg)\n\n<script>alert(1)</script> ]]>\n\n[^1]: On Sunday."


class Publisher:
    """Makes letters that have begun to go out."""

    def __init__(self, site: WebHarness) -> None:
        self.site = site

    def publish(self, title: str, *, begins: bool = True, **more: object) -> str:
        runtime, now = self.site.runtime, self.site.clock()
        with runtime.database.write() as session:
            draft = LetterDraft(title=title, content=TEXT, **more)  # type: ignore[arg-type]
            letter = make_draft(session, draft, now)
            add_picture(session, letter.id, "pond.jpg", Picture("image/jpeg", 4, 3, b"a picture"), now)
            schedule(session, runtime.email_context(), letter.id, Straightaway(), now)
            if begins:
                letter.cursor = 0
                letter.state = "sent"
            return letter.slug


@pytest.fixture
def publisher(site: WebHarness) -> Publisher:
    return Publisher(site)


def test_the_archive_shows_public_letters_alone_and_sets_no_cookie(site: WebHarness, publisher: Publisher) -> None:
    listed = publisher.publish("Ice")
    unlisted = publisher.publish("For readers", visible=LetterVisibility.PEOPLE)
    publisher.publish("Only by email", visible=LetterVisibility.NOBODY)
    publisher.publish("Not yet", begins=False)
    page = site.browser.get("/letters")
    assert "Set-Cookie" not in page.headers
    assert 'href="/letters/ice"' in page.text
    assert page.text.count("<time") == 1
    shown = site.browser.get(f"/letters/{listed}")
    assert shown.status_code == 200
    assert "Set-Cookie" not in shown.headers
    assert "noindex" not in shown.text
    assert "&lt;script&gt;" in shown.text
    hidden = site.browser.get(f"/letters/{unlisted}")
    assert hidden.status_code == 200
    assert "noindex" in hidden.text
    assert unlisted != "for-readers"
    for slug in ("only-by-email", "not-yet", "nothing"):
        assert site.browser.get(f"/letters/{slug}").status_code == 404


def test_a_post_of_the_blog_names_the_blog_as_its_place(site: WebHarness, publisher: Publisher) -> None:
    slug = publisher.publish("Ice", canonical_url="https://blog.example.org/ice?a=1&b=2")
    page = site.browser.get(f"/letters/{slug}").text
    assert '<link rel="canonical" href="https://blog.example.org/ice?a=1&amp;b=2">' in page
    assert "noindex" in page


def test_the_feed_is_whole_keeps_its_ids_and_need_not_be_fetched_twice(site: WebHarness, publisher: Publisher) -> None:
    publisher.publish("Ice & snow")
    answer = site.browser.get("/letters/feed.xml")
    assert answer.content_type.startswith("application/atom+xml")
    assert "Set-Cookie" not in answer.headers
    feed = ET.fromstring(answer.text)
    [entry] = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Ice & snow"
    assert (entry.findtext(f"{ATOM}id") or "").startswith("tag:")
    content = entry.findtext(f"{ATOM}content") or ""
    assert "The pond froze" in content
    assert "<script" not in content
    again = site.browser.get("/letters/feed.xml", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    site.clock.move(timedelta(days=3))
    later = ET.fromstring(site.browser.get("/letters/feed.xml").text)
    assert later.findtext(f"{ATOM}entry/{ATOM}id") == entry.findtext(f"{ATOM}id")


def test_a_picture_is_on_the_page_once_the_letter_is(site: WebHarness, publisher: Publisher) -> None:
    shown, waiting = publisher.publish("Ice"), publisher.publish("Not yet", begins=False)
    with site.runtime.database.read() as session:
        ids = {
            slug: LetterPicture.of_letter(session, found.id)[0].id
            for slug in (shown, waiting)
            if (found := Letter.by_slug(session, slug))
        }
    assert f"/letters/pictures/{ids[shown]}" in site.browser.get(f"/letters/{shown}").text
    picture = site.browser.get(f"/letters/pictures/{ids[shown]}")
    assert (picture.data, picture.content_type) == (b"a picture", "image/jpeg")
    assert site.browser.get(f"/letters/pictures/{ids[waiting]}").status_code == 404


def test_a_page_may_change_and_says_so_and_the_email_stays(site: WebHarness, publisher: Publisher) -> None:
    slug = publisher.publish("Ice")
    site.clock.move(timedelta(days=2))
    runtime = site.runtime
    with runtime.database.write() as session:
        letter = Letter.by_slug(session, slug)
        assert letter is not None
        before = letter.frozen_digest
        letter_archive.change_page(session, runtime.email_context(), letter.id, "It thawed.", site.clock())
        assert letter.frozen_digest == before
        with pytest.raises(LetterError):
            letter_states.take_back(session, letter.id)
    page = site.browser.get(f"/letters/{slug}").text
    assert "It thawed." in page
    assert "Changed on" in page
    assert "The pond froze" not in page


def test_the_links_of_a_test_lead_to_a_page_that_says_so(site: WebHarness) -> None:
    assert "This was a test" in site.browser.get("/letters/this-is-a-test").text
