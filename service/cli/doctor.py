"""The commands `smallsteps doctor` and `smallsteps setup`: see whether all is set up, and set the provider up."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import click

from service.cli.command_options import ask_as_json
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.flows.checks.before_letters import record_run
from service.flows.checks.compare_suppressions import compare_suppressions
from service.flows.checks.finding import Finding, failures
from service.flows.checks.mailgun_setup import ChangeResult, SetupPlan
from service.flows.checks.round_trip import COMES_WITHIN, RoundTripNotBegunError
from service.runtime import Runtime

LOOK_EVERY_SECONDS = 0.5


@click.command()
@ask_as_json
@click.option("--compare", is_flag=True, help="Also name, by keyed hash, subscribers whom only Mailgun bars.")
@click.option("--verify", is_flag=True, help="Let Mailgun look at the DNS records again first.")
@click.option("--test-mail", is_flag=True, help="First send a mail to the service itself, and wait for what comes.")
@click.option(
    "--wait",
    type=click.IntRange(min=0),
    default=round(COMES_WITHIN.total_seconds()),
    show_default=True,
    help="How many seconds to wait for the test mail.",
)
@with_settings
def doctor(settings: Settings, *, as_json: bool, compare: bool, verify: bool, test_mail: bool, wait: int) -> None:
    """Check Mailgun's settings, the DNS, the pages and the service. Exit code 1 if a check fails."""
    runtime = runtime_of(settings)
    trip_id = _send_test_mail(runtime, wait) if test_mail else None
    with ThreadPoolExecutor(1) as beside:  # so that a provider that does not answer is waited for once
        compared = beside.submit(_compare, runtime) if compare else None
        findings = runtime.doctor().examine(verify=verify, awaited=trip_id)
        record_run(runtime.database, findings, runtime.clock())
        findings += compared.result() if compared else []
    if as_json:
        click.echo(json.dumps({"ok": not failures(findings), "findings": [asdict(found) for found in findings]}))
    else:
        for found in findings:
            click.echo(f"{found.status:<10}  {found.check}: {found.text}")
            if found.fix:
                click.echo(f"{'':<10}  -> {found.fix}")
    if failures(findings):
        raise SystemExit(1)


def _compare(runtime: Runtime) -> list[Finding]:
    return compare_suppressions(runtime.database, runtime.keyring, runtime.mailer)


def _send_test_mail(runtime: Runtime, wait: int) -> int:
    """Send a test mail, wait until it and its event have come, or for some seconds, and return its id."""
    sender = runtime.round_trip_sender()
    try:
        trip_id = sender.send()
    except RoundTripNotBegunError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"A test mail is on its way; this waits up to {wait} seconds for it and its event.", err=True)
    deadline = time.monotonic() + wait
    while not sender.has_come_back(trip_id) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
    return trip_id


@click.group()
def setup() -> None:
    """Set up what the service depends on."""


@setup.command("mailgun")
@click.option("--apply", "apply_too", is_flag=True, help="Make the changes; without it they are only listed.")
@ask_as_json
@with_settings
def setup_mailgun(settings: Settings, *, apply_too: bool, as_json: bool) -> None:
    """Make or mend the route, the webhooks and the domains' settings at Mailgun, and list missing DNS records.

    Exit code 1 if something could not be seen or done.
    """
    mailgun = runtime_of(settings).mailgun_setup()
    plan, results = mailgun.plan(), list[ChangeResult]()
    if apply_too and plan.changes:
        for result in mailgun.apply(plan):
            results.append(result)
            if not as_json:
                click.echo(f"Failed: {result.words} ({result.failure})" if result.failure else f"Done: {result.words}")
        plan = mailgun.plan()  # what is still to be done, now that the changes are made
    is_ok = not (plan.problems or plan.unseen or (apply_too and plan.changes) or any(one.failure for one in results))
    if as_json:
        click.echo(json.dumps(_setup_row(plan, results, is_ok=is_ok)))
    else:
        _print_setup(plan, is_dry=not apply_too)
    if not is_ok:
        raise SystemExit(1)


def _setup_row(plan: SetupPlan, results: Sequence[ChangeResult], *, is_ok: bool) -> dict[str, object]:
    """Return what was done, with why it failed or "", and what is still to be done."""
    return {
        "ok": is_ok,
        "tried": [asdict(result) for result in results],
        "changes": [change.words for change in plan.changes],
        "records": plan.records,
        "problems": plan.problems,
        "unseen": plan.unseen,
    }


def _print_setup(plan: SetupPlan, *, is_dry: bool) -> None:
    if is_dry:
        changes = [change.words for change in plan.changes]
        _print_list("To change at Mailgun (nothing was changed; --apply does it):", changes)
    _print_list("To add to the DNS, as lines of a zone file:", plan.records)
    _print_list("To do by hand:", plan.problems)
    _print_list("Not seen:", plan.unseen)
    if not (plan.changes or plan.records or plan.problems or plan.unseen):
        click.echo("Mailgun is set up.")


def _print_list(heading: str, lines: list[str]) -> None:
    if lines:
        click.echo(heading)
        for line in lines:
            click.echo(f"  {line}")
