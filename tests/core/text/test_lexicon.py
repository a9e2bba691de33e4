import pytest

from service.core.text.lexicon import Lexicon, LexiconError, without_quotations

WORDS = """
[[refused]]
language = "en"
reason = "hurries"
phrases = ["hurry", "hurry up", "don't miss", "urgent*", "only * left", "I"]

[[refused]]
language = "de"
reason = "drängt"
phrases = ["dringend*"]

[[refused_around]]
language = "en"
reason = "makes a person feel behind"
phrases = ["it has been"]

[numbers]
en = ["two"]

[capitals]
en = ["Monday"]

[common]
en = ["the"]

[everyday]
de = ["Straße"]
"""
WORDING = Lexicon.parse(WORDS)


def found(text: str, language: str = "en-GB") -> list[str]:
    return [refused.phrase for refused in WORDING.refused_in(text, language)]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        pytest.param("Hurry up, then hurry.", ["Hurry up", "hurry"], id="the longest phrase first"),
        pytest.param("No need to scurry or to call it hurrying.", [], id="whole words only"),
        pytest.param("It is urgently needed.", ["urgently"], id="a star is the rest of a word"),
        pytest.param("Only two left, only 12 left, only some left.", ["Only two left", "only 12 left"], id="numbers"),
        pytest.param("Please don’t\nmiss it.", ["don't miss"], id="curly apostrophes and line ends"),
        pytest.param("hurry, HURRY", ["hurry"], id="each phrase once"),
        pytest.param("Which I is that? In it.", ["I"], id="a single letter as a word"),
        pytest.param("dringend", [], id="other languages' words are no matter"),
    ],
)
def test_refused_phrases_are_found_as_words(text: str, phrases: list[str]) -> None:
    assert found(text) == phrases


def test_a_phrase_comes_with_its_reason_and_language() -> None:
    (refused,) = WORDING.refused_in("Es ist dringend.", "de-AT")
    assert (refused.phrase, refused.reason) == ("dringend", "drängt")


def test_a_language_without_lists_refuses_nothing() -> None:
    assert found("hurry", "fr") == []


@pytest.mark.parametrize("text", ['Say "I am" it', "Say “I am” it", "Sag „I am“ es", "Sag »I am« es"])
def test_quotations_are_the_persons_own_words(text: str) -> None:
    assert found(without_quotations(text)) == []


def test_an_open_quotation_hides_nothing_on_the_next_line() -> None:
    assert found(without_quotations('One " here\nI am there "')) == ["I"]


def test_capitals_and_common_words_are_looked_up_by_language() -> None:
    assert WORDING.keeps_capital("Monday", "en-GB")
    assert not WORDING.keeps_capital("monday", "en")
    assert WORDING.is_common("the", "en-GB")
    assert not WORDING.is_common("the", "de")


def test_ordinary_words_are_those_of_every_language_with_case_folded() -> None:
    assert WORDING.ordinary == {"the", "monday", "strasse"}


@pytest.mark.parametrize("text", ["[", '[[refused]]\nphrases = ["x"]', '[[refused]]\nlanguage = "en"', "refused = 3"])
def test_lists_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(LexiconError):
        Lexicon.parse(text)


def test_what_may_not_be_said_around_a_prompt_may_be_said_in_one() -> None:
    text = "Hurry: what it has been like?"
    assert found(text) == ["Hurry"]
    around = Lexicon.parse(WORDS, around=True)
    assert {refused.phrase for refused in around.refused_in(text, "en-GB")} == {"Hurry", "it has been"}
