"""The files of templates/ that the service reads at its start: prompts, phrases, and those of the place."""

from __future__ import annotations

from functools import cache

from service.config import ROOT, Settings, SettingsError
from service.core.journal.steps import StepPhrases
from service.core.library.prompts import Library
from service.core.place import Place, PlaceError
from service.core.replies.classify.commands import CommandPhrases
from service.core.text.lexicon import Lexicon

TEMPLATES = ROOT / "templates"


def load_place(settings: Settings) -> Place:
    """Return the place: its name from the settings, the rest from the files of its folder.

    Raises:
        SettingsError: a file is missing or not valid; the message names it.
    """
    try:
        files = {path.name: path.read_text("utf-8") for path in settings.place_folder.glob("*.toml")}
        return Place.parse(settings.name_of_place, files)
    except (OSError, UnicodeDecodeError):
        raise SettingsError("Cannot start. A file in PLACE_FOLDER cannot be read.") from None
    except PlaceError as error:
        raise SettingsError(f"Cannot start. PLACE_FOLDER: {error}.") from None


def page_style(place: Place) -> str:
    """Return the style sheet of the pages, in the colours of the place."""
    return f"{place.palette.css}\n{(TEMPLATES / 'style.css').read_text('utf-8').strip()}"


def load_library() -> Library:
    """Return the prompt library of templates/prompts; its files are read once in a process."""
    return Library(_parsed_library().files)


@cache
def _parsed_library() -> Library:
    return Library.parse(prompt_files())


@cache
def load_lexicon() -> Lexicon:
    """Return the word lists by which prompts are checked: templates/prompts/words.toml, read once in a process."""
    return Lexicon.parse((TEMPLATES / "prompts" / "words.toml").read_text("utf-8"))


def load_ordinary() -> frozenset[str]:
    """Return the words that are common in anybody's writing, from templates/prompts/words.toml."""
    return load_lexicon().ordinary


def load_command_phrases() -> dict[str, CommandPhrases]:
    """Return the command phrases of templates/commands, by language."""
    files = (TEMPLATES / "commands").glob("*.toml")
    return {path.stem: CommandPhrases.parse(path.read_text("utf-8")) for path in files}


def load_step_phrases() -> dict[str, StepPhrases]:
    """Return the step phrases of templates/steps, by language."""
    files = (TEMPLATES / "steps").glob("*.toml")
    return {path.stem: StepPhrases.parse(path.read_text("utf-8")) for path in files}


def prompt_files() -> list[tuple[str, str]]:
    """Return the prompts and the word lists as (path below templates/prompts, text), sorted."""
    folder = TEMPLATES / "prompts"
    return [(path.relative_to(folder).as_posix(), path.read_text("utf-8")) for path in sorted(folder.rglob("*.*"))]
