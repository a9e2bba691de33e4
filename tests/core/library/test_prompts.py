import hashlib

import pytest

from service.config import ROOT
from service.core.library.prompts import Library, PromptError, key_of, parse_prompt

FOLDER = ROOT / "templates" / "prompts"
PATH = "templates/prompts/en-GB/body/three-words.md"
FRONT = {
    "id": '"three-words"',
    "subject": '"Three words"',
    "theme": '"body"',
    "kind": '"words"',
    "minutes": "1",
    "depth": "1",
    "resurface": "true",
    "status": '"active"',
}


def text(body: str = "Which three words fit?\n", **changes: str | None) -> str:
    fields = {name: value for name, value in (FRONT | changes).items() if value is not None}
    return "+++\n" + "".join(f"{name} = {value}\n" for name, value in fields.items()) + f"+++\n{body}"


def test_a_file_becomes_a_prompt_of_its_folders_locale() -> None:
    prompt = parse_prompt(PATH, text("Which three words\nfit you?\n\nAny three.\n\nReally.\n"))
    assert (prompt.id, prompt.locale, prompt.theme, prompt.kind) == ("three-words", "en-GB", "body", "words")
    assert prompt.question == "Which three words\nfit you?"
    assert prompt.help == "Any three.\n\nReally."
    assert (prompt.lighter, prompt.evidence, prompt.opening, prompt.gratitude) == (None, "", None, False)


def test_a_question_alone_has_no_help() -> None:
    assert parse_prompt(PATH, text()).help == ""


def test_the_key_is_the_head_of_a_digest_of_the_id() -> None:
    expected = int.from_bytes(hashlib.sha256(b"three-words").digest()[:4], "big")
    assert parse_prompt(PATH, text()).key == key_of("three-words") == expected


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert parse_prompt(PATH, "\ufeff" + text().replace("\n", "\r\n")) == parse_prompt(PATH, text())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("Which?", "start with a line +++, the front matter, and a line +++.", id="no front matter"),
        pytest.param("+++\nid = 3\n", "start with a line +++, the front matter, and a line +++.", id="no end"),
        pytest.param("+++\nid =\n+++\nWhich?", "the front matter is not TOML", id="not TOML"),
        pytest.param(text(" \n\n "), "there is no question after the front matter.", id="no question"),
        pytest.param(text(subject=None, depth=None), "the front matter needs subject, depth.", id="fields missing"),
        pytest.param(text(mood='"blue"'), "the front matter knows no field mood.", id="unknown field"),
        pytest.param(text(theme='"money"'), 'theme is "money"; it must be one of body, rest,', id="unknown theme"),
        pytest.param(text(minutes="2"), 'minutes is "2"; it must be one of 1, 3, 10.', id="minutes out of range"),
        pytest.param(text(depth="true"), "depth must be a whole number.", id="true is no number"),
        pytest.param(text(resurface='"no"'), "resurface must be true or false.", id="text is no boolean"),
        pytest.param(text(subject="3"), "subject must be text in quotes.", id="a number is no text"),
    ],
)
def test_a_problem_is_reported_with_the_name_of_the_file(content: str, sentence: str) -> None:
    with pytest.raises(PromptError) as caught:
        parse_prompt(PATH, content)
    assert str(caught.value).startswith(f"{PATH}: ")
    assert sentence in str(caught.value)


def test_a_file_outside_a_locale_and_theme_is_refused() -> None:
    with pytest.raises(PromptError, match=r"put the file in a folder <locale>/<theme>/"):
        parse_prompt("three-words.md", text())


def test_an_id_that_is_there_twice_names_both_files() -> None:
    other = PATH.replace("body", "rest")
    with pytest.raises(PromptError) as caught:
        Library.parse([(PATH, text()), (other, text(theme='"rest"'))])
    assert str(caught.value) == f'{other}: {PATH} already has the id "three-words".'


def test_files_that_are_not_prompts_are_passed_over() -> None:
    library = Library.parse([("templates/prompts/words.toml", "not = 'a prompt'"), (PATH, text())])
    assert [prompt.id for prompt in library.for_locale("en-GB")] == ["three-words"]


def test_a_retired_prompt_is_found_by_id_and_key_and_never_sent() -> None:
    library = Library.parse([(PATH, text(status='"retired"'))])
    retired = library.get("three-words")
    assert retired is not None
    assert library.by_key(retired.key) is retired
    assert library.for_locale("en-GB") == ()


def test_what_is_not_there_is_nothing() -> None:
    library = Library.parse([(PATH, text())])
    assert library.get("four-words") is None
    assert library.by_key(1) is None


def shipped() -> Library:
    return Library.parse((str(path), path.read_text("utf-8")) for path in FOLDER.rglob("*.md"))


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param("de", "de", id="its own"),
        pytest.param("de-AT", "de", id="its language's"),
        pytest.param("en-US", "en-GB", id="the other English"),
        pytest.param("fr", "en-GB", id="British English for the rest"),
    ],
)
def test_a_locale_gets_the_nearest_prompts(asked: str, given: str) -> None:
    assert {prompt.locale for prompt in shipped().for_locale(asked)} == {given}


@pytest.mark.parametrize("locale", shipped().locales)
def test_the_first_six_come_in_order_light_and_varied(locale: str) -> None:
    six = shipped().first_six(locale)
    assert [prompt.opening for prompt in six] == [1, 2, 3, 4, 5, 6]
    assert all(prompt.is_light for prompt in six)
    assert len({prompt.theme for prompt in six}) == 6


@pytest.mark.parametrize("locale", shipped().locales)
def test_every_locale_can_ask_how_a_step_went(locale: str) -> None:
    assert {prompt.kind for prompt in shipped().follow_ups(locale)} == {"follow-up"}


def test_german_says_that_no_native_reader_has_read_it_yet() -> None:
    assert {prompt.status for prompt in shipped().for_locale("de")} == {"unreviewed"}
