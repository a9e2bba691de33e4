"""Checks on each prompt, reported to its writer in plain sentences."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from service.core.library.library_check import check_beside, check_locale
from service.core.library.prompts import OWN_PREFIX, PromptError, parse_prompt
from service.core.library.reading_age import reading_age
from service.core.text.lexicon import Lexicon, LexiconError, without_quotations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from service.core.library.prompts import Prompt

WORDS_FILE: Final = "words.toml"
MOST_BODY_WORDS: Final = 60
CHOOSING_KINDS: Final = ("question", "line-start", "tiny-act")
FEWEST_SUBJECT_WORDS: Final = 2
MOST_SUBJECT_WORDS: Final = 6
MOST_SUBJECT_CHARACTERS: Final = 45
OLDEST_READER: Final = 13  # about 12, since one long word counts for much in a short text
DEEPEST: Final = 3

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PRESSING: Final = "!"
_TYPEWRITTEN: Final = re.compile("['\"]")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A fault to mend: the file or folder, and a sentence that says what to change."""

    path: str
    sentence: str


def check(files: Iterable[tuple[str, str]]) -> list[Problem]:
    """Return all faults of a library, by path; an empty list where it may be sent.

    `files` are (path, text) pairs: the prompts, and the word lists in a file named `words.toml`.
    """
    pairs = sorted(files)
    problems: list[Problem] = []
    wording = _wording(pairs, problems)
    found: list[tuple[str, Prompt]] = []
    for path, text in pairs:
        if path.endswith(".md"):
            try:
                found.append((path, parse_prompt(path, text)))
            except PromptError as error:
                problems.append(Problem(path, _sentence(error, path)))
    for path, prompt in found:
        problems += [Problem(path, sentence) for sentence in _about(path, prompt, wording)]
    problems += [Problem(path, sentence) for path, sentence in _twice(found)]
    problems += [Problem(path, sentence) for path, sentence in _lighter(found)]
    for locale in sorted({prompt.locale for _, prompt in found}):
        in_use = [(path, prompt) for path, prompt in found if prompt.locale == locale and prompt.in_use]
        problems += [Problem(path, sentence) for path, sentence in check_locale(locale, in_use, wording)]
    return sorted(problems)


def check_own(prompt: Prompt, others: Iterable[Prompt], wording: Lexicon) -> list[str]:
    """Return the faults of a writer's own prompt beside all others, as sentences; an empty list where it may be sent.

    `others` are all that have an id already, retired ones too.
    """
    beside = [(f"the prompt {other.id}", other) for other in others if other.id != prompt.id]
    found = (prompt.id, prompt)
    in_use = [other for other in beside if other[1].locale == prompt.locale and other[1].in_use]
    sentences = [*_subject(prompt, wording), *_body(prompt), *_words(prompt, wording), *_fields(prompt)]
    sentences += [sentence for path, sentence in _lighter([*beside, found]) if path == prompt.id]
    sentences += [sentence for _, sentence in check_beside(found, in_use, wording)]
    if any(other.key == prompt.key for _, other in beside):
        sentences.append("Its id has the same key as another’s. Change the subject a little.")
    return sentences


def _wording(pairs: Sequence[tuple[str, str]], problems: list[Problem]) -> Lexicon:
    """Return the word lists, or empty ones and a problem."""
    for path, text in pairs:
        if path.rpartition("/")[2] == WORDS_FILE:
            try:
                return Lexicon.parse(text)
            except LexiconError as error:
                problems.append(Problem(path, _sentence(error, path)))
                break
    else:
        problems.append(Problem(WORDS_FILE, "The file of word lists is missing."))
    return Lexicon(rules={}, capitals={}, common={})


def _sentence(error: Exception, path: str) -> str:
    """Return the message of an error, without its path, as a sentence."""
    text = str(error).removeprefix(f"{path}: ")
    return text[:1].upper() + text[1:]


def _about(path: str, prompt: Prompt, wording: Lexicon) -> Iterator[str]:
    """Yield the faults of one prompt by itself."""
    yield from _place(path, prompt)
    if prompt.in_use:
        yield from _subject(prompt, wording)
        yield from _body(prompt)
        yield from _words(prompt, wording)
        yield from _fields(prompt)


def _place(path: str, prompt: Prompt) -> Iterator[str]:
    """Yield the differences between a file's path and its front matter."""
    *_, theme, name = path.split("/")
    if prompt.is_own:
        yield f'Ids that begin with "{OWN_PREFIX}" belong to prompts that are added at the desk; choose another.'
    if not _ID.fullmatch(prompt.id):
        yield f'The id "{prompt.id}" may hold small letters a to z, figures and single hyphens, nothing else.'
    if name != f"{prompt.id}.md":
        yield f'Name the file {prompt.id}.md, after its id, or give it the id "{name.removesuffix(".md")}".'
    if theme != prompt.theme:
        yield f'The theme is "{prompt.theme}" but the folder is "{theme}"; move the file or change the theme.'


def _subject(prompt: Prompt, wording: Lexicon) -> Iterator[str]:
    """Yield the faults of a subject: lock screens show it, and mail programs show about 45 characters."""
    words = _TOKEN.findall(prompt.subject)
    if not FEWEST_SUBJECT_WORDS <= len(words) <= MOST_SUBJECT_WORDS:
        yield f"A subject has {FEWEST_SUBJECT_WORDS} to {MOST_SUBJECT_WORDS} words; this one has {len(words)}."
    if len(prompt.subject) > MOST_SUBJECT_CHARACTERS:
        yield f"The subject has {len(prompt.subject)} characters; at most {MOST_SUBJECT_CHARACTERS} are shown."
    if prompt.subject[:1] != prompt.subject[:1].upper() or prompt.subject != prompt.subject.strip():
        yield "The subject must begin with a capital letter, with no space around it."
    for place, word in enumerate(words):
        wrong = place > 0 and _has_capital(word, prompt.locale) and not wording.keeps_capital(word, prompt.locale)
        if wrong or _is_shouted(word):
            yield f'Write "{word}" in small letters; a subject is written like a sentence.'
    if prompt.subject.endswith("."):
        yield "A subject has no full stop at its end."


def _has_capital(word: str, locale: str) -> bool:
    """Return whether a word has a capital that its language does not need; German nouns have one."""
    return word[:1].isupper() and not locale.startswith("de")


def _is_shouted(word: str) -> bool:
    """Return whether a word of several letters is all capitals."""
    return len(word) > 1 and word.isupper()


def _body(prompt: Prompt) -> Iterator[str]:
    """Yield the faults in the length and the reading age of a body."""
    length = len(prompt.body.split())
    if length > MOST_BODY_WORDS:
        yield f"The body has {length} words; {MOST_BODY_WORDS} are the most that a tired reader wants."
    age = reading_age(prompt.body, prompt.locale)
    if age > OLDEST_READER:
        yield f"The text suits readers of {age:.0f} and older; use shorter words or sentences, for readers of 12."


def _words(prompt: Prompt, wording: Lexicon) -> Iterator[str]:
    """Yield the words and signs that put on pressure, promise, keep score or decorate."""
    text = f"{prompt.subject}\n\n{prompt.body}"
    for refused in wording.refused_in(without_quotations(text), prompt.locale):
        yield f'"{refused.phrase}" {refused.reason}; say it another way.'
    if _PRESSING in text:
        yield "An exclamation mark raises its voice; use a full stop."
    if _TYPEWRITTEN.search(text):
        yield "Write ’ and “ ” in place of the straight ' and \", as all our texts do (in German „ “)."
    signs = sorted({sign for sign in text if unicodedata.category(sign) in {"So", "Sk", "Cs", "Co"}})
    if signs:
        yield f"Leave out {' '.join(signs)}; prompts have no emoji or signs."


def _fields(prompt: Prompt) -> Iterator[str]:
    """Yield the fields that contradict each other."""
    if prompt.depth == DEEPEST and not prompt.lighter:
        yield "A prompt of depth 3 needs a lighter one: add lighter with the id of a prompt of depth 1."
    if prompt.theme == "hurt" and prompt.resurface:
        yield "Replies to hurt prompts never come back by themselves: set resurface to false."
    if prompt.kind == "line-start" and "___" not in prompt.body:
        yield "A line-start needs a gap, written ___, for the reader to fill."
    if prompt.asks_for_step and (prompt.theme != "step" or prompt.kind not in CHOOSING_KINDS):
        yield f"Only the theme step may ask for a step, and only these kinds: {', '.join(CHOOSING_KINDS)}."


def _twice(found: Sequence[tuple[str, Prompt]]) -> Iterator[tuple[str, str]]:
    """Yield the ids and keys that occur twice, those of retired prompts included."""
    by_id: dict[str, tuple[str, Prompt]] = {}
    by_key: dict[int, str] = {}
    for path, prompt in sorted(found, key=lambda pair: (pair[1].in_use, pair[0])):
        other = by_id.setdefault(prompt.id, (path, prompt))
        if other[0] != path:
            was = "is retired in" if not other[1].in_use else "is taken by"
            yield path, f'The id "{prompt.id}" {was} {other[0]}; an id is never used twice. Choose another.'
        elif by_key.setdefault(prompt.key, prompt.id) != prompt.id:
            yield path, f'The id "{prompt.id}" has the same key as "{by_key[prompt.key]}". Choose another.'


def _lighter(found: Sequence[tuple[str, Prompt]]) -> Iterator[tuple[str, str]]:
    """Yield the lighter prompts that are missing or not light."""
    by_id = {prompt.id: prompt for _, prompt in found}
    for path, prompt in found:
        if not prompt.lighter or not prompt.in_use:
            continue
        twin = by_id.get(prompt.lighter)
        if twin is None or not twin.in_use or twin.locale != prompt.locale:
            yield path, f'There is no prompt "{prompt.lighter}" in {prompt.locale}; lighter must name one in use.'
        elif twin.depth != 1:
            yield path, f'"{twin.id}" has depth {twin.depth}; the lighter prompt must have depth 1.'
