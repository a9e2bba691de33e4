"""`smallsteps demo` beside `make run`: a month in a minute, whose pages stay open to read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import requests

from service.config import ROOT
from service.local.up import local_settings
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits

TAKEN = "After I lock the front door, I will stand on the step"
STEPS = (TAKEN, "After lunch on Thursday, I will walk round the block")
MINUTE_SECONDS = 240  # a minute on a quiet machine; nobody measures it here


def test_the_demo_leaves_a_digest_in_the_mailbox_and_a_month_in_the_journal(
    stack: RunningService, visits: Visits
) -> None:
    played = _smallsteps("demo", stack)
    assert played.returncode == 0, played.stderr
    assert played.stderr == ""

    (digest_url,) = re.findall(r"The digest +(\S+)", played.stdout)
    page = visits.page()
    page.goto(digest_url)
    words = page.frame_locator("iframe")
    assert "in your own words" in words.get_by_role("heading", level=1).inner_text()
    assert words.get_by_text("You wrote on the").count() == 1
    assert words.get_by_role("heading", name="Small steps you took").count() == 1
    honoured = words.get_by_role("listitem").all_inner_texts()
    assert [TAKEN in item for item in honoured] == [True]

    web_copy = words.get_by_role("link", name="read it on the web").get_attribute("href")
    assert web_copy is not None
    page.goto(web_copy)
    assert "in your own words" in page.get_by_role("heading", level=1).inner_text()

    told = re.findall(r"asked about once \((taken|let go)\)", played.stdout)
    assert told in (["taken", "let go"], ["taken"])  # the second may lie beyond today
    assert len(re.findall(r"with a small step|chosen on its page", played.stdout)) == len(STEPS)
    mails = requests.get(_mailbox_url(played.stdout), timeout=30).json()
    for step, times in zip(STEPS, (1, len(told) - 1), strict=True):
        asked = [mail for mail in mails if "The step you chose" in mail["text"] and step in _flat(mail["text"])]
        assert len(asked) == times, step


def test_the_demo_says_what_it_needs_when_nothing_runs(stack: RunningService) -> None:
    alone = RunningService("http://127.0.0.1:9", "http://127.0.0.1:9", stack.var, stack.log)
    refused = _smallsteps("demo", alone)
    assert refused.returncode == 1
    assert "make run" in refused.stderr


def _mailbox_url(printed: str) -> str:
    """Return where a program reads the mails that the demo names."""
    (url,) = re.findall(r"Mailbox +(\S+)", printed)
    return str(url).replace("/?to=", "/_local/mails?to=")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _smallsteps(command: str, stack: RunningService) -> subprocess.CompletedProcess[str]:
    ports = {"web_port": urlsplit(stack.web_url).port, "mail_port": urlsplit(stack.mail_url).port}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", command],
        cwd=ROOT,
        env={**os.environ, **local_settings(stack.var, **ports), "TRUSTED_PROXIES": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=MINUTE_SECONDS,
        check=False,
    )
