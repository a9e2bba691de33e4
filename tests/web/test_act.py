from datetime import timedelta

import pytest

from service.core.tokens import Action
from service.models import Entry
from tests.web.site import Site


def _entry(site: Site) -> int:
    site.join()
    day = site.write("the bus was late")
    on = site.clock().date()
    assert day.endswith(str(on))
    with site.runtime.database.read() as session:
        [entry] = Entry.between(session, site.person().id, on, on)
    return entry.id


def _link(site: Site, action: Action, entry_id: int) -> str:
    return f"/act/{site.act_link(action, entry_id, person_id=site.person().id, lasts=timedelta(days=1))}"


def _is_kept_out(site: Site, entry_id: int) -> bool:
    with site.runtime.database.read() as session:
        return session.get_one(Entry, entry_id).is_kept_out


def test_do_not_show_me_this_again_needs_its_button(site: Site) -> None:
    entry_id = _entry(site)
    path, reader = _link(site, Action.KEEP_OUT, entry_id), site.another_browser()
    assert "Keep this out of your digests?" in reader.get(path).text
    assert not _is_kept_out(site, entry_id)
    reader.post(path)
    assert _is_kept_out(site, entry_id)
    assert "It will not come back" in reader.get(path).text


def test_its_page_shows_no_words(site: Site) -> None:
    path = _link(site, Action.KEEP_OUT, _entry(site))
    assert "the bus was late" not in site.another_browser().get(path).text


def test_it_speaks_of_this_person_s_entries_only(site: Site) -> None:
    entry_id = _entry(site)
    token = site.act_link(Action.KEEP_OUT, entry_id, person_id=123, lasts=timedelta(days=1))
    assert "It is gone already" in site.get(f"/act/{token}").text
    assert not _is_kept_out(site, entry_id)


def test_taking_words_back_happens_in_the_journal_signed_in(site: Site) -> None:
    """A scanner may press any button behind a link, and what is deleted is gone."""
    entry_id = _entry(site)
    path, reader = _link(site, Action.UNDO_ENTRY, entry_id), site.another_browser()
    assert reader.get(path).location == f"/journal/entry/{entry_id}/delete"
    assert reader.get(f"/journal/entry/{entry_id}/delete").location == "/sign-in"
    assert "Delete this entry?" in site.get(f"/journal/entry/{entry_id}/delete").text


@pytest.mark.parametrize("path", ["/act/x", "/act/" + "a" * 60], ids=["nonsense", "a token of nobody"])
def test_a_link_this_place_never_made_is_no_page(site: Site, path: str) -> None:
    assert site.get(path).status_code == 404


def test_an_old_link_says_so(site: Site) -> None:
    path = _link(site, Action.KEEP_OUT, _entry(site))
    site.clock.move(timedelta(days=2))
    assert site.get(path).status_code == 410
