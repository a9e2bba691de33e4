"""The tags of one's journal: read from the words, changed on the entry, found, renamed, merged and removed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from service.core.addresses import Address
from service.flows.people.journal import journal
from service.flows.people.journal.tags import Tag, list_tags, tag_key
from service.models import Entry
from tests.harness.people.people import join
from tests.harness.website import WebHarness

TAG = re.compile(r'<button class="plain" name="words" value="(#[^"]+)"')


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def on_page(home: WebHarness, path: str) -> list[str]:
    """Return the tags that a page shows."""
    return TAG.findall(home.get(path).text)


def found(home: WebHarness, words: str) -> list[str]:
    """Return the addresses of the entries that a search finds."""
    return re.findall(r'<h3><a href="([^"]+)"', home.post("/journal/search", {"words": words}).text)


def key_of(home: WebHarness, name: str) -> str:
    return tag_key(home.runtime.keyring, home.person(), name)


def written(home: WebHarness, words: str) -> str:
    return home.write(words).partition("?")[0]


def test_the_tags_in_the_words_are_shown_listed_and_searched_by(home: WebHarness) -> None:
    tea = written(home, "Tea. #garden")
    home.clock.move(timedelta(minutes=1))
    both = written(home, "Rain #Garden #été")
    written(home, "the garden")
    assert on_page(home, both) == ["#Garden", "#été"]
    assert on_page(home, "/journal/tags") == ["#Garden", "#été"]
    assert sorted(found(home, "#garden")) == sorted([tea, both])
    assert found(home, "#garden rain") == [both]
    assert found(home, "#gard") == []


def test_a_tag_is_added_and_removed_on_the_entry_and_its_words_stay(home: WebHarness) -> None:
    entry = written(home, "Rain #tea")
    answer = home.post(f"{entry}/tags", {"before": "#tea", "tags": "garden, #été"})
    assert answer.location == f"{entry}?tagged"
    assert on_page(home, entry) == ["#garden", "#été"]
    assert "Rain #tea</div>" in home.get(entry).text
    assert found(home, "#tea") == []
    assert found(home, "tea") == [entry]


def test_two_windows_lose_neither_change(home: WebHarness) -> None:
    entry = written(home, "Rain #tea")
    home.post(f"{entry}/tags", {"before": "#tea", "tags": "#tea #one"})
    home.post(f"{entry}/tags", {"before": "#tea", "tags": "#tea #two"})
    assert on_page(home, entry) == ["#tea", "#one", "#two"]


def test_changing_the_words_changes_what_it_adds_and_takes_away(home: WebHarness) -> None:
    entry = written(home, "Rain #gardn #tea")
    home.post(f"{entry}/tags", {"before": "#gardn #tea", "tags": "#gardn #added"})
    home.post(f"{entry}/edit", {"words": "Rain #garden #tea"})
    assert on_page(home, entry) == ["#added", "#garden"]


@pytest.mark.parametrize(
    ("typed", "sentence"), [("tea !!", "can’t be a tag"), (" ".join(map("a{}".format, range(51))), "at most 50")]
)
def test_what_is_no_tag_is_said_and_stays_in_the_field(home: WebHarness, typed: str, sentence: str) -> None:
    entry = written(home, "Rain #tea")
    answer = home.post(f"{entry}/tags", {"before": "#tea", "tags": typed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text
    assert on_page(home, entry) == ["#tea"]


def test_renaming_changes_every_entry_and_no_word(home: WebHarness) -> None:
    first, second = written(home, "One #tee"), written(home, "Two #tee #tea")
    answer = home.post(f"/journal/tags/{key_of(home, 'tee')}/rename", {"name": "#tea"}, page="/journal/tags")
    assert answer.location == f"/journal/tags/{key_of(home, 'tea')}?renamed"
    assert "Your words are as you wrote them" in home.get(str(answer.location)).text
    assert on_page(home, "/journal/tags") == ["#tea"]
    assert sorted(found(home, "#tea")) == sorted([first, second])
    assert "One #tee</div>" in home.get(first).text


def test_a_new_name_that_is_none_is_said(home: WebHarness) -> None:
    written(home, "One #tea")
    for name in ("", "two words", "!"):
        answer = home.post(f"/journal/tags/{key_of(home, 'tea')}/rename", {"name": name}, page="/journal/tags")
        assert answer.status_code == 422
        assert "Enter one word" in answer.text
    assert on_page(home, "/journal/tags") == ["#tea"]


def test_removing_a_tag_touches_no_word(home: WebHarness) -> None:
    entry = written(home, "One #tea #rain")
    at = f"/journal/tags/{key_of(home, 'TEA')}"
    assert f'action="{at}/remove"' not in home.get(at).text
    assert "this can’t be undone" in home.get(f"{at}/remove").text
    assert on_page(home, "/journal/tags") == ["#rain", "#tea"]
    answer = home.post(f"{at}/remove", page=f"{at}/remove")
    assert answer.location == "/journal/tags?removed"
    assert on_page(home, "/journal/tags") == ["#rain"]
    assert "One #tea #rain</div>" in home.get(entry).text


def test_an_entry_from_before_there_were_tags_has_those_in_its_words(home: WebHarness) -> None:
    entry = written(home, "One #tee #rain")
    with home.runtime.database.write() as session:
        session.execute(text("UPDATE entries SET sealed_tags = NULL"))
    assert on_page(home, entry) == ["#tee", "#rain"]
    assert found(home, "#tee") == [entry]
    home.post(f"/journal/tags/{key_of(home, 'tee')}/rename", {"name": "tea"}, page="/journal/tags")
    assert on_page(home, entry) == ["#tea", "#rain"]


def test_tags_are_in_no_url_log_or_plain_column(home: WebHarness) -> None:
    entry = written(home, "One #lilac")
    key = key_of(home, "lilac")
    with capture_logs() as lines:
        page = home.get("/journal/tags").text
        home.get(f"/journal/tags/{key}")
    assert not re.search(r'(?:href|action)="[^"]*lilac', page + home.get(entry).text)
    assert "lilac" not in str(lines)
    with home.runtime.database.read() as session:
        [row] = Entry.tag_rows(session, home.person().id)
    assert b"lilac" not in (row.sealed_tags or b"lilac")
    assert "lilac" not in repr(Tag("lilac", key))


def test_nobody_else_s_tags_are_listed_or_changed(home: WebHarness) -> None:
    runtime = home.runtime
    with runtime.database.write() as session:
        other = join(session, runtime.keyring, runtime.library, Address.parse("tom@example.com"))
        new = journal.NewEntry(words="His #lilac", written_on=home.clock().date(), source="mail")
        journal.add_entry(session, runtime.keyring, other, new, home.clock())
        theirs = tag_key(runtime.keyring, other, "lilac")
    written(home, "Mine #lilac")
    assert key_of(home, "lilac") != theirs
    for action in ("rename", "remove"):
        path = f"/journal/tags/{theirs}/{action}"
        assert home.post(path, {"name": "rose"}, page="/journal/tags").status_code == 404
    home.post(f"/journal/tags/{key_of(home, 'lilac')}/remove", page="/journal/tags")
    with runtime.database.read() as session:
        assert [tag.name for tag in list_tags(session, runtime.keyring, other)] == ["lilac"]


def test_the_words_of_the_tag_cannot_be_moved_to_another_entry(home: WebHarness) -> None:
    one, two = written(home, "One #lilac"), written(home, "Two")
    with home.runtime.database.write() as session:
        rows = {str(row.id): row for row in Entry.tag_rows(session, home.person().id)}
        sealed = rows[one.rpartition("/")[2]].sealed_tags
        assert sealed is not None
        Entry.store_tags(session, {int(two.rpartition("/")[2]): sealed})
    assert home.get(two).status_code == 500
