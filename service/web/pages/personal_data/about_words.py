"""What is kept of a person, in words: a heading and a sentence of explanation for each list, a line for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.core.dates import full_date
from service.models import DeliveryState
from service.web.forms.sizes import said_size

Row = Mapping[str, Any]
Words = Mapping[str, str]

_KINDS: Words = {
    "confirmation": "the email that asked you to confirm",
    "welcome": "your first question",
    "prompt": "a question",
    "another": "another question, as you asked",
    "step_follow_up": "a question about a small step",
    "digest": "your words of the month",
    "year": "your words of the year",
    "quiet_month": "the question after a quiet month",
    "sign_in": "an email to sign in",
    "receipt": "the note that your first reply had come",
    "answer": "an answer to an email of yours",
    "notice": "a note about how often questions come",
    "alias": "a question about another address",
    "address": "an email about changing your address",
    "access": "the note that a passkey or another address had changed",
    "export": "the note that your file was ready",
    "letter": "a letter",
    "goodbye": "the email about erasing",
}
_STATES: Words = {
    "planned": "planned",
    "claimed": "on its way",
    "sent": "sent",
    "unknown": "sent, as far as we know",
    DeliveryState.FAILED: "not sent, because the mail company refused it",
    "skipped": "not sent, because it wasn’t wanted any more",
}
_FORMS: Words = {
    "day_one": "a file for Day One",
    "pdf": "a book to print",
    "pdfs": "a book to print, a file for each year",
    "epub": "an e-book",
}
_OUTCOMES: Words = {
    "entry": "it’s in your journal",
    "command": "it said what you wanted changed",
    "confirmed": "it confirmed something",
    "empty": "there were no words in it",
    "auto_reply": "it came from software",
    "held": "it came from another address, and waits for you to say whether it’s yours",
    "duplicate": "it came twice",
    "unreadable": "it couldn’t be read",
}
_EVENTS: Words = {
    "asked": "your address was typed in for",
    "confirmed": "you agreed to",
    "stopped": "you stopped",
    "imported": "another service passed on that you’d agreed to",
    "undone": "we took back what another service had passed on about",
}
_STREAMS: Words = {"questions": "the questions", "letters": "the letters"}
_REQUESTS: Words = {
    "signup": "somebody signed up with your address",
    "sign_in": "somebody asked for an email to sign in",
    "join": "a mail from your address asked to join",
    "import": "we asked whether you’d like to come along from another service",
}
_IMPORT_STATES: Words = {
    "refused": "it couldn’t be read",
    "done": "it’s in your journal",
    "undoing": "it’s being taken back",
    "undone": "you took it back",
}
_AT_THE_DESK: Words = {
    "person.rested": "whoever runs this place began a rest for you",
    "person.stopped": "whoever runs this place stopped your emails",
    "person.sign_in_sent": "whoever runs this place had an email to sign in sent to you",
    "person.bounce_lifted": "whoever runs this place let us write to your address again",
}


@dataclass(frozen=True, slots=True)
class ListWords:
    """The words of one list: its heading, what it is, and a line for a row; a line begins with the row's day."""

    heading: str
    about: str
    line: Callable[[Row, Callable[[datetime | None], str]], str]
    at: str

    def lines(self, rows: list[dict[str, Any]], zone: ZoneInfo) -> list[str]:
        """Return a line for each row, with days as they were in a zone."""

        def day(at: datetime | None) -> str:
            return full_date(at.astimezone(zone).date()) if at else "a day we don’t know"

        return [f"{day(row[self.at])}: {self.line(row, day)}." for row in rows]


def _delivery(row: Row, _day: Callable[[datetime | None], str]) -> str:
    return f"{_KINDS.get(row['kind'], 'an email')}, {_STATES.get(row['state'], 'not sent')}"


def _reply(row: Row, day: Callable[[datetime | None], str]) -> str:
    said = _OUTCOMES.get(row["outcome"], "it’s being read")
    return f"{said}; we keep the email until {day(row['kept_until'])}" if row["kept_until"] else said


def _browser(row: Row, day: Callable[[datetime | None], str]) -> str:
    return f"{row['kind'] or 'a browser'}, signed in until {day(row['until'])}"


def _passkey(row: Row, _day: Callable[[datetime | None], str]) -> str:
    return f"{row['name']}, last used on {full_date(row['last_used_on'])}" if row["last_used_on"] else row["name"]


def _own_question(row: Row, _day: Callable[[datetime | None], str]) -> str:
    said = row["words"].removesuffix(".")
    if row["is_removed"]:
        return f"“{said}”; you removed it, and it stays beside what you wrote in answer"
    return f"“{said}”; last asked on {full_date(row['last_asked_on'])}" if row["last_asked_on"] else f"“{said}”"


def _full_mailbox(row: Row, day: Callable[[datetime | None], str]) -> str:
    return f"your mailbox was full, for the first time on {day(row['first_at'])}"


def _import(row: Row, _day: Callable[[datetime | None], str]) -> str:
    return f"{row['file']}; {_IMPORT_STATES.get(row['state'], 'it isn’t in your journal yet')}"


def _export(row: Row, day: Callable[[datetime | None], str]) -> str:
    form = _FORMS.get(row["form"], "a file with everything")
    if row["state"] != "ready":
        return f"{form}, not made {'yet' if row['state'] == 'waiting' else 'because it didn’t work'}"
    return f"{form} ({said_size(row['size_bytes'])}), here until {day(row['kept_until'])}"


def _consent(row: Row, _day: Callable[[datetime | None], str]) -> str:
    said = f"{_EVENTS.get(row['event'], row['event'])} {_STREAMS.get(row['to'], row['to'])}"
    return f"{said}. The words were: “{row['words'].removesuffix('.')}”" if row["words"] else said


LISTS: Mapping[str, ListWords] = {
    "consents": ListWords(
        "What you agreed to",
        "With each, we keep a scrambled mark of the network it came from.",
        _consent,
        "at",
    ),
    "deliveries": ListWords(
        "Emails to you",
        "What each one was and what became of it. We delete each after thirteen months. Your months and years stay.",
        _delivery,
        "planned_at",
    ),
    "emails_from_you": ListWords(
        "Emails from you",
        "When each one came and what became of it.",
        _reply,
        "received_at",
    ),
    "sent_to_the_writer": ListWords(
        "Words you sent to a letter’s writer",
        "We only keep that you sent them. The copy we made is deleted once it’s sent.",
        lambda row, _day: _STATES.get(row["state"], "not sent"),
        "planned_at",
    ),
    "browsers": ListWords(
        "Browsers that are signed in",
        "What kind each one is, and never where it is.",
        _browser,
        "signed_in_at",
    ),
    "passkeys": ListWords(
        "Passkeys",
        "The name you gave each one. Its secret stays on your device.",
        _passkey,
        "added_at",
    ),
    "own_questions": ListWords(
        "Questions of your own",
        "They’re locked away, like what you write in answer.",
        _own_question,
        "added_at",
    ),
    "other_addresses": ListWords(
        "Other addresses you write from",
        "Of those added long ago we kept only a scrambled mark, so we can’t show which they are.",
        lambda row, _day: row["address"] or "an address you said is yours",
        "since",
    ),
    "moved_from": ListWords(
        "Addresses you had before",
        "A few days later only a scrambled mark stays, so that a complaint about that address still stops our emails.",
        lambda row, _day: row["address"] or "you changed your address",
        "at",
    ),
    "mail_requests": ListWords(
        "Emails asked for on a page",
        "We keep each for up to two days. With it is a scrambled mark of the network and the browser it came from.",
        lambda row, _day: _REQUESTS.get(row["kind"], "an email was asked for"),
        "created_at",
    ),
    "not_written_to": ListWords(
        "Why we don’t write to you",
        "This stays for good, so that nobody writes to your address by mistake.",
        lambda row, _day: "an email was reported as spam" if row["reason"] == "complained" else "emails came back",
        "since",
    ),
    "full_mailbox": ListWords(
        "When your mailbox was full", "We delete this when an email reaches you again.", _full_mailbox, "last_at"
    ),
    "brought_from_a_list": ListWords(
        "The list your address came with",
        "We keep a scrambled mark of your address, so that no list brings you a second time.",
        lambda row, _day: "we asked you" if row["asked_at"] else "you came along from another service",
        "asked_at",
    ),
    "imports": ListWords("Files you brought", "When each one came.", _import, "created_at"),
    "exports": ListWords("Files you take with you", "We delete each after a week.", _export, "created_at"),
    "erasing": ListWords(
        "Your wish to be erased",
        "Signing in takes it back, until then.",
        lambda row, day: f"you asked for it; it’s due on {day(row['due_at'])}",
        "asked_at",
    ),
    "at_the_desk": ListWords(
        "What was done for you here",
        "We delete each after two years.",
        lambda row, _day: _AT_THE_DESK.get(row["action"], "whoever runs this place did something for you"),
        "at",
    ),
}
"""The words of every list of `ROWS_ABOUT`, by its name."""
