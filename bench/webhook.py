"""How long the inbound webhook takes to store a reply: one gunicorn worker, SQLite with full fsync, one by one.

    python -m bench.webhook [--posts 300]

The same run measures GET /healthz of the same server, which does nothing, to show the machine's own share.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import requests

from service.config import Settings
from service.core.access.tokens import ReplyKind, ReplyToken
from service.local.secrets import ensure_local_environment
from service.local.web_server import web_command
from service.mail.signature import sign
from service.runtime import make_runtime
from tests.harness.journey import free_port
from tests.harness.servers.servers import running_queue

LIMIT_MS = 50.0
WORDS = "Rain on the window, and soup.\n\n> On Wednesday we asked:\n> Which three words fit you right now?\n" * 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=300)
    posts = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as folder, running_queue() as redis_url:
        base = f"http://127.0.0.1:{free_port()}"
        environment = _environment(Path(folder), base, redis_url)
        subprocess.run([*_python(), "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(web_command(base.removeprefix("http://")), env=environment, stderr=subprocess.DEVNULL)
        try:
            _wait_for(base)
            _measure(base, environment, posts)
        finally:
            server.terminate()
            server.wait()


def _measure(base: str, environment: dict[str, str], posts: int) -> None:
    settings = Settings.model_validate({name.lower(): environment[name] for name in _NAMES})
    runtime = make_runtime(settings)
    token = ReplyToken(ReplyKind.PROMPT, 1, 1, date(2026, 5, 6)).encode(runtime.keyring.index)
    recipient = f"n-{token}@{settings.reply_domain}"  # to nobody's address, since only the storing is measured
    with requests.Session() as browser:
        nothing = _median_ms(posts, lambda: browser.get(f"{base}/healthz", timeout=10))
        keeping = _median_ms(posts, lambda: _post(browser, base, recipient, settings.mailgun_signing_key[0]))
    verdict = "within" if keeping < LIMIT_MS else "OVER"
    print(f"a reply of {len(WORDS)} bytes kept: median {keeping:.1f} ms ({verdict} {LIMIT_MS:.0f} ms), {posts} posts")
    print(f"/healthz: median {nothing:.1f} ms; ratio {keeping / nothing:.1f}")


def _post(browser: requests.Session, base: str, recipient: str, key: str) -> None:
    signature = sign(key, timestamp=int(datetime.now(UTC).timestamp()), token=secrets.token_hex(25))
    fields = {
        "recipient": recipient,
        "sender": "ana@example.com",
        "from": "Ana <ana@example.com>",
        "subject": "Re: Three words",
        "body-plain": WORDS,
        "Message-Id": f"<{secrets.token_hex(8)}@example.com>",
        "timestamp": signature.timestamp,
        "token": signature.token,
        "signature": signature.signature,
    }
    answer = browser.post(f"{base}/webhooks/mailgun/inbound", data=fields, timeout=30)
    if answer.text.strip() != "kept":
        raise SystemExit(f"answered {answer.status_code}: the figure would mean nothing")


def _median_ms(times: int, call: Callable[[], object]) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


_NAMES = (
    "SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "STORAGE_URL", "MAILGUN_API_KEY", "MAILGUN_API_URL",
    "MAILGUN_DOMAIN", "MAILGUN_SIGNING_KEY", "MAIL_FROM", "REPLY_DOMAIN", "POSTAL_ADDRESS", "BASE_URL",
)  # fmt: skip


def _environment(folder: Path, base: str, redis_url: str) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **ensure_local_environment(folder),
        "BASE_URL": base,
        "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
        "STORAGE_URL": f"file://{folder / 'objects'}",
        "REDIS_URL": redis_url,
        "LOG_LEVEL": "ERROR",
    }


def _python() -> tuple[str, ...]:
    return (web_command("")[0], "-m", "service.cli")


def _wait_for(base: str) -> None:
    for _ in range(300):
        try:
            if requests.get(f"{base}/healthz", timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
