"""Feeds at the desk: looked at before they are added; sending without asking needs a code; a link takes a post back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from service.app import create_app
from service.core.access.tokens import Action
from service.flows.outgoing.feeds.auto_posts import NOBODY, AutoPosts
from service.flows.outgoing.settling.old_copy import hold_sending
from service.job_queue import BackgroundJob
from service.models import Feed, HoldReason, Letter, LetterSource, SeenPost
from tests.harness.desk import DeskHarness
from tests.harness.feeds.blogs import Answer, Blog, running_blog
from tests.harness.feeds.feeds import rss
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FEEDS = "/desk/feeds"


@pytest.fixture
def desk(site: WebHarness) -> DeskHarness:
    settings = site.runtime.settings.model_copy(update={"feeds_from_loopback": True})
    site.runtime = replace(site.runtime, settings=settings)
    site.browser = create_app(site.runtime).test_client()
    found = DeskHarness(site)
    found.sign_in()
    return found


@pytest.fixture
def blog() -> Iterator[Blog]:
    with running_blog() as found:
        found.answers["/feed"] = Answer(rss(("1", "Ice"), ("2", "<script>alert(1)</script>Moss")))
        yield found


def feed_of(desk: DeskHarness) -> Feed:
    with desk.site.runtime.database.read() as session:
        [feed] = Feed.list_all(session)
        return feed


def test_a_feed_is_looked_at_before_it_is_added(desk: DeskHarness, blog: Blog) -> None:
    assert "no feeds yet" in desk.site.get(FEEDS).text
    url = f"{blog.url}/feed"
    found = desk.site.post(f"{FEEDS}/look", {"url": url}, page=FEEDS).text
    assert "A blog" in found
    assert "Ice" in found
    assert "<script>" not in found
    for wrong, words in ((f"{blog.url}/none", "nothing at this address"), ("blog", "whole address")):
        refused = desk.site.post(f"{FEEDS}/look", {"url": wrong}, page=FEEDS)
        assert refused.status_code == 422
        assert words in refused.text
        assert f'value="{wrong}"' in refused.text
    assert desk.site.post(f"{FEEDS}/add", {"url": url, "mode": "draft"}, page=FEEDS).status_code == 303
    assert desk.site.queue.background[BackgroundJob.FEEDS] == [feed_of(desk).id]
    assert desk.site.post(f"{FEEDS}/add", {"url": url}, page=FEEDS).status_code == 422
    desk.site.runtime.feed_looker().work(feed_of(desk).id)
    listed = desk.site.get(FEEDS).text
    assert "All is well" in listed
    assert "the newest when the feed was added" in listed
    assert desk.actions() == ["feed.added", "feed.checked", "feed.checked", "feed.checked"]


def test_what_lets_posts_go_without_asking_needs_a_code(desk: DeskHarness, blog: Blog) -> None:
    url = f"{blog.url}/feed"
    assert desk.site.post(f"{FEEDS}/add", {"url": url, "mode": "auto"}, page=FEEDS).status_code == 403
    desk.site.post(f"{FEEDS}/add", {"url": url, "mode": "draft"}, page=FEEDS)
    path = f"{FEEDS}/{feed_of(desk).id}"
    assert desk.site.post(f"{path}/automatic", page=FEEDS).status_code == 403
    assert feed_of(desk).mode == "draft"
    app = desk.enrol()
    desk.confirm(app)
    assert desk.site.post(f"{path}/automatic", page=FEEDS).status_code == 303
    assert feed_of(desk).mode == "auto"
    desk.site.clock.move(timedelta(minutes=11))
    assert desk.site.post(f"{path}/pause", page=FEEDS).status_code == 303
    assert "It’s paused." in desk.site.get(FEEDS).text
    assert desk.site.post(f"{path}/check", page=FEEDS).status_code == 422
    assert desk.site.post(f"{path}/resume", page=FEEDS).status_code == 403
    assert desk.site.post(f"{path}/drafts", page=FEEDS).status_code == 303
    for action in ("resume", "check", "remove"):
        assert desk.site.post(f"{path}/{action}", page=FEEDS).status_code == 303
    assert desk.site.post(f"{path}/remove", page=FEEDS).status_code == 422
    names = ["added", "checked", "made_automatic", "made_drafts", "paused", "removed", "resumed"]
    assert desk.actions() == [f"feed.{name}" for name in names]


def test_a_post_that_goes_by_itself_is_taken_back_by_the_link_of_its_mail(desk: DeskHarness, blog: Blog) -> None:
    desk.confirm(desk.enrol())
    desk.site.post(f"{FEEDS}/add", {"url": f"{blog.url}/feed", "mode": "auto"}, page=FEEDS)
    letter_id = _going_draft(desk)
    token = desk.site.act_link(Action.TAKE_BACK_LETTER, letter_id, person_id=NOBODY, lasts=timedelta(days=1))
    stranger = desk.site.another_browser()
    assert "by itself" in desk.site.get("/desk").text
    assert "goes by itself" in desk.site.get(f"/desk/letters/{letter_id}").text
    assert "Take it back?" in stranger.get(f"/act/{token}").text
    assert _goes(desk, letter_id)
    assert stranger.post(f"/act/{token}").status_code == 303
    assert not _goes(desk, letter_id)
    assert "It doesn’t go by itself" in stranger.get(f"/act/{token}").text
    assert "letter.taken_back_by_link" in desk.actions()
    assert "by the link in a mail" in desk.site.get("/desk/log").text
    with desk.site.runtime.database.write() as session:
        hold_sending(session, desk.site.runtime.keyring, HoldReason.OLD_COPY, desk.site.clock())
    assert "may be an old copy" in desk.site.get("/desk").text


def _going_draft(desk: DeskHarness) -> int:
    """Return a draft that goes by itself in an hour."""
    runtime, now = desk.site.runtime, desk.site.clock()
    letter_id = desk.draft()
    with runtime.database.write() as session:
        letter = session.get_one(Letter, letter_id)
        letter.source = LetterSource.FEED
        values = {"feed_id": feed_of(desk).id, "title": "Ice", "link": "", "letter_id": letter_id, "found_at": now}
        row = SeenPost(**values, start_hash=b"s" * 32, content_hash=b"c" * 32)
        session.add(row)
        session.flush()
        auto: AutoPosts = runtime.feed_looker().auto
        auto.begin_hour(session, [row], now)
    return letter_id


def _goes(desk: DeskHarness, letter_id: int) -> bool:
    with desk.site.runtime.database.read() as session:
        return SeenPost.of_letter_that_goes(session, letter_id) is not None
