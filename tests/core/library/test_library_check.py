from __future__ import annotations

from dataclasses import replace

import pytest

from service.config import ROOT
from service.core.library.library_check import check_locale
from service.core.library.prompts import Prompt, parse_prompt
from service.core.text.lexicon import Lexicon

FOLDER = ROOT / "templates" / "prompts"
WORDING = Lexicon.parse((FOLDER / "words.toml").read_text("utf-8"))
Found = tuple[str, Prompt]


def shipped(locale: str = "en-GB") -> list[Found]:
    """Return the prompts in use with their paths, as the check of a locale gets them."""
    paths = sorted((FOLDER / locale).rglob("*.md"))
    names = [path.relative_to(FOLDER).as_posix() for path in paths]
    found = [(name, parse_prompt(name, path.read_text("utf-8"))) for name, path in zip(names, paths, strict=True)]
    return [(name, prompt) for name, prompt in found if prompt.in_use]


def sentences(found: list[Found], locale: str = "en-GB") -> list[str]:
    return [sentence for _, sentence in check_locale(locale, found, WORDING)]


@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_a_shipped_locale_is_whole(locale: str) -> None:
    assert sentences(shipped(locale), locale) == []


def without(
    *, theme: str | None = None, kind: str | None = None, keep: int = 0, depth: int | None = None
) -> list[Found]:
    """Return the shipped prompts but for those of this sort, of which some are kept."""
    sort = [
        pair
        for pair in shipped()
        if theme in {None, pair[1].theme} and kind in {None, pair[1].kind} and depth in {None, pair[1].depth}
    ]
    dropped = sort[keep:]
    return [pair for pair in shipped() if pair not in dropped]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        pytest.param(
            [*without(kind="follow-up")[:239], *(pair for pair in shipped() if pair[1].kind == "follow-up")],
            "There are 239 prompts; fewer than 240 come round too soon.",
            id="too few",
        ),
        pytest.param(without(theme="hurt", keep=5), "The theme hurt has 5 prompts; write 6 at least.", id="theme"),
        pytest.param(without(kind="letter", keep=2), "There are 2 prompts of the kind letter; write 3", id="kind"),
        pytest.param(without(kind="follow-up"), "There are 0 prompts of the kind follow-up; write 3", id="follow-ups"),
        pytest.param(
            [(path, replace(prompt, asks_for_step=False)) for path, prompt in shipped()],
            "Fewer than 3 prompts ask for a step: give some of the theme step asks_for_step.",
            id="steps",
        ),
        pytest.param(without(depth=3), "There is no prompt of depth 3.", id="depth"),
        pytest.param(
            [pair for pair in shipped() if pair[1].theme != "work" or pair[1].kind == "question"],
            "The theme work has 1 kinds of prompt; write 4 kinds at least.",
            id="kinds of a theme",
        ),
        pytest.param(
            [pair for pair in shipped() if pair[1].theme != "work" or not pair[1].is_light],
            "The theme work has no light prompt: one of depth 1 that takes a minute.",
            id="nothing light",
        ),
        pytest.param(
            [pair for pair in shipped() if pair[1].kind == "question" or pair[1].theme in {"rest", "body"}],
            "prompts are of the kind question; write more of the others.",
            id="one kind too common",
        ),
        pytest.param(
            [pair for pair in shipped() if pair[1].opening != 4],
            "Six prompts need opening = 1 to opening = 6, each once: they are what everybody gets first.",
            id="five to open with",
        ),
    ],
)
def test_what_a_locale_is_short_of_is_said(found: list[Found], sentence: str) -> None:
    assert any(said.endswith(sentence) or said.startswith(sentence) for said in sentences(found))


@pytest.mark.parametrize(
    ("phrase", "habit"),
    [
        ("Which three of them?", "which three"),
        ("Finish the line.", "finish the line"),
        ("How does the line go on?", "finish the line"),
    ],
)
def test_a_turn_of_phrase_is_in_one_prompt_of_twelve_at_most(phrase: str, habit: str) -> None:
    prompts = shipped()
    others = [pair for pair in prompts if pair[1].depth > 1]
    said = [(path, replace(prompt, body=f"{prompt.body} {phrase}")) for path, prompt in others]
    rest = [pair for pair in prompts if pair not in others]
    assert f'of {len(prompts)} prompts say "{habit}"; one in twelve is enough' in " ".join(sentences([*said, *rest]))


def opening(place: int, name: str) -> list[Found]:
    """Return the shipped prompts with another one in a place of the six."""
    text = (FOLDER / "en-GB" / name).read_text("utf-8").replace("+++\n", f"+++\nopening = {place}\n", 1)
    kept = [pair for pair in shipped() if pair[1].opening != place and pair[0] != f"en-GB/{name}"]
    return [*kept, (f"en-GB/{name}", parse_prompt(f"en-GB/{name}", text))]


def test_only_light_prompts_open() -> None:
    assert '"house-rules" opens for everybody, so it must have depth 1 and take 1 minute.' in sentences(
        opening(5, "kindness/house-rules.md")
    )


@pytest.mark.parametrize("name", ["rest/slow-words", "body/jaw-loose"], ids=["same kind", "same theme"])
def test_two_neighbours_of_the_six_differ_in_theme_and_kind(name: str) -> None:
    said = sentences(opening(2, f"{name}.md"))
    second = name.partition("/")[2]
    assert said == [f'"{second}" comes right after "three-words" and has the same theme or kind; swap one of them.']


def alike(first: str, second: str, locale: str = "en-GB") -> bool:
    """Whether two questions are found to ask nearly the same."""
    one, other = (
        parse_prompt(f"{locale}/rest/{name}.md", "+++\n" + FRONT.format(name=name) + f"+++\n{question}\n")
        for name, question in (("one", first), ("other", second))
    )
    said = sentences([("one", one), ("other", other)], locale)
    return 'It asks nearly the same as "one"; keep the better of the two, or make them differ.' in said


FRONT = """id = "{name}"
subject = "Subject {name}"
theme = "rest"
kind = "question"
minutes = 1
depth = 1
resurface = true
status = "active"
"""


@pytest.mark.parametrize(
    ("first", "second", "locale"),
    [
        pytest.param("Which noise annoys you?", "Which noises annoyed you?", "en-GB", id="endings"),
        pytest.param(
            "Who was the last person who made you laugh?",
            "When did a person last make you laugh? Who?",
            "en-GB",
            id="order",
        ),
        pytest.param("Welche Geräusche hörst du im Haus?", "Welches Geräusch hörst du im Haus?", "de", id="German"),
    ],
)
def test_a_question_in_other_words_is_nearly_the_same(first: str, second: str, locale: str) -> None:
    assert alike(first, second, locale)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("Which three words fit today?", "Which three words would you keep?", id="common words"),
        pytest.param("Where did you sleep best?", "What woke you from sleep today?", id="one word shared"),
    ],
)
def test_a_question_of_its_own_is_left_alone(first: str, second: str) -> None:
    assert not alike(first, second)
