"""Posts that go by themselves: an hour after their last change, at most one a day, until a writer takes them back.

Until five minutes before its time the letter of such a post is a draft, which follows the post. Then it is scheduled
as any letter is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from service.core.access.tokens import Action, ActToken
from service.core.dates import full_date
from service.core.feeds.feed_timing import FIXED_BEFORE, goes_at
from service.core.feeds.feed_words import NOTES
from service.core.letters.letter_day import LATE_AFTER
from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.flows.outgoing.letters.letter_scheduling import AtInstant, Straightaway, schedule
from service.flows.outgoing.letters.letter_states import pause
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.models import (
    Feed,
    FeedMode,
    FeedPause,
    FeedState,
    Letter,
    LetterPause,
    LetterState,
    PostNote,
    SeenPost,
    WriterMailKind,
)

LINK_LASTS = timedelta(days=7)
NOBODY = 0  # the link belongs to the writers, who are no subscribers

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AutoPosts:
    """Says when posts go, tells the writers, and schedules them; `zone` is the writers'."""

    context: EmailContext = field(repr=False)
    zone: ZoneInfo

    def begin_hour(self, session: Session, rows: Iterable[SeenPost], now: datetime) -> None:
        """Let posts go an hour from now, each on a day of its own, and tell the writers."""
        for row in rows:
            others = SeenPost.times_of_going(session, now - timedelta(days=1), other_than=row.id)
            row.goes_at = goes_at(now, self.zone, others)
            session.flush()
            self._tell_when(session, row, row.goes_at, now)
            log.info("feed.goes", letter=row.letter_id, at=row.goes_at.isoformat())

    def tell_kept_back(self, session: Session, rows: Iterable[SeenPost], now: datetime) -> None:
        """Tell the writers of posts that were to go by themselves, and do not."""
        for row in rows:
            values = {"title": row.title, "reason": NOTES[row.note or PostNote.LATE]}
            key = f"{row.id}/{now:%Y%m%d%H%M%S}"
            keyring = self.context.keyring
            plan_writer_mail(session, keyring, WriterMailKind.FEED_KEPT_BACK, values, key=key, now=now)
            log.info("feed.kept_back", letter=row.letter_id, because=row.note)

    def has_due(self, session: Session, feed_id: int, now: datetime) -> bool:
        """Return whether the time of one of a feed's posts has come."""
        return any(_is_due(row, now) for row in SeenPost.going(session, feed_id))

    def schedule_due(self, session: Session, feed_id: int, now: datetime, *, check_fails: bool) -> None:
        """Schedule the posts of a feed whose time has come. One that is more than a day late is paused.

        While a check of the doctor fails no letter starts, so such a post stays a draft, and the writers are told.
        """
        for row in SeenPost.going(session, feed_id):
            at = row.goes_at
            if at is None or row.letter_id is None or not _is_due(row, now):
                continue
            letter = Letter.locked(session, row.letter_id)
            still = SeenPost.of_letter_that_goes(session, row.letter_id)
            if letter is None or letter.state != LetterState.DRAFT or still is None or still.goes_at != at:
                continue  # taken back or scheduled by a writer meanwhile
            if check_fails:
                self._keep_back(session, row, PostNote.CHECK_FAILS, now)
            else:
                self._schedule(session, row, letter, at, now)

    def _schedule(self, session: Session, row: SeenPost, letter: Letter, at: datetime, now: datetime) -> None:
        try:
            schedule(session, self.context, letter.id, AtInstant(at) if at > now else Straightaway(), now)
        except LetterError:
            self._keep_back(session, row, PostNote.TOO_LONG, now)
            return
        row.goes_at = letter.starts_at
        if now - at > LATE_AFTER:
            pause(session, letter.id, LetterPause.LATE, now)
            row.note = PostNote.LATE
            self.tell_kept_back(session, [row], now)

    def _keep_back(self, session: Session, row: SeenPost, note: PostNote, now: datetime) -> None:
        row.goes_at, row.note = None, note
        self.tell_kept_back(session, [row], now)

    def _tell_when(self, session: Session, row: SeenPost, at: datetime, now: datetime) -> None:
        local = at.astimezone(self.zone)
        token = ActToken(Action.TAKE_BACK_LETTER, NOBODY, row.letter_id or 0, at + LINK_LASTS)
        values = {
            "title": row.title,
            "time": f"{local:%H:%M}",
            "day": full_date(local.date()),
            "zone": self.zone.key,
            "id": str(row.letter_id),
            "url": f"{self.context.links.base_url}/act/{token.encode(self.context.keyring.index)}",
        }
        key = f"{row.id}/{row.changes}"
        plan_writer_mail(session, self.context.keyring, WriterMailKind.FEED_GOES, values, key=key, now=now)


def _is_due(row: SeenPost, now: datetime) -> bool:
    return row.goes_at is not None and row.goes_at - FIXED_BEFORE <= now


def next_fixing(session: Session, feed_id: int, now: datetime) -> datetime | None:
    """Return when the next post of a feed is scheduled, before which the feed is looked at once more; None if none."""
    times = [row.goes_at - FIXED_BEFORE for row in SeenPost.going(session, feed_id) if row.goes_at is not None]
    return next((at for at in times if at > now), None)


def keep_all_back(session: Session, feed: Feed) -> None:
    """Let no post of a feed that is a draft yet go by itself."""
    for row in SeenPost.going(session, feed.id):
        row.goes_at = None


def pause_automatic_feeds(session: Session) -> None:
    """Pause the feeds whose posts go by themselves, because this database may be an old copy: some may have gone."""
    for feed in Feed.lock_all(session).values():
        if feed.mode == FeedMode.AUTO and feed.state == FeedState.ACTIVE:
            feed.state, feed.paused_because = FeedState.PAUSED, FeedPause.OLD_COPY
            feed.attempt += 1
            keep_all_back(session, feed)
            log.warning("feed.paused", feed=feed.id, because=feed.paused_because)
