"""The commands that check the library, and show it in the local mailbox."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from service.app import create_app as create_site
from service.cli.commands import main
from service.config import Settings
from service.core.access.tokens import ActToken, FrequencyToken, ReplyToken
from service.core.sealing import IndexKey
from service.flows.desk import prompt_preview
from service.local import preview
from service.mail.outbound.mailer import OutgoingEmail
from service.postoffice.app import create_app
from service.postoffice.server import running
from service.runtime import Runtime, make_runtime
from service.template_files import load_library

LIBRARY = load_library()
DEEP = next(prompt for prompt in LIBRARY.for_locale("en-GB") if prompt.lighter)
FOLLOW_UP = LIBRARY.follow_ups("en-GB")[0]
TOKENS: tuple[type[ActToken | FrequencyToken | ReplyToken], ...] = (ActToken, FrequencyToken, ReplyToken)
_LINKS = re.compile(r"https?://[^\s\"'<>]+")


@pytest.fixture
def settings(migrated_sqlite: Path, tmp_path: Path) -> Settings:
    """Settings of this machine, with a mailbox that is not running."""
    shutil.copy(migrated_sqlite, tmp_path / "smallsteps.db")
    values: dict[str, Any] = {
        "base_url": "http://127.0.0.1:8000",
        "secret_key": "a secret of this test",
        "encryption_keys": base64.b64encode(b"k" * 32).decode(),
        "database_url": f"sqlite:///{tmp_path / 'smallsteps.db'}",
        "storage_url": f"file://{tmp_path / 'objects'}",
        "mailgun_api_url": "http://127.0.0.1:1",
        "mailgun_api_key": "local",
        "mailgun_domain": "mail.example.org",
        "mailgun_signing_key": "signing",
        "mail_from": "Small Steps <hello@mail.example.org>",
        "reply_domain": "reply.example.org",
        "postal_address": "1 Quiet Lane, Smalltown",
    }
    return Settings(_env_file=None, **values)


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same settings, where commands find them."""
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        monkeypatch.setenv(name.upper(), ",".join(value) if isinstance(value, list) else str(value))
    return settings


@pytest.fixture
def mailbox(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a post office that is running."""
    office = create_app(
        folder=tmp_path / "postoffice",
        domain=home.mailgun_domain,
        api_key=home.mailgun_api_key,
        signing_key=home.mailgun_signing_key[0],
        inbound_url="http://127.0.0.1:1/webhooks/mailgun/inbound",
        events_url="",
    )
    with running(office) as url:
        monkeypatch.setenv("MAILGUN_API_URL", url)
        yield url
    office.extensions["postoffice"].close()


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    runtime = make_runtime(settings)
    yield runtime
    runtime.database.engine.dispose()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["prompts", *words])


def mails(mailbox: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{mailbox}/_local/mails", timeout=30).json()
    return found


def test_the_command_reads_the_word_lists_too_and_finds_nothing_to_mend() -> None:
    result = run("check")
    assert result.output.endswith("files, and nothing to mend.\n")
    assert result.exit_code == 0


def test_a_deep_prompt_stands_in_the_mailbox_with_its_lighter_twin(mailbox: str) -> None:
    result = run("preview", DEEP.id)
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, f"To look at: {mailbox}/?to={preview.ADDRESS}")
    (mail,) = mails(mailbox)
    lighter = LIBRARY.get(DEEP.lighter or "")
    assert lighter is not None
    assert mail["subject"] == DEEP.subject
    text = " ".join(mail["text"].split())
    assert DEEP.question in text
    assert lighter.question in text


def test_a_follow_up_asks_about_a_made_up_step(mailbox: str) -> None:
    assert run("preview", FOLLOW_UP.id).exit_code == 0
    assert prompt_preview.STEP_WORDS in mails(mailbox)[0]["text"]


def test_filters_choose_what_they_have_in_common(mailbox: str) -> None:
    result = run("preview", "--theme", "rest", "--kind", "words", "--locale", "en-GB")
    wanted = {p.subject for p in LIBRARY.for_locale("en-GB") if (p.theme, p.kind) == ("rest", "words")}
    assert wanted
    assert {mail["subject"] for mail in mails(mailbox)} == wanted
    assert len(result.output.splitlines()) == len(wanted) + 1


@pytest.mark.parametrize("prompt", [DEEP, FOLLOW_UP], ids=["question", "follow-up"])
def test_nothing_in_a_preview_belongs_to_anybody_and_every_link_is_a_page(runtime: Runtime, prompt: Any) -> None:
    email = preview.compose(runtime, prompt)
    assert not tokens_in(email, runtime.keyring.index)
    routes = create_site(runtime).url_map.bind("127.0.0.1:8000")
    own = {link for link in _links(email) if link.startswith(runtime.settings.base_url)}
    assert own
    for link in own:
        assert routes.match(link.removeprefix(runtime.settings.base_url), method="GET")


def test_a_token_in_a_preview_would_be_found(runtime: Runtime) -> None:
    """The control of the test above."""
    index = runtime.keyring.index
    email = preview.compose(runtime, DEEP)
    token = FrequencyToken(7).encode(index)
    leaking = OutgoingEmail(email.subject, f"{email.text}\nhttps://x/rest/{token}", "", email.sender, email.reply_to)
    assert tokens_in(leaking, index)


def tokens_in(email: OutgoingEmail, index: IndexKey) -> list[str]:
    places = [email.reply_to, *_links(email), *re.split(r"[<>,:?]", " ".join(email.headers.values()))]
    words = {word.partition("-")[2] or word for place in places for word in re.split(r"[/@]", place.strip())}
    return [word for word in words if any(kind.decode(word, index) for kind in TOKENS)]


def _links(email: OutgoingEmail) -> set[str]:
    return {*_LINKS.findall(email.text), *_LINKS.findall(email.html), *_LINKS.findall(" ".join(email.headers.values()))}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param([], 2, "Themes: body, rest, work,", id="nothing said"),
        pytest.param([DEEP.id, "--theme", "rest"], 2, "not both", id="ids and filters"),
        pytest.param([f"{DEEP.id}x"], 1, f"Did you mean {DEEP.id}", id="nearly an id"),
        pytest.param(["qqqqqqq"], 1, "Choose some with --theme", id="no such id"),
        pytest.param(["--theme", "hurt", "--kind", "follow-up"], 1, "No prompt is of theme hurt, kind", id="none such"),
        pytest.param(["--locale", "fr"], 1, "There are the locales de and en-GB.", id="no such locale"),
        pytest.param(["--theme", "weather"], 2, "'weather' is not one of", id="no such theme"),
        pytest.param([DEEP.id], 1, "Start it with `make run`", id="no post office"),
    ],
)
def test_what_cannot_be_shown_is_explained(words: list[str], code: int, said: str) -> None:
    result = run("preview", *words)
    assert (result.exit_code, said in result.output) == (code, True), result.output


@pytest.mark.usefixtures("home")
def test_nothing_goes_to_the_real_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUN_API_URL", "https://api.mailgun.net")
    result = run("preview", DEEP.id)
    assert (result.exit_code, "names the real provider" in result.output) == (1, True)


@pytest.mark.usefixtures("mailbox")
def test_a_refusal_of_the_mailbox_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUN_API_KEY", "another")
    result = run("preview", DEEP.id)
    assert (result.exit_code, "not that of these settings" in result.output) == (1, True)
