from dataclasses import replace
from datetime import date, time

import pytest

from service.core.library.prompts import Library
from service.flows.outgoing.planning.extra_prompt import plan_extra_prompt
from service.flows.people.subscription import account
from service.models import Consent, Delivery, DeliveryKind, SubscriberStatus, Suppression, SuppressionReason
from tests.harness.people.people import MINUTE
from tests.harness.website import WebHarness

GOOD: dict[str, object] = {
    "wants_questions": "yes",
    "days": ["1", "5"],
    "at": "18:30",
    "time_zone": "Australia/Sydney",
    "muted": ["hurt", "work"],
    "wants_thread": "yes",
    "is_discreet": "yes",
    "help_country": "AU",
    "locale": "de",
}


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def test_everything_on_the_page_is_saved_and_said_back(home: WebHarness) -> None:
    answer = home.post("/settings", GOOD)
    assert answer.status_code == 303
    person = home.person()
    assert (sorted(person.schedule.days), person.send_time, person.time_zone) == (
        [1, 5],
        time(18, 30),
        "Australia/Sydney",
    )
    assert person.muted_themes == ["work", "hurt"]
    assert (person.wants_digest, person.is_discreet) == (False, True)
    assert (person.wants_look_backs, person.wants_thread) == (False, True)
    assert (person.help_country, person.locale) == ("AU", "de")
    text = home.get(str(answer.location)).text
    assert "on Tuesdays and Saturdays at half past 6 in the evening, Sydney time" in text
    assert "The next one comes on Saturday 16 May 2026" in text


def test_the_page_shows_the_settings_as_they_stand(home: WebHarness) -> None:
    home.post("/settings", GOOD)
    text = home.get("/settings").text
    assert "value=18:30 selected" in text
    assert "<option selected>Sydney" in text
    assert 'name="is_discreet" value="yes" checked' in text
    assert "Be discreet: the sender’s name, the subject and the first lines of every email give nothing away" in text
    assert 'name="wants_digest" value="yes" checked' not in text
    assert 'name="wants_look_backs" value="yes" checked' not in text
    assert 'name="wants_thread" value="yes" checked' in text
    assert '<option value="de" selected>German' in text


def test_look_backs_come_unless_unwanted_and_the_thread_only_if_asked_for(home: WebHarness) -> None:
    text = home.get("/settings").text
    assert 'name="wants_look_backs" value="yes" checked' in text
    assert 'name="wants_thread" value="yes" checked' not in text


def test_a_language_that_no_native_speaker_has_read_is_said_to_be_so(home: WebHarness) -> None:
    assert any(prompt.status == "unreviewed" for prompt in home.runtime.library.for_locale("de"))
    assert "No native speaker has read the German ones yet." in home.get("/settings").text


def test_a_language_that_was_read_is_not(home: WebHarness) -> None:
    library = home.runtime.library
    read = Library(
        replace(prompt, status="active") for locale in library.locales for prompt in library.for_locale(locale)
    )
    home.app.extensions["runtime"] = replace(home.runtime, library=read)
    text = home.get("/settings").text
    assert '<option value="de"' in text
    assert "native speaker" not in text


def test_a_chosen_language_is_that_of_the_next_question(home: WebHarness) -> None:
    home.post("/settings", GOOD)
    with home.runtime.database.write() as session:
        person = session.merge(home.person())
        assert plan_extra_prompt(session, home.runtime.library, person, home.clock(), light=False)
        planned = Delivery.find(session, person.id, DeliveryKind.ANOTHER, "2026-05-13/1")
    assert planned is not None
    prompt = home.runtime.library.get(planned.prompt_id or "")
    assert prompt is not None
    assert prompt.locale == "de"


def test_an_old_zone_name_stays_chosen(home: WebHarness) -> None:
    home.post("/settings", {**GOOD, "time_zone": "Asia/Calcutta"})
    assert "<option value=Asia/Calcutta selected>Calcutta" in home.get("/settings").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"days": []}, "Choose at least one day, or take a rest instead", id="no day"),
        pytest.param({"days": ["7", "x"]}, "Choose at least one day, or take a rest instead", id="no such day"),
        pytest.param({"at": "08:15"}, "Choose a time of day", id="off the half hour"),
        pytest.param({"time_zone": "Nowhere"}, "Choose your time zone", id="no such zone"),
        pytest.param(
            {"muted": ["body", "rest", "work", "people", "hurt", "kindness", "noticing", "step"]},
            "Leave at least one theme in",
            id="nothing left to ask",
        ),
    ],
)
def test_a_mistake_is_said_and_changes_nothing(home: WebHarness, changed: dict[str, object], said: str) -> None:
    answer = home.post("/settings", {**GOOD, **changed})
    assert answer.status_code == 422
    assert f"Error: {said}" in answer.text
    assert home.person().time_zone == "Europe/London"


def test_a_country_without_a_help_line_is_none(home: WebHarness) -> None:
    home.post("/settings", {**GOOD, "help_country": "<script>"})
    assert home.person().help_country == ""


@pytest.mark.parametrize("locale", ["fr", "de-AT", "../de", "<script>"])
def test_a_language_without_questions_is_english(home: WebHarness, locale: str) -> None:
    home.post("/settings", {**GOOD, "locale": locale})
    assert home.person().locale == "en-GB"


def test_a_rest_is_said_and_can_be_ended(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        account.rest(session, session.merge(home.person()), date(2026, 6, 3), home.clock())
    assert "We’ll be quiet until Wednesday 3 June 2026" in home.get("/settings").text
    home.post("/settings/resume", page="/settings")
    assert home.person().status == SubscriberStatus.ACTIVE


def _stop(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        account.stop(session, session.merge(home.person()), home.clock(), source="one_click")


def test_one_button_starts_the_questions_again_with_the_days_and_zone_of_before(home: WebHarness) -> None:
    home.post("/settings", GOOD)
    _stop(home)
    text = home.get("/settings").text
    assert "questions come on Tuesdays and Saturdays at half past 6 in the evening, Sydney time, as before" in text
    assert 'name="days"' not in text
    home.post("/settings/resume", page="/settings")
    person = home.person()
    assert person.status == SubscriberStatus.ACTIVE
    assert (sorted(person.schedule.days), person.time_zone) == ([1, 5], "Australia/Sydney")
    assert person.next_prompt_at is not None
    assert 'name="days"' in home.get("/settings").text


def test_whose_address_may_not_be_mailed_is_told_what_to_do(home: WebHarness) -> None:
    _stop(home)
    with home.runtime.database.write() as session:
        Suppression.add(session, home.person().address_hash, SuppressionReason.BOUNCED, home.clock())
    text = home.get("/settings").text
    assert "hello@mail.example.org" in text
    assert "Start the questions again" not in text
    home.post("/settings/resume", page="/settings")
    assert home.person().status == SubscriberStatus.STOPPED


def test_settings_lead_to_rest_and_stop(home: WebHarness) -> None:
    link = home.frequency_link()
    text = home.get("/settings").text
    assert f'href="/rest/{link}"' in text
    assert f'href="/unsubscribe/{link}"' in text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_letters_and_questions_have_a_switch_each_that_leaves_a_line(home: WebHarness) -> None:
    def lines() -> list[tuple[str, str, str]]:
        with home.runtime.database.read() as session:
            found = Consent.for_address(session, home.person().address_hash)
        by_page = [line for line in found if line.source == "page" and line.event != "asked"]
        return [(line.stream, line.event, line.source) for line in by_page]

    home.clock.move(MINUTE)
    home.post("/settings", GOOD)
    assert lines() == []
    home.post("/settings", {**GOOD, "wants_letters": "yes"})
    person = home.person()
    assert (person.wants_letters, person.letters_confirmed_at) == (True, home.clock())
    assert "Letters come now and then." in home.get("/settings").text
    home.clock.move(MINUTE)
    letters_alone = {name: value for name, value in GOOD.items() if name != "wants_questions"}
    home.post("/settings", {**letters_alone, "wants_letters": "yes"})
    person = home.person()
    assert (person.status, person.wants_questions, person.next_prompt_at) == (SubscriberStatus.ACTIVE, False, None)
    home.clock.move(MINUTE)
    home.post("/settings", GOOD)
    person = home.person()
    assert (person.wants_questions, person.wants_letters, person.letters_confirmed_at) == (True, False, None)
    assert person.next_prompt_at is not None
    assert lines()[0] == ("letters", "confirmed", "page")
    assert lines()[1] == ("questions", "stopped", "page")
    assert sorted(lines()[2:]) == [("letters", "stopped", "page"), ("questions", "confirmed", "page")]


def test_choosing_nothing_is_asked_about_and_changes_nothing(home: WebHarness) -> None:
    nothing = {name: value for name, value in GOOD.items() if name != "wants_questions"}
    answer = home.post("/settings", nothing)
    assert answer.status_code == 422
    assert '<a href="#wants_questions">Choose questions, letters or both' in answer.text
    assert (home.person().wants_questions, home.person().time_zone) == (True, "Europe/London")
