"""On this day: what a person wrote on the same day of earlier years, as far as it may be shown again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.month.on_this_day import may_be_looked_back_at, same_day_in_earlier_years
from service.core.settings.quiet_dates import is_quiet
from service.flows.people.settings.quiet_dates import spans_of
from service.models import Entry, Subscriber


def entries_on_this_day(
    session: Session,
    person: Subscriber,
    library: Library,
    today: date,
) -> Sequence[Entry]:
    """Return the entries of this day in earlier years, the newest year first, in each year in order.

    Left out are those that were kept out (as imported ones are until their owner wants them back), answers to
    questions about a hurt, and everything if today or the day of the entry is quiet.
    """
    spans = spans_of(session, person)
    if is_quiet(today, spans):
        return ()
    days = [day for day in same_day_in_earlier_years(today) if not is_quiet(day, spans)]
    found = [
        entry
        for entry in Entry.not_kept_out_on(session, person.id, days)
        if may_be_looked_back_at(entry.prompt_id, library.get(entry.prompt_id or ""))
    ]
    return sorted(found, key=lambda entry: (-entry.written_on.toordinal(), entry.created_at, entry.id))
