import re
from datetime import date

import pytest

from service.core.addresses import Address
from service.core.journal.steps import StepState
from service.flows.people.journal import journal, steps
from service.flows.people.subscription import account
from service.models import DeliveryKind, DeliveryState, Step, Suppression, SuppressionReason
from tests.harness.people.people import join
from tests.harness.website import ONCE, TOKEN, WebHarness

WORDS = "After the kettle is on, I will open a window."
GROUP = re.compile(r'<h2 id="(\w+)">([^<]+)</h2>')


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def _choose(site: WebHarness, words: str = WORDS, **more: object) -> int:
    """Choose a step on the page; return its id."""
    assert site.post("/steps", {"words": words, "once": words[:40], **more}).location == "/steps?chosen"
    with site.runtime.database.read() as session:
        return next(
            step.id
            for step in steps.open_steps(
                site.runtime.keyring, session.merge(site.person()), Step.list_for(session, site.person().id)
            )
            if step.words == " ".join(words.split())
        )


def _states(site: WebHarness) -> list[str]:
    with site.runtime.database.read() as session:
        return [step.state for step in Step.list_for(session, site.person().id)]


def test_a_page_without_steps_says_how_they_arrive(home: WebHarness) -> None:
    text = home.get("/steps").text
    assert "Nothing here yet. When a question asks for a small step" in text
    assert GROUP.findall(text) == []


def test_a_step_is_chosen_on_its_day_and_asked_about_once(home: WebHarness) -> None:
    step_id = _choose(home)
    text = home.get("/steps?chosen").text
    assert WORDS in text
    assert "Chosen on Wednesday 13 May 2026" in text
    assert "We’ll ask about it once, in a few days." in text
    with home.runtime.database.read() as session:
        step = Step.find(session, home.person().id, step_id)
        assert step is not None
        delivery = steps.follow_up_of(session, step)
        assert delivery is not None
        assert (delivery.kind, delivery.state, delivery.on) == (
            DeliveryKind.STEP_FOLLOW_UP,
            DeliveryState.PLANNED,
            step.follow_up_on,
        )
    assert WORDS not in str(step.sealed_words)


def test_the_same_form_pressed_twice_makes_one_step(home: WebHarness) -> None:
    form = home.get("/steps").text
    token, once = TOKEN.search(form), ONCE.search(form)
    assert token is not None
    assert once is not None
    data = {"csrf_token": token.group(1), "once": once.group(1), "words": WORDS}
    assert [home.browser.post("/steps", data=data).status_code for _ in range(2)] == [303, 303]
    assert _states(home) == ["open"]


def test_two_forms_make_two_steps(home: WebHarness) -> None:
    _choose(home)
    _choose(home, "I will sit down.")
    assert _states(home) == ["open", "open"]


@pytest.mark.parametrize(
    ("words", "told"),
    [(" \n ", "Write a step first, or leave it for another day"), ("a" * 201, "Say it in 200 characters or fewer")],
    ids=["empty", "too long"],
)
def test_what_is_no_small_step_is_given_back_with_a_reason(home: WebHarness, words: str, told: str) -> None:
    answer = home.post("/steps", {"words": words})
    assert answer.status_code == 422
    assert "<title>Error: Your small steps" in answer.text
    assert answer.text.count(told) == 2
    assert f'value="{words.strip()}"' in answer.text
    assert _states(home) == []


def test_a_step_is_one_line_of_at_most_200_characters(home: WebHarness) -> None:
    _choose(home, "After lunch,\r\nI will " + "a" * 180)
    assert "After lunch, I will " + "a" * 180 in home.get("/steps").text


@pytest.mark.parametrize("unwritten", ["resting", "stopped", "suppressed"])
def test_nothing_is_said_of_an_email_that_would_not_come(home: WebHarness, unwritten: str) -> None:
    with home.runtime.database.write() as session:
        person = session.merge(home.person())
        if unwritten == "resting":
            account.rest(session, person, account.Rest.MONTH, home.clock())
        elif unwritten == "stopped":
            account.stop(session, person, home.clock(), source="link")
        else:
            Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, home.clock())
    _choose(home)
    text = home.get("/steps?chosen").text
    assert "Your step is saved." in text
    assert "One email" not in text


def test_each_answer_has_its_group_and_none_that_is_empty_is_shown(home: WebHarness) -> None:
    for state, title in [("taken", "Taken"), ("not_yet", "Not yet"), ("let_go", "Let go"), ("open", "Still open")]:
        step_id = _choose(home)
        answer = home.post(f"/steps/{step_id}", {"state": state}, page="/steps")
        assert answer.location == f"/steps#step-{step_id}"
        assert GROUP.findall(home.get("/steps").text) == [(state, title)]


def test_the_groups_stand_in_one_order_each_with_the_newest_first(home: WebHarness) -> None:
    names = {name: _choose(home, name) for name in ("first", "second", "third", "fourth")}
    with home.runtime.database.write() as session:
        for number, step_id in enumerate(names.values(), start=1):
            session.get_one(Step, step_id).chosen_on = date(2026, 5, number)
    home.post(f"/steps/{names['first']}", {"state": "let_go"}, page="/steps")
    home.post(f"/steps/{names['second']}", {"state": "taken"}, page="/steps")
    text = home.get("/steps").text
    assert [state for state, _ in GROUP.findall(text)] == ["open", "taken", "let_go"]
    places = [text.index(f">{name}<") for name in ("fourth", "third", "second", "first")]
    assert places == sorted(places)


def test_the_answer_that_stands_is_not_offered(home: WebHarness) -> None:
    step_id = _choose(home)
    assert _buttons(home) == ["Took it", "Not yet", "Let it go"]
    home.post(f"/steps/{step_id}", {"state": "taken"}, page="/steps")
    assert _buttons(home) == ["Not yet", "Let it go", "Leave it open"]


def _buttons(site: WebHarness) -> list[str]:
    return re.findall(r'name="state"[^>]*>([^<]+)<', site.get("/steps").text)


def test_a_button_of_nobody_s_making_changes_nothing(home: WebHarness) -> None:
    step_id = _choose(home)
    assert home.post(f"/steps/{step_id}", {"state": "failed"}, page="/steps").status_code == 400
    assert _states(home) == ["open"]


def test_looking_changes_nothing(home: WebHarness) -> None:
    step_id = _choose(home)
    for path in ("/steps?state=taken", f"/steps/{step_id}?state=taken", f"/steps/{step_id}/remove"):
        home.get(path)
    assert _states(home) == ["open"]


def test_a_form_without_its_key_changes_nothing(home: WebHarness) -> None:
    step_id = _choose(home)
    for path, data in (("", {"words": "x"}), (f"/{step_id}", {"state": "taken"}), (f"/{step_id}/remove", {})):
        assert home.browser.post(f"/steps{path}", data=data).status_code == 400
    assert _states(home) == ["open"]


def test_taking_a_step_off_asks_first_and_is_for_good(home: WebHarness) -> None:
    path = f"/steps/{_choose(home)}/remove"
    assert WORDS in home.get(path).text
    assert _states(home) == ["open"]
    assert home.post(path).location == "/steps"
    assert _states(home) == []
    assert home.get(path).status_code == 404


def test_a_step_leads_to_the_entry_it_came_from_which_stays_without_it(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        person = session.merge(home.person())
        entry = journal.add_entry(
            session,
            home.runtime.keyring,
            person,
            journal.NewEntry(words=WORDS, written_on=date(2026, 5, 11), source="mail"),
            home.clock(),
        )
        step = steps.choose(session, home.runtime.keyring, person, WORDS, now=home.clock(), entry=entry)
    assert f'<a href="/journal/entry/{entry.id}">Wednesday 13 May 2026</a>' in home.get("/steps").text
    path = f"/steps/{step.id}/remove"
    assert "The words you wrote stay in your journal" in home.get(path).text
    home.post(path)
    assert WORDS in home.get(f"/journal/entry/{entry.id}").text


def test_words_are_shown_as_text(home: WebHarness) -> None:
    _choose(home, "<script>alert(1)</script> שלום {{ 7 * 7 }}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; שלום {{ 7 * 7 }}" in home.get("/steps").text


def test_nothing_is_counted(home: WebHarness) -> None:
    for words in ("one", "two", "three"):
        home.post(f"/steps/{_choose(home, words)}", {"state": "taken"}, page="/steps")
    shown = re.sub(r"<[^>]+>|\d+ May 2026|200", " ", home.get("/steps").text.partition("<h1")[2])
    assert not re.search(r"\d", shown)


@pytest.mark.parametrize("path", ["", "/remove"], ids=["answer", "take off"])
def test_nobody_else_s_step_is_ever_touched(home: WebHarness, path: str) -> None:
    runtime = home.runtime
    with runtime.database.write() as session:
        ben = join(session, runtime.keyring, runtime.library, Address.parse("ben@example.com"), home.clock())
        step = steps.choose(session, runtime.keyring, ben, "Ben's own", now=home.clock())
    assert "Ben&#39;s own" not in home.get("/steps").text
    assert home.get(f"/steps/{step.id}/remove").status_code == 404
    assert home.post(f"/steps/{step.id}{path}", {"state": "taken"}, page="/steps").status_code == 404
    with runtime.database.read() as session:
        assert session.get_one(Step, step.id).state == StepState.OPEN


@pytest.mark.parametrize("path", ["/steps", "/steps/1/remove"])
def test_a_stranger_is_asked_to_sign_in(site: WebHarness, path: str) -> None:
    answer = site.get(path)
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_a_step_sent_with_an_old_form_is_given_back(home: WebHarness) -> None:
    answer = home.browser.post("/steps", data={"words": WORDS})
    assert answer.status_code == 400
    assert WORDS in answer.text
