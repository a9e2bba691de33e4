"""The page of the link in a mail to the writers, by which a post of the blog's feed does not go by itself."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import redirect, request
from werkzeug.wrappers import Response

from service.core.access.tokens import ActToken
from service.flows.desk.desk_log import Actor, DeskActionName, record_action
from service.flows.outgoing.letters import letter_states
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.models import Letter, LetterState, SeenPost
from service.web.context import get_runtime, now, page


def show_take_back(known: ActToken) -> str:
    """Show when a letter goes by itself, and the button that takes it back. No sign-in: a draft harms nobody."""
    runtime = get_runtime()
    with runtime.database.read() as session:
        letter = session.get(Letter, known.object_id)
        going = SeenPost.of_letter_that_goes(session, known.object_id)
    goes_at = going.goes_at if going is not None else None
    is_open = letter is not None and not letter.has_begun and letter.state != LetterState.STOPPED
    zone = ZoneInfo(runtime.settings.writer_time_zone)
    at = goes_at.astimezone(zone) if goes_at is not None else None
    return page("take_back_letter", letter=letter, is_open=is_open, at=at, zone=zone)


def take_back_letter(known: ActToken) -> Response:
    """Let a letter not go by itself; the log of the desk says that it was done by the link."""
    runtime = get_runtime()
    with runtime.database.write() as session:
        try:
            letter_states.take_back(session, known.object_id)
        except LetterError:
            return redirect(request.path, code=303)  # the page says how it stands
        name = DeskActionName.LETTER_TAKEN_BACK_BY_LINK
        record_action(session, runtime.keyring, Actor(), name, now(), object_id=known.object_id)
    return redirect(request.path, code=303)
