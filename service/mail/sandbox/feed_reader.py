"""The process that reads feeds, as the workers use it."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.core.feeds.feed_post import FeedRefusal, FeedRefusedError, ParsedFeed
from service.mail.sandbox.child_process import ChildProcess, ChildTimeoutError, module_command
from service.mail.sandbox.feed_reading import answered, question

WALL_SECONDS = 15.0


@dataclass(slots=True)
class FeedReader:
    """Reads feeds in a child process, so that a hostile feed can only crash that process."""

    wall_seconds: float = WALL_SECONDS
    _child: ChildProcess = field(
        default_factory=lambda: ChildProcess(module_command("service.mail.sandbox.feed_reading")), repr=False
    )

    def read(self, data: bytes, url: str, content_type: str) -> ParsedFeed:
        """Return the feed that was answered at `url`.

        Raises:
            FeedRefusedError: it is no feed, or takes too long or too much.
        """
        try:
            return answered(self._child.ask(question(data, url, content_type), self.wall_seconds))
        except ChildTimeoutError:
            raise FeedRefusedError(FeedRefusal.TOO_MUCH) from None

    def close(self) -> None:
        """End the child process."""
        self._child.close()
