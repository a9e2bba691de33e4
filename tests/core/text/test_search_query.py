"""Words and phrases are found whatever their accents, capitals and script."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.text.search_query import MOST_TERMS, SearchQuery


def query_of(text: str) -> SearchQuery:
    query = SearchQuery.parse(text)
    assert query is not None
    return query


def shown(query: str, text: str) -> list[str]:
    """Return the excerpts with their hits in brackets."""
    return [
        ("…" if excerpt.is_cut_before else "")
        + "".join(f"[{part}]" if is_hit else part for part, is_hit in excerpt.parts)
        + ("…" if excerpt.is_cut_after else "")
        for excerpt in query_of(query).excerpts(text)
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("walk", "I was walking home."),
        ("WALK", "a walk"),
        ("cafe", "The Café was closed."),
        ("CAFÉ", "the cafe"),
        ("cafe", "the cafe\u0301"),
        ("strasse", "Die Straße"),
        ("Straße", "DIE STRASSE"),
        ("smorrebrod", "Smørrebrød"),
        ("Łódź", "lodz"),
        ("oeuvre", "chef d’œuvre"),
        ("ISTANBUL", "İstanbul"),
        ("l'été", "L’ÉTÉ"),
        ("sea-side", "sea‑side"),
        ("Ελλάδα", "ΕΛΛΑΔΑ"),
        ("ещё", "еще"),
        ("שלום", "שָׁלוֹם"),
        ("محمد", "مُحَمَّد"),
        ("天気", "今日は天気がいい"),
        ("が", "雨か\u3099降る"),
        ("한국", unicodedata.normalize("NFD", "한국에서")),
        ("ไทย", "ภาษาไทย"),
        ("हिन्दी", "मैं हिन्दी बोलता"),
        ("😀", "well 😀"),
        ("c++", "I wrote C++ again"),
        ("(a+)+$", "so (a+)+$"),
        ("7", "at 7 in the evening"),
        ("priya tea", "Tea with Priya"),
        ('"back step"', "on the back\n step"),
        ("“back step”", "The Back Step."),
        ('tea "back step"', "On the back step, with tea."),
    ],
)
def test_what_is_found(query: str, text: str) -> None:
    assert query_of(query).is_in(text)
    assert query_of(query).may_be_in(text.encode())


def test_most_texts_without_the_words_are_known_by_their_bytes_alone() -> None:
    query = query_of('cafe "back step"')
    assert not query.may_be_in("the café, and a step".encode())
    assert query.may_be_in("the café, one step back".encode())
    assert query_of("😀").may_be_in("\ud83d\ude00".encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("art", "my heart"),
        ("か", "が"),
        ("priya coffee", "Tea with Priya"),
        ('"step back"', "on the back step"),
        ('"back ste"', "on the back step"),
        (".*", "anything"),
        ("a.c", "abc"),
    ],
)
def test_what_is_not_found(query: str, text: str) -> None:
    found = SearchQuery.parse(query)
    assert found is None or not found.is_in(text)


@pytest.mark.parametrize("text", ["", "   ", "...", "\u0301", '""', "“”", "-"])
def test_a_query_without_anything_to_find_is_none(text: str) -> None:
    assert SearchQuery.parse(text) is None


def test_only_so_many_terms_count() -> None:
    words = [f"word{number}" for number in range(MOST_TERMS + 1)]
    assert query_of(" ".join(words)).is_in(" ".join(words[:-1]))
    assert not query_of(" ".join(words)).is_in(" ".join(words[1:]))


def test_an_excerpt_is_the_sentence_with_its_hits() -> None:
    text = "It rained. We had tea, and more tea. Then it stopped.\nTea again, later"
    assert shown("tea", text) == ["We had [tea], and more [tea].", "[Tea] again, later"]


def test_a_long_sentence_is_cut_at_words_on_both_sides() -> None:
    text = "one two three " * 30 + "needle " + "four five six " * 30
    [excerpt] = shown("needle", text)
    assert excerpt.startswith(("…one ", "…two ", "…three "))
    assert "[needle]" in excerpt
    assert excerpt.endswith(("four…", "five…", "six…"))
    assert len(excerpt) < 280


def test_at_most_three_sentences_of_an_entry_are_shown() -> None:
    assert len(shown("tea", "Tea. " * 9)) == 3


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_no_query_and_no_text_breaks_it(query: str, text: str) -> None:
    """What is marked is a hit, and an excerpt's parts are in the text, line breaks apart."""
    found = SearchQuery.parse(query)
    if found is None:
        return
    assert found.may_be_in(text.encode()) or not found.is_in(text)
    for excerpt in found.excerpts(text):
        whole = "".join(part for part, _ in excerpt.parts)
        assert whole in text.replace("\n", " ")
        assert found.tags or any(is_hit for _, is_hit in excerpt.parts)  # a tag need not stand in the words


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1, max_size=12))
def test_every_word_finds_itself_in_either_normal_form(word: str) -> None:
    query = SearchQuery.parse(word)
    if query is not None:
        for form in ("NFC", "NFD"):
            assert query.is_in(unicodedata.normalize(form, word))
            assert query.may_be_in(unicodedata.normalize(form, word).encode())
