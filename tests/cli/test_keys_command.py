"""The commands that say which keys of ENCRYPTION_KEYS are needed, and retire an old one."""

from __future__ import annotations

import base64
import json

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli.commands import main
from service.core.sealing import key_name
from service.models import DeskAction
from tests.harness.sending import SendingHarness

OLD, NEW = b"k" * 32, b"n" * 32  # OLD is the harness's own
OLD_NAME, NEW_NAME = key_name(OLD).hex(), key_name(NEW).hex()


def use_keys(monkeypatch: pytest.MonkeyPatch, *keys: bytes) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", ",".join(base64.b64encode(key).decode() for key in keys))


def run(*words: str, typed: str | None = None) -> Result:
    result = CliRunner().invoke(main, words, input=typed)
    for key in (OLD, NEW):
        assert base64.b64encode(key).decode() not in result.output
        assert key.hex() not in result.output
    return result


def test_an_old_key_is_retired_and_the_service_starts_with_the_new_one_alone(
    harness: SendingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.members("ana@example.com")
    use_keys(monkeypatch, NEW, OLD)
    assert run("keys", "list").output.splitlines() == [
        f"{NEW_NAME}  number 1. It wraps new keys, and is needed by 0 wrapped keys.",
        f"{OLD_NAME}  number 2. Still needed by 3 wrapped keys: run `smallsteps keys rotate --apply`.",
    ]
    assert "Nothing was changed. To be wrapped again: 3 wrapped keys." in run("keys", "rotate").output
    assert json.loads(run("keys", "rotate", "--json").stdout) == {"to_wrap": 3, "applied": False}
    use_keys(monkeypatch, NEW)
    early = run("people", "find", typed="ana@example.com")
    assert (early.exit_code, "put the older key back" in early.output) == (1, True)
    missing = run("keys", "list")
    assert (missing.exit_code, f"{OLD_NAME}  not in ENCRYPTION_KEYS. Needed by 3" in missing.output) == (1, True)

    use_keys(monkeypatch, NEW, OLD)
    rotated = run("keys", "rotate", "--apply")
    assert (rotated.exit_code, rotated.output.splitlines()[0]) == (0, "Wrapped again: 3 wrapped keys.")
    again = json.loads(run("keys", "rotate", "--apply", "--json").stdout)
    assert again == {"wrapped": 0, "left": 0, "unreadable": 0, "applied": True}
    first, second = json.loads(run("keys", "list", "--json").stdout)
    assert first == {"fingerprint": NEW_NAME, "position": 1, "needed_by": 3, "can_go": False}
    assert second == {"fingerprint": OLD_NAME, "position": 2, "needed_by": 0, "can_go": True}
    assert "Nothing needs this key any more: remove it from ENCRYPTION_KEYS" in run("keys", "list").output
    with harness.runtime.database.read() as session:
        assert [*session.execute(select(DeskAction.action, DeskAction.number))] == [("keys.rotated", 3)]

    use_keys(monkeypatch, NEW)
    assert run("people", "find", typed="ana@example.com").exit_code == 0
    use_keys(monkeypatch, OLD)
    assert run("people", "find", typed="ana@example.com").exit_code == 1
