"""Every address that shows a page: those that no journey has opened are opened here, so that no page is forgotten."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.exceptions import HTTPException

from service.config import ROOT
from service.db import make_engine, migrate
from service.web.errors import WORDS, error_page
from tests.e2e.checker import Checker
from tests.e2e.inspecting import LOOKED_AT, faults_of
from tests.e2e.running_service import RunningService
from tests.e2e.something_of_everything import ANA, WRITER, Something, make_something_of_everything
from tests.e2e.visiting import Visits, visiting
from tests.harness.journals.journals import journal
from tests.harness.journey import JourneyHarness, open_journey_harness

# Addresses that answer GET with something that is no page, and what it is.
NO_PAGE = {
    "/.well-known/security.txt": "a text for programs (RFC 9116)",
    "/desk/letters/<id:letter_id>/preview.html": "an email in the frames of the letter's page",
    "/desk/letters/<id:letter_id>/preview.txt": "an email in the frames of the letter's page",
    "/desk/questions/<prompt_id>/preview.html": "an email in the frames of the question's page",
    "/desk/questions/<prompt_id>/preview.txt": "an email in the frames of the question's page",
    "/export/<id:export_id>/journal.epub": "a file",
    "/export/<id:export_id>/journal.pdf": "a file",
    "/export/<id:export_id>/journal.zip": "a file",
    "/favicon.ico": "a picture",
    "/favicon.svg": "a picture",
    "/healthz": "an answer for programs",
    "/import/<id:import_id>/left-out.txt": "a file",
    "/journal/<month:month>.md": "a file",
    "/journal/photo/<id:photo_id>": "a picture",
    "/letters/feed.xml": "a feed",
    "/letters/pictures/<id:picture_id>": "a picture",
    "/metrics": "an answer for programs",
    "/readyz": "an answer for programs",
    "/robots.txt": "a text for programs (RFC 9309)",
    "/status": "an answer for programs",
    "/subscribe": "leads to the first page",
}
SEEN_ERRORS = {404, 410, 429}  # by those who follow an old link, or ask too often
# The place of this test, which has nothing of the usual one.
NAME, ACCENT = "Quiet Corner", "#2A3F8F"
WRITER_NAME, WRITER_LINE = "Nora Field", "I write about slow things, and read no journal but mine."


def _place(folder: Path) -> Path:
    """Return a folder of files of the place, with other colours and with lines of whoever runs it."""
    place = folder / "place"
    shutil.copytree(ROOT / "templates" / "place", place)
    colours = place / "colours.toml"
    colours.write_text(colours.read_text("utf-8").replace("#2F5D50", ACCENT), "utf-8")
    (place / "writer.toml").write_text(f'name = "{WRITER_NAME}"\nwebsite = ""\nlines = ["{WRITER_LINE}"]\n', "utf-8")
    return place


@pytest.fixture
def journey(redis_url: str, tmp_path: Path) -> Iterator[JourneyHarness]:
    """A whole Small Steps with a desk, on SQLite."""
    database_url = f"sqlite:///{tmp_path / 'smallsteps.db'}"
    engine = make_engine(database_url)
    migrate(engine)
    engine.dispose()
    place = {"name_of_place": NAME, "mail_from": "hello@mail.smallsteps.example", "place_folder": _place(tmp_path)}
    with open_journey_harness(
        database_url, redis_url, tmp_path, trusted_proxies=1, writer_emails=WRITER, **place
    ) as journey:
        yield journey


@pytest.fixture
def visits(browser: Browser, journey: JourneyHarness, tmp_path: Path) -> Iterator[Visits]:
    """Browsers that visit this service."""
    with visiting(browser, RunningService(journey.web, journey.office, tmp_path, tmp_path / "stack.log")) as visits:
        yield visits


def test_no_page_is_forgotten(
    journey: JourneyHarness, visits: Visits, checker: Checker, request: pytest.FixtureRequest
) -> None:
    ana, wren = journey.join(ANA, rhythm="sundays"), journey.browser()
    something = make_something_of_everything(journey, wren)
    page, stranger = visits.page(), visits.page()
    for cookie in (*wren.session.cookies, *ana.session.cookies):  # both have one of journals; hers stands
        page.context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": journey.web}])
    faults = list[str]()

    def look(page: Page, name: str) -> None:
        faults.extend(faults_of(visits, checker, page, name))
        faults.extend(f"{name}: {fault}" for fault in _place_faults(page.content()))

    for name, link in something.links.items():
        page.goto(journey.web + link)
        look(page, f"act-{name}")
    _look_at_imports(journey, page, look)
    unseen = _pages(journey.app) - {_rule_of(journey.app, path) for path in LOOKED_AT}
    for rule in sorted(unseen):
        path = _path(journey.app, rule, something)
        for visitor in (page, stranger) if path else ():
            visitor.goto(f"{journey.web}{path}")
            if visitor.url == f"{journey.web}{path}":  # and not led elsewhere
                look(visitor, f"page{re.sub('[^a-z]+', '-', rule)}")
                break
    faults += [fault for mail in journey.mails() for fault in _mail_faults(mail)]
    stranger.goto(f"{journey.web}/about")
    assert WRITER_LINE in stranger.content()
    assert f"{WRITER_NAME} runs {NAME}." in stranger.content()
    _look_at_errors(journey.app, stranger, f"{journey.web}/about", look)
    assert not faults, "\n".join(["", *faults])
    if _is_whole(request.session):
        assert _pages(journey.app) - {_rule_of(journey.app, path) for path in LOOKED_AT} == set(), "nobody looked at it"


def _pages(app: Flask) -> set[str]:
    """Return the rules of all addresses that show a page."""
    shown = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert set(NO_PAGE) <= shown
    return shown - set(NO_PAGE)


def _rule_of(app: Flask, path: str) -> str:
    """Return the rule of a path; "" for one of another service."""
    try:
        rule, _ = app.url_map.bind("localhost").match(path, return_rule=True)
    except HTTPException:
        return ""
    return rule.rule


def _path(app: Flask, rule_text: str, something: Something) -> str | None:
    """Return the path of a rule with something in its variable part; None if nothing here fits, as for tokens."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.rule == rule_text)
    if not rule.arguments <= set(something.parts):
        return None
    built = rule.build({name: something.parts[name] for name in rule.arguments})
    return built[1] if built else None


def _place_faults(html: str) -> list[str]:
    """Return where a page or an email shows another name or other colours than those of the place."""
    other = [words for words in ("Small Steps", "#2F5D50") if words in html]
    return [*other, *(f"no {words}" for words in (NAME, ACCENT) if words not in html)]


def _mail_faults(mail: dict[str, Any]) -> list[str]:
    """Return where an email names another place: its words, its colours, its sender and its list."""
    headers = dict(mail["headers"])
    senders = [headers["From"], headers.get("List-Id", NAME)]  # letters come from whoever writes them
    found = _place_faults(mail["html"]) + [name for name in senders if not name.startswith((NAME, WRITER_NAME))]
    if NAME not in mail["text"] or "Small Steps" in mail["text"]:
        found.append(mail["text"][:60])
    return [f"the email {mail['subject']!r}: {fault}" for fault in found]


def _look_at_imports(journey: JourneyHarness, page: Page, look: Callable[[Page, str], None]) -> None:
    """Bring a file that is no journal and one that is, and look at an import in each of its states."""

    def wait_for(heading: str) -> None:
        journey.work()
        page.get_by_role("heading", name=heading, level=1).wait_for()  # the page asks again by itself

    for data, heading in ((b"no journal", "This file can’t come in"), (journal("day_one"), "What’s in this file")):
        page.goto(f"{journey.web}/import")
        page.get_by_label("The file").set_input_files({"name": "a.zip", "mimeType": "application/zip", "buffer": data})
        page.get_by_role("button", name="Show me what’s in it").click()
        wait_for(heading)
        look(page, f"import-{heading.split()[-1]}")
    page.get_by_role("button", name="Bring them in").click()
    wait_for("Your journal is here")
    look(page, "import-done")
    page.get_by_role("link", name="Take this import back").click()
    look(page, "import-undo")


def _look_at_errors(app: Flask, page: Page, url: str, look: Callable[[Page, str], None]) -> None:
    """Look at the pages that say that something went wrong: this address answers with each in turn."""
    for code in WORDS.keys() - SEEN_ERRORS:
        app.view_functions["plain.about"] = lambda code=code: error_page(code)
        page.goto(url)
        look(page, f"error-{code}")


def _is_whole(session: pytest.Session) -> bool:
    """Return whether all browser tests ran, of which this is the last."""
    return set(Path(__file__).parent.glob("test_*.py")) <= {item.path for item in session.items}
