"""Mails that the reader once got wrong, by kind; a kind that was mended stays mended."""

from __future__ import annotations

import pytest

from bench.replies.cases import Case, read_cases
from bench.replies.readers import ours
from bench.replies.scores import judge
from tests.harness.mail.reply_examples import DATA

READER = ours()
FOUND = DATA / "replies" / "found"
EXACT = (
    "attribution-shares-line",
    "charset",
    "delimiter-cuts-words",
    "device-line-cuts-sentence",
    "header-block-wrapped",
    "last-line-taken-for-attribution",
    "leak-of-client-text",
    "mime-malformed",
    "mime-parts-mixed",
    "notice-phrase-cuts-sentence",
    "own-earlier-reply-doubled",
    "part-not-read",
    "parts-differ",
    "typed-in-signature",
    "typed-inside-the-quotation",
)


def cases_of(kind: str) -> list[Case]:
    return list(read_cases(FOUND / kind))


@pytest.mark.parametrize("kind", EXACT)
def test_mails_of_a_mended_kind_are_read_exactly(kind: str) -> None:
    cases = [case for case in cases_of(kind) if "debatable" not in case.tags]
    assert [case.name for case in cases if not judge(case, READER.read(case)).exact] == []


def test_every_mail_that_was_found_is_here() -> None:
    assert len(list(read_cases(FOUND))) == 101
