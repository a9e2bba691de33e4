import pytest

from service.core.library.reading_age import reading_age

PLAIN = "The cat sat on the mat. It was warm there. What did you see?"
HARD = (
    "Organisational considerations necessitate comprehensive administrative documentation, "
    "notwithstanding individual circumstances."
)


def test_plain_words_suit_the_youngest() -> None:
    assert reading_age(PLAIN, "en-GB") == 6


def test_long_words_in_long_sentences_suit_only_older_readers() -> None:
    assert reading_age(HARD, "en") > 20


def test_the_english_formula_is_that_of_flesch_and_kincaid() -> None:
    # 10 words, 1 sentence, 14 syllables: 0.39 * 10 + 11.8 * 1.4 - 15.59 = 4.83, five years older
    text = "Which window in the house lets in the evening sunshine?"
    assert reading_age(text, "en") == pytest.approx(4.83 + 5)


def test_the_german_formula_is_the_first_of_vienna() -> None:
    # of 8 words in 1 sentence 2 have three syllables or more, 3 over six letters, 3 one syllable; six years older
    text = "Welche Geräusche hörst du abends bei offenem Fenster?"
    year = 0.1935 * 25 + 0.1672 * 8 + 0.1297 * 37.5 - 0.0327 * 37.5 - 0.875
    assert reading_age(text, "de-AT") == pytest.approx(year + 6)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("table", 2), ("while", 1), ("used", 1), ("wanted", 2), ("somebody", 4), ("noises", 2), ("be", 1), ("hmm", 1)],
)
def test_syllables_are_those_one_hears(word: str, syllables: int) -> None:
    text = " ".join([word] * 40)
    spoken = (reading_age(text, "en") - 5 + 15.59 - 0.39 * 40) / 11.8
    assert round(spoken) == syllables


@pytest.mark.parametrize("text", ["", "...", "___ 12 ?!"])
def test_a_text_without_words_is_for_everybody(text: str) -> None:
    assert reading_age(text, "en") == 6
