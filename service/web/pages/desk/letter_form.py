"""What the desk's forms of letters say: the letter itself, and when it is to go."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import request

from service.flows.outgoing.letters.letter_drafts import LetterDraft, LetterError
from service.flows.outgoing.letters.letter_scheduling import AtInstant, LetterTime, OwnHour, Straightaway
from service.models import LetterFormat, LetterVisibility
from service.web.pages.desk.desk_browser import writer_zone


def typed_draft(format_: LetterFormat) -> LetterDraft:
    """Return the letter of a form."""
    form = request.form
    visible = form.get("visible", "")
    return LetterDraft(
        title=form.get("title", ""),
        content=form.get("content", ""),
        format=format_,
        visible=LetterVisibility(visible) if visible in {*LetterVisibility} else LetterVisibility.PUBLIC,
    )


def typed_time() -> LetterTime:
    """Return when a letter is to go, as the form says it.

    Raises:
        LetterError: it says no day and no time.
    """
    form = request.form
    try:
        match form.get("when"):
            case "day":
                return OwnHour(date.fromisoformat(form.get("on", "").strip()))
            case "instant":
                local = datetime.fromisoformat(f"{form.get('date', '').strip()}T{form.get('time', '').strip()}")
                return AtInstant(local.replace(tzinfo=writer_zone()).astimezone(UTC))
            case "now":
                return Straightaway()
    except (ValueError, OverflowError):  # an instant of year 1 or 9999 may have no date in UTC
        raise LetterError(
            "That isn’t a day or a time. Write the day like 2026-12-03 and the time like 08:00."
        ) from None
    raise LetterError("Choose when it goes.")
