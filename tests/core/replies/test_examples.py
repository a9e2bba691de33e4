"""What the reader must reach on the example replies of tests/data/replies, with the wrong ones told apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.replies.__main__ import main
from bench.replies.cases import Case, read_cases
from bench.replies.readers import ours
from bench.replies.scores import judge, score
from tests.harness.mail.reply_examples import DATA

READER = ours()


@pytest.fixture(scope="module")
def made() -> list[Case]:
    return list(read_cases(DATA / "replies" / "ours"))


@pytest.fixture(scope="module")
def public() -> list[Case]:
    return list(read_cases(DATA / "replies" / "public"))


def test_replies_to_a_known_prompt_lose_nothing_and_are_exact(made: list[Case]) -> None:
    found = score(READER, made)
    assert found.no_loss == 100
    assert found.exact >= 99
    assert found.no_leak >= 99


def test_replies_to_an_unknown_mail_lose_nothing_and_are_nearly_always_exact(public: list[Case]) -> None:
    found = score(READER, public)
    assert found.no_loss >= 99.8
    assert found.exact >= 95
    assert found.no_leak >= 95


def test_every_example_is_read(made: list[Case], public: list[Case]) -> None:
    assert len(made) == 318
    assert len(public) == 187


def test_a_reader_that_loses_a_line_or_leaks_one_is_found_out(made: list[Case]) -> None:
    case = next(case for case in made if case.expected.count("\n") > 2)
    lines = case.expected.split("\n")
    assert judge(case, case.expected).exact
    assert not judge(case, "\n".join(lines[:-1])).no_loss
    assert not judge(case, case.expected + "\nFrom: somebody").no_leak


def test_the_bench_writes_one_line_for_each_case(tmp_path: Path) -> None:
    out = tmp_path / "words.jsonl"
    assert main(["--cases", str(DATA / "replies" / "public" / "griddler"), "--out", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {line["case"] for line in lines} >= {"griddler/handles_Original_Message_format"}
    assert all(set(line) == {"case", "words"} for line in lines)


def test_the_bench_says_so_when_a_folder_has_no_cases(tmp_path: Path) -> None:
    assert main(["--cases", str(tmp_path)]) == 1
