"""What is known of a person besides their words, as about-me.json has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.core.schedule import Days
from service.flows.people.own_questions import open_questions
from service.models import BrowserSession, Consent, Keyring, QuestionWish, Subscriber, Suppression

ABOUT_FORMAT = 1  # not under the key "format", by which journal.json is known


def about_person(session: Session, keyring: Keyring, person: Subscriber, now: datetime) -> dict[str, Any]:
    """Return a person's address, settings, own questions, consent lines, signed-in browsers and suppression.

    Instants are in UTC. A wish with no date is a question that they do not want again.
    """
    suppression = session.get(Suppression, person.address_hash)
    return {
        "about": ABOUT_FORMAT,
        "address": keyring.address_of(person).text,
        "status": person.status,
        "resting_until": _said(person.resting_until_on),
        "signed_up_at": _said(person.created_at),
        "confirmed_at": _said(person.confirmed_at),
        "settings": _settings(person),
        "questions": {
            "sent": person.prompts_sent,
            "answered": person.prompts_answered,
            "last_answered_on": _said(person.last_answered_on),
            "own": [each.words for each in open_questions(session, keyring, person)],
            "wishes": [
                {"prompt": wish.prompt_id, "again_on": _said(wish.again_on)}
                for wish in QuestionWish.of_subscriber(session, person.id)
            ],
        },
        "consents": [
            {
                "to": line.stream,
                "event": line.event,
                "wording": line.wording,
                "from": line.source,
                "at": _said(line.at),
            }
            for line in Consent.for_address(session, person.address_hash)
        ],
        "browsers": [
            {"kind": each.kind, "signed_in_at": _said(each.created_at), "until": _said(each.expires_at)}
            for each in BrowserSession.of_subscriber(session, person.id, now)
        ],
        "not_written_to": {"reason": suppression.reason, "since": _said(suppression.at)} if suppression else None,
    }


def _settings(person: Subscriber) -> dict[str, Any]:
    return {
        "wants_questions": person.wants_questions,
        "wants_letters": person.wants_letters,
        "wants_digest": person.wants_digest,
        "wants_look_backs": person.wants_look_backs,
        "wants_thread": person.wants_thread,
        "is_discreet": person.is_discreet,
        "weekdays": [day + 1 for day in Days(person.days_mask)],  # ISO 8601: Monday is 1
        "time": person.send_time.isoformat("minutes"),
        "time_zone": person.time_zone,
        "locale": person.locale,
        "muted_themes": person.muted_themes,
        "help_country": person.help_country,
    }


def _said(when: Any) -> str | None:
    return None if when is None else when.isoformat()
