"""The commands `smallsteps doctor` and `smallsteps setup`: see whether all is set up, and set the provider up."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from service.cli_settings import runtime_of, with_settings
from service.config import Settings
from service.flows.checks.finding import Finding, Status


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--verify", is_flag=True, help="Let Mailgun look at the DNS records again first.")
@with_settings
def doctor(settings: Settings, as_json: bool, verify: bool) -> None:
    """Check Mailgun's settings, the DNS, the pages and the service. Exit code 1 if a check fails."""
    runtime = runtime_of(settings)
    findings = runtime.doctor().examine(verify=verify)
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
