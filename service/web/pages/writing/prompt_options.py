"""The options below a question: another one, a smaller one, or none today."""

from __future__ import annotations

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from service.core.replies.classify.commands import Command, Verb
from service.flows.incoming.replies import commands
from service.mail.outbound.short_emails import ShortEmail
from service.models import Subscriber
from service.web.context import get_runtime, now, page
from service.web.errors import error_page
from service.web.pages.email_texts import said_by_email

PROMPT_OPTIONS: Final = (
    (Verb.ANOTHER, "Another question"),
    (Verb.SMALLER, "A smaller one"),
    (Verb.NOT_TODAY, "Not today"),
)
_ON_ITS_WAY: Final = {
    Verb.ANOTHER: ShortEmail("", "It’s on its way", ("You’ll get another question by email in a moment.",)),
    Verb.SMALLER: ShortEmail("", "It’s on its way", ("You’ll get a smaller question by email in a moment.",)),
}


def requested_option() -> Verb | None:
    """Return the option of the pressed button, or None for another button."""
    return next((verb for verb, _ in PROMPT_OPTIONS if verb == request.form.get("wish")), None)


def grant_option(person_id: int, verb: Verb, *, words: str, once: str) -> Response | str:
    """Carry out the option and show the text of the email that answers the same command by reply.

    `words` are the typed words in the form, which is shown again so that nothing is lost.
    """
    runtime = get_runtime()
    with runtime.database.write() as session:
        person = Subscriber.locked(session, person_id)
        if person is None:
            return error_page(410)
        if verb is Verb.NOT_TODAY:
            done = commands.CommandResult(verb)
        else:
            done = commands.carry_out(session, runtime.library, person, Command(verb), now())
    runtime.job_queue.enqueue_deliveries(done.planned)
    answer = _ON_ITS_WAY[verb] if done.planned else said_by_email(f"command.{done.answer}")
    return page("asked", answer=answer, words=words, once=once)
