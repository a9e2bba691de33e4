from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.text.sentences import COMFORTABLE_PASSAGE, LONGEST_SENTENCE, one_line, passage_of, sentences
from tests.harness.cpu import costs_less_than


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It rained. We stayed in! Why not?", ["It rained.", "We stayed in!", "Why not?"]),
        ("tired today. made soup. slept", ["tired today.", "made soup.", "slept"]),
        ("Dr. Shah rang at 5 p.m. and said it was fine.", ["Dr. Shah rang at 5 p.m. and said it was fine."]),
        ("J. R. Hartley came. He sat.", ["J. R. Hartley came.", "He sat."]),
        ("It was worse than I. It passed.", ["It was worse than I.", "It passed."]),
        ("I was... tired. Then not.", ["I was... tired.", "Then not."]),
        ("I was tired... Then not.", ["I was tired...", "Then not."]),
        ("“Why?” she said. “Because.” It helped.", ["“Why?” she said.", "“Because.”", "It helped."]),
        ("It cost 3.50 at a.example.com yesterday.", ["It cost 3.50 at a.example.com yesterday."]),
        ("今日は疲れた。でも空がきれい！また明日", ["今日は疲れた。", "でも空がきれい！", "また明日"]),
        ("「疲れた。」と言った。", ["「疲れた。」", "と言った。"]),
        ("כן. לא? אולי.", ["כן.", "לא?", "אולי."]),
        ("متى؟ غدا۔ نعم.", ["متى؟", "غدا۔", "نعم."]),
        ("Good day. 🙂 Then sleep.", ["Good day.", "🙂 Then sleep."]),
        ("no stop at all", ["no stop at all"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, parts: list[str]) -> None:
    assert sentences(text) == (tuple(parts),)


def test_nothing_has_no_sentences() -> None:
    assert sentences("") == sentences(" \n\r\n\t\x00 ") == ()


def test_a_line_broken_by_a_mail_program_is_one_and_a_line_broken_by_the_writer_is_not() -> None:
    wrapped = "This line is about as long as the lines of a mail program that\nwraps them."
    assert sentences(wrapped) == ((wrapped.replace("\n", " "),),)
    assert sentences("tea\nrain\r\nbread") == (("tea",), ("rain",), ("bread",))
    assert sentences(f"{wrapped}\n\nNext.") == ((wrapped.replace("\n", " "),), ("Next.",))


def test_a_passage_begins_where_its_paragraph_begins() -> None:
    text = "My shoulders, mostly. They came down an inch.\n\nThe lilac is out. I found it by the bins."
    chosen = {passage_of(text, order) for order in (bytes_of, lambda place: bytes([place ^ 1]))}
    assert chosen == {"My shoulders, mostly. They came down an inch.", "The lilac is out. I found it by the bins."}


def test_a_passage_joins_chinese_sentences_without_a_gap() -> None:
    assert passage_of("今日は疲れた。でも空がきれいだった。", bytes_of) == "今日は疲れた。でも空がきれいだった。"


def test_a_passage_prefers_not_to_be_a_single_short_word() -> None:
    text = "The kettle was on when the post came.\nFine."
    assert passage_of(text, lambda place: bytes([9 - place])) == "The kettle was on when the post came."
    assert passage_of("Fine.", bytes_of) == "Fine."


def test_a_sentence_too_long_to_quote_is_not_cut_but_passed_over() -> None:
    endless = "and then " * 60
    assert passage_of(endless, bytes_of) is None
    assert passage_of(f"{endless}\nIt passed in the end.", bytes_of) == "It passed in the end."


@given(st.text(max_size=2000))
def test_sentences_lose_nothing_but_white_space_and_controls(text: str) -> None:
    whole = "".join(sentence for paragraph in sentences(text) for sentence in paragraph)
    assert "".join(whole.split()) == "".join(one_line(text).split())


@given(st.text(alphabet="ab .!?。\n", max_size=2000), st.binary(min_size=1, max_size=8))
def test_a_passage_is_whole_sentences_in_a_row(text: str, seed: bytes) -> None:
    passage = passage_of(text, lambda place: bytes([(place * 31 + seed[0]) % 256]))
    if passage is None:
        return
    assert len(passage) <= max(COMFORTABLE_PASSAGE, LONGEST_SENTENCE)
    runs = (
        "".join(paragraph[start:end]).replace(" ", "")
        for paragraph in sentences(text)
        for start in range(len(paragraph))
        for end in range(start + 1, len(paragraph) + 1)
    )
    assert passage.replace(" ", "") in runs


def test_a_very_long_text_takes_no_longer_than_its_length() -> None:
    for text in ("." * 1_000_000, "a. " * 300_000, '."' * 500_000, "A" * 1_000_000):
        assert costs_less_than(2.0, partial(passage_of, text, bytes_of))


def bytes_of(place: int) -> bytes:
    return place.to_bytes(4)
