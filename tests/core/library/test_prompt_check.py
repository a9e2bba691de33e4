from __future__ import annotations

import pytest

from service.config import ROOT
from service.core.library.prompt_check import Problem, check

FOLDER = ROOT / "templates" / "prompts"
SHIPPED = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.*")}
PATH = "en-GB/rest/one-switch.md"
DEEP = "en-GB/rest/if-you-stopped.md"


def problems(changed: dict[str, str | None]) -> list[Problem]:
    """Return what is wrong once some files have another text, or are gone."""
    files = {path: text for path, text in (SHIPPED | changed).items() if text is not None}
    return check(files.items())


def changed(path: str, old: str, new: str) -> dict[str, str | None]:
    assert old in SHIPPED[path], "the shipped prompt has changed; adapt the test"
    return {path: SHIPPED[path].replace(old, new, 1)}


def test_the_shipped_library_is_fit_to_be_sent() -> None:
    assert problems({}) == []


BODY = "If you had one switch, which noise would you turn off?"
LONG_WORDS = "Which neighbourhood organisation communicates extraordinarily considerately?"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(
            "One switch",
            "Switch",
            "A subject has 2 to 6 words; this one has 1.",
            id="subject too short",
        ),
        pytest.param(
            "One switch",
            "One switch that you could turn off",
            "A subject has 2 to 6 words; this one has 7.",
            id="subject of too many words",
        ),
        pytest.param(
            "One switch",
            "Astonishingly longwinded considerations tonight",
            "The subject has 47 characters; at most 45 are shown.",
            id="subject too wide",
        ),
        pytest.param(
            "One switch",
            "One Switch",
            'Write "Switch" in small letters; a subject is written like a sentence.',
            id="title case",
        ),
        pytest.param(
            "One switch",
            "one switch",
            "The subject must begin with a capital letter, with no space around it.",
            id="no capital",
        ),
        pytest.param(
            "One switch",
            "ONE switch",
            'Write "ONE" in small letters; a subject is written like a sentence.',
            id="shouting",
        ),
        pytest.param("One switch", "One switch.", "A subject has no full stop at its end.", id="full stop"),
        pytest.param(
            "One switch",
            "One switch!",
            "An exclamation mark raises its voice; use a full stop.",
            id="exclamation mark",
        ),
        pytest.param(
            "One switch",
            "One switch 🔔",
            "Leave out 🔔; prompts have no emoji or signs.",
            id="emoji",
        ),
        pytest.param(
            BODY,
            "Which noise don't you like?",
            "Write ’ and “ ” in place of the straight ' and \", as all our texts do (in German „ “).",
            id="straight apostrophe",
        ),
        pytest.param(
            BODY,
            'Which noise do you call "music"?',
            "Write ’ and “ ” in place of the straight ' and \", as all our texts do (in German „ “).",
            id="straight quotation marks",
        ),
        pytest.param(
            BODY,
            "which " * 60 + "noise?",
            "The body has 61 words; 60 are the most that a tired reader wants.",
            id="body too long",
        ),
        pytest.param(
            BODY,
            LONG_WORDS,
            "The text suits readers of 41 and older; use shorter words or sentences, for readers of 12.",
            id="hard to read",
        ),
        pytest.param(
            BODY,
            "Don't forget to rest. What did you do?",
            '"Don\'t forget" makes a person feel behind; say it another way.',
            id="guilt",
        ),
        pytest.param(
            BODY,
            "What did I ask?",
            '"I" speaks as a person, and software says that it is software; say it another way.',
            id="I",
        ),
        pytest.param(
            'id = "one-switch"',
            'id = "One_switch"',
            'The id "One_switch" may hold small letters a to z, figures and single hyphens, nothing else.',
            id="id of other letters",
        ),
        pytest.param(
            'id = "one-switch"',
            'id = "two-switches"',
            'Name the file two-switches.md, after its id, or give it the id "one-switch".',
            id="id is not the name",
        ),
        pytest.param(
            'theme = "rest"',
            'theme = "body"',
            'The theme is "body" but the folder is "rest"; move the file or change the theme.',
            id="theme is not the folder",
        ),
        pytest.param(
            'kind = "question"',
            'kind = "line-start"',
            "A line-start needs a gap, written ___, for the reader to fill.",
            id="no gap",
        ),
        pytest.param(
            'status = "active"',
            'asks_for_step = true\nstatus = "active"',
            "Only the theme step may ask for a step, and only these kinds: question, line-start, tiny-act.",
            id="step of another theme",
        ),
        pytest.param(
            'status = "active"',
            'status = "active"\nmood = "blue"',
            "The front matter knows no field mood.",
            id="unknown field",
        ),
        pytest.param(
            "depth = 1",
            "depth = 3",
            "A prompt of depth 3 needs a lighter one: add lighter with the id of a prompt of depth 1.",
            id="no lighter one",
        ),
        pytest.param(
            'status = "active"',
            'lighter = "one-song-only"\nstatus = "active"',
            'There is no prompt "one-song-only" in en-GB; lighter must name one in use.',
            id="lighter one missing",
        ),
        pytest.param(
            'status = "active"',
            'lighter = "wie-muede"\nstatus = "active"',
            'There is no prompt "wie-muede" in en-GB; lighter must name one in use.',
            id="lighter one in another language",
        ),
        pytest.param(
            'status = "active"',
            'lighter = "if-you-stopped"\nstatus = "active"',
            '"if-you-stopped" has depth 3; the lighter prompt must have depth 1.',
            id="lighter one deep",
        ),
        pytest.param(
            "One switch",
            "A Window",
            '"a-window" has the same subject; give each its own.',
            id="subject twice",
        ),
        pytest.param(
            BODY,
            "In which hour of your day is it quietest, and who is awake then?",
            'It asks nearly the same as "one-switch"; keep the better of the two, or make them differ.',
            id="nearly the same question",
        ),
    ],
)
def test_each_fault_is_named_in_a_sentence(old: str, new: str, sentence: str) -> None:
    assert sentence in {problem.sentence for problem in problems(changed(PATH, old, new))}


def test_a_problem_names_its_file() -> None:
    found = problems(changed(PATH, "One switch", "Switch"))
    assert found == [Problem(PATH, "A subject has 2 to 6 words; this one has 1.")]


def test_a_name_keeps_its_capital_in_a_subject() -> None:
    assert problems(changed(PATH, "One switch", "One more Monday")) == []


def test_the_line_a_person_completes_may_say_i() -> None:
    assert problems(changed(PATH, BODY, "Say it: “I would turn off my ___.”")) == []


def test_hurt_prompts_never_resurface() -> None:
    path = "en-GB/hurt/small-sting.md"
    found = problems(changed(path, "resurface = false", "resurface = true"))
    wanted = "Replies to hurt prompts never come back by themselves: set resurface to false."
    assert found == [Problem(path, wanted)]


def test_a_retired_prompt_may_be_anything_and_its_id_is_never_used_again() -> None:
    retired = SHIPPED[PATH].replace('"active"', '"retired"').replace("noise would", "score! would")
    assert problems({PATH: retired}) == []
    again = "en-GB/body/one-switch.md"
    found = problems({PATH: retired, again: SHIPPED[PATH].replace('theme = "rest"', 'theme = "body"')})
    wanted = f'The id "one-switch" is retired in {PATH}; an id is never used twice. Choose another.'
    assert found == [Problem(again, wanted)]


def test_a_retired_prompt_is_no_lighter_one() -> None:
    path = "en-GB/rest/free-afternoon.md"
    found = problems(changed(path, '"active"', '"retired"'))
    assert found == [Problem(DEEP, 'There is no prompt "free-afternoon" in en-GB; lighter must name one in use.')]


def test_an_id_that_is_there_twice_names_the_other_file() -> None:
    again = "en-GB/work/one-switch.md"
    found = problems({again: SHIPPED[PATH].replace('theme = "rest"', 'theme = "work"')})
    wanted = f'The id "one-switch" is taken by {PATH}; an id is never used twice. Choose another.'
    assert Problem(again, wanted) in found


def test_two_ids_with_one_key_are_found() -> None:
    # sha256 of these two begins with the same four bytes, found by trying numbers in turn
    one, other = "key-15029", "key-8337"
    text = SHIPPED[PATH].replace('status = "active"', 'status = "retired"')
    found = problems(
        {
            f"en-GB/rest/{one}.md": text.replace('"one-switch"', f'"{one}"'),
            f"en-GB/rest/{other}.md": text.replace('"one-switch"', f'"{other}"'),
        }
    )
    assert found == [
        Problem(f"en-GB/rest/{other}.md", f'The id "{other}" has the same key as "{one}". Choose another.')
    ]


def test_a_file_that_cannot_be_read_does_not_hide_the_others() -> None:
    found = problems({PATH: "nothing", DEEP: SHIPPED[DEEP].replace("free-afternoon", "no-such-one")})
    assert {problem.path for problem in found} == {PATH, DEEP}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(None, "The file of word lists is missing.", id="missing"),
        pytest.param("[", "The word lists are not TOML", id="not TOML"),
        pytest.param(
            '[[refused]]\nlanguage = "en"',
            "Each list of refused words needs a language, a reason and phrases.",
            id="no reason",
        ),
    ],
)
def test_the_word_lists_are_checked_too(words: str | None, sentence: str) -> None:
    found = [problem for problem in problems({"words.toml": words}) if problem.path == "words.toml"]
    assert len(found) == 1
    assert found[0].sentence.startswith(sentence)
