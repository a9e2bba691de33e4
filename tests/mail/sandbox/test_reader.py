from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.mail.sandbox.reader import MailReader, UnreadableMail
from service.mail.sandbox.reading import MailContent, MailReading
from tests.harness.reuse.reused_children import ReusedChildren

READY = "import sys, time; sys.stdout.write('ready\\n'); sys.stdout.flush(); "


@pytest.fixture(autouse=True)
def children(reused_children: ReusedChildren) -> None:
    """Give each test a process of its own, and end those of other tests."""
    reused_children.end()


@pytest.fixture
def reader() -> Iterator[MailReader]:
    made = MailReader()
    yield made
    made.close()


def words(reading: MailReading | UnreadableMail) -> str:
    assert isinstance(reading, MailReading)
    return reading.words.text


def test_the_words_come_back_from_either_form(reader: MailReader) -> None:
    assert words(reader.read(MailContent(plain="Soup, slowly."), None)) == "Soup, slowly."
    raw = b"From: a@example.com\r\nContent-Type: text/plain\r\n\r\nSoup, slowly.\r\n"
    assert words(reader.read(MailContent(raw_mime=raw), None)) == "Soup, slowly."


@pytest.mark.parametrize("text", ["👩🏽‍🚒 zwei\u0301", "שלום עולם", "春の雨"], ids=["joiners", "RTL", "CJK"])
def test_words_come_back_as_they_were(reader: MailReader, text: str) -> None:
    assert words(reader.read(MailContent(plain=text), None)) == text


def test_the_files_of_a_mail_with_half_a_surrogate_pair_are_listed(reader: MailReader) -> None:
    raw = b"From: a@example.com\r\nContent-Type: text/html; charset=utf-7\r\n\r\n<p>Soup +2AA-, slowly.</p>\r\n"
    reading = reader.read(MailContent(raw_mime=raw), None)
    assert isinstance(reading, MailReading)
    assert reading.files is not None


# A reading process that answers as it should, but a minute late.
LATE = (
    "from service.mail.inbound import child_server; from service.mail.sandbox.reading import answer_to; "
    "child_server.serve(sys.stdin.buffer, sys.stdout.buffer, lambda asked: time.sleep(60) or answer_to(asked))"
)


@pytest.mark.parametrize(
    "what_it_does",
    [
        pytest.param("import sys, time; " + LATE, id="is late"),
        pytest.param(READY + "sys.stdin.buffer.read(9)", id="dies"),
        pytest.param(
            READY + "sys.stdout.buffer.write(b'\\0' * 7 + b'\\x40short'); sys.stdout.flush()", id="answers by half"
        ),
    ],
)
def test_a_mail_that_is_too_much_for_its_reader_is_unread(what_it_does: str) -> None:
    reader = MailReader(wall_seconds=1.0, command=(sys.executable, "-c", what_it_does))
    assert isinstance(reader.read(MailContent(plain="Boom."), None), UnreadableMail)
    reader.close()


def test_the_next_mail_has_a_reader_again(reader: MailReader) -> None:
    reader.read(MailContent(plain="One."), None)
    for child in reading_processes():
        os.kill(child, signal.SIGKILL)
    reader.read(MailContent(plain="Two."), None)
    assert words(reader.read(MailContent(plain="Three."), None)) == "Three."


def test_nothing_of_a_mail_and_no_secret_stands_in_the_readers_surroundings(
    reader: MailReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret of the settings")
    reader.read(MailContent(plain="Soup, slowly."), None)
    (child,) = reading_processes()
    surroundings = Path(f"/proc/{child}/environ").read_bytes() + _command(child)
    assert b"a secret of the settings" not in surroundings
    assert b"Soup" not in surroundings


def test_what_it_shows_of_itself_holds_no_words() -> None:
    shown = repr(MailContent(plain="Soup, slowly.", html="Soup", raw_mime=b"Soup")) + repr(
        UnreadableMail("took too long")
    )
    assert "Soup" not in shown


def reading_processes() -> list[int]:
    """Return the reading processes of this test process."""
    pids = [int(pid) for tasks in Path("/proc/self/task").glob("*/children") for pid in tasks.read_text().split()]
    return [pid for pid in pids if b"service.mail.sandbox.reading" in _command(pid)]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
