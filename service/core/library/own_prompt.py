"""A writer's own prompt, as they typed it or have it in a file; its id; and what only such a prompt must not have."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from service.core.library.prompt_check import check_own
from service.core.library.prompts import (
    DEFAULT_LOCALE,
    KINDS,
    OWN_PREFIX,
    PromptError,
    body_of,
    parse_prompt,
    prompt_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from service.core.library.prompts import Prompt
    from service.core.text.lexicon import Lexicon

# A follow-up is asked about one step and belongs to no day.
OWN_KINDS: Final = tuple(kind for kind in KINDS if kind != "follow-up")
LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final = 2_000
LONGEST_ID: Final = 64
_LONGEST_SLUG: Final = 40
_OWN_ID: Final = re.compile(OWN_PREFIX + r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_IN_SLUGS: Final = re.compile(r"[^a-z0-9]+")
_PLACEHOLDER: Final = re.compile(r"%[^%\s]+%")
_CONTROLS: Final = {"Cc", "Cs", "Cn"}
_UNNAMED: Final = "question"
_TICKED: Final = "yes"


def typed_prompt(form: Mapping[str, str], prompt_id: str) -> Prompt:
    """Return the prompt that a form describes, with or without faults; `own_faults` says what to mend.

    Raises:
        PromptError: it has no question, is far too long, or a choice was not made; the message is a sentence.
    """
    body = body_of(_printable(form.get("body", "")).splitlines())
    subject = " ".join(_printable(form.get("subject", "")).split())
    if not subject:
        raise PromptError("Give it a subject.")
    if not body:
        raise PromptError("Write the question.")
    if len(subject) > LONGEST_SUBJECT or len(body) > LONGEST_BODY:
        raise PromptError("That is far too long for a question.")
    fields: dict[str, Any] = {
        "id": prompt_id,
        "subject": subject,
        "status": "active",
        "theme": form.get("theme", ""),
        "kind": form.get("kind", ""),
        "minutes": _number(form.get("minutes", "")),
        "depth": _number(form.get("depth", "")),
        **{name: form.get(name) == _TICKED for name in ("resurface", "gratitude", "asks_for_step")},
    }
    if lighter := form.get("lighter", "").strip()[:LONGEST_ID]:
        fields["lighter"] = _printable(lighter)
    if fields["kind"] not in OWN_KINDS:
        raise PromptError("Choose a kind.")
    return prompt_of("This question", form.get("locale", DEFAULT_LOCALE), fields, body)


def prompt_in_file(text: str, locale: str) -> Prompt:
    """Return the prompt in a file like those of the library; its id is that in the file.

    Raises:
        PromptError: it is not a prompt, or one of a sort that only the library has; the message is a sentence.
    """
    path = f"{locale}/theme/file.md"
    try:
        prompt = parse_prompt(path, text)
    except PromptError as error:
        raise PromptError(str(error).replace(f"{path}: ", "The file: ")) from None
    if prompt.kind not in OWN_KINDS or prompt.opening is not None or prompt.status != "active":
        raise PromptError("Follow-ups, openings, and prompts that are not active belong to the library’s files.")
    if len(prompt.subject) > LONGEST_SUBJECT or len(prompt.body) > LONGEST_BODY:
        raise PromptError("That is far too long for a question.")
    if _printable(prompt.subject + prompt.body) != prompt.subject + prompt.body:
        raise PromptError("There are control characters in it; leave them out.")
    return prompt


def own_faults(prompt: Prompt, others: Iterable[Prompt], wording: Lexicon) -> list[str]:
    """Return what a writer has to mend before an own prompt may come, as sentences."""
    faults = check_own(prompt, others, wording)
    if found := _PLACEHOLDER.search(f"{prompt.subject}\n{prompt.body}"):
        faults.append(f"Leave out {found[0]}: Mailgun fills words between two such signs in by itself.")
    return faults


def typed_season(first: str, last: str) -> tuple[date | None, date | None]:
    """Return the ends of a season as they were typed, in ISO form; an empty one is open.

    Raises:
        PromptError: one is no date; the message is a sentence.
    """
    try:
        ends = [date.fromisoformat(text) if (text := typed.strip()) else None for typed in (first, last)]
    except ValueError:
        raise PromptError("Write each day of the season like 2026-12-03, or leave it empty.") from None
    return ends[0], ends[1]


def free_prompt_id(subject: str, taken: Collection[str]) -> str:
    """Return an id for an own prompt, after its subject; an id that was ever used is never used again."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    slug = _NOT_IN_SLUGS.sub("-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or _UNNAMED
    wanted = f"{OWN_PREFIX}{slug}"
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(other for other in numbered if other not in taken)


def is_own_id(prompt_id: str) -> bool:
    """Return whether an id has the form of an own prompt's."""
    return len(prompt_id) <= LONGEST_ID and _OWN_ID.fullmatch(prompt_id) is not None


def _printable(text: str) -> str:
    """Return a text without control characters, which no email and no database may hold."""
    return "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign) not in _CONTROLS)


def _number(text: str) -> int:
    """Return a number of one or two figures, or 0, which is never among the choices."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len("10") else 0
