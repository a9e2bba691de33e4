"""Feeds as eight platforms write them, and JSON Feed: each post with its words, whole addresses and its date."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.core.feeds.feed_parsing import parse_feed
from service.core.feeds.feed_post import FeedPost, FeedRefusal, FeedRefusedError, compared_link
from service.core.letters.letter_from_html import read_html
from service.core.letters.letter_text import write_text

FEEDS = Path(__file__).resolve().parents[2] / "data" / "feeds"
# The file, the title, the link, the day of November 2026, and the text part of a letter made of the post.
PLATFORMS = [
    ("wordpress.xml", "Ice & herons – a note", "https://pond.example.org/2026/11/ice/", 29,
     ("The pond froze, and we (https://pond.example.org/about/) watched.\n\nPicture: Ice\n"
     "https://pond.example.org/wp-content/ice.jpg\n\nSunday\n")),
    ("ghost.xml", "A quiet lane", "https://ghost.example.org/a-quiet-lane/", 28,
     ("Picture: A quiet lane\nhttps://ghost.example.org/i.jpg\n\nNobody came by.\n\nA card (https://card.example.org/x)"
     "\n\nVideo: A walk, at www.youtube.com\nhttps://www.youtube.com/embed/1?feature=oembed\n")),
    ("substack.xml", "On waiting", "https://stacked.example.org/p/on-waiting", 27,
     ("Waiting is work.[1]\n\nPicture: A bench\nhttps://cdn.example.org/s.png\nhttps://cdn.example.org/big.png\n\n"
     "Notes\n\n[1] So they say.\n")),
    ("squarespace.xml", "Bread", "https://square.example.org/journal/bread", 26,
     "Flour first.\n\nThen water.\n\nPicture: A loaf\nhttps://images.example.org/b.jpg\n\nThat is all"),
    ("wix.xml", "The gate & the key", "https://www.wix.example.org/post/the-gate", 25,
     ("It was open all along, and nobody had thought of trying it...\n\nThis is the beginning. "
     "Read the rest at www.wix.example.org\n(https://www.wix.example.org/post/the-gate)\n")),
    ("medium.xml", "Less", "https://medium.com/@ana/less-abc123?source=rss-1a2b3c------2", 24,
     "Less\n\nLess is less.\n\nPicture: A desk\nhttps://cdn-images-1.medium.com/max/1024/1*x.jpeg\n\nMine\n"),
    ("hugo.xml", "Moss", "https://hugo.example.org/posts/moss/", 23,
     ("Moss needs no help & no roof.\n\nPicture: Moss\nhttps://hugo.example.org/posts/moss/moss.jpg\n\n"
     "This is the beginning.")),
    ("jekyll.xml", "Salt & light", "https://jekyll.example.org/2026/11/22/salt.html", 22,
     "Salt first.[1] See about (https://jekyll.example.org/about).\n\n    x = 1\n\nNotes\n\n[1] Sea salt.\n"),
    ("json_feed.json", "A short thought, whole as it is.", "https://micro.example.org/2026/7.html", 21,
     "A short thought, whole as it is.\n"),
]  # fmt: skip


def read(data: bytes | str, content_type: str = "application/rss+xml") -> tuple[FeedPost, ...]:
    return parse_feed(data.encode() if isinstance(data, str) else data, "https://x.example.org/f", content_type).posts


def rss(*items: str) -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>F</title>{inner}</channel></rss>'


@pytest.mark.parametrize(("name", "title", "link", "day", "text"), PLATFORMS, ids=[case[0] for case in PLATFORMS])
def test_a_post_of_each_platform_is_read_whole(name: str, title: str, link: str, day: int, text: str) -> None:
    url = link if name == "json_feed.json" else "https://feeds.example.org/f.xml"
    post = parse_feed((FEEDS / name).read_bytes(), url, "").posts[0]
    assert (post.title, post.link) == (title, link)
    assert post.published_at is not None
    assert post.published_at.date() == datetime(2026, 11, day, tzinfo=UTC).date()
    assert write_text(read_html(post.html), "").startswith(text)


def test_a_date_that_is_none_is_not_guessed() -> None:
    post = parse_feed((FEEDS / "json_feed.json").read_bytes(), "https://m.example.org/", "").posts[1]
    assert (post.published_at, post.has_date) == (None, True)
    assert write_text(read_html(post.html), "") == "One < two.\n\nThree.\n"
    (dated,) = read(rss("<guid>1</guid><link>https://x.example.org/1</link><pubDate>2025-13-45</pubDate>"))
    assert (dated.published_at, dated.has_date) == (None, True)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ("<!doctype html><html><body>Are you a robot?</body></html>", FeedRefusal.HTML),
        ("Just a moment", FeedRefusal.NO_FEED),
        ('{"items": []}', FeedRefusal.NO_FEED),
        ('<!DOCTYPE r [<!ENTITY a "b">]>' + rss("<title>&a;</title>"), FeedRefusal.ENTITIES),
        ('<!-- <rss> --><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + rss("<title>&a;</title>"),
         FeedRefusal.ENTITIES),
        (('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r [<!ENTITY a "b">]>' + rss()).encode("utf-16"),
         FeedRefusal.ENTITIES),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_and_never_an_empty_feed(data: bytes | str, refusal: FeedRefusal) -> None:
    with pytest.raises(FeedRefusedError) as error:
        read(data)
    assert error.value.refusal is refusal


def test_broken_xml_gives_what_can_be_read_and_says_so() -> None:
    feed = parse_feed(rss("<guid>1</guid><title>A & B</title><link>https://x.example.org/1</link>").encode(), "", "")
    assert feed.is_broken
    assert [post.title for post in feed.posts] == ["A & B"]


def test_a_feed_that_ends_too_early_is_read_but_for_its_last_post() -> None:
    """A part of its link could be the link of another post."""
    items = [f"<guid>{n}</guid><link>https://x.example.org/{n}</link><title>Post {n}</title>" for n in (1, 12)]
    whole = rss("</item><item>".join(items)).encode()
    for end in ("12</guid>", "x.example.org/1", "org/12</link>", "<title>Post"):
        feed = parse_feed(whole[: whole.rindex(end.encode()) + len(end)], "", "")
        assert feed.is_broken
        assert [post.raw_id for post in feed.posts] == ["1"]
    assert [post.raw_id for post in parse_feed(whole, "", "").posts] == ["1", "12"]


def test_one_post_that_no_page_can_show_does_not_keep_the_others_from_being_read() -> None:
    """NUL and halves of surrogate pairs cannot be stored, and an address may be none."""
    post = {"title": "I\0ce\ud800", "content_html": "<p>It\x1b froze\ud800.</p>"}
    found = (("1", "http://[bad"), ("2", "https://x.example.org/\0"), ("\ud800", ""))
    items = [{**post, "id": raw_id, "url": url} for raw_id, url in found]
    data = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "P\0ond", "items": items})
    feed = parse_feed(data.encode(), "https://x.example.org/f", "application/feed+json")
    assert feed.title == "Pond"
    assert {(one.title, one.text) for one in feed.posts} == {("Ice", "It froze.")}
    assert [one.link for one in feed.posts] == ["", "https://x.example.org/", ""]
    assert all(one.id_key for one in feed.posts)
    (read_too,) = read(rss("<guid>1</guid><link>http://[bad</link><title>Ice</title>"))
    assert (read_too.link, read_too.title) == ("", "Ice")


def test_an_id_stays_an_id_and_the_same_post_has_the_same_keys() -> None:
    (post,) = read(rss("<guid>12</guid><link>http://www.x.example.org/a/?utm_source=rss#top</link>"))
    (moved,) = read(rss("<guid>other</guid><link>https://x.example.org/a</link>"))
    assert post.raw_id == "12"
    assert post.link_key == moved.link_key
    assert post.id_key != moved.id_key
    assert compared_link("https://x.example.org/?p=1&utm_medium=m") == "x.example.org?p=1"
