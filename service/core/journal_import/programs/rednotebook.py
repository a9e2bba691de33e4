"""RedNotebook: a file of YAML for each month, `YYYY-MM.txt`, with what stands below each of its days."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from service.core.journal_import.notes.markdown_folder import split_embeds
from service.core.journal_import.programs.txt2tags import markdown_of
from service.core.journal_import.reading.attachments import sort_attachments
from service.core.journal_import.reading.import_files import (
    DamagedFileError,
    FileBoundError,
    ImportFiles,
    decode_bytes,
    start_of,
    tidy_text,
)
from service.core.journal_import.reading.imported import (
    NO_DATE,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.local_days import first_day_in

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML was compiled without libyaml, and is ten times slower
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

LARGEST_DAY_CHARACTERS: Final = 4 * 1024 * 1024
MOST_DAYS: Final = 1000  # of one month, which has fewer unless two computers wrote it
_MONTH_NAME: Final = re.compile(r"(?:^|/)(\d{4})-(\d{1,2})(?!\d)[^/]*$")
_DAY: Final = re.compile(r"^(?=[\"']?(\d{1,2})[\"']?:(?:\s|$))", re.MULTILINE)
_STARTS: Final = re.compile(rb"(?:(?:---|#)[^\n]*\n|\s)*(?:\{\s*)?[\"']?\d{1,2}[\"']?:\s+(?:\{|!|[\"'\w])")
_TEXT: Final = re.compile(rb"[\s{,][\"']?text[\"']?:\s")
_PREAMBLE: Final = re.compile(r"\A(?:\s*(?:\{\s*\}|---|#[^\n]*|%[^\n]*)\s*$)*\s*\Z", re.MULTILINE)
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HALVES: Final = re.compile(r"\\u(d[89a-f][\da-f]{2})(?:\\u(d[c-f][\da-f]{2}))?", re.IGNORECASE)
_SETTINGS: Final = "journal.cfg"
_IS_MARKDOWN: Final = re.compile(r"^\s*markup\s*=\s*markdown\s*$", re.MULTILINE)


class _DayLoader(_SafeLoader):
    """Reads YAML with every value as the text that is written, but for null; runs nothing."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - so the library declares it
        first: [each for each in resolvers if each[0].endswith(":null")]
        for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
    }


def _scalar(loader: _DayLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


for _tag in ("unicode", "str"):  # RedNotebook for Python 2 wrote these
    _DayLoader.add_constructor(f"tag:yaml.org,2002:python/{_tag}", _scalar)


def matches(files: ImportFiles) -> bool:
    """Return whether a text of the upload has a number of a day at its start, and a text below it."""
    return any(_TEXT.search(start_of(files.head(name))) for name in _months(files))


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the days of each month, in the order of the files."""
    for name in _months(files):
        try:
            text = files.read_text(name)
        except (FileBoundError, DamagedFileError) as failed:
            yield LeftOutEntry(name, TOO_LARGE_ENTRY if isinstance(failed, FileBoundError) else UNREADABLE_ENTRY)
            continue
        yield from _days(files, name, text, is_markdown=_has_markdown(files, name))


def _months(files: ImportFiles) -> Iterator[str]:
    yield from files.texts_like(lambda start: _STARTS.match(start) is not None, most=len(files.names))


def _has_markdown(files: ImportFiles, name: str) -> bool:
    """Return whether the settings beside a month say that it is written in Markdown, as it is since 2026."""
    settings = f"{name.rpartition('/')[0]}/{_SETTINGS}".lstrip("/")
    return settings in files.names and _IS_MARKDOWN.search(decode_bytes(files.head(settings))) is not None


def _days(files: ImportFiles, name: str, text: str, *, is_markdown: bool) -> Iterator[ImportItem]:
    """Yield the entries of a month. Each day is read by itself, so that a broken one costs no other."""
    days = [*_DAY.finditer(text)]
    if len(days) > MOST_DAYS:
        raise FileBoundError
    before = text[: days[0].start()] if days else text
    if not _PREAMBLE.match(before):
        yield from _part(files, name, "", before, is_markdown=is_markdown)
    ends = [*(day.start() for day in days[1:]), len(text)]
    for day, end in zip(days, ends, strict=False):
        yield from _part(files, name, day[1], text[day.start() : end], is_markdown=is_markdown)


def _part(files: ImportFiles, name: str, number: str, part: str, *, is_markdown: bool) -> Iterator[ImportItem]:
    """Yield the entries of a piece of YAML: the one of a day, or all of a month in braces."""
    place, dated = f"{name}, day {number}" if number else name, _dated(name, number)
    if len(part) > LARGEST_DAY_CHARACTERS:
        yield LeftOutEntry(place, TOO_LARGE_ENTRY, dated, part[:LARGEST_DAY_CHARACTERS])
        return
    found = _loaded(part)
    if not isinstance(found, dict):
        yield LeftOutEntry(place, UNREADABLE_ENTRY, dated, part.strip())
        return
    for key, day in found.items():
        content = day if isinstance(day, dict) else {"text": day}
        yield _entry(files, name, str(key), content, is_markdown=is_markdown)


def _loaded(part: str) -> Any:
    """Return a piece of YAML, None where it cannot be read; what refers to itself or to another part is refused."""
    part = _HALVES.sub(_joined, _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", part))
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(part, Loader=_DayLoader)):
            return None
        return yaml.load(part, Loader=_DayLoader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


def _entry(files: ImportFiles, name: str, number: str, content: Mapping[Any, Any], *, is_markdown: bool) -> ImportItem:
    text = _text(content.get("text"))
    words, referred = split_embeds(text if is_markdown else markdown_of(text))
    tags, below = _categories(content, is_markdown=is_markdown)
    words = "\n\n".join(part for part in (words, below) if part)
    photos, left = sort_attachments(files, referred, beside=name)
    place, on = f"{name}, day {number}", first_day_in(_dated(name, number))
    if on is None:
        return LeftOutEntry(place, NO_DATE, _dated(name, number), words)
    if not words and not photos:
        return LeftOutEntry(place, reason_without(left), on.isoformat())
    return ImportedEntry(place=place, words=words, on=on, photos=photos, tags=tags, left_behind=left)


def _dated(name: str, number: str) -> str:
    month = _MONTH_NAME.search(name)
    return f"{month[1]}-{month[2]}-{number.zfill(2)}" if month and number else number


def _joined(halves: re.Match[str]) -> str:
    """Return the escape of a character whose halves Python 2 escaped each by itself, which is no YAML."""
    pair = bytes.fromhex(halves[1] + (halves[2] or ""))
    return f"\\U{ord(pair.decode('utf-16-be', 'replace')[:1]):08X}"


def _text(value: Any) -> str:
    text = decode_bytes(value) if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return tidy_text(text).strip()


def _categories(content: Mapping[Any, Any], *, is_markdown: bool) -> tuple[tuple[str, ...], str]:
    """Return the tags of a day, and the notes under its other categories as lines."""
    tags: list[str] = []
    lines: list[str] = []
    for key, value in content.items():
        name = _text(key)
        notes = [_text(each) for each in value] if isinstance(value, dict | list) else [_text(value)]
        notes = [each for each in notes if each]
        if name == "text" or not name:
            continue
        if name.casefold() == "tags":
            tags += notes
        elif not notes:
            tags.append(name)
        else:
            lines += [f"- {name}: {note if is_markdown else markdown_of(note)}" for note in notes]
    return tuple(tags), "\n".join(lines)


FORMAT: Final = JournalFormat("rednotebook", "RedNotebook", matches, read)
