"""A month that passes in a moment: its mails in the mailbox, its days in the journal, and the digest that ends it.

The clock is moved, so this runs on a stage of its own; everything else is as it is for everybody.
The pictures named `readme-` are those of docs/screenshots/.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from service.db import make_engine, migrate
from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.looking import SCREENSHOTS
from tests.e2e.people import CONFIRM, FIRST_QUESTION, Person
from tests.e2e.stack import Stack
from tests.e2e.visiting import Visits, visiting
from tests.journeys.stage import Stage, set_up

MAY = "Your May, in your own words"
# The first six questions are the same for everybody, so these answer them; the 25th is left out.
WORDS = {
    8: "The kettle, just before it clicked off.",
    11: "Priya, on the phone. We said nothing much, and it was the best part of the day.",
    13: "On the back step, on Sunday, with tea. Nothing fell down.",
    15: "patient, funny, worn",
    18: "After I lock the door, I will breathe once.",
    20: "The radio was on low, and nobody asked me anything.",
    22: "Rain on the skylight. I let it be the loudest thing.",
    27: "A neighbour held the door, and asked after my knee.",
    29: "The bus was late, so I read. Eleven quiet minutes.",
}
STEP, STEP_ASKED_BEFORE = WORDS[18], 22


@pytest.fixture
def stage(redis_url: str, tmp_path: Path) -> Iterator[Stage]:
    """A whole Small Steps with a clock that is moved, on SQLite."""
    database_url = f"sqlite:///{tmp_path / 'smallsteps.db'}"
    engine = make_engine(database_url)
    migrate(engine)
    engine.dispose()
    with set_up(database_url, redis_url, tmp_path, trusted_proxies=1) as stage:
        yield stage


@pytest.fixture
def visits(browser: Browser, stage: Stage, tmp_path: Path) -> Iterator[Visits]:
    """Browsers that visit this stage."""
    with visiting(browser, Stack(stage.web, stage.office, tmp_path, tmp_path / "stack.log")) as visits:
        yield visits


def test_a_month_of_answers_comes_back_as_a_digest(stage: Stage, visits: Visits, checker: Checker) -> None:
    mo = Person("mo@example.com", visits.page(), visits.stack)
    _join(mo, stage)
    _picture(mo.page, "question")
    mo.reply("tired, warm, late")
    stage.work()
    faults: list[str] = []
    for day, words in WORDS.items():
        stage.go_to(datetime(2026, 5, day, 12, tzinfo=UTC))
        stage.reply(mo.mails()[0], words)
        stage.work()
        if day == STEP_ASKED_BEFORE:
            faults += _answer_about_the_step(mo, visits, checker)
    stage.go_to(datetime(2026, 6, 1, 12, tzinfo=UTC))

    mo.go("/journal/2026-05")
    for day in (6, *WORDS):
        expect(mo.page.get_by_role("link", name=f"day {day} May, written")).to_be_visible()
    faults += faults_of(visits, checker, mo.page, "month")
    _picture(mo.page, "month")
    _picture(mo.page, "month-dark", "dark")

    mail = mo.open_mail(MAY)
    _picture_of_mail(visits.page(), mo, mail["mail_id"])
    assert "tired, warm, late · patient, funny, worn" in " ".join(mail["text"].split())
    assert STEP in mail["text"].partition("Small steps you took")[2]

    inbox, mo.page = mo.page, mo.follow("on a page of yours")
    expect(mo.page.get_by_role("heading", level=1)).to_have_text(MAY)
    said = mo.page.get_by_role("figure").all_inner_texts()
    assert 2 <= len(said) <= 4
    assert all(any(words in passage for words in WORDS.values()) for passage in said)
    assert all(passage.splitlines()[0] in mail["text"] for passage in said)
    faults += faults_of(visits, checker, mo.page, "digest")
    mo.page = inbox
    mo.page = mo.follow("Don’t show me this again")
    expect(mo.page.get_by_text("The entry stays in your journal.")).to_be_visible()
    faults += faults_of(visits, checker, mo.page, "keep-out")
    mo.page.get_by_role("button", name="Do not show me this again").click()
    expect(mo.page.get_by_role("status")).to_contain_text("Your digests leave this entry out from now on.")
    faults += faults_of(visits, checker, mo.page, "kept-out")
    mo.page = inbox
    mo.page = mo.follow("on a page of yours")
    expect(mo.page.get_by_role("figure")).to_have_count(len(said) - 1)
    assert not faults, "\n".join(["", *faults])


def _join(person: Person, stage: Stage) -> None:
    """Sign up and confirm, the workers working when something waits; the first question lies open."""
    person.go("/")
    _picture(person.page, "signup")
    person.ask_to_join()
    stage.work()
    person.open_mail(CONFIRM)
    person.page = person.follow("Confirm")
    person.page.get_by_role("button", name="Yes, send them").click()
    person.page.get_by_role("heading", name="Welcome").wait_for()
    stage.work()
    person.open_mail(FIRST_QUESTION)


def _answer_about_the_step(person: Person, visits: Visits, checker: Checker) -> list[str]:
    """Say by the link of the email that asked about it that the step was taken; return what is wrong with the page."""
    person.open_mail("Nearly silly")
    inbox, person.page = person.page, person.follow("answer on a page")
    expect(person.page.get_by_text(STEP)).to_be_visible()
    found = faults_of(visits, checker, person.page, "step-answer")
    person.page.get_by_role("button", name="Took it").click()
    expect(person.page.get_by_role("status")).to_contain_text("It is kept among your small steps.")
    found += faults_of(visits, checker, person.page, "step-answered")
    person.page = inbox
    return found


def _picture_of_mail(page: Page, person: Person, mail_id: str) -> None:
    page.goto(f"{person.stack.mail_url}/mail/{mail_id}/body")
    _picture(page, "digest", full_page=True)


def _picture(page: Page, name: str, scheme: Literal["light", "dark"] = "light", *, full_page: bool = False) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    page.set_viewport_size({"width": 720, "height": 960})
    page.emulate_media(color_scheme=scheme)
    page.screenshot(path=SCREENSHOTS / f"readme-{name}.png", animations="disabled", full_page=full_page)
    page.emulate_media(color_scheme="null")
    if before:
        page.set_viewport_size(before)
