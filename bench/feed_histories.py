"""Play random histories of feeds against a model: `python -m bench.feed_histories`; each failure names its seed.

No post may go twice, and none from before its feed was added.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

import structlog

from service.db import make_engine, migrate
from tests.harness.feeds.feed_histories import play_histories
from tests.harness.feeds.feeds import FeedsHarness
from tests.harness.people.letters import LettersHarness
from tests.harness.sending import open_sending_harness


def _tell(histories: int, went: int) -> None:
    print(f"{histories} histories, {went} posts went", flush=True)


def main() -> None:
    """Play the histories, and print how many posts went by themselves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=300)
    parser.add_argument("--looks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - no secret
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(f"seed {chosen.seed}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/histories.db"
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()
        with open_sending_harness(url, Path(folder)) as opened:
            feeds = FeedsHarness(LettersHarness(opened))
            went = play_histories(feeds, histories=chosen.histories, looks=chosen.looks, seed=chosen.seed, tell=_tell)
    taken = time.monotonic() - begun
    print(f"{chosen.histories} histories of {chosen.looks} looks: {went} posts went, none twice; {taken:.0f} s")


if __name__ == "__main__":
    main()
