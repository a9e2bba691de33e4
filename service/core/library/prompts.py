"""Prompts: what one is, how its file is parsed, and how prompts are found."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

_FENCE: Final = "+++"
_REQUIRED: Final[Mapping[str, type]] = {
    "id": str,
    "subject": str,
    "theme": str,
    "kind": str,
    "minutes": int,
    "depth": int,
    "resurface": bool,
    "status": str,
}
_OPTIONAL: Final[Mapping[str, type]] = {
    "lighter": str,
    "evidence": str,
    "opening": int,
    "gratitude": bool,
    "asks_for_step": bool,
}
_CHOICES: Final[Mapping[str, tuple[object, ...]]] = {
    "theme": THEMES,
    "kind": KINDS,
    "minutes": MINUTES,
    "depth": DEPTHS,
    "status": STATUSES,
}
_TYPE_NAMES: Final = {str: "text in quotes", int: "a whole number", bool: "true or false"}


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
    _check_names(path, fields)
    _check_values(path, fields)
    return Prompt(locale=locale, body=body, **({"lighter": None, "evidence": ""} | fields))


class Library:
    """All prompts, found by id, by key or by locale. A library never changes."""

    __slots__ = ("_by_id", "_by_key", "_by_locale")

    def __init__(self, prompts: Iterable[Prompt]) -> None:
        self._by_id = {prompt.id: prompt for prompt in prompts}
        self._by_key = {prompt.key: prompt for prompt in self._by_id.values()}
        by_locale: dict[str, list[Prompt]] = {}
        for prompt in sorted(self._by_id.values(), key=lambda prompt: prompt.id):
            if prompt.in_use:
                by_locale.setdefault(prompt.locale, []).append(prompt)
        self._by_locale = {locale: tuple(found) for locale, found in by_locale.items()}

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
        return self._by_id.get(prompt_id)

    def by_key(self, key: int) -> Prompt | None:
        """Return the prompt with this key, retired or not, or None."""
        return self._by_key.get(key)

    def for_locale(self, locale: str) -> tuple[Prompt, ...]:
        """Return what may be sent in a locale, follow-ups included, by id.

        A locale without prompts gets those of its language, or else the British English ones.
        """
        language = locale.partition("-")[0]
        same_language = (known for known in self.locales if known.partition("-")[0] == language)
        nearest = locale if locale in self._by_locale else next(same_language, DEFAULT_LOCALE)
        return self._by_locale.get(nearest, ())

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
    paragraphs = "\n".join(line.strip() for line in lines[marks[1] + 1 :]).split("\n\n")
    body = "\n\n".join(part.strip() for part in paragraphs if part.strip())
    if not body:
        raise PromptError(f"{path}: there is no question after the front matter.")
    return fields, body


def _check_names(path: str, fields: Mapping[str, Any]) -> None:
    """Raise unless all needed fields are there, and no others."""
    missing = [name for name in _REQUIRED if name not in fields]
    if missing:
        raise PromptError(f"{path}: the front matter needs {', '.join(missing)}.")
    unknown = sorted(set(fields) - set(_REQUIRED) - set(_OPTIONAL))
    if unknown:
        raise PromptError(f"{path}: the front matter knows no field {', '.join(unknown)}.")


def _check_values(path: str, fields: Mapping[str, Any]) -> None:
    """Raise unless every field holds an allowed value of its type."""
    for name, value in fields.items():
        wanted = _REQUIRED.get(name) or _OPTIONAL[name]
        if type(value) is not wanted:  # isinstance accepts a bool as an int
            raise PromptError(f"{path}: {name} must be {_TYPE_NAMES[wanted]}.")
        allowed = _CHOICES.get(name)
        if allowed is not None and value not in allowed:
            listed = ", ".join(str(choice) for choice in allowed)
            raise PromptError(f'{path}: {name} is "{value}"; it must be one of {listed}.')
