import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.text.word_tokens import LONGEST_WORD, tokens_by_sentence
from tests.harness.cpu import costs_less_than


def forms(text: str) -> list[str]:
    return [word.form for words in tokens_by_sentence(text) for word in words]


def keys(text: str) -> list[str]:
    return [word.key for words in tokens_by_sentence(text) for word in words]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Soup, slowly; then bed.", ["Soup", "slowly", "then", "bed"], id="punctuation is none of it"),
        pytest.param("‘Tired’ and 'glad'", ["Tired", "and", "glad"], id="quotes are none of it"),
        pytest.param("my mother-in-law can’t", ["my", "mother-in-law", "can’t"], id="hyphens and apostrophes within"),
        pytest.param("Priya’s soup, Priya's bread", ["Priya", "soup", "Priya", "bread"], id="without the possessive"),
        pytest.param("at 9 on the 2nd, room101", ["at", "on", "the"], id="nothing with figures"),
        pytest.param("see https://a.example/priya or ana@example.com", ["see", "or"], id="no link, no address"),
        pytest.param("tea 🫖 rain ☔️ ❤️‍🔥", ["tea", "rain"], id="no emoji"),
        pytest.param("שרה באה. וְשָׂרָה", ["שרה", "באה", "וְשָׂרָה"], id="Hebrew with its points"),
        pytest.param("माँ आज आई", ["माँ", "आज", "आई"], id="Hindi with its vowel signs"),
        pytest.param("خانه\u200cها", ["خانه\u200cها"], id="Persian with its joiner"),
        pytest.param("Zoe\u0308 Zo\u00eb", ["Zoë", "Zoë"], id="marks are composed"),
        pytest.param("gar\u00adden snake_case", ["garden"], id="soft hyphens go, underscores are figures"),
        pytest.param("a" * LONGEST_WORD + " " + "b" * (LONGEST_WORD + 1), ["a" * LONGEST_WORD], id="nothing endless"),
    ],
)
def test_words_are_what_a_reader_would_call_one(text: str, found: list[str]) -> None:
    assert forms(text) == found


def test_words_are_folded_to_be_compared() -> None:
    assert keys("PRIYA Priya priya") == ["priya"] * 3
    assert keys("o’clock o'clock") == ["o'clock"] * 2
    assert keys("Zoe\u0308 ZO\u00cb Straße STRASSE") == ["zoë", "zoë", "strasse", "strasse"]


@pytest.mark.parametrize(
    ("text", "within"),
    [
        pytest.param("Priya came", [False, True], id="a first word may owe its capital to its place"),
        pytest.param("Rain. Priya", [False, False], id="so may that of the next sentence"),
        pytest.param("Rain\nPriya", [False, False], id="so may that of a line"),
        pytest.param(
            "tea, Priya (and Dr. Shah)", [False, True, True, True, True], id="a comma, a bracket, a short form"
        ),
        pytest.param(
            "She said: Come “Home”", [False, True, False, False], id="a colon and a quotation mark begin anew"
        ),
        pytest.param("Priya’s Mum", [False, True], id="a possessive does not"),
        pytest.param("tired 😴 Priya", [False, False], id="an emoji may end a sentence"),
        pytest.param("at 9 Priya", [False, False], id="what is left out stands between"),
    ],
)
def test_a_capital_means_something_only_within_a_sentence(text: str, within: list[bool]) -> None:
    assert [word.is_within for words in tokens_by_sentence(text) for word in words] == within


def test_what_is_all_in_capitals_is_loud_and_not_a_name() -> None:
    assert [word.has_capital for words in tokens_by_sentence("so TIRED of Bristol I") for word in words] == [
        False,
        False,
        False,
        True,
        False,
    ]


@given(st.text() | st.text(alphabet="aA \n.'’-_9@é\u0301\u200d\U0001f600語\ud800"))
def test_any_text_has_words_that_stand_in_it_and_can_be_shown(text: str) -> None:
    for form in forms(text):
        assert 0 < len(form) <= LONGEST_WORD
        assert not any(character.isspace() or character in '<>&"' for character in form)


@pytest.mark.parametrize(
    "text",
    [
        "Soup, slowly, and Priya came by. " * 8000,
        "a" * 256_000,
        "a-" * 128_000,
        "'" * 256_000,
        "a.@" * 85_000,
        "e\u0301\u0316" * 85_000,
        "A b " * 64_000,
    ],
    ids=["prose", "one word", "hyphens", "apostrophes", "addresses", "marks", "capitals"],
)
def test_a_quarter_of_a_megabyte_is_read_in_time(text: str) -> None:
    assert costs_less_than(3.0, lambda: forms(text))  # about 0.1 s; what grows with the square takes minutes


def test_a_repr_shows_no_word() -> None:
    assert "Priya" not in repr(list(tokens_by_sentence("Tea, Priya.")))
