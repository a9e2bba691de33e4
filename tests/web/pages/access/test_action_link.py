from datetime import timedelta

import pytest

from service.core.access.tokens import Action
from service.core.addresses import Address
from service.core.journal.steps import StepState
from service.flows.people.journal import steps
from service.models import Entry, Step
from tests.harness.people.people import join
from tests.harness.website import TOKEN, WebHarness


def _entry(site: WebHarness) -> int:
    site.join()
    site.write("the bus was late")
    on = site.clock().date()
    with site.runtime.database.read() as session:
        [entry] = Entry.between(session, site.person().id, on, on)
    return entry.id


def _link(site: WebHarness, action: Action, entry_id: int) -> str:
    return f"/act/{site.act_link(action, entry_id, person_id=site.person().id, lasts=timedelta(days=1))}"


def _is_kept_out(site: WebHarness, entry_id: int) -> bool:
    with site.runtime.database.read() as session:
        return session.get_one(Entry, entry_id).is_kept_out


def test_do_not_show_me_this_again_needs_its_button(site: WebHarness) -> None:
    entry_id = _entry(site)
    path, reader = _link(site, Action.KEEP_OUT, entry_id), site.another_browser()
    assert "Keep this out of your digests?" in reader.get(path).text
    assert not _is_kept_out(site, entry_id)
    reader.post(path)
    assert _is_kept_out(site, entry_id)
    assert "It won’t come back" in reader.get(path).text


def test_its_page_shows_no_words(site: WebHarness) -> None:
    path = _link(site, Action.KEEP_OUT, _entry(site))
    assert "the bus was late" not in site.another_browser().get(path).text


def test_it_speaks_of_this_person_s_entries_only(site: WebHarness) -> None:
    entry_id = _entry(site)
    token = site.act_link(Action.KEEP_OUT, entry_id, person_id=123, lasts=timedelta(days=1))
    assert "It’s already gone" in site.get(f"/act/{token}").text
    assert not _is_kept_out(site, entry_id)


def test_taking_words_back_happens_in_the_journal_signed_in(site: WebHarness) -> None:
    """A scanner may press any button behind a link, and what is deleted is gone."""
    entry_id = _entry(site)
    path, reader = _link(site, Action.UNDO_ENTRY, entry_id), site.another_browser()
    assert reader.get(path).location == f"/journal/entry/{entry_id}/delete"
    assert reader.get(f"/journal/entry/{entry_id}/delete").location == "/sign-in"
    assert "Delete this entry?" in site.get(f"/journal/entry/{entry_id}/delete").text


@pytest.mark.parametrize("path", ["/act/x", "/act/" + "a" * 60], ids=["nonsense", "a token of nobody"])
def test_a_link_this_place_never_made_is_no_page(site: WebHarness, path: str) -> None:
    assert site.get(path).status_code == 404


def test_an_old_link_says_so(site: WebHarness) -> None:
    path = _link(site, Action.KEEP_OUT, _entry(site))
    site.clock.move(timedelta(days=2))
    assert site.get(path).status_code == 410


STEP = "After the kettle is on, I will open a window."


def _step(site: WebHarness) -> int:
    site.join()
    with site.runtime.database.write() as session:
        person = session.merge(site.person())
        return steps.choose(session, site.runtime.keyring, person, STEP, now=site.clock()).id


def _step_stands(site: WebHarness, step_id: int) -> tuple[str, str]:
    with site.runtime.database.read() as session:
        step = session.get_one(Step, step_id)
        return step.state, str(step.answered_on)


def test_a_step_is_shown_and_answered_without_a_sign_in(site: WebHarness) -> None:
    step_id = _step(site)
    path, reader = _link(site, Action.STEP, step_id), site.another_browser()
    asked = reader.get(path).text
    assert STEP in asked
    assert [words in asked for words in ("Took it<", "Not yet<", "Let it go<", "Leave it open<")] == [True] * 3 + [
        False
    ]
    assert _step_stands(site, step_id) == ("open", "None")
    assert reader.post(path, {"state": "taken"}).location == path
    assert _step_stands(site, step_id) == ("taken", "2026-05-13")
    assert "You took a real step" in reader.get(path).text


def test_the_answer_about_a_step_can_be_changed(site: WebHarness) -> None:
    step_id = _step(site)
    path = _link(site, Action.STEP, step_id)
    for state, title in [("let_go", "Let go, then"), ("taken", "You took a real step"), ("not_yet", "Not yet is fine")]:
        site.post(path, {"state": state})
        assert f"<h1>{title}" in site.get(path).text
        assert _step_stands(site, step_id)[0] == state


def test_a_button_of_nobody_s_making_answers_nothing(site: WebHarness) -> None:
    step_id = _step(site)
    assert site.post(_link(site, Action.STEP, step_id), {"state": "failed"}).status_code == 400
    assert _step_stands(site, step_id)[0] == StepState.OPEN


def test_the_page_of_somebody_discreet_quotes_no_step(site: WebHarness) -> None:
    path = _link(site, Action.STEP, _step(site))
    with site.runtime.database.write() as session:
        session.merge(site.person()).is_discreet = True
    shown = site.another_browser().get(path).text
    assert STEP not in shown
    assert "The step you chose" in shown


def test_a_step_that_is_gone_is_said_to_be(site: WebHarness) -> None:
    step_id = _step(site)
    path = _link(site, Action.STEP, step_id)
    form = site.get(path).text
    with site.runtime.database.write() as session:
        Step.remove(session, site.person().id, step_id)
    assert "It’s already gone" in site.get(path).text
    token = TOKEN.search(form)
    assert token is not None
    assert site.browser.post(path, data={"csrf_token": token.group(1), "state": "taken"}).status_code == 303


def test_a_link_answers_this_person_s_steps_only(site: WebHarness) -> None:
    step_id, runtime = _step(site), site.runtime
    with runtime.database.write() as session:
        ben = join(session, runtime.keyring, runtime.library, Address.parse("ben@example.com"), site.clock())
    path = f"/act/{site.act_link(Action.STEP, step_id, person_id=ben.id, lasts=timedelta(days=1))}"
    assert "It’s already gone" in site.get(path).text
    assert site.post(path, {"state": "taken"}, page="/write").status_code == 303
    assert _step_stands(site, step_id)[0] == StepState.OPEN


def test_an_old_link_about_a_step_says_so(site: WebHarness) -> None:
    path = _link(site, Action.STEP, _step(site))
    site.clock.move(timedelta(days=2))
    assert site.get(path).status_code == 410
