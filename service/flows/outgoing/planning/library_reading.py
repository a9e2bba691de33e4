"""Reading the writers' own prompts, and when prompts come, from the database into the library of a process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.db import Database
from service.models import OwnPrompt, PromptChange

# A minute is soon enough: a change made now holds from a day that begins in ten hours at the earliest.
READ_EVERY: Final = timedelta(minutes=1)

log = structlog.get_logger()


def read_own(session: Session, library: Library) -> None:
    """Take over what the database has now."""
    library.take_own([row.prompt for row in OwnPrompt.added(session)], PromptChange.timings(session))


def keep_fresh(database: Database, library: Library, now: datetime) -> None:
    """Read the own prompts again, once a minute; after an error, what was read before stands until the next time."""
    read_at = library.own_read_at
    if read_at is not None and timedelta(0) <= now - read_at < READ_EVERY:
        return
    try:
        with database.read() as session:
            read_own(session, library)
    except SQLAlchemyError as error:
        log.warning("library.not_read", error=type(error).__name__)
        return
    library.own_read_at = now
