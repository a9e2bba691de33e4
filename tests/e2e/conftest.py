"""The running product, and a Chromium that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.checker import Checker, running_checker
from tests.e2e.letters_of_posts import LetterOfPost, letters_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService, running_stack
from tests.e2e.visiting import Visits, visiting
from tests.harness.feeds.real_posts import POSTS

# No sandbox: CI is root in a container. The others keep the browser off the network but for our pages.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the test of the pages that nobody has looked at to the end."""
    items.sort(key=lambda item: item.name == "test_no_page_is_forgotten")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Everything that `smallsteps up` starts, with a var/ of its own, on free ports."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("chromium is not here: run `make e2e`, which installs it")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        yield browser


@pytest.fixture(scope="session")
def checker() -> Iterator[Checker]:
    """Return html-validate and caniemail, running."""
    with running_checker() as checker:
        yield checker


@pytest.fixture(scope="session")
def letters(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> list[LetterOfPost]:
    """Return the letters of posts of forty kinds."""
    return letters_of(POSTS, migrated_sqlite, tmp_path_factory.mktemp("letters"))


@pytest.fixture
def visits(browser: Browser, stack: RunningService) -> Iterator[Visits]:
    """Browsers for one test, which fails if a page logs an error or fetches from another host."""
    with visiting(browser, stack) as visits:
        yield visits


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say of a test that failed what its browsers showed: it may have failed only on a busy machine."""
    report = yield
    if report.failed and isinstance(visits := item.funcargs.get("visits"), Visits):
        report.sections.append(("Open pages", "\n".join(visits.open_pages())))
    return report


@pytest.fixture
def page(visits: Visits) -> Page:
    """A page in a browser of its own."""
    return visits.page()


@pytest.fixture(scope="session")
def ana(browser: Browser, stack: RunningService) -> Iterator[Person]:
    """Somebody who has joined and answered the first question; her page is signed in."""
    with visiting(browser, stack) as visits:
        ana = Person("ana@example.com", visits.page(), stack)
        ana.join()
        ana.open_mail("Your first question")
        ana.reply("Tired, but the kettle was on when I came in.")
        ana.find_in_journal("the kettle was on")
        yield ana
