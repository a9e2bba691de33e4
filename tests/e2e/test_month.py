"""A month that passes in a moment: its mails in the mailbox, its days in the journal, and the digest that ends it.

The clock is moved, so this runs on a stage of its own; everything else is as it is for everybody.
The pictures named `readme-` are those of docs/screenshots/.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from service.db import make_engine, migrate, random_id
from service.models import Entry, Photo, Subscriber
from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.looking import ARE_WANTED, kept
from tests.e2e.paper import paper_faults
from tests.e2e.people import CONFIRM, FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits, visiting
from tests.harness.journals.diary import take_step, write
from tests.harness.journey import JourneyHarness, open_journey_harness
from tests.harness.website import FILLED_IN

MAY = "Your May, in your own words"
PHOTO_WIDTH = 320
SHAPES = ((640, 480), (480, 640), (300, 1600), (1600, 300), (640, 640), (480, 640))  # of photos that are printed
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
def journey(redis_url: str, tmp_path: Path) -> Iterator[JourneyHarness]:
    """A whole Small Steps with a clock that is moved, on SQLite."""
    database_url = f"sqlite:///{tmp_path / 'smallsteps.db'}"
    engine = make_engine(database_url)
    migrate(engine)
    engine.dispose()
    with open_journey_harness(database_url, redis_url, tmp_path, trusted_proxies=1) as journey:
        yield journey


@pytest.fixture
def visits(browser: Browser, journey: JourneyHarness, tmp_path: Path) -> Iterator[Visits]:
    """Browsers that visit this service."""
    with visiting(browser, RunningService(journey.web, journey.office, tmp_path, tmp_path / "stack.log")) as visits:
        yield visits


def test_a_month_of_answers_comes_back_as_a_digest(journey: JourneyHarness, visits: Visits, checker: Checker) -> None:
    mo = Person("mo@example.com", visits.page(), visits.stack)
    _join(mo, journey)
    _picture(mo.page, "question")
    mo.reply("tired, warm, late")
    journey.work()
    faults: list[str] = []
    for day, words in WORDS.items():
        journey.go_to(datetime(2026, 5, day, 12, tzinfo=UTC))
        journey.reply(mo.mails()[0], words)
        journey.work()
        if day == STEP_ASKED_BEFORE:
            faults += _answer_about_the_step(mo, visits, checker)
    journey.go_to(datetime(2026, 6, 1, 12, tzinfo=UTC))

    mo.sign_in(journey.work)  # two weeks without a visit ended the session
    mo.go("/journal/2026-05")
    for day in (6, *WORDS):
        expect(mo.page.get_by_role("link", name=f"day {day} May, written")).to_be_visible()
    faults += faults_of(visits, checker, mo.page, "month")
    _picture(mo.page, "month")
    _picture(mo.page, "month-dark", "dark")

    mail = mo.open_mail(MAY)
    _picture_of_mail(visits.page(), mo, mail["mail_id"])
    text = " ".join(mail["text"].split())  # its lines are wrapped
    assert "tired, warm, late · patient, funny, worn" in text
    assert STEP in text.partition("Small steps you took")[2].partition("Some things you wrote")[0]

    inbox, mo.page = mo.page, mo.follow("read it on the web")
    expect(mo.page.get_by_role("heading", level=1)).to_have_text(MAY)
    said = mo.page.get_by_role("figure").all_inner_texts()
    assert 2 <= len(said) <= 4
    assert all(any(words in passage for words in WORDS.values()) for passage in said)
    assert all(passage.splitlines()[0] in text for passage in said)
    faults += faults_of(visits, checker, mo.page, "digest")
    mo.page = inbox
    mo.page = mo.follow("Don’t show me this again")
    expect(mo.page.get_by_text("The entry stays in your journal.")).to_be_visible()
    faults += faults_of(visits, checker, mo.page, "keep-out")
    mo.page.get_by_role("button", name="Don’t show me this again").click()
    expect(mo.page.get_by_role("status")).to_contain_text("Your digests will leave this entry out from now on.")
    faults += faults_of(visits, checker, mo.page, "kept-out")
    mo.page = inbox
    mo.page = mo.follow("read it on the web")
    expect(mo.page.get_by_role("figure")).to_have_count(len(said) - 1)
    assert not faults, "\n".join(["", *faults])


def _join(person: Person, journey: JourneyHarness) -> None:
    """Sign up and confirm, the workers working when something waits; the first question lies open."""
    person.go("/")
    _picture(person.page, "signup")
    person.fill_in_signup()
    journey.clock.move(FILLED_IN)
    person.send_signup()
    journey.work()
    person.open_mail(CONFIRM)
    person.page = person.follow("Yes, start the questions")
    person.page.get_by_role("button", name="Yes, start the questions").click()
    person.page.get_by_role("heading", name="Welcome").wait_for()
    journey.work()
    person.open_mail(FIRST_QUESTION)


def _answer_about_the_step(person: Person, visits: Visits, checker: Checker) -> list[str]:
    """Report the step as taken by the link of the email that asked about it; return what is wrong with the page."""
    person.open_mail("Nearly silly")
    inbox, person.page = person.page, person.follow("answer on a page")
    expect(person.page.get_by_text(STEP)).to_be_visible()
    found = faults_of(visits, checker, person.page, "step-answer")
    person.page.get_by_role("button", name="Took it").click()
    expect(person.page.get_by_role("status")).to_contain_text("It’s with your small steps.")
    found += faults_of(visits, checker, person.page, "step-answered")
    person.page = inbox
    return found


def _picture_of_mail(page: Page, person: Person, mail_id: str) -> None:
    page.goto(f"{person.stack.mail_url}/mail/{mail_id}/body")
    _picture(page, "digest", full_page=True)


def _picture(page: Page, name: str, scheme: Literal["light", "dark"] = "light", *, full_page: bool = False) -> None:
    if not ARE_WANTED:
        return
    before = page.viewport_size
    page.set_viewport_size({"width": 720, "height": 960})
    page.emulate_media(color_scheme=scheme)
    page.screenshot(path=kept(f"readme-{name}.png"), animations="disabled", full_page=full_page)
    page.emulate_media(color_scheme="null")
    if before:
        page.set_viewport_size(before)


def test_a_month_and_a_year_with_all_they_can_hold(journey: JourneyHarness, visits: Visits, checker: Checker) -> None:
    noa = Person("noa@example.com", visits.page(), visits.stack)
    _join(noa, journey)
    _fill_a_year(journey, noa.address)
    journey.go_to(datetime(2026, 6, 1, 12, tzinfo=UTC))

    noa.sign_in(journey.work)  # two weeks without a visit ended the session
    mail = noa.open_mail(MAY)
    for told in ("“Priya” came back", "The lilac came out", "Ring Priya from the bus stop"):
        assert told in " ".join(mail["text"].split())
    assert f"{noa.stack.web_url}/journal/2026-05.md" in mail["text"]
    noa.page = noa.follow("read it on the web")
    expect(noa.page.get_by_role("heading", name="A thread")).to_be_visible()
    photo = noa.page.get_by_alt_text("A photo you sent on 12 May 2025")
    expect(photo).to_be_visible()
    assert photo.evaluate("image => image.decode().then(() => image.naturalWidth)") == PHOTO_WIDTH
    faults = faults_of(visits, checker, noa.page, "digest-full")
    faults += paper_faults(noa.page, "digest-full", photos=1)

    noa.go("/year/2026")
    expect(noa.page.get_by_text("You wrote in January and March to May.")).to_be_visible()
    faults += faults_of(visits, checker, noa.page, "year")
    faults += paper_faults(noa.page, "year")
    with noa.page.expect_navigation():
        noa.page.get_by_role("link", name="March", exact=True).click()
    with noa.page.expect_download() as file:
        noa.page.get_by_role("link", name="Download this month as text").click()
    assert file.value.suggested_filename == "small-steps-2026-03.md"
    noa.go("/year/2024")
    expect(noa.page.get_by_role("heading", name="Nothing here for 2024")).to_be_visible()
    faults += faults_of(visits, checker, noa.page, "year-without-words")
    for path, photos in (("2023-11?whole", len(SHAPES)), ("2023-11-04", 1)):
        noa.go(f"/journal/{path}")
        faults += paper_faults(noa.page, f"journal-{path.partition('?')[0]}", photos=photos)
    noa.go("/journal")
    faults += faults_of(visits, checker, noa.page, "journal-of-years")
    noa.go("/settings")  # none of May's questions was answered
    expect(noa.page.get_by_text("Any reply brings your own days back.")).to_be_visible()
    faults += faults_of(visits, checker, noa.page, "settings-less-often")
    assert not faults, "\n".join(["", *faults])


def _fill_a_year(journey: JourneyHarness, address: str) -> None:
    """Write in months of two years, in several scripts, with a photo, a step taken, and a name that comes back."""
    runtime, person = journey.runtime, journey.person(address)
    database, keyring = runtime.database, runtime.keyring
    with database.write() as session:
        session.get_one(Subscriber, person.id).wants_thread = True
    may_return = [p for p in runtime.library.for_locale("en-GB") if p.resurface and p.theme == "rest"]
    asked = next(p.id for p in may_return if p.kind == "question")
    words = next(p.id for p in runtime.library.for_locale("en-GB") if p.resurface and p.kind == "words")
    lilac = write(database, keyring, person, date(2025, 5, 12), "The lilac came out. I found it by the bins.", asked)
    _give_photo(journey, lilac)
    odd = (
        "ישבתי ליד החלון, והיה שקט.",
        "今日は疲れた。雨の音を聞いていた。",
        "An_unbroken_word_" * 12,
        "Soup. 👩‍👩‍👧‍👦",
    )
    for month, each in zip((1, 3, 4, 4), odd, strict=True):
        for day in (2, 9, 16):
            write(database, keyring, person, date(2026, month, day), each, asked)
    for day in (7, 9, 20):
        write(database, keyring, person, date(2026, 5, day), "The bell went, and Priya came in with soup.", asked)
        write(database, keyring, person, date(2026, 5, day), "عبء, quiet, 静か", words)
    for number, shape in enumerate(SHAPES):
        frost = write(database, keyring, person, date(2023, 11, 4 + number), "The frost drew a fern. " * 12, asked)
        _give_photo(journey, frost, shape)
    take_step(database, keyring, person, "Ring Priya from the bus stop", date(2026, 5, 17))


def _give_photo(journey: JourneyHarness, entry_id: int, shape: tuple[int, int] = (PHOTO_WIDTH, 240)) -> None:
    image = Image.new("RGB", shape, "teal")
    data = BytesIO()
    image.save(data, "JPEG")
    runtime = journey.runtime
    with runtime.database.write() as session:
        entry = session.get_one(Entry, entry_id)
        key = runtime.keyring.key_of(session.get_one(Subscriber, entry.subscriber_id))
        photo = Photo(
            id=random_id(),
            entry_id=entry.id,
            subscriber_id=entry.subscriber_id,
            stored_as=f"photos/{entry.id}",
            content_type="image/jpeg",
            width=image.width,
            height=image.height,
            position=0,
            created_at=journey.clock.now,
            content_mac=b"m" * 32,
        )
        runtime.storage.put(photo.stored_as, key.seal(data.getvalue(), place=f"photos:{photo.id}", random=os.urandom))
        session.add(photo)
