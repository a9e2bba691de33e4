"""How much CPU time reading a feed of 200 posts takes: `python -m bench.feeds`."""

from __future__ import annotations

import time

from service.core.feeds.feed_parsing import parse_feed

POSTS = 200
_BODY = "<p>The pond froze, and <a href='/about'>we</a> watched <em>two herons</em> stand on it all day.</p>" * 60


def made_up_feed(posts: int = POSTS) -> bytes:
    """Return an RSS feed whose posts have 6 kB each."""
    items = "".join(
        f"<item><title>Post {number}</title><link>https://blog.example.org/{number}</link>"
        f"<guid>https://blog.example.org/?p={number}</guid><pubDate>Sun, 29 Nov 2026 08:00:00 +0000</pubDate>"
        f"<content:encoded><![CDATA[{_BODY}]]></content:encoded></item>"
        for number in range(posts)
    )
    name_space = "http://purl.org/rss/1.0/modules/content/"
    return f'<rss version="2.0" xmlns:content="{name_space}"><channel>{items}</channel></rss>'.encode()


def main() -> None:
    """Read the feed three times, and print the least time."""
    data, times = made_up_feed(), []
    for _ in range(3):
        begun = time.process_time()
        assert len(parse_feed(data, "https://blog.example.org/feed", "application/rss+xml").posts) == POSTS
        times.append(time.process_time() - begun)
    print(f"{POSTS} posts, {len(data) // 1000} kB: {min(times):.2f} s of CPU")


if __name__ == "__main__":
    main()
