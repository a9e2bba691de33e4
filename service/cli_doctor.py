"""The commands `smallsteps doctor` and `smallsteps setup`: see whether all is set up, and set the provider up."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from service.cli_settings import runtime_of, with_settings
from service.config import Settings
from service.flows.checks.compare_suppressions import compare_suppressions
from service.flows.checks.finding import Finding, Status
from service.flows.checks.mailgun_setup import MailgunSetup, SetupPlan


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--compare", is_flag=True, help="Also name, by keyed hash, subscribers whom only Mailgun bars.")
@click.option("--verify", is_flag=True, help="Let Mailgun look at the DNS records again first.")
@with_settings
def doctor(settings: Settings, as_json: bool, compare: bool, verify: bool) -> None:
    """Check Mailgun's settings, the DNS, the pages and the service. Exit code 1 if a check fails."""
    runtime = runtime_of(settings)
    findings = runtime.doctor().examine(verify=verify)
    if compare:
        findings += compare_suppressions(runtime.database, runtime.keyring, runtime.mailer)
    if as_json:
        click.echo(json.dumps({"ok": not has_failed(findings), "findings": [asdict(found) for found in findings]}))
    else:
        for found in findings:
            click.echo(f"{found.status:<10}  {found.check}: {found.text}")
            if found.fix:
                click.echo(f"{'':<10}  -> {found.fix}")
    if has_failed(findings):
        raise SystemExit(1)


def has_failed(findings: list[Finding]) -> bool:
    """Return whether a check fails; a warning, or what cannot be seen, is no failure."""
    return any(found.status is Status.FAIL for found in findings)


@click.group()
def setup() -> None:
    """Set up what the service depends on."""


@setup.command("mailgun")
@click.option("--apply", "apply_too", is_flag=True, help="Make the changes; without it they are only listed.")
@with_settings
def setup_mailgun(settings: Settings, apply_too: bool) -> None:
    """Make or mend the route, the webhooks and the domains' settings at Mailgun, and list missing DNS records.

    Exit code 1 if something could not be seen or done.
    """
    mailgun = runtime_of(settings).mailgun_setup()
    plan = mailgun.plan()
    failed = _apply(mailgun, plan) if apply_too else False
    if apply_too and plan.changes:
        plan = mailgun.plan()  # what is still to be done, now that the changes are made
        failed |= bool(plan.changes)
    elif plan.changes:
        _print_list("To change at Mailgun (nothing was changed; --apply does it):", [c.words for c in plan.changes])
    _print_list("To add to the DNS, as lines of a zone file:", plan.records)
    _print_list("To do by hand:", plan.problems)
    _print_list("Not seen:", plan.unseen)
    if not (plan.changes or plan.records or plan.problems or plan.unseen):
        click.echo("Mailgun is set up.")
    if failed or plan.problems or plan.unseen:
        raise SystemExit(1)


def _apply(mailgun: MailgunSetup, plan: SetupPlan) -> bool:
    """Make the changes and print the result of each; return whether one failed."""
    failures = 0
    for result in mailgun.apply(plan):
        failures += bool(result.failure)
        click.echo(f"Failed: {result.words} ({result.failure})" if result.failure else f"Done: {result.words}")
    return failures > 0


def _print_list(heading: str, lines: list[str]) -> None:
    if lines:
        click.echo(heading)
        for line in lines:
            click.echo(f"  {line}")
