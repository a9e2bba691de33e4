"""No template, answer, page or prompt presses, shames, hurries or counts, whatever it is filled with."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from service.config import ROOT
from service.core.library.prompts import Prompt
from service.core.text.lexicon import Lexicon, RefusedPhrase, without_quotations
from service.mail.outbound.short_emails import read_short_emails
from service.template_files import load_library
from tests.templates.voice import TEMPLATES, Said, said_in_code, said_in_html, said_in_text

LISTS = (TEMPLATES / "prompts" / "words.toml").read_text(encoding="utf-8")
OF_PROMPTS, AROUND_PROMPTS = Lexicon.parse(LISTS), Lexicon.parse(LISTS, around=True)
MONITORING = (
    ROOT / "service" / "web" / "monitoring"
)  # for the person who runs the service, whose terminal may know ASCII alone
CODE = sorted((ROOT / "service" / "web").rglob("*.py"))
LIBRARY = load_library()
IN_USE = [prompt for locale in LIBRARY.locales for prompt in LIBRARY.for_locale(locale)]
DESK = TEMPLATES / "pages" / "desk"  # for the person who runs the service: it counts emails and people
HTML = sorted(
    [
        *TEMPLATES.glob("email/**/*.html"),
        *(path for path in TEMPLATES.glob("pages/**/*.html") if path.parent != DESK),
        *TEMPLATES.glob("export/*.html"),
        *TEMPLATES.glob("*.html"),
    ]
)
TEXT = sorted([*TEMPLATES.glob("email/**/*.txt"), *TEMPLATES.glob("export/*.txt")])
ANSWERS = read_short_emails((TEMPLATES / "email" / "answers.toml").read_text(encoding="utf-8"))

# What may be said although a list has it, each by a rule.
AS_A_PERSON = "speaks as a person"
NAMED = ("counts or scores", "promises or diagnoses")
DENIAL = re.compile(r"(?:It doesn't|It isn't|No|Nobody|Nothing) [^.]*$")  # "It doesn't score or remind you."
BOUND = re.compile(r"(?:delete it after|, for|up to) $")  # "we'll delete it after thirty days", "up to ten photos"
HOW_LONG_KEPT = re.compile(r"(?:^|[.¶] )(?:A|The) [^.¶]*: $")  # "A signup that was never confirmed: seven days"
# In a sentence, and not around the values of attributes and of headers.
STRAIGHT = re.compile(r"""\w'\w|\w[,:]? "\w""")
NUMBER = re.compile(rf"(?:\d|{'|'.join(tomllib.loads(LISTS)['numbers']['en'])})", re.IGNORECASE)


def wrong_in(said: Iterable[Said], wording: Lexicon, language: str = "en") -> Iterator[str]:
    """Yield every phrase that the lists refuse and no rule allows, with its reason."""
    for each in said:
        words = " ".join(without_quotations(each.words.replace("’", "'")).split())
        for refused in wording.refused_in(words, language):
            places = [match.start() for match in re.finditer(re.escape(refused.phrase), words)]
            if not all(_may(refused, words[:place], each, words) for place in places):
                yield f"{refused.phrase}: {refused.reason}"


def _may(refused: RefusedPhrase, before: str, said: Said, words: str) -> bool:
    if refused.reason.startswith(AS_A_PERSON):
        return said.own_voice
    if refused.reason not in NAMED:
        return False
    if NUMBER.match(refused.phrase):
        is_choice = said.own_voice and words == refused.phrase  # "Two weeks", of rest
        return is_choice or bool(BOUND.search(before) or HOW_LONG_KEPT.search(before))
    return bool(DENIAL.search(before))


def _name(path: Path) -> str:
    return path.relative_to(TEMPLATES.parent).as_posix()


@pytest.mark.parametrize("path", HTML, ids=_name)
def test_a_page_or_html_part_says_nothing_of_the_kind(path: Path) -> None:
    assert list(wrong_in(said_in_html(path.read_text(encoding="utf-8")), AROUND_PROMPTS)) == []


@pytest.mark.parametrize("path", TEXT, ids=_name)
def test_a_text_part_or_subject_says_nothing_of_the_kind(path: Path) -> None:
    assert list(wrong_in(said_in_text(path.read_text(encoding="utf-8")), AROUND_PROMPTS)) == []


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_says_nothing_of_the_kind(name: str) -> None:
    answer = ANSWERS[name]
    said = [Said(words) for words in (answer.subject, answer.heading, *answer.lines, *answer.after)]
    assert list(wrong_in([*said, Said(answer.button, own_voice=True)], AROUND_PROMPTS)) == []


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_the_code_of_a_page_says_nothing_of_the_kind(path: Path) -> None:
    assert list(wrong_in(said_in_code(path.read_text(encoding="utf-8")), AROUND_PROMPTS)) == []


@pytest.mark.parametrize("prompt", IN_USE, ids=lambda prompt: prompt.id)
def test_a_prompt_says_nothing_of_the_kind(prompt: Prompt) -> None:
    said = [Said(prompt.subject), Said(prompt.body), Said(prompt.help)]
    assert list(wrong_in(said, OF_PROMPTS, prompt.locale)) == []


def straight_in(said: Iterable[Said]) -> list[str]:
    """Return what has a straight apostrophe or quotation mark: all that people read is printed with ’ and “ ”."""
    return [each.words for each in said if STRAIGHT.search(each.words)]


@pytest.mark.parametrize("path", [*HTML, *TEXT], ids=_name)
def test_apostrophes_and_quotation_marks_of_a_template_are_curly(path: Path) -> None:
    read = said_in_html if path in HTML else said_in_text
    assert straight_in(read(path.read_text(encoding="utf-8"))) == []


def test_those_of_answers_and_of_the_code_of_pages_are_too() -> None:
    for answer in ANSWERS.values():
        assert (
            straight_in(map(Said, (answer.subject, answer.heading, answer.button, *answer.lines, *answer.after))) == []
        )
    for path in (each for each in CODE if each.parent != MONITORING):
        assert straight_in(said_in_code(path.read_text(encoding="utf-8"))) == []


def test_straight_ones_would_be_found() -> None:
    assert straight_in(said_in_html("<p>It isn't here.</p>")) != []
    assert straight_in(said_in_text('Reply "pause" for a rest.')) != []


# The controls. The first seven are the "Do not" rows of the table of voice.
WRONG = (
    "Don’t forget to reply!",
    "It’s been 19 days",
    "Did you meet your goal?",
    "2 of 30 days",
    "Sorry to see you go",
    "Oops! Invalid token",
    "I’m here for you",
    "It’s been 19 days since you wrote.",
    "It has been {{ days }} days.",
    "It has been a while.",
    "You are on a streak.",
    "Your streak is {{ number }}.",
    "You missed Monday.",
    "You haven’t replied yet.",
    "We miss you.",
    "You have been quiet for {{ days }} days.",
    "Hurry, this is your last chance.",
    "Only 3 left.",
    "{{ done }} of {{ all }} steps",
    "{{ entries|length }} entries this month",
    "{% if many %}{{ number }}{% endif %} days in a row",
    "Nothing lost: 19 days without you, and nobody minds your 3 steps.",
    "You should try harder.",
    "Keep it up, you completed {{ n }} steps.",
    "We noticed you stopped writing.",
    "A friendly reminder.",
    "It is not too late.",
)


@pytest.mark.parametrize("words", WRONG)
def test_what_must_not_be_said_is_found_wherever_it_stands(words: str) -> None:
    """The control of the tests above."""
    filled = [re.sub(r"{{.*?}}", "7", re.sub(r"{%.*?%}", "", words))]
    assert list(wrong_in(said_in_html(f"{{% if a %}}\n<p>{words}</p>\n{{% endif %}}"), AROUND_PROMPTS))
    assert list(wrong_in(said_in_html(f'<img alt="{words}">'), AROUND_PROMPTS))
    assert list(wrong_in(said_in_html(f"<h2>{words}</h2><p>Two</p>"), AROUND_PROMPTS))
    assert list(wrong_in(said_in_text(f"{{% block words %}}\n{words}\n{{% endblock %}}"), AROUND_PROMPTS))
    assert list(wrong_in(said_in_html(f'{{{{ field("a", "b", hint="{filled[0]}") }}}}'), AROUND_PROMPTS))
    assert list(wrong_in(said_in_code(f'page(said="{filled[0]}")'), AROUND_PROMPTS))


@pytest.mark.parametrize("words", ["Don’t miss a day.", "{{ n }} days in a row", "Reach your goal"])
def test_a_button_may_say_me_but_nothing_else(words: str) -> None:
    assert not list(wrong_in(said_in_html("<button>Send me the first question</button>"), AROUND_PROMPTS))
    assert list(wrong_in(said_in_html("<p>Send me the first question</p>"), AROUND_PROMPTS))
    assert list(wrong_in(said_in_html(f"<button>{words}</button>"), AROUND_PROMPTS))
    assert list(wrong_in(said_in_html(f'{{{{ tick("a", "{re.sub("{{.*}}", "7", words)}") }}}}'), AROUND_PROMPTS))


@pytest.mark.parametrize(
    "words", ["You have 30 days to reply.", "No streak is lost yet. Your streak is long.", "Kept: your 3 steps"]
)
def test_the_rules_allow_no_more_than_they_say(words: str) -> None:
    assert list(wrong_in([Said(words)], AROUND_PROMPTS))


@pytest.mark.parametrize("words", ["You missed us.", "It has been 19 days.", "Beat your streak.", "Hurry up."])
def test_a_prompt_that_said_it_would_be_found(words: str) -> None:
    assert list(wrong_in([Said(words)], OF_PROMPTS))
