"""Prompts: what one is, how its file is parsed, and how prompts are found."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Self

from service.core.library.prompt_fields import first_fault
from service.core.library.prompt_timing import timing_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from service.core.library.prompt_timing import PromptTiming

DEFAULT_LOCALE: Final = "en-GB"
THEMES: Final = ("body", "rest", "work", "people", "hurt", "kindness", "noticing", "step")
KINDS: Final = (
    "question",
    "words",
    "line-start",
    "tiny-act",
    "letter",
    "look-back",
    "follow-up",
)
MINUTES: Final = (1, 3, 10)
DEPTHS: Final = (1, 2, 3)
STATUSES: Final = ("active", "unreviewed", "retired")
OWN_PREFIX: Final = "desk-"  # of the ids of the writers' own prompts, so that no file can have the same

_FENCE: Final = "+++"
_CHOICES: Final[Mapping[str, tuple[object, ...]]] = {
    "theme": THEMES,
    "kind": KINDS,
    "minutes": MINUTES,
    "depth": DEPTHS,
    "status": STATUSES,
}


class PromptError(ValueError):
    """A prompt file that cannot be read; the message tells its writer which file and what to change."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question of the library.

    `lighter` is the id of the gentler prompt that goes with a depth-3 one in the same email; `asks_for_step` says that
    a reply may choose a small step, which is asked about once; `opening` is its place among the six that everybody
    gets first; `gratitude` marks a prompt that may come at most once a week; `resurface` says whether a digest may
    quote a reply.
    """

    id: str
    locale: str
    subject: str
    theme: str
    kind: str
    minutes: int
    depth: int
    resurface: bool
    lighter: str | None
    evidence: str
    status: str
    body: str
    opening: int | None = None
    gratitude: bool = False
    asks_for_step: bool = False
    key: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the key once; planning compares it thousands of times."""
        object.__setattr__(self, "key", key_of(self.id))

    @property
    def question(self) -> str:
        """The first paragraph, which the email shows as its heading."""
        return self.body.split("\n\n", 1)[0]

    @property
    def help(self) -> str:
        """The help text after the question; may be empty."""
        return self.body.partition("\n\n")[2]

    @property
    def in_use(self) -> bool:
        """Return whether it may still be sent. A retired prompt is kept for old replies."""
        return self.status != "retired"

    @property
    def is_own(self) -> bool:
        """Return whether a writer added it at the desk; it is then in the database and in no file."""
        return self.id.startswith(OWN_PREFIX)

    @property
    def is_light(self) -> bool:
        """Return whether it suits somebody new or silent for a while: a minute at most, and nothing deep."""
        return self.depth == 1 and self.minutes == 1


def key_of(prompt_id: str) -> int:
    """Return the 32-bit number of a prompt in reply addresses and histories."""
    return int.from_bytes(hashlib.sha256(prompt_id.encode()).digest()[:4], "big")


def parse_prompt(path: str, text: str) -> Prompt:
    """Return the prompt in a file `.../<locale>/<theme>/<name>.md`.

    The locale is that of the folder; all else is in the front matter.

    Raises:
        PromptError: the file is not a prompt; the message tells its writer what to change.
    """
    match PurePosixPath(path).parts:
        case (*_, locale, _theme, _name):
            pass
        case _:
            raise PromptError(f"{path}: put the file in a folder <locale>/<theme>/.")
    fields, body = _split(path, text)
    return prompt_of(path, locale, fields, body)


def prompt_of(path: str, locale: str, fields: Mapping[str, Any], body: str) -> Prompt:
    """Return the prompt with these fields; `path` names it in an error.

    Raises:
        PromptError: a field is missing, not known, or has a value that is not allowed.
    """
    fault = first_fault(fields, _CHOICES)
    if fault is not None:
        raise PromptError(f"{path}: {fault}")
    return Prompt(locale=locale, body=body, **({"lighter": None, "evidence": ""} | dict(fields)))


@dataclass(frozen=True, slots=True)
class _Content:
    """What a library holds at one time; it is replaced as a whole, so that each reader sees one content."""

    by_id: Mapping[str, Prompt]
    by_key: Mapping[int, Prompt]
    own: Sequence[Prompt] = ()
    timings: Mapping[str, Sequence[PromptTiming]] = field(default_factory=dict)


class Library:
    """All prompts, found by id, by key or by locale.

    The prompts of its files never change. The writers' own prompts, and when each prompt comes, are in the database:
    `take_own` replaces what was read of them, and `own_read_at` says when that was.
    """

    __slots__ = ("_by_locale", "_content", "files", "own_read_at")

    def __init__(self, prompts: Iterable[Prompt]) -> None:
        self.files = tuple({prompt.id: prompt for prompt in prompts}.values())
        by_locale: dict[str, list[Prompt]] = {}
        for prompt in sorted(self.files, key=lambda prompt: prompt.id):
            if prompt.in_use:
                by_locale.setdefault(prompt.locale, []).append(prompt)
        self._by_locale = {locale: tuple(found) for locale, found in by_locale.items()}
        self.own_read_at: datetime | None = None
        self.take_own((), {})

    def take_own(self, own: Iterable[Prompt], timings: Mapping[str, Sequence[PromptTiming]]) -> None:
        """Hold these own prompts, and when prompts come: their timings by id, each in the order of `valid_from`."""
        added = tuple(own)
        every = (*self.files, *added)
        by_id, by_key = ({getattr(prompt, name): prompt for prompt in every} for name in ("id", "key"))
        self._content = _Content(by_id, by_key, added, timings)

    @classmethod
    def parse(cls, files: Iterable[tuple[str, str]]) -> Self:
        """Return the library in these (path, text) pairs; files other than `.md` are ignored.

        Raises:
            PromptError: a file is not a prompt, or an id or key occurs twice.
        """
        paths: dict[str, str] = {}
        keys: dict[int, str] = {}
        prompts = []
        for path, text in files:
            if not path.endswith(".md"):
                continue
            prompt = parse_prompt(path, text)
            if prompt.id in paths:
                raise PromptError(f'{path}: {paths[prompt.id]} already has the id "{prompt.id}".')
            if prompt.key in keys:
                raise PromptError(f'{path}: the id "{prompt.id}" has the same key as "{keys[prompt.key]}".')
            paths[prompt.id] = path
            keys[prompt.key] = prompt.id
            prompts.append(prompt)
        return cls(prompts)

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales that have prompts, in order of name."""
        return tuple(sorted(self._by_locale))

    def get(self, prompt_id: str) -> Prompt | None:
        """Return the prompt with this id, retired or not, or None."""
        return self._content.by_id.get(prompt_id)

    def by_key(self, key: int) -> Prompt | None:
        """Return the prompt with this key, retired or not, or None."""
        return self._content.by_key.get(key)

    @property
    def own(self) -> Sequence[Prompt]:
        """The writers' own prompts, retired or not."""
        return self._content.own

    def for_locale(self, locale: str) -> tuple[Prompt, ...]:
        """Return the prompts of the files that may be sent in a locale, follow-ups included, by id.

        A locale without prompts gets those of its language, or else the British English ones.
        """
        return self._by_locale.get(self._nearest(locale), ())

    def rotating(self, locale: str, on: date) -> tuple[Prompt, ...]:
        """Return the prompts that may come on a local date, own ones included and follow-ups not, by id."""
        nearest, own = self._nearest(locale), self._content.own
        found = (*self._by_locale.get(nearest, ()), *(prompt for prompt in own if prompt.locale == nearest))
        rotating = (prompt for prompt in found if prompt.kind != "follow-up" and self.comes_on(prompt, on))
        return tuple(sorted(rotating, key=lambda prompt: prompt.id))

    def comes_on(self, prompt: Prompt, on: date) -> bool:
        """Return whether a prompt may come on a local date; an own one comes from its first timing on."""
        timing = self.timing(prompt.id, on)
        return prompt.in_use and (timing.allows(on) if timing is not None else not prompt.is_own)

    def timing(self, prompt_id: str, on: date) -> PromptTiming | None:
        """Return the timing of a prompt that holds on a local date, or None."""
        return timing_on(self.timings(prompt_id), on)

    def timings(self, prompt_id: str) -> Sequence[PromptTiming]:
        """Return what holds for a prompt, and from when, in that order."""
        return self._content.timings.get(prompt_id, ())

    def _nearest(self, locale: str) -> str:
        language = locale.partition("-")[0]
        same_language = (known for known in self.locales if known.partition("-")[0] == language)
        return locale if locale in self._by_locale else next(same_language, DEFAULT_LOCALE)

    def first_six(self, locale: str) -> tuple[Prompt, ...]:
        """Return the prompts that everybody in a locale gets first, in order."""
        opening = [prompt for prompt in self.for_locale(locale) if prompt.opening is not None]
        return tuple(sorted(opening, key=lambda prompt: prompt.opening or 0))

    def follow_ups(self, locale: str) -> tuple[Prompt, ...]:
        """Return the prompts that ask how a chosen step went."""
        return tuple(found for found in self.for_locale(locale) if found.kind == "follow-up")


def _split(path: str, text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter and the body, with one line for each paragraph."""
    lines = text.lstrip("\ufeff").splitlines()
    marks = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE]
    if not marks or marks[0] != 0 or len(marks) == 1:
        raise PromptError(f"{path}: start with a line +++, the front matter, and a line +++.")
    try:
        fields = tomllib.loads("\n".join(lines[1 : marks[1]]))
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"{path}: the front matter is not TOML ({error}).") from error
    body = body_of(lines[marks[1] + 1 :])
    if not body:
        raise PromptError(f"{path}: there is no question after the front matter.")
    return fields, body


def body_of(lines: Iterable[str]) -> str:
    """Return the body of a prompt from its lines, without spaces and empty lines around its paragraphs."""
    paragraphs = "\n".join(line.strip() for line in lines).split("\n\n")
    return "\n\n".join(part.strip() for part in paragraphs if part.strip())
