"""The command `smallsteps up`: runs everything on one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from service.config import LOOPBACK, ROOT
from service.local.folder_lock import locked_folder
from service.local.ports import HOST, HOST_IN_BROWSERS, answers_http, answers_socket, require_free
from service.local.processes import GRACE, PRIVATE, ProcessCommand, run_all
from service.local.queue_server import queue_command
from service.local.secrets import ensure_local_environment
from service.local.start_error import StartError
from service.local.web_server import web_command

WEB_PORT = 8000
MAIL_PORT = 8025
ROLES = {
    "queue": "carries ids between the others",
    "postoffice": "stands in for Mailgun and shows the mailbox",
    "web": "answers pages and webhooks",
    "send": "sends what is due",
    "receive": "reads what comes in",
    "jobs": "does what may take long",
    "clock": "plans what has come due",
}


def up(
    var: Path = ROOT / "var", *, web_port: int | None = None, mail_port: int | None = None, grace: timedelta = GRACE
) -> int:
    """Start everything and run it until Ctrl-C or SIGTERM; return an exit code (0 after a signal).

    Ports come from the arguments, else from BASE_URL and MAILGUN_API_URL; the defaults are 8000 and 8025.

    Raises:
        StartError: it already runs in this folder, a port is in use, var/ is not writable, or the settings name the
            real provider.
    """
    settings = local_settings(var, web_port=web_port, mail_port=mail_port)
    with locked_folder(var, address=settings["BASE_URL"]):
        require_free(_port(settings["BASE_URL"], WEB_PORT), setting="BASE_URL")
        require_free(_port(settings["MAILGUN_API_URL"], MAIL_PORT), setting="MAILGUN_API_URL")
        return _run_everything(var, settings, grace)


def local_settings(var: Path, *, web_port: int | None = None, mail_port: int | None = None) -> dict[str, str]:
    """Return the settings of this machine: those of var/, overridden by .env, the environment and the given ports.

    REDIS_URL is left out unless it was set: then it names a running server, which we do not start.

    Raises:
        StartError: var/ cannot be used, or mail would go to the real provider.
    """
    var = var.resolve()
    places = {
        "DATABASE_URL": f"sqlite:///{var / 'smallsteps.db'}",
        "STORAGE_URL": f"file://{var / 'objects'}",
        "POSTOFFICE_FOLDER": str(var / "postoffice"),
    }
    written = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    settings = {**places, **ensure_local_environment(var), **written}
    known = {*settings, "REDIS_URL", "LOG_FORMAT"}
    settings |= {name: value for name, value in os.environ.items() if name in known}
    if web_port is not None:
        settings["BASE_URL"] = f"http://{HOST_IN_BROWSERS}:{web_port}"
    if mail_port is not None:
        settings["MAILGUN_API_URL"] = f"http://{HOST}:{mail_port}"
    if urlsplit(settings["MAILGUN_API_URL"]).hostname not in LOOPBACK:
        raise StartError(
            "MAILGUN_API_URL names the real provider, and `smallsteps up` is for one machine with its own post office. "
            "Unset it, or start the processes of the Procfile."
        )
    return {"LOG_FORMAT": "plain", **settings}


def _run_everything(var: Path, settings: dict[str, str], grace: timedelta) -> int:
    commands: dict[str, ProcessCommand] = {}
    if "REDIS_URL" not in settings:
        queue = queue_command(var)
        settings["REDIS_URL"] = queue.url
        commands["queue"] = ProcessCommand(queue.argv, partial(answers_socket, queue.socket), needed_by_others=True)
    environment = {**os.environ, **settings}
    _say("Preparing the database")
    migrated = subprocess.run(_ours("migrate"), check=False, env=environment, umask=PRIVATE)  # noqa: S603 - our own command
    if migrated.returncode:
        return migrated.returncode
    _say("Starting the processes")
    commands |= _own_commands(settings)
    return run_all(
        commands, grace, environment=environment, on_ready=partial(_announce, settings, demo_command(var, settings))
    )


def _own_commands(settings: Mapping[str, str]) -> dict[str, ProcessCommand]:
    mail = settings["MAILGUN_API_URL"]
    web = f"{HOST}:{_port(settings['BASE_URL'], WEB_PORT)}"
    return {
        "postoffice": ProcessCommand(_ours("postoffice"), partial(answers_http, mail), needed_by_others=True),
        "web": ProcessCommand(web_command(web), partial(answers_http, f"http://{web}/healthz")),
        "send": ProcessCommand(_ours("worker", "send")),
        "receive": ProcessCommand(_ours("worker", "receive")),
        "jobs": ProcessCommand(_ours("worker", "jobs")),
        "clock": ProcessCommand(_ours("clock")),
    }


def _ours(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "service.cli", *words)


def _announce(settings: Mapping[str, str], demo: str, pids: Mapping[str, int]) -> None:
    base = settings["BASE_URL"].rstrip("/")
    _say("")
    for name, pid in pids.items():
        _say(f"  {name:<10}  pid {pid:<7}  {ROLES[name]}")
    _say("")
    _say(f"  Sign up     {base}/")
    _say(f"  Mailbox     {settings['MAILGUN_API_URL'].rstrip('/')}/")
    _say(f"  Journal     {base}/journal")
    _say(f"  A demo      {demo}   (in another window: it plays a month in a minute)")
    _say("")
    _say("Small Steps is running. Ctrl-C stops all of it; what it keeps is found again next time.")


def demo_command(var: Path, settings: Mapping[str, str]) -> str:
    """Return the demo's command to type in this folder; where other ports were given, it names them."""
    command = Path(sys.executable).with_name("smallsteps")
    here = Path.cwd()
    usual = {**ensure_local_environment(var), **dotenv_values(ROOT / ".env")}
    ports = [
        f"{name}={settings[name]} " for name in ("BASE_URL", "MAILGUN_API_URL") if settings[name] != usual.get(name)
    ]
    return f"{''.join(ports)}{command.relative_to(here) if command.is_relative_to(here) else command} demo"


def _port(url: str, default: int) -> int:
    """Return the port in a local URL; for any other URL (a tunnel) the default."""
    parts = urlsplit(url)
    return parts.port or default if parts.hostname in LOOPBACK else default


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
