"""All that is kept of a person besides their words, for the page that shows it and for about-me.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from service.core.journal_export.exported import json_lines
from service.core.settings.consent import WORDINGS, Stream
from service.core.settings.quiet_dates import MonthDay
from service.core.settings.schedule import Days
from service.flows.people.access.passkeys import name_place
from service.flows.people.addresses.aliases import address_place
from service.flows.people.addresses.change_address import former_place
from service.flows.people.journal_import.import_upload import title_place
from service.flows.people.settings import frequency, quiet_dates
from service.flows.people.settings.own_questions import place_of
from service.models import Keyring, QuestionWish, Subscriber
from service.models.people.personal_data.rows_about import ROWS_ABOUT, RowsAbout, list_that_brought

ABOUT_FORMAT: Final = 2  # not under the key "format", by which journal.json is known
# What is sealed in a row of a list: under which name it is told, and the place that it is bound to.
_SEALED: Final[Mapping[str, tuple[str, Callable[[Subscriber, Mapping[str, Any]], str]]]] = {
    "imports": ("file", lambda _person, row: title_place(row["id"])),
    "moved_from": ("address", lambda _person, row: former_place(row["id"])),
    "other_addresses": ("address", lambda person, row: address_place(person, row["address_hash"])),
    "own_questions": ("words", lambda _person, row: place_of(row["id"])),
    "passkeys": ("name", lambda _person, row: name_place(row["id"])),
}


@dataclass(frozen=True, slots=True)
class AboutPerson:
    """What is kept of one person, read in one transaction; instants are in UTC."""

    session: Session = field(repr=False)
    keyring: Keyring = field(repr=False)
    person: Subscriber

    def facts(self) -> dict[str, Any]:
        """Return what is said once: the address, the state, the settings, quiet dates and what is next.

        A wish about a question that has no date is that it is never to come again.
        """
        person = self.person
        brought = list_that_brought(self.session, person)
        return {
            "address": self.keyring.address_of(person).text,
            "status": person.status,
            "resting_until": person.resting_until_on,
            "signed_up_at": person.created_at,
            "confirmed_at": person.confirmed_at,
            "letters_confirmed_at": person.letters_confirmed_at,
            "came_with_the_list": {"from": brought.source, "at": brought.at} if brought else None,
            "settings": settings_json(person),
            "quiet_dates": [
                {"first": _month_day(each.span.first), "last": _month_day(each.span.last), "name": each.label}
                for each in quiet_dates.named_quiet_dates(self.session, self.keyring, person)
            ],
            "questions": {
                "sent": person.prompts_sent,
                "answered": person.prompts_answered,
                "last_answered_on": person.last_answered_on,
                "unanswered_in_a_row": person.unanswered,
                "slower_for_now": person.slow_down_stage,
                "sent_before": person.history,
                "next_at": person.next_prompt_at,
                "wishes": [
                    {"prompt": wish.prompt_id, "again_on": wish.again_on}
                    for wish in QuestionWish.of_subscriber(self.session, person.id)
                ],
            },
            "next_month_at": person.next_digest_at,
        }

    def all_of(self, kept: RowsAbout) -> Iterator[dict[str, Any]]:
        """Yield what the person is told of each row of a list, the newest first."""
        return (self._told(kept, row) for row in kept.stream(self.session, self.person))

    def some_of(self, kept: RowsAbout, *, skip: int, limit: int) -> list[dict[str, Any]]:
        """Return some of what `all_of` yields."""
        return [self._told(kept, row) for row in kept.some(self.session, self.person, skip=skip, limit=limit)]

    def json(self) -> Iterator[bytes]:
        """Yield about-me.json in pieces, a row of a list on each line."""
        facts = json.dumps({"about": ABOUT_FORMAT, **self.facts()}, indent=1, ensure_ascii=False, default=_said)
        yield facts.removesuffix("\n}").encode()
        for kept in ROWS_ABOUT:
            yield f',\n "{kept.name}": ['.encode()
            yield from json_lines(map(_in_json, self.all_of(kept)))
            yield b"\n ]"
        yield b"\n}\n"

    def _told(self, kept: RowsAbout, row: Mapping[str, Any]) -> dict[str, Any]:
        told = {name: row[name] for name in kept.told.values()}
        if (sealed := _SEALED.get(kept.name)) and told[sealed[0]] is not None:
            name, place = sealed
            told[name] = self.keyring.key_of(self.person).open_text(told[name], place=place(self.person, row))
        if kept.name == "consents":
            told["words"] = WORDINGS.get(Stream(told["to"]), {}).get(told["wording"])
        return told


def settings_json(person: Subscriber) -> dict[str, Any]:
    """Return the settings of a person as about-me.json has them; the days are those that they chose."""
    return {
        "wants_questions": person.wants_questions,
        "wants_letters": person.wants_letters,
        "wants_digest": person.wants_digest,
        "wants_look_backs": person.wants_look_backs,
        "wants_thread": person.wants_thread,
        "is_discreet": person.is_discreet,
        "weekdays": [day + 1 for day in frequency.chosen_days(person)],  # ISO 8601: Monday is 1
        "weekdays_for_now": [day + 1 for day in Days(person.days_mask)],
        "time": person.send_time.isoformat("minutes"),
        "time_zone": person.time_zone,
        "locale": person.locale,
        "muted_themes": person.muted_themes,
        "help_country": person.help_country,
    }


def _month_day(day: MonthDay) -> str:
    return f"{day.month:02}-{day.day:02}"


def _in_json(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _said(value) if isinstance(value, date) else value for name, value in told.items()}


def _said(when: date | datetime) -> str:
    return when.isoformat()
