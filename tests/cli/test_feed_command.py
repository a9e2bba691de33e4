"""The commands of feeds: what they say, and their exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.commands import main
from service.config import SettingsError, load_settings
from tests.harness.environment import set_environment
from tests.harness.feeds.blogs import Answer, running_blog
from tests.harness.feeds.feeds import rss
from tests.harness.sending import open_sending_harness


@pytest.fixture
def _environment(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path, redis_url="redis://127.0.0.1:1") as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        monkeypatch.setenv("BASE_URL", "http://127.0.0.1:8000")
        monkeypatch.setenv("FEEDS_FROM_LOOPBACK", "true")
        yield


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["letters", "feed", *words])


@pytest.mark.usefixtures("_environment")
def test_a_feed_goes_through_every_command() -> None:
    assert run("list").stdout == "There are no feeds.\n"
    assert run("add", "blog").exit_code == 1
    with running_blog() as blog:
        blog.answers["/feed"] = Answer(rss(("1", "Ice"), ("2", "Moss")))
        [added] = json.loads(run("add", f"{blog.url}/feed", "--json").stdout)
        assert (added["problem"], added["drafts"]) == (None, 1)
        id_ = str(added["id"])
        assert run("check").stdout == f"{id_}  nothing new\n"
        blog.answers["/feed"] = Answer(status=403)
        refused = run("check", id_)
        assert (refused.exit_code, "bot check" in refused.stderr) == (1, True)
    listed = json.loads(run("list", "--json").stdout)
    assert [post["title"] for post in listed["posts"]] == ["Ice"]
    assert "A blog" in run("list").stdout
    assert json.loads(run("mode", id_, "auto", "--json").stdout)["mode"] == "auto"
    assert "drafts" in run("mode", id_, "draft").stdout
    assert run("mode", id_, "often").exit_code == 2
    assert json.loads(run("pause", id_, "--json").stdout)["state"] == "paused"
    assert run("check", id_).exit_code == 1
    assert run("resume", id_).exit_code == 0
    assert json.loads(run("remove", id_, "--json").stdout)["state"] == "removed"
    assert run("remove", id_).exit_code == 1


@pytest.mark.usefixtures("_environment")
def test_feeds_from_this_machine_are_for_development_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", "https://steps.example.org")
    with pytest.raises(SettingsError, match="FEEDS_FROM_LOOPBACK: is for development alone"):
        load_settings()
