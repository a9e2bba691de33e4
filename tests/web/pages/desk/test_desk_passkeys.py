"""Passkeys at the desk: added after a code, as good as a code for ten minutes, and each for one writer alone."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from service.app import create_app
from service.cli.commands import main
from service.core.addresses import Address
from service.models import DeskPasskey, DeskSession, WriterMail, WriterMailKind
from tests.harness.desk import WREN, DeskHarness
from tests.harness.environment import set_environment
from tests.harness.people.authenticator import Authenticator
from tests.harness.website import WebHarness

FACTOR, USE, NEW = "/desk/second-factor", "/desk/second-factor/passkey", "/desk/second-factor/passkey/new"
REMOVE = f"{USE}/remove"
KIT = "kit@example.org"
OPTIONS = re.compile(r'data-options="([^"]+)"')
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def options_on(page: str) -> dict[str, Any]:
    """Return what a page asks of an authenticator."""
    found = OPTIONS.search(page)
    assert found is not None
    options: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return options


@dataclass
class PasskeyDesk(DeskHarness):
    """The desk, and a writer who has just given a code and added a passkey of their phone."""

    phone: Authenticator

    def add(self, phone: Authenticator, name: str = "My phone") -> TestResponse:
        return self.site.post(NEW, {"name": name, "answer": phone.create(options_on(self.site.get(NEW).text))})

    def use(self, phone: Authenticator) -> TestResponse:
        return self.site.post(USE, {"answer": phone.get(options_on(self.site.get(USE).text))})

    def stop_a_letter(self) -> int:
        """Try what cannot be undone; return the status: 403 without a second factor, else 422 for a draft."""
        page = f"/desk/letters/{self.draft()}"
        return self.site.post(f"{page}/stop", page=page).status_code

    def rows(self) -> list[DeskPasskey]:
        with self.site.runtime.database.read() as session:
            return [*session.scalars(select(DeskPasskey))]


@pytest.fixture
def desk(site: WebHarness) -> PasskeyDesk:
    found = PasskeyDesk(site, Authenticator())
    found.sign_in()
    found.confirm(found.enrol())
    assert found.add(found.phone).location == f"{FACTOR}?done=added"
    site.clock.move(timedelta(minutes=11))
    return found


def test_a_passkey_does_in_place_of_a_code_for_ten_minutes(desk: PasskeyDesk) -> None:
    assert desk.stop_a_letter() == 403
    asked = options_on(desk.site.get(USE).text)
    assert (asked["userVerification"], len(asked["allowCredentials"])) == ("required", 1)
    assert desk.use(desk.phone).location == "/desk"
    assert desk.stop_a_letter() == 422
    assert "My phone" in desk.site.get(FACTOR).text
    desk.site.clock.move(timedelta(minutes=10))
    assert desk.stop_a_letter() == 403


@ON_SQLITE
def test_an_answer_counts_once_in_the_browser_that_was_asked_and_for_ten_minutes(desk: PasskeyDesk) -> None:
    answer = desk.phone.get(options_on(desk.site.get(USE).text))
    other = PasskeyDesk(desk.site.another_browser(), desk.phone)
    other.sign_in()  # the same writer
    assert other.site.post(USE, {"answer": answer}).status_code == 400
    assert desk.site.post(USE, {"answer": answer}).location == "/desk"
    again = desk.site.post(USE, {"answer": answer})
    assert (again.status_code, "Press the button once more" in again.text) == (400, True)
    late = desk.phone.get(options_on(desk.site.get(USE).text))
    desk.site.clock.move(timedelta(minutes=10, seconds=1))
    assert desk.site.post(USE, {"answer": late}).status_code == 400
    assert desk.stop_a_letter() == 403


@ON_SQLITE
def test_an_answer_that_is_not_right_in_every_part_is_refused(desk: PasskeyDesk) -> None:
    wrong_parts: tuple[dict[str, Any], ...] = (
        {"origin": "http://1ocalhost"},
        {"host": "localhost.example"},
        {"is_verified": False},
        {"private_key": Authenticator().private_key},
        {"user_handle": b"somebody else"},
        {"credential_id": b"never added"},
    )
    for wrong in wrong_parts:
        refused = desk.use(replace(desk.phone, **wrong))
        assert (refused.status_code, "type a code" in refused.text) == (403, True), wrong
        desk.site.clock.move(timedelta(minutes=10))  # or it was tried too often
    assert desk.stop_a_letter() == 403
    assert desk.use(replace(desk.phone, user_handle=b"")).status_code == 303  # a device may leave it out


@ON_SQLITE
def test_a_copied_counter_and_a_passkey_made_elsewhere_are_refused(desk: PasskeyDesk) -> None:
    for made in (Authenticator(origin="https://localhost"), Authenticator(is_verified=False)):
        desk.use(desk.phone)
        assert desk.add(made).status_code == 403
    counting = Authenticator(counts=True)
    desk.add(counting, "Counts")
    assert "added already" in desk.add(counting).text
    assert desk.use(counting).status_code == 303
    assert desk.use(replace(counting, sign_count=0)).status_code == 403
    assert desk.add(Authenticator(), "x" * 61).status_code == 422
    assert len(desk.rows()) == 2


@ON_SQLITE
def test_wrong_answers_and_wrong_codes_are_counted_together(desk: PasskeyDesk) -> None:
    for answer in ("", "[]", "[" * 15_000, "é" * 20_000):
        assert desk.site.post(USE, {"answer": answer}).status_code == 400
    assert "isn’t right" in desk.site.post(FACTOR, {"code": "abc"}).text
    refused = desk.use(desk.phone)
    assert (refused.status_code, "too often" in refused.text) == (403, True)
    desk.site.clock.move(timedelta(minutes=10))
    assert desk.use(desk.phone).status_code == 303


@ON_SQLITE
def test_without_a_second_factor_nothing_is_added_or_removed(desk: PasskeyDesk) -> None:
    [row] = desk.rows()
    assert desk.site.get(NEW).location == FACTOR
    fields: dict[str, object] = {"id": str(row.id), "answer": "{}", "name": "Another"}
    for path in (NEW, REMOVE):
        assert desk.site.post(path, fields, page=FACTOR).status_code == 403
    assert desk.actions() == ["passkey.added"]


def test_the_passkey_of_another_writer_is_never_good(desk: PasskeyDesk) -> None:
    settings = desk.site.runtime.settings.model_copy(update={"writer_emails": [WREN, KIT]})
    runtime = replace(desk.site.runtime, settings=settings)
    app = create_app(runtime)
    kit = PasskeyDesk(replace(desk.site, app=app, runtime=runtime, browser=app.test_client()), Authenticator())
    kit.ask(KIT)
    kit.site.post(kit.link())
    kit.confirm(kit.enrol(KIT))
    [row] = desk.rows()
    assert kit.site.post(REMOVE, {"id": str(row.id)}, page=FACTOR).status_code == 303
    kit.add(kit.phone)
    kit.site.clock.move(timedelta(minutes=10))
    answer = desk.phone.get(options_on(kit.site.get(USE).text))
    assert kit.site.post(USE, {"answer": answer}).status_code == 403
    theirs = kit.site.runtime.keyring.address_hash(Address.parse(KIT))
    with kit.site.runtime.database.write() as session:
        session.execute(update(DeskPasskey).where(DeskPasskey.id == row.id).values(writer_hash=theirs))
    moved = kit.site.post(USE, {"answer": answer}, page="/desk/people")
    assert moved.status_code == 500, "a row that was moved to another writer does not open"
    with kit.site.runtime.database.read() as session:
        confirmed = session.scalars(select(DeskSession.confirmed_at).where(DeskSession.writer_hash == theirs)).all()
    assert confirmed == [kit.site.clock() - timedelta(minutes=10)]


@ON_SQLITE
def test_adding_and_removing_is_logged_and_told_and_the_rows_tell_nothing(desk: PasskeyDesk) -> None:
    [row] = desk.rows()
    public = desk.phone.private_key.public_key().public_numbers().x.to_bytes(32, "big")
    stored = b"".join(value for value in vars(row).values() if isinstance(value, bytes))
    for secret in (desk.phone.credential_id, desk.phone.user_handle, public, b"My phone"):
        assert secret not in stored
    desk.use(desk.phone)
    assert desk.site.post(REMOVE, {"id": str(row.id)}, page=FACTOR).location == f"{FACTOR}?done=removed"
    assert desk.rows() == []
    assert desk.site.get(USE).location == FACTOR
    assert desk.actions() == ["passkey.added", "passkey.removed"]
    with desk.site.runtime.database.read() as session:
        mails = session.scalars(select(WriterMail).where(WriterMail.kind == WriterMailKind.DESK_ACTION)).all()
        said = [mail.open_values(desk.site.runtime.keyring)["what"] for mail in mails]
    assert sorted(words.partition(",")[0] for words in said) == [
        "a writer added a passkey",
        "a writer’s passkey was removed",
    ]


@ON_SQLITE
def test_the_commands_list_passkeys_remove_one_and_reset_all(
    desk: PasskeyDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, desk.site.runtime.settings)
    monkeypatch.setenv("WRITER_EMAILS", WREN)
    desk.use(desk.phone)
    desk.add(Authenticator(), "My laptop")

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["desk", *words])
        return done.stdout or done.stderr

    [phone, laptop] = json.loads(run("passkeys", WREN, "--json"))
    assert (phone["name"], phone["last_used_on"], laptop["name"]) == ("My phone", "2026-05-13", "My laptop")
    assert "My phone: added on 2026-05-13, last used" in run("passkeys", WREN)
    assert "no passkey with that id" in run("passkeys", WREN, "--remove", "1")
    assert "My laptop" not in run("passkeys", WREN, "--remove", str(laptop["id"]))
    assert json.loads(run("reset", WREN, "--json")) == {"removed": True, "passkeys_removed": 1}
    assert run("passkeys", WREN) == "There are none.\n"
    assert desk.site.get(FACTOR).location == "/desk/sign-in"
    assert desk.actions() == [*["factor.reset"], *["passkey.added"] * 2, *["passkey.removed"] * 2]


@ON_SQLITE
def test_script_stands_on_the_page_of_the_passkey_alone_and_a_number_has_none(desk: PasskeyDesk) -> None:
    assert "script-src" not in desk.site.get(FACTOR).headers["Content-Security-Policy"]
    shown = desk.site.get(USE)
    assert shown.headers["Content-Security-Policy"].count("script-src 'sha256-") == 1
    assert "A code of your authenticator app" in shown.text
    settings = desk.site.runtime.settings.model_copy(update={"base_url": "http://127.0.0.1:8000"})
    runtime = replace(desk.site.runtime, settings=settings)
    app = create_app(runtime)
    app.config["SERVER_NAME"] = "127.0.0.1:8000"  # the host that the test client speaks to
    numbered = PasskeyDesk(replace(desk.site, app=app, runtime=runtime, browser=app.test_client()), desk.phone)
    numbered.sign_in()
    assert "address is only a number" in numbered.site.get(FACTOR).text
    assert numbered.site.get(USE).location == FACTOR
    assert numbered.site.post(USE, {"answer": "{}"}, page=FACTOR).location == FACTOR
