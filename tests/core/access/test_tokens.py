"""A token carries its claims, and only this service can make one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.access.tokens import Action, ActToken, FrequencyToken, ReplyKind, ReplyToken
from service.core.sealing import IndexKey
from service.core.settings.consent import Stream

KEY, OTHER = IndexKey(b"a" * 32), IndexKey(b"b" * 32)
ids = st.integers(1, 2**63 - 1)
dates = st.dates(date(2020, 1, 1), date(2199, 1, 1))
reply_tokens = st.builds(ReplyToken, st.sampled_from(ReplyKind), ids, st.integers(0, 2**32 - 1), dates)
moments = st.datetimes(datetime(2021, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
act_tokens = st.builds(ActToken, st.sampled_from(Action), ids, st.integers(0, 2**64 - 1), moments)


@given(reply_tokens)
def test_a_reply_token_comes_back_from_an_address_in_any_case(token: ReplyToken) -> None:
    text = token.encode(KEY)
    assert len(text) == 40
    assert text == text.lower()
    assert ReplyToken.decode(text.upper(), KEY) == token


@given(act_tokens)
def test_an_act_token_comes_back_with_its_minute_rounded_up(token: ActToken) -> None:
    back = ActToken.decode(token.encode(KEY), KEY)
    assert back is not None
    assert (back.action, back.subscriber_id, back.object_id) == (token.action, token.subscriber_id, token.object_id)
    assert timedelta(0) <= back.expires_at - token.expires_at < timedelta(minutes=1)


@given(ids, st.sampled_from([None, Stream.LETTERS]))
def test_a_frequency_token_comes_back(subscriber_id: int, stream: Stream | None) -> None:
    token = FrequencyToken(subscriber_id, stream)
    assert FrequencyToken.decode(token.encode(KEY), KEY) == token


def test_a_token_of_before_the_letters_still_stops_everything() -> None:
    made_before = "eaaaaaaaaaaaab6ggomnwzclu2xp6lu7vlsucz3q"
    assert FrequencyToken.decode(made_before, KEY) == FrequencyToken(7)


def test_no_token_stops_only_the_questions() -> None:
    with pytest.raises(ValueError, match="the letters, or everything"):
        FrequencyToken(7, Stream.QUESTIONS)


@given(reply_tokens, st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_one_character_changed_is_nobody_s(token: ReplyToken, place: int, letter: str) -> None:
    text = token.encode(KEY)
    changed = text[:place] + letter + text[place + 1 :]
    assert changed == text or ReplyToken.decode(changed, KEY) is None


@given(reply_tokens)
def test_another_key_reads_nothing(token: ReplyToken) -> None:
    assert ReplyToken.decode(token.encode(KEY), OTHER) is None


@given(ids)
def test_one_kind_of_token_is_never_taken_for_another(subscriber_id: int) -> None:
    frequency = FrequencyToken(subscriber_id).encode(KEY)
    reply = ReplyToken(ReplyKind.PROMPT, subscriber_id, 1, date(2026, 5, 1)).encode(KEY)
    act = ActToken(Action.CONFIRM, subscriber_id, 0, datetime(2026, 5, 1, tzinfo=UTC)).encode(KEY)
    assert ReplyToken.decode(frequency, KEY) is ReplyToken.decode(act, KEY) is None
    assert FrequencyToken.decode(reply, KEY) is FrequencyToken.decode(act, KEY) is None
    assert ActToken.decode(reply, KEY) is ActToken.decode(frequency, KEY) is None


@given(st.text(max_size=100))
def test_no_text_makes_decoding_raise(text: str) -> None:
    assert ReplyToken.decode(text, KEY) is None
    assert FrequencyToken.decode(text, KEY) is None
    assert ActToken.decode(text, KEY) is None


def test_a_day_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="2020"):
        ReplyToken(ReplyKind.PROMPT, 1, 1, date(2019, 12, 31)).encode(KEY)


def test_a_token_expires_at_its_minute() -> None:
    token = ActToken(Action.SIGN_IN, 1, 2, datetime(2026, 5, 1, 9, 10, tzinfo=UTC))
    assert not token.has_expired(datetime(2026, 5, 1, 9, 9, 59, tzinfo=UTC))
    assert token.has_expired(datetime(2026, 5, 1, 9, 10, tzinfo=UTC))


@given(act_tokens)
def test_a_token_has_one_spelling(token: ActToken) -> None:
    text = token.encode(KEY)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    others = [text[:-1] + letter for letter in letters if letter != text[-1]]
    padded = [text + "=" * count for count in (1, 2, 3, 4)]
    assert [other for other in others + padded if ActToken.decode(other, KEY) is not None] == []
    assert ActToken.decode(text.upper(), KEY) == ActToken.decode(text, KEY)
