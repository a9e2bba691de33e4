"""The journal: a month, a day, an entry, and all that was sent for it."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service.core.library.prompts import Prompt
from service.core.settings.schedule import local_date
from service.flows.incoming.held import set_aside
from service.flows.people.journal import deleted_entries, earlier_wording, journal
from service.flows.people.journal.on_this_day import entries_on_this_day
from service.flows.people.journal.photos import removed_photos
from service.models import Entry, EntryDraft
from service.web import browser
from service.web.browser import Visit
from service.web.context import get_runtime, now, page
from service.web.converters import read_id
from service.web.forms.forms import FIRST_DAY
from service.web.pages.journal.again import may_wish
from service.web.pages.journal.shown_entries import ShownEntry, entry_path, own_entry, shown_entries
from service.web.pages.writing.chosen_steps import chosen_step

blueprint = Blueprint("journal", __name__)
# What the page of an entry says after a form was sent, by the name in the URL.
JUST_DONE = {
    "kept": "It’s in your journal.",
    "saved": "Saved.",
    "tagged": "The tags are saved.",
    "refused": (
        "But something you added couldn’t be kept. "
        "We can keep up to ten photos at a time, as JPEG, PNG, GIF, WebP or HEIC. "
        "If it’s one of those, try it on its own."
    ),
}
_FIRST_YEAR, _LAST_YEAR = 2, 9998  # the weeks of a calendar include days of the next and the previous month


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A local date with its entries, grouped by the question that they answer, in the order of each first entry."""

    on: date
    answers: Sequence[tuple[Prompt | None, Sequence[ShownEntry]]] = field(default=(), repr=False)

    @classmethod
    def of(cls, on: date, entries: Iterable[ShownEntry]) -> ShownDay:
        """Return the day of these entries."""
        answers: dict[str | None, tuple[Prompt | None, list[ShownEntry]]] = {}
        for shown in entries:
            prompt_id = shown.prompt.id if shown.prompt else None
            answers.setdefault(prompt_id, (shown.prompt, []))[1].append(shown)
        return cls(on, [*answers.values()])

    @property
    def address(self) -> str:
        """Return the URL of its only entry's page, or of the day's page."""
        entries = [shown for _, some in self.answers for shown in some]
        return entry_path(entries[0].entry.id) if len(entries) == 1 else f"/journal/{self.on}"


@blueprint.get("/journal")
def newest() -> str:
    """Show the newest month that has entries, and links to all months."""
    with browser.visit() as visit:
        months = Entry.months(visit.session, visit.person.id)
        month = months[0] if months else local_date(now(), visit.person.zone).replace(day=1)
        return _month_page(visit, month, months, is_front=True)


@blueprint.get("/journal/<month:month>")
def one_month(month: date) -> str:
    """Show a month."""
    if not _FIRST_YEAR <= month.year <= _LAST_YEAR:
        abort(404)
    with browser.visit() as visit:
        return _month_page(visit, month, Entry.months(visit.session, visit.person.id), is_front=False)


@blueprint.get("/journal/<day:day>")
def one_day(day: date) -> str:
    """Show what was written on a local date."""
    with browser.visit() as visit:
        entries = shown_entries(visit, Entry.between(visit.session, visit.person.id, day, day))
        today = local_date(now(), visit.person.zone)
        looks_back = day == today and visit.person.wants_look_backs and bool(_on_this_day(visit, today))
        before, after = Entry.nearest_days(visit.session, visit.person.id, day)
    return page(
        "day",
        day=ShownDay.of(day, entries),
        may_write=FIRST_DAY <= day <= today,
        looks_back=looks_back,
        before=before,
        after=after,
    )


@blueprint.get("/journal/on-this-day")
def on_this_day() -> str:
    """Show what was written on today's date in earlier years."""
    with browser.visit() as visit:
        today = local_date(now(), visit.person.zone)
        entries = shown_entries(visit, _on_this_day(visit, today))
    return page("on_this_day", today=today, days=_by_day(entries))


@blueprint.get("/journal/entry/<id:entry_id>")
def one_entry(entry_id: int) -> str:
    """Show an entry and its actions; of one that was deleted within a day, only the button that puts it back."""
    with browser.visit() as visit:
        deleted = deleted_entries.find(visit.session, visit.person, entry_id, now())
        if deleted is not None:
            return page("deleted", deleted=deleted)
        [shown] = shown_entries(visit, [own_entry(visit, entry_id)])
        chosen = chosen_step(visit.session, visit.person, entry_id)
        has_earlier = earlier_wording.has_earlier(visit.session, entry_id, now())
        has_wishes = may_wish(visit, shown.prompt)
        removed = removed_photos.list_removed(visit.session, visit.person, entry_id, now())
        has_draft = EntryDraft.find(visit.session, entry_id) is not None
    done = " ".join(words for name, words in JUST_DONE.items() if name in request.args)
    return page(
        "entry",
        shown=shown,
        chosen=chosen,
        has_earlier=has_earlier,
        has_wishes=has_wishes,
        has_draft=has_draft,
        removed=removed,
        done=done,
    )


@blueprint.post("/journal/entry/<id:entry_id>/keep-out")
def keep_out(entry_id: int) -> Response:
    """Exclude an entry from digests, or include it again."""
    with browser.visit(writing=True) as visit:
        own_entry(visit, entry_id).is_kept_out = "in" not in request.form
    return redirect(entry_path(entry_id), code=303)


@blueprint.get("/journal/entry/<id:entry_id>/everything")
def everything(entry_id: int) -> str:
    """Show everything that was sent: the words, the pieces that were left out, and the text beyond the size limit."""
    with browser.visit() as visit:
        entry = own_entry(visit, entry_id)
        [shown] = shown_entries(visit, [entry])
        found = journal.open_whole_entry(visit.keyring, visit.person, entry)
    return page("everything", shown=shown, everything=found)


@blueprint.post("/journal/entry/<id:entry_id>/put-back")
def put_back(entry_id: int) -> Response:
    """Restore a piece that was left out to the words."""
    with browser.visit(writing=True) as visit:
        entry = own_entry(visit, entry_id)
        journal.restore_trimmed(visit.keyring, visit.person, entry, request.form.get("piece", ""), now())
        set_aside.note_put_back(visit.session, visit.keyring, visit.person, entry)
    return redirect(entry_path(entry_id), code=303)


def _month_page(visit: Visit, month: date, months: Sequence[date], *, is_front: bool) -> str:
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    entries = shown_entries(visit, Entry.between(visit.session, visit.person.id, month, last))
    deleted = deleted_entries.list_deleted(visit.session, visit.person, now())
    is_newest = not months or month == months[0]
    is_whole = "whole" in request.args  # as it is printed: every word, from the first day on
    if is_newest and not is_whole:  # the newest month shows its last day first, an earlier month its first day first
        entries.reverse()
    return page(
        "month",
        month=month,
        days=_by_day(entries),
        is_newest=is_newest,
        is_whole=is_whole,
        weeks=Calendar().monthdatescalendar(month.year, month.month),
        written={shown.entry.written_on for shown in entries},
        earlier=next((other for other in months if other < month), None),
        later=next((other for other in reversed(months) if other > month), None),
        months=months,
        years=sorted({other.year for other in months}, reverse=True),
        is_front=is_front,
        just_deleted=next((each for each in deleted if each.id == request.args.get("deleted", type=read_id)), None),
        deleted=deleted,
    )


def _by_day(entries: Iterable[ShownEntry]) -> list[ShownDay]:
    return [ShownDay.of(on, some) for on, some in groupby(entries, key=lambda shown: shown.entry.written_on)]


def _on_this_day(visit: Visit, today: date) -> Sequence[Entry]:
    return entries_on_this_day(visit.session, visit.person, get_runtime().library, today)
