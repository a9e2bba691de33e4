"""The page of own questions, and the page on which a question may come again, or never."""

import io
import json

import pytest
from sqlalchemy import delete, select

from service.core.access.tokens import Action
from service.core.journal.entry_text import write_link_object
from service.core.library.own_question import prompt_id_of
from service.core.library.prompts import key_of
from service.flows.outgoing.tick import prune
from service.flows.people.personal_data.about_person import AboutPerson
from service.flows.people.settings import own_questions
from service.flows.people.settings.own_questions import MOST_CHARACTERS, MOST_QUESTIONS
from service.models import Entry, OwnQuestion, QuestionWish
from tests.harness.journals.exports import download
from tests.harness.people.members import member
from tests.harness.people.people import DAY, NOW
from tests.harness.website import WebHarness

PAGE = "/settings/questions"
# What the pages say does not depend on the database; one test runs on both.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, on Wednesday 13 May 2026."""
    site.join()
    return site


def asked(home: WebHarness, *, removed: bool = False) -> list[int]:
    """Return the ids of the person's questions, the oldest first."""
    with home.runtime.database.read() as session:
        return [row.id for row in OwnQuestion.of_subscriber(session, home.person().id, removed=removed)]


def answer(home: WebHarness, prompt_id: str, words: str = "the bus was late") -> str:
    """Write an answer to a question; return the path of the entry."""
    location = home.post("/write", {"words": words, "prompt": prompt_id}).location
    assert location is not None
    return location.partition("?")[0]


def test_a_question_is_kept_sealed_changed_and_removed(home: WebHarness) -> None:
    page = home.get(str(home.post(PAGE, {"words": " What did the\r\nsea say? "}).location)).text
    assert "Your question is saved." in page
    assert "What did the sea say?" in page
    home.post(PAGE, {"words": "What did the sea say?"})
    [question_id] = asked(home)
    with home.runtime.database.read() as session:
        assert b"sea" not in session.get_one(OwnQuestion, question_id).sealed_words
    assert "What did the sea say?" in home.get(f"{PAGE}/{question_id}").text
    home.post(f"{PAGE}/{question_id}", {"words": "What did the wind say?"})
    page = home.get(PAGE).text
    assert "wind" in page
    assert "the sea" not in page
    assert f'action="{PAGE}/{question_id}/remove"' not in page
    sure = home.get(f"{PAGE}/{question_id}/remove").text
    assert "Remove this question?" in sure
    assert "What did the wind say?" in sure
    assert asked(home) == [question_id]
    home.post(f"{PAGE}/{question_id}/remove", page=f"{PAGE}/{question_id}/remove")
    assert "wind" not in home.get(PAGE).text
    assert asked(home, removed=True) == []


@ON_SQLITE
def test_an_answer_keeps_the_question_as_it_was_asked(home: WebHarness) -> None:
    home.post(PAGE, {"words": "What did the sea say?"})
    [question_id] = asked(home)
    entry = answer(home, prompt_id_of(question_id), "nothing much, salt")
    for page in (entry, "/journal", "/journal/2026-05-13", "/journal/2026-05.md"):
        assert "What did the sea say?" in home.get(page).text
    assert "What did the sea say?" in home.post("/journal/search", {"words": "salt"}).text
    home.post(f"{PAGE}/{question_id}", {"words": "What did the wind say?"})
    assert "What did the sea say?" in home.get(entry).text
    assert "the sea" not in home.get(PAGE).text
    [changed] = asked(home)
    home.post(f"{PAGE}/{changed}/remove", page=PAGE)
    assert asked(home, removed=True) == [question_id]
    home.post(f"{entry}/delete")
    for removed_then in ([question_id], []):  # at once, and when the entry cannot be put back any more
        prune(home.runtime.database, home.runtime.storage, now=home.clock())
        assert asked(home, removed=True) == removed_then
        home.clock.now += DAY
    assert asked(home, removed=True) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("  ", "Write a question first", id="nothing"),
        pytest.param("x" * (MOST_CHARACTERS + 1), "Make it shorter", id="too long"),
    ],
)
def test_a_mistake_is_said_and_what_was_typed_stays(home: WebHarness, typed: str, said: str) -> None:
    home.post(PAGE, {"words": "What did the sea say?"})
    [question_id] = asked(home)
    for path in (PAGE, f"{PAGE}/{question_id}"):
        again = home.post(path, {"words": typed})
        assert again.status_code == 422
        assert said in again.text
        assert typed.strip() in again.text
    assert asked(home) == [question_id]


@ON_SQLITE
def test_there_is_room_for_many_and_not_for_more(home: WebHarness) -> None:
    for number in range(MOST_QUESTIONS):
        home.post(PAGE, {"words": f"Question {number}?"})
    again = home.post(PAGE, {"words": "One more?"})
    assert again.status_code == 422
    assert "no room for another one" in again.text


@ON_SQLITE
def test_nobody_else_s_question_is_shown_changed_or_removed(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        bo = member(session, home.runtime.keyring, "bo@example.com")
        question_id = own_questions.add(session, home.runtime.keyring, bo, "What did the sea say?", NOW)
    path = f"{PAGE}/{question_id}"
    assert home.get(path).status_code == 404
    assert home.post(path, {"words": "Mine?"}, page=PAGE).status_code == 404
    home.post(f"{path}/remove", page=PAGE)
    assert "sea" not in home.post("/write", {"words": "x", "prompt": f"own/{question_id}"}).text
    with home.runtime.database.read() as session:
        [row] = OwnQuestion.of_subscriber(session, bo.id)
        assert session.scalars(select(Entry.prompt_id)).one() is None
    assert row.id == question_id


def test_a_question_of_the_library_comes_again_on_a_day_or_never(home: WebHarness) -> None:
    entry = answer(home, "three-words")
    again = f"{entry}/again"
    assert again in home.get(entry).text
    home.post(again, {"wish": "half_year"})
    assert "You’ll be asked this again on Friday 13 November 2026" in home.get(again).text
    assert "13 November 2026" in home.get(PAGE).text
    home.post(again, {"wish": "never"})
    assert "You won’t be asked this again" in home.get(again).text
    page = home.get(PAGE).text
    assert "13 November 2026" not in page
    assert "What you don’t want to be asked again" in page
    home.post(again, {"wish": "nonsense"})
    with home.runtime.database.read() as session:
        wish = QuestionWish.find(session, home.person().id, "three-words")
        assert wish is not None
        facts = AboutPerson(session, home.runtime.keyring, home.person()).facts()
    assert facts["questions"]["wishes"] == [{"prompt": "three-words", "again_on": None}]
    page = home.get(str(home.post(f"{PAGE}/usual", {"prompt": "three-words"}, page=PAGE).location)).text
    assert "What you don’t want to be asked again" not in page


@ON_SQLITE
def test_what_answers_no_question_cannot_be_asked_again(home: WebHarness) -> None:
    entry = home.write("the bus was late").partition("?")[0]
    assert "/again" not in home.get(entry).text
    assert home.get(f"{entry}/again").status_code == 404
    assert home.post(f"{entry}/again", {"wish": "year"}, page=entry).status_code == 404


@ON_SQLITE
def test_an_own_question_is_planned_from_an_answer_and_not_taken_away_there(home: WebHarness) -> None:
    home.post(PAGE, {"words": "What did the sea say?"})
    [question_id] = asked(home)
    entry = answer(home, prompt_id_of(question_id))
    home.post(f"{entry}/again", {"wish": "never"})
    with home.runtime.database.read() as session:
        assert QuestionWish.of_subscriber(session, home.person().id) == []
    home.post(f"{entry}/again", {"wish": "year"})
    assert "13 May 2027" in home.get(PAGE).text
    home.post(f"{PAGE}/{question_id}/remove", page=PAGE)
    assert home.get(f"{entry}/again").status_code == 404
    assert "13 May 2027" not in home.get(PAGE).text


@ON_SQLITE
def test_own_questions_and_their_answers_come_back_from_an_export(home: WebHarness) -> None:
    home.post(PAGE, {"words": "What did the sea say?"})
    [sea] = asked(home)
    home.post(PAGE, {"words": "Who made you laugh?"})
    answer(home, prompt_id_of(sea), "nothing much, salt")
    home.post(f"{PAGE}/{sea}", {"words": "What did the wind say?"})
    taken = download(home, home.runtime.journal_exporter())
    written = json.loads(taken.text("journal.json"))
    assert {each["words"] for each in written["questions"]} == {"What did the wind say?", "Who made you laugh?"}
    assert [each["question"] for each in written["entries"]] == ["What did the sea say?"]
    told = {each["words"]: each["is_removed"] for each in json.loads(taken.text("about-me.json"))["own_questions"]}
    assert told == {"What did the sea say?": True, "What did the wind say?": False, "Who made you laugh?": False}
    assert "What did the wind say?" in home.get("/settings/about-you").text
    again = bring(home, taken.data)
    assert "would come in" in again  # nothing is new, since all of it is here
    assert "Bring them in" not in again
    with home.runtime.database.write() as session:
        session.execute(delete(Entry))
        session.execute(delete(OwnQuestion))
    at = bring(home, taken.data, start=True)
    page = home.get(PAGE).text
    assert "What did the wind say?" in page
    assert "Who made you laugh?" in page
    assert "the sea" not in page
    assert "What did the sea say?" in home.get("/journal").text
    home.post(f"{at}/undo", page=at)
    home.runtime.journal_importer().work(int(at.rpartition("/")[2]))
    assert asked(home, removed=True) == []


def bring(home: WebHarness, file: bytes, *, start: bool = False) -> str:
    """Upload a file; return the page of what is in it, or with `start` its path, after it was brought in."""
    sent = home.post("/import", {"journal": (io.BytesIO(file), "small-steps-export.zip")})
    importer, at = home.runtime.journal_importer(), str(sent.location)
    importer.work(int(at.rpartition("/")[2]))
    if not start:
        return home.get(at).text
    home.post(f"{at}/start", {}, page=at)
    importer.work(int(at.rpartition("/")[2]))
    return at


@ON_SQLITE
def test_a_discreet_persons_question_is_shown_to_them_alone(home: WebHarness) -> None:
    home.post(PAGE, {"words": "What did the sea say?"})
    [question_id] = asked(home)
    number = write_link_object(key_of(prompt_id_of(question_id)), NOW.date())
    link = f"/write/{home.act_link(Action.WRITE, number, person_id=home.person().id, lasts=DAY)}"
    stranger = home.another_browser()
    assert "What did the sea say?" in stranger.get(link).text  # as in the email
    with home.runtime.database.write() as session:
        session.merge(home.person()).is_discreet = True
    assert "sea" not in stranger.get(link).text
    assert "/sign-in" in str(stranger.get(link).location)
    assert "sea" not in stranger.post(link, {"words": ""}, page="/sign-in").text
    assert "What did the sea say?" in home.get(link).text
