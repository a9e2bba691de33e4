"""What `smallsteps letters` prints: a letter and how far it has gone, when it begins, and what a check found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from service.core.letters.letter_words import NO_LETTER_BECAUSE, instant_words
from service.flows.checks.finding import Finding
from service.flows.outgoing.letters.letter_check import LetterCheck
from service.flows.outgoing.letters.letter_progress import progress
from service.flows.outgoing.letters.letter_scheduling import TIME_TO_TAKE_BACK
from service.models import Letter, LetterTiming
from service.runtime import Runtime


def letter_row(session: Session, letter: Letter) -> dict[str, Any]:
    """Return a letter and how far it has gone, as the commands print it in JSON."""
    gone = progress(session, letter.id)
    return {
        "id": letter.id,
        "slug": letter.slug,
        "title": letter.title,
        "source": letter.source,
        "state": letter.state,
        "paused_because": letter.paused_because,
        "paused_at": letter.paused_at,
        "visible": letter.visible,
        "timing": letter.timing,
        "starts_at": letter.starts_at,
        "progress": asdict(gone),
        "bar": gone.bar(),
        "words": gone.words(),
    }


def print_check(found: LetterCheck) -> None:
    """Print what a check found: faults to standard error, then who gets the letter and who does not."""
    for fault in found.faults:
        click.echo(fault, err=True)
    click.echo(f"The email is {found.html_bytes // 1000 + 1} kB.")
    if found.is_cut:
        click.echo("It is too long for an email: people get the beginning, and a link to the page for the rest.")
    click.echo(f"{found.people} people get it.")
    for reason, number in _reasons(found.without):
        click.echo(f"{number} who asked for letters do not: {reason}.")
    if found.hours:
        click.echo(f"At the rate that is set it takes {found.hours} h.")
    if found.twice:
        click.echo(f"{found.twice} people have another email on that day.")


def end_over_failures(failed: Sequence[Finding], *, as_json: bool) -> None:
    """End the command if a check of the doctor fails, with each failure and what mends it."""
    if not failed:
        return
    if as_json:
        click.echo(json.dumps({"ok": False, "failures": [asdict(found) for found in failed]}))
    else:
        for found in failed:
            click.echo(f"{found.check}: {found.text}\n  -> {found.fix}", err=True)
        click.echo("The letter was not scheduled. Mend this first, or add --anyway.", err=True)
    raise SystemExit(1)


def when_it_begins(letter: Letter, runtime: Runtime) -> str:
    """Return the sentence that says when a scheduled letter goes."""
    assert letter.starts_at is not None
    if letter.timing == LetterTiming.OWN_HOUR:
        return f"Scheduled: everybody gets it at their own hour on {letter.starts_on}, or within two days of it."
    if letter.timing == LetterTiming.NOW:
        return f"Scheduled: it goes in {TIME_TO_TAKE_BACK.seconds // 60} minutes."
    zone = ZoneInfo(runtime.settings.writer_time_zone)
    return f"Scheduled: it goes {instant_words(letter.starts_at, zone, runtime.clock())}."


def _reasons(without: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(NO_LETTER_BECAUSE[name], number) for name, number in without.items()]
