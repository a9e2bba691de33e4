"""The command `smallsteps`; exit codes: 0 done, 1 not (wholly) done, 2 wrong arguments or settings."""

from __future__ import annotations

import json
import os

import click

from service.cli.command_options import ask_as_json
from service.cli.command_settings import instant_of, runtime_of, with_settings
from service.cli.desk import desk
from service.cli.doctor import doctor, setup
from service.cli.emails.deliveries import deliveries
from service.cli.emails.domains import domains
from service.cli.emails.replies import replies
from service.cli.emails.sending import sending
from service.cli.keys import keys
from service.cli.letters.feeds import feed
from service.cli.letters.letters import letters
from service.cli.letters.letters_going import COMMANDS as LETTERS_GOING
from service.cli.people.journal import journal
from service.cli.people.people import people
from service.cli.people.subscribers import subscribers
from service.cli.prompts.own_prompts import COMMANDS as OWN_PROMPTS
from service.cli.prompts.prompt_drafts import drafts
from service.cli.prompts.prompts import prompts
from service.config import Settings
from service.dispatch import QUEUES
from service.flows.people.addresses.ascii_domains import store_ascii_domains
from service.log_output import set_up_logging
from service.process_guards import exempt_from_collection, guard_process


@click.group()
def main() -> None:
    """Small Steps: one gentle question by email, and a private journal made of the replies."""
    guard_process()


main.add_command(deliveries)
main.add_command(desk)
main.add_command(doctor)
main.add_command(domains)
main.add_command(journal)
main.add_command(keys)
main.add_command(letters)
letters.add_command(feed)
for going in LETTERS_GOING:
    letters.add_command(going)
main.add_command(people)
for own in OWN_PROMPTS:
    prompts.add_command(own)
prompts.add_command(drafts)
main.add_command(prompts)
main.add_command(replies)
main.add_command(sending)
main.add_command(setup)
main.add_command(subscribers)


@main.command()
@click.option("--web-port", type=int, default=None, help="Where the pages are; 8000 if not said.")
@click.option("--mail-port", type=int, default=None, help="Where the mailbox is; 8025 if not said.")
def up(web_port: int | None, mail_port: int | None) -> None:
    """Start everything on this machine, and print the links to open."""
    from service.local.start_error import StartError  # noqa: PLC0415 - no other command needs the process manager
    from service.local.up import up as start  # noqa: PLC0415 - likewise

    try:
        raise SystemExit(start(web_port=web_port, mail_port=mail_port))
    except StartError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--bind", default="127.0.0.1:8000", envvar="BIND", show_default=True)
@with_settings
def web(_settings: Settings, bind: str) -> None:
    """Serve the pages and the webhooks."""
    from service.local.web_server import web_command  # noqa: PLC0415 - only the web process needs gunicorn

    command = web_command(bind)
    os.execv(command[0], command)  # noqa: S606 - this process becomes the server, and gets its signals


@main.command()
@click.argument("queue", type=click.Choice(QUEUES))
def worker(queue: str) -> None:
    """Work on one queue: `send`, `receive` or `jobs`."""
    from workers.__main__ import main as work  # noqa: PLC0415 - only a worker needs the queue's library

    raise SystemExit(work([queue]))


@main.command()
@with_settings
def clock(settings: Settings) -> None:
    """Plan what comes due, every few seconds."""
    from workers.clock import run  # noqa: PLC0415 - see above

    runtime = runtime_of(settings)
    exempt_from_collection()
    run(runtime)


@main.command()
@with_settings
def postoffice(settings: Settings) -> None:
    """Run the local post office, in place of the mail provider."""
    from service.postoffice.app import NotLocalError, create_app, refuse_unless_local  # noqa: PLC0415 - local only
    from service.postoffice.server import make_loopback_server  # noqa: PLC0415 - local only

    try:
        refuse_unless_local(settings.mailgun_api_url)
        office = create_app(
            folder=settings.postoffice_folder,
            domain=settings.mailgun_domain,
            api_key=settings.mailgun_api_key,
            signing_key=settings.mailgun_signing_key[0],
            inbound_url=f"{settings.base_url}/webhooks/mailgun/inbound",
            events_url=f"{settings.base_url}/webhooks/mailgun/events",
            reply_domain=settings.reply_domain,
        )
        make_loopback_server(office, settings.postoffice_port).serve_forever()
    except (NotLocalError, OSError) as error:
        raise click.ClickException(str(error)) from None


@main.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Upgrade the database to this version."""
    from service.db import make_engine  # noqa: PLC0415 - alembic is slow to load
    from service.db import migrate as bring_up  # noqa: PLC0415 - likewise

    bring_up(make_engine(settings.database_url))
    runtime = runtime_of(settings)
    store_ascii_domains(runtime.database, runtime.keyring, runtime.clock())
    runtime.eraser().erase_again()
    click.echo("The database is up to date.")


@main.command()
@click.option("--at", default=None, help="The instant to plan for, in ISO form with a zone; now if not said.")
@click.option("--send", "send_too", is_flag=True, help="Also send what was planned, in this process.")
@ask_as_json
@with_settings
def tick(settings: Settings, at: str | None, send_too: bool, as_json: bool) -> None:
    """Plan what is due, once."""
    from service.inline import tick_inline  # noqa: PLC0415 - only here
    from service.job_queue import InMemoryQueue  # noqa: PLC0415 - likewise

    instant = instant_of(at, "--at") if at else None
    runtime = runtime_of(settings, **({"job_queue": InMemoryQueue()} if send_too else {}))
    result = tick_inline(runtime, at=instant, send=send_too)
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(", ".join(f"{name}: {number}" for name, number in result.items()) or "Nothing was due.")


@main.command()
@with_settings
def demo(settings: Settings) -> None:
    """Play a month in a minute, for a made-up person, on this machine; `make run` must be running."""
    from service.demo.play import Demo, DemoError  # noqa: PLC0415 - only here

    set_up_logging("WARNING")  # the output is the month, not the log
    try:
        played = Demo(runtime_of(settings), say=click.echo).play()
    except DemoError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"\n{played.questions} questions and {played.replies} replies later:")
    click.echo(f"  The digest  {played.digest_url}")
    click.echo(f"  Mailbox     {played.mailbox_url}")
    click.echo(f"  Journal     {played.journal_url}  (sign in as {played.address}; the link comes to the mailbox)")
