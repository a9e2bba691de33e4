"""Apple's Journal (iOS 18, macOS 26): a folder of HTML pages, one an entry, and their photos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.journal_import.reading.attachments import kind_left_behind
from service.core.journal_import.reading.html_words import with_title, words_of_html
from service.core.journal_import.reading.import_files import (
    DamagedFileError,
    FileBoundError,
    ImportFiles,
    start_of,
    tidy_text,
)
from service.core.journal_import.reading.imported import (
    A_MISSING_PHOTO,
    A_SOUND,
    A_VIDEO,
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

STYLE_BYTES: Final = 64 * 1024  # the page begins with its style sheet
LARGEST_PAGE_BYTES: Final = 2 * 1024 * 1024
_IS_PAGE: Final = re.compile(
    rb"class=[\"'][^\"']*\b(?:pageHeader|assetGrid|bodyText|reflectionPrompt)\b|<title>Journal", re.IGNORECASE
)
_IS_HTML: Final = re.compile(rb"(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)\b", re.IGNORECASE)
_NOT_WORDS: Final = ".pageHeader, .assetGrid, .title, .reflectionPrompt, script, style"
_PHOTOS: Final = ".assetType_photo img, .assetType_livePhoto img"
_CLASS_RULE: Final = re.compile(r"span\.(s\d+)\s*\{([^}]*)\}")
_SPAN: Final = re.compile(r'<span class="(s\d+)">([^<]*)</span>')
_NAME_TITLE: Final = re.compile(r"\d{4}-\d{2}-\d{2}_?(?:\(\d+\))?_?(.*)")
_BESIDE: Final = re.compile(r"(?:^|/)(?:index\.html?|Resources/[^/]*)$", re.IGNORECASE)
_LEFT: Final = (("assetType_video", A_VIDEO), ("assetType_audio", A_SOUND), ("assetType_voice", A_SOUND))


def matches(files: ImportFiles) -> bool:
    """Return whether the upload has a page of such a journal."""
    return any(_is_page(files, name) for name in files.texts_like(_is_html, most=20))


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries, one a page; the index is not one."""
    for name in files.texts():
        last = name.rpartition("/")[2]
        if last.lower().endswith((".html", ".htm")) and last.lower() != "index.html":
            yield _page(files, name)


def _is_page(files: ImportFiles, name: str) -> bool:
    with files.peek(name) as file:
        start = start_of(file.read(STYLE_BYTES))
        return _IS_HTML.match(start) is not None and _IS_PAGE.search(start) is not None


def _is_html(start: bytes) -> bool:
    return start[:1] == b"<"


def _page(files: ImportFiles, name: str) -> ImportItem:
    try:
        html = files.read_text(name, LARGEST_PAGE_BYTES)
    except FileBoundError:
        return LeftOutEntry(name, TOO_LARGE_ENTRY)
    except DamagedFileError:
        return LeftOutEntry(name, UNREADABLE_ENTRY)
    tree = LexborHTMLParser(_with_emphasis(html))
    header = _text_of(tree.css_first(".pageHeader"))
    stem = name.rpartition("/")[2].rpartition(".")[0]
    on = first_day_in(stem) or first_day_in(header)
    question = _text_of(tree.css_first("div.reflectionPrompt"))
    title = _title(tree, stem)
    photos, left = _photos(files, name, tree)
    for node in tree.css(_NOT_WORDS):
        node.decompose()
    body = tree.body
    words = with_title(title, words_of_html(body.html or "") if body is not None else "")
    if on is None:
        return LeftOutEntry(name, NO_DATE, header, words)
    if not words and not photos:
        return LeftOutEntry(name, reason_without(left), str(on))
    return ImportedEntry(place=name, words=words, on=on, question=question, photos=photos, left_behind=left)


def _with_emphasis(html: str) -> str:
    """Return the page with bold and italic as tags, which it has as classes of its own style sheet alone."""
    styles = dict(_CLASS_RULE.findall(html))

    def tagged(found: re.Match[str]) -> str:
        rule = styles.get(found[1], "")
        for sign, tag in (("bold", "b"), ("italic", "i")):
            if sign in rule and found[2].strip():
                return f"<{tag}>{found[0]}</{tag}>"
        return found[0]

    return _SPAN.sub(tagged, html)


def _title(tree: LexborHTMLParser, stem: str) -> str:
    title = _text_of(tree.css_first("div.title"))
    if title:
        return title
    beside = tree.css_first("p.p1 span.s2, div.title ~ span.s2, body > span.s2, .pageHeader ~ span.s2")
    if (
        beside is not None
        and beside.parent is not None
        and "bodyText" not in (beside.parent.attributes.get("class") or "")
    ):
        text = _text_of(beside)
        if beside.parent.tag in {"body", "div"}:
            beside.decompose()
        return text
    named = _NAME_TITLE.match(stem)
    return named[1].replace("_", " ").strip() if named else ""


def _text_of(node: LexborNode | None) -> str:
    return " ".join(tidy_text(node.text()).split()) if node is not None else ""


def _photos(files: ImportFiles, name: str, tree: LexborHTMLParser) -> tuple[tuple[str, ...], tuple[str, ...]]:
    photos: dict[str, None] = {}
    left: list[str] = []
    for image in tree.css(_PHOTOS):
        found = files.find(image.attributes.get("src") or "", beside=name)
        if found is None:
            left.append(A_MISSING_PHOTO)
        elif (other := kind_left_behind(files, found)) is not None:
            left.append(other)
        else:
            photos[found] = None
    left += [called for kind, called in _LEFT for _ in tree.css(f".{kind}")]
    return tuple(photos), tuple(left)


FORMAT: Final = JournalFormat(
    "apple", "Apple Journal", matches, read, belongs=lambda _files, name: _BESIDE.search(name) is not None
)
