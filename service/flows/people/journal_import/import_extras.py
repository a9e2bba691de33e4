"""What this service's own file brings besides entries: small steps, drafts, and quiet dates and settings if wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from service.core.journal.entry_text import wording_key
from service.core.journal_export.exported import ExportedStep
from service.core.journal_import.reading.imported import ImportedDraft
from service.core.journal_import.reading.local_days import zone_named
from service.core.library.prompts import THEMES
from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.core.settings.schedule import Days, Schedule, instant
from service.flows.people.journal import steps
from service.flows.people.journal.drafts import SeenDraft, drop_draft, save_draft
from service.flows.people.journal_import.import_preview import ImportPreview
from service.flows.people.journal_import.known_entries import OWN_FORMAT, mac_of
from service.flows.people.settings import quiet_dates
from service.flows.people.settings.quiet_dates import MOST_LABEL_CHARACTERS
from service.flows.people.subscription import account
from service.flows.people.subscription.account import Preferences
from service.models import Draft, Entry, ImportedEntryRow, JournalImport, Keyring, QuietDate, Step, Subscriber

_TICKS = ("wants_digest", "wants_look_backs", "wants_thread", "is_discreet")
_LEAP_YEAR = 2000


def bring_steps(
    session: Session, keyring: Keyring, person: Subscriber, row: JournalImport, new: Sequence[ExportedStep]
) -> None:
    """Add the steps of a file, each with its entry if that is here, and note their ids for taking the import back."""
    if not new:
        return
    brought = []
    for number, step in enumerate(new):
        entry = _entry_of(session, keyring, person, step)
        at = instant(step.chosen_on, time(12), person.zone) - timedelta(microseconds=number)  # they come newest first
        brought.append(steps.bring(session, keyring, person, step, entry=entry, at=at).id)
    key = keyring.key_of(person)
    preview = ImportPreview.open(key, row)
    if preview is not None:
        preview.brought_steps += brought
        preview.seal(key, row)


def bring_drafts(
    session: Session, keyring: Keyring, person: Subscriber, row: JournalImport, new: Sequence[ImportedDraft]
) -> None:
    """Add drafts, each below what the person has begun for its day, and note those that begin a day of their own."""
    if not new:
        return
    key = keyring.key_of(person)
    preview = ImportPreview.open(key, row)
    for draft in new:
        is_first = Draft.find(session, person.id, draft.on) is None
        seen = SeenDraft(draft.on, "")
        save_draft(session, keyring, person, draft.on, words=draft.words, seen=seen, now=draft.saved_at)
        if preview is not None and is_first:
            preview.brought_drafts.append((draft.on.isoformat(), wording_key(draft.words)))
    if preview is not None:
        preview.seal(key, row)


def bring_settings(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    row: JournalImport,
    *,
    wanted: Preferences | None,
    now: datetime,
) -> None:
    """Replace the settings by those of a file, and add its quiet dates; the caller has locked the person's row."""
    key = keyring.key_of(person)
    preview = ImportPreview.open(key, row)
    if preview is None:
        return
    if wanted is not None:
        account.change_preferences(session, person, wanted, now)
    for span, label in new_quiet_dates(session, person, preview):
        added = quiet_dates.add(session, keyring, person, span, label=label, now=now)
        if isinstance(added, int):
            preview.brought_quiet_dates.append(added)
    preview.seal(key, row)


def take_back(session: Session, keyring: Keyring, person: Subscriber, row: JournalImport) -> None:
    """Remove the steps, the quiet dates and the unchanged drafts that an import brought; settings stay as they are."""
    preview = ImportPreview.open(keyring.key_of(person), row)
    if preview is None:
        return
    for step_id in preview.brought_steps:
        Step.remove(session, person.id, step_id)
    for quiet_date_id in preview.brought_quiet_dates:
        QuietDate.remove(session, person.id, quiet_date_id)
    for on, wording in preview.brought_drafts:
        drop_draft(session, keyring, person, SeenDraft(date.fromisoformat(on), wording))


def new_quiet_dates(session: Session, person: Subscriber, preview: ImportPreview) -> list[tuple[QuietSpan, str]]:
    """Return the quiet dates of a file that the person does not have, with the names that they gave them."""
    own = {row.span for row in QuietDate.of_subscriber(session, person.id)}
    found = [_quiet_date(values) for values in preview.quiet_dates]
    return [each for each in found if each is not None and each[0] not in own]


def wanted_settings(
    person: Subscriber, found: Mapping[str, Any] | None, *, countries: Collection[str], locales: Collection[str]
) -> Preferences | None:
    """Return the preferences of a person with the settings of a file, or None where nothing would change.

    What is no setting that can be chosen here stays as it is. Whether questions and letters come does too: an agreement
    is given on a page that asks for it, and never by a file.
    """
    now = account.preferences_of(person)
    if found is None:
        return None
    changes: dict[str, Any] = {name: found[name] for name in _TICKS if isinstance(found.get(name), bool)}
    muted = found.get("muted_themes")
    if isinstance(muted, list) and set(muted) < set(THEMES):
        changes["muted_themes"] = [theme for theme in THEMES if theme in muted]
    if found.get("help_country") in {"", *countries}:
        changes["help_country"] = found["help_country"]
    if found.get("locale") in {*locales}:
        changes["locale"] = found["locale"]
    wanted = replace(now, **changes, schedule=_schedule(found, now.schedule))
    return wanted if wanted.names_of_changes(now) else None


def _schedule(found: Mapping[str, Any], now: Schedule) -> Schedule:
    days, at, zone = found.get("weekdays"), found.get("time"), zone_named(str(found.get("time_zone", "")))
    try:
        chosen = Days.of(*(int(day) - 1 for day in days)) if isinstance(days, list) and days else now.days
        time_of_day = time.fromisoformat(at).replace(second=0, microsecond=0) if isinstance(at, str) else now.at
    except (TypeError, ValueError):
        return now
    return Schedule(chosen, time_of_day, zone or now.zone) if time_of_day.tzinfo is None else now


def _quiet_date(values: Mapping[str, Any]) -> tuple[QuietSpan, str] | None:
    try:
        first, last = (_month_day(values[name]) for name in ("first", "last"))
    except (KeyError, TypeError, ValueError):
        return None
    label = values.get("name")
    span = QuietSpan(first, last)
    return None if span.is_too_long else (span, label[:MOST_LABEL_CHARACTERS] if isinstance(label, str) else "")


def _month_day(text: str) -> MonthDay:
    return MonthDay.of(date.fromisoformat(f"{_LEAP_YEAR}-{text}"))


def _entry_of(session: Session, keyring: Keyring, person: Subscriber, step: ExportedStep) -> Entry | None:
    """Return the entry that a step was chosen in, unless it is not here or has a step."""
    if step.entry is None:
        return None
    own_id = int(step.entry) if step.entry.isascii() and step.entry.isdecimal() and len(step.entry) < 20 else 0  # noqa: PLR2004 - fits 64 bits
    source_mac = mac_of(keyring.index, person.id, OWN_FORMAT, step.entry)
    found = ImportedEntryRow.entry_of(session, person.id, source_mac, own_id)
    return None if found is None or Step.find_by_entry(session, found.id) else found
