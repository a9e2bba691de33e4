import re
from datetime import date, timedelta

import pytest

from service.core.access.tokens import Action
from service.core.journal.entry_text import write_link_object
from service.flows.people.journal.steps import open_steps
from service.models import Entry, Step
from tests.harness.website import ONCE, TOKEN, WebHarness

PLAN = "After I lock the door, I will stand still for one breath."


def _write_path(site: WebHarness, prompt_key: int = 0, on: date = date(2026, 5, 11)) -> str:
    number = write_link_object(prompt_key, on)
    token = site.act_link(Action.WRITE, number, person_id=site.person().id, lasts=timedelta(days=30))
    return f"/write/{token}"


def _steps(site: WebHarness) -> list[str]:
    """Return the words of the person's steps."""
    with site.runtime.database.read() as session:
        person = session.merge(site.person())
        return [step.words for step in open_steps(site.runtime.keyring, person, Step.list_for(session, person.id))]


def test_what_is_written_stands_on_today_s_page(site: WebHarness) -> None:
    site.join()
    kept = site.get(site.write("a small thing")).text
    assert "It’s in your journal." in kept
    assert "a small thing" in kept
    assert "a small thing" in site.get("/journal/2026-05-13").text


def test_after_midnight_the_day_is_still_the_evening_s(site: WebHarness) -> None:
    site.join()
    site.clock.move(timedelta(hours=16))  # 02:00 in London on the 14th
    assert "Wednesday 13 May 2026" in site.get(site.write("late")).text


@pytest.mark.parametrize("on", [date(2026, 5, 12), date(2026, 5, 13), date(2019, 2, 28), date(1900, 1, 1)])
def test_words_can_be_written_for_an_earlier_day(site: WebHarness, on: date) -> None:
    site.join()
    kept = site.post("/write", {"words": "the day it snowed", "written_on": on.isoformat(), "once": "x"})
    assert kept.status_code == 303
    with site.runtime.database.read() as session:
        [entry] = Entry.between(session, site.person().id, on, on)
    assert str(kept.location).startswith(f"/journal/entry/{entry.id}")


def test_after_midnight_the_new_day_can_be_chosen(site: WebHarness) -> None:
    site.join()
    site.clock.move(timedelta(hours=16))  # 02:00 in London on the 14th
    assert 'value="2026-05-13"' in site.get("/write").text
    assert site.post("/write", {"words": "early", "written_on": "2026-05-14", "once": "x"}).status_code == 303
    with site.runtime.database.read() as session:
        assert Entry.between(session, site.person().id, date(2026, 5, 14), date(2026, 5, 14))


@pytest.mark.parametrize("typed", ["2026-05-14", "1899-12-31", "yesterday", "2026-02-30", "9999-12-31"])
def test_a_day_that_cannot_be_is_explained_and_the_words_stay(site: WebHarness, typed: str) -> None:
    site.join()
    answer = site.post("/write", {"words": "an hour's work", "written_on": typed, "once": "x"})
    assert answer.status_code == 422
    assert "Error: Choose a day up to today, Wednesday 13 May 2026" in answer.text
    assert "an hour&#39;s work</textarea>" in answer.text
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 0


def test_an_empty_day_leads_to_writing_for_it_unless_it_is_yet_to_come(site: WebHarness) -> None:
    site.join()
    assert 'href="/write?written_on=2026-05-12"' in site.get("/journal/2026-05-12").text
    assert "/write?" not in site.get("/journal/2026-05-14").text
    page = site.get("/write?written_on=2026-05-12").text
    assert "What would you like to write for Tuesday 12 May?" in page
    assert 'value="2026-05-12"' in page
    for nonsense in ("2026-05-14", "<script>", ""):
        assert "What would you like to write?" in site.get(f"/write?written_on={nonsense}").text


def test_pressing_the_button_twice_keeps_one_entry(site: WebHarness) -> None:
    site.join()
    form = site.get("/write").text
    token, once = TOKEN.search(form), ONCE.search(form)
    assert token is not None
    assert once is not None
    data = {"csrf_token": token.group(1), "once": once.group(1), "words": "once"}
    assert [site.browser.post("/write", data=data).status_code for _ in range(2)] == [303, 303]
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 1


@pytest.mark.parametrize("by_link", [False, True], ids=["signed in", "by a link"])
def test_words_changed_after_going_back_are_kept_too(site: WebHarness, by_link: bool) -> None:
    """A browser may show the form again as it was, with the key of the first time."""
    site.join()
    path = _write_path(site) if by_link else "/write"
    for words in ("a first line", "a first line, and a second", "a first line"):
        assert site.post(path, {"words": words, "once": "the same"}).status_code in {200, 303}
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 2


def test_an_empty_page_is_no_entry(site: WebHarness) -> None:
    site.join()
    answer = site.post("/write", {"words": " \n "})
    assert answer.status_code == 422
    assert "Write something first" in answer.text


def test_a_write_link_keeps_words_with_their_question_on_its_day_without_a_sign_in(site: WebHarness) -> None:
    site.join()
    prompt = site.runtime.library.first_six("en-GB")[1]
    path = _write_path(site, prompt.key)
    reader = site.another_browser()
    assert prompt.question in reader.get(path).text
    kept = reader.post(path, {"words": "from the bus"})
    assert "It’s in your journal" in kept.text
    assert "from the bus" in kept.text
    assert prompt.question in kept.text
    assert reader.get("/journal").location == "/sign-in"
    day = site.get("/journal/2026-05-11").text
    assert "from the bus" in day
    assert prompt.question in day


def test_looking_at_a_write_link_keeps_nothing(site: WebHarness) -> None:
    site.join()
    site.another_browser().get(_write_path(site))
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 0


def test_words_that_answer_a_step_prompt_choose_a_step(site: WebHarness) -> None:
    site.join()
    data: dict[str, object] = {"words": f"Let me see.\n\n{PLAN}", "once": "x", "prompt": "nearly-silly"}
    assert [site.post("/write", data).status_code for _ in range(2)] == [303, 303]
    assert _steps(site) == [PLAN]


def test_so_do_those_that_a_write_link_keeps(site: WebHarness) -> None:
    site.join()
    asked = site.runtime.library.get("nearly-silly")
    assert asked is not None
    site.another_browser().post(_write_path(site, asked.key), {"words": PLAN})
    assert _steps(site) == [PLAN]


def test_only_the_page_of_a_step_prompt_tells_of_the_one_email(site: WebHarness) -> None:
    site.join()
    asked = site.runtime.library.get("nearly-silly")
    assert asked is not None
    told = ["ask about it once" in site.get(_write_path(site, key)).text for key in (asked.key, 0)]
    assert told == [True, False]


def test_other_words_choose_none(site: WebHarness) -> None:
    site.join()
    site.write(PLAN)
    site.post("/write", {"words": PLAN, "once": "x", "prompt": site.runtime.library.first_six("en-GB")[0].id})
    site.post("/write", {"words": "Nothing, really.", "once": "y", "prompt": "nearly-silly"})
    assert _steps(site) == []


def test_an_old_write_link_says_so(site: WebHarness) -> None:
    site.join()
    path = _write_path(site)
    site.clock.move(timedelta(days=31))
    assert site.get(path).status_code == 410


def test_words_sent_after_the_sign_in_is_over_are_given_back(site: WebHarness) -> None:
    site.join()
    token = TOKEN.search(site.get("/write").text)
    assert token is not None
    site.clock.move(timedelta(days=31))
    answer = site.browser.post("/write", data={"csrf_token": token.group(1), "words": "an hour's <work>"})
    assert answer.status_code == 403
    assert "an hour&#39;s &lt;work&gt;</textarea>" in answer.text


def test_words_sent_with_an_old_form_are_given_back(site: WebHarness) -> None:
    site.join()
    answer = site.browser.post("/write", data={"words": "an hour's work"})
    assert answer.status_code == 400
    assert "an hour&#39;s work</textarea>" in answer.text


def test_a_very_long_text_is_kept_whole(site: WebHarness) -> None:
    site.join()
    words = "é" * 150_000
    path = site.write(words)
    with site.runtime.database.read() as session:
        [entry] = Entry.between(session, site.person().id, date(2026, 5, 13), date(2026, 5, 13))
    everything = site.get(f"/journal/entry/{entry.id}/everything").text
    assert everything.count("é") == 150_000
    assert site.get(path).status_code == 200


def test_what_is_too_much_for_one_post_is_refused_with_a_reason(site: WebHarness) -> None:
    site.join()
    answer = site.post("/write", {"words": "a" * 1_100_000})
    assert answer.status_code == 413
    assert "Shorten it, or send it in two parts" in answer.text


def test_a_link_keeps_no_more_than_a_day_s_words_and_loses_none(site: WebHarness) -> None:
    """It may have been forwarded: without a sign-in, it takes what a person writes in a day, and no megabytes."""
    site.join()
    path, reader = _write_path(site), site.another_browser()
    assert "It’s in your journal" in reader.post(path, {"words": "a" * 200_000, "once": "1"}).text
    refused = reader.post(path, {"words": "b" * 80_000, "once": "2"})
    assert refused.status_code == 429
    assert "b" * 80_000 in refused.text
    site.clock.move(timedelta(days=1, minutes=1))
    assert "It’s in your journal" in reader.post(path, {"words": "b" * 80_000, "once": "3"}).text


def test_a_link_keeps_no_more_than_twenty_entries_a_day(site: WebHarness) -> None:
    site.join()
    path, reader = _write_path(site), site.another_browser()
    answers = [reader.post(path, {"words": f"line {number}", "once": str(number)}).status_code for number in range(22)]
    assert answers == [200] * 20 + [429] * 2
    assert site.write("signed in there is no such limit").startswith("/journal/")


UNDO = re.compile(r'action="(/act/[a-z2-7]+)"')


def _take_back(reader: WebHarness, page: str) -> None:
    """Press the one button that takes back the step a page speaks of."""
    undo, token = UNDO.search(page), TOKEN.search(page)
    assert undo is not None
    assert token is not None
    assert reader.browser.post(undo[1], data={"csrf_token": token[1], "step": "no"}).status_code == 303


def test_the_page_says_at_once_which_step_was_chosen_and_one_press_takes_it_back(site: WebHarness) -> None:
    site.join()
    kept = site.post("/write", {"words": PLAN, "once": "x", "prompt": "nearly-silly"})
    page = site.get(str(kept.location)).text
    assert "sounded like a small step" in page
    _take_back(site, page)
    assert _steps(site) == []
    assert "sounded like a small step" not in site.get(str(kept.location)).text
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 1


def test_so_does_the_page_behind_a_write_link_without_a_sign_in(site: WebHarness) -> None:
    site.join()
    asked = site.runtime.library.get("nearly-silly")
    assert asked is not None
    reader = site.another_browser()
    page = reader.post(_write_path(site, asked.key), {"words": PLAN}).text
    assert PLAN in page
    _take_back(reader, page)
    assert _steps(site) == []


def test_words_without_a_step_say_nothing_of_one(site: WebHarness) -> None:
    site.join()
    kept = site.post("/write", {"words": "Nothing, really.", "once": "y", "prompt": "nearly-silly"})
    assert "small step" not in site.get(str(kept.location)).text.partition("<main")[2].replace("Small Steps", "")
