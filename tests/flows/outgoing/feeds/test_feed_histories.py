"""Whatever a blog does to its feed, no post goes twice, and none from before; `make feed-histories` plays many more."""

from __future__ import annotations

import structlog

from tests.harness.feeds.feed_histories import play_histories
from tests.harness.feeds.feeds import FeedsHarness


def test_no_history_lets_a_post_go_twice_or_one_from_before(feeds: FeedsHarness) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        assert play_histories(feeds, histories=4, looks=12, seed=1) > 0
    finally:
        structlog.reset_defaults()
