"""Hostile and odd files: each is read within bounds, or refused with a sentence."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable

import pytest

from service.core.journal_import import detect as detecting
from service.core.journal_import.detect import detect
from service.core.journal_import.reading import json_stream
from service.core.journal_import.reading.import_files import FileBoundError, ImportFiles
from service.core.journal_import.reading.imported import TOO_LARGE_ENTRY, UNREADABLE_ENTRY, RefusedFileError
from service.mail.sandbox.phrase_files import load_client_phrases
from tests.harness.journals.journals import entries_in, journal, left_out_in, photo, read_journal, zipped

ENTRY = {"uuid": "A", "creationDate": "2024-05-01T10:00:00Z", "timeZone": "UTC", "text": "Words."}
DAY_ONE = json.dumps({"metadata": {"version": "1.0"}, "entries": [ENTRY]}).encode()


def files(data: bytes) -> ImportFiles:
    return ImportFiles(io.BytesIO(data), "upload")


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedFileError) as refused:
        detect(files(data), load_client_phrases())
    return str(refused.value)


def test_names_that_climb_and_links_and_what_macos_adds_are_never_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("../../etc/passwd", "/etc/passwd", "a/../../b.md", "C:\\x.md", "__MACOSX/._j.json", ".DS_Store"):
            archive.writestr(name, b"2024-05-01")
        link = zipfile.ZipInfo("2024-05-01.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("one folder/Journal.json", DAY_ONE)
    assert files(out.getvalue()).names == ["one folder/Journal.json"]
    assert [entry.words for entry in entries_in(read_journal(out.getvalue())[1])] == ["Words."]


def test_names_in_the_encoding_of_an_old_archiver_are_found() -> None:
    data = zipped({"x/ä b.jpg": photo(), "2024-05-01.md": b"![](x/%C3%A4%20b.jpg)"})
    unsaid = data.replace("x/ä b.jpg".encode(), "x/ä b.jpg".encode())
    raw = bytearray(unsaid)
    for start, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(start)
        while place >= 0:
            raw[place + at + 1] &= 0xF7  # it no longer says that its name is UTF-8
            place = raw.find(start, place + 4)
    assert [entry.photos for entry in entries_in(read_journal(bytes(raw))[1])] == [("x/ä b.jpg",)]


def test_a_file_is_counted_as_it_is_read_and_not_as_it_says() -> None:
    bomb = zipped({"Journal.json": b"\0" * (9 * 1024 * 1024)})
    with pytest.raises(FileBoundError):
        files(bomb).read_bytes("Journal.json", 1024 * 1024)


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", detecting.EMPTY),
    ("an empty zip", lambda: zipped({}), detecting.EMPTY),
    ("a zip in a zip", lambda: zipped({"a.zip": zipped({"Journal.json": DAY_ONE})}), detecting.ZIP_IN_ZIP),
    ("a photo", photo, detecting.A_PHOTO),
    ("a PDF", lambda: b"%PDF-1.7\n", detecting.A_DOCUMENT),
    ("an encrypted jrnl", lambda: b"gAAAAABkZ0", detecting.ENCRYPTED),
    ("Diaro's encrypted backup", lambda: zipped({"DiaroBackup.denc": b"\x01\x02"}), detecting.ENCRYPTED),
    ("other JSON", lambda: b'{"a": 1}', detecting.UNKNOWN),
    ("text without a day", lambda: b"Milk, bread", detecting.UNKNOWN),
    ("zeros", lambda: zipped({"a": b"\0" * 1024 * 1024}), detecting.UNKNOWN),
]


@pytest.mark.parametrize(("data", "sentence"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_file_that_is_no_journal_is_refused_with_a_sentence(data: Callable[[], bytes], sentence: str) -> None:
    assert refusal(data()) == sentence


def test_a_password_is_asked_to_be_left_out() -> None:
    raw = bytearray(zipped({"Journal.json": DAY_ONE}))
    raw[raw.find(b"PK\x03\x04") + 6] |= 1
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(raw)) == detecting.ENCRYPTED


def test_one_damaged_entry_stops_nothing_else() -> None:
    damaged = DAY_ONE.replace(b"[{", b'[{"uuid": "B", nonsense}, 7, {', 1)
    _, items = read_journal(damaged)
    assert [(item.reason) for item in left_out_in(items)] == [UNREADABLE_ENTRY, UNREADABLE_ENTRY]
    assert [entry.words for entry in entries_in(items)] == ["Words."]


def test_a_file_that_ends_early_gives_what_is_whole() -> None:
    whole = json.dumps({"metadata": {"version": "1"}, "entries": [ENTRY, {**ENTRY, "uuid": "B"}]}).encode()
    _, items = read_journal(whole[:-5])
    assert len(entries_in(items)) == 1
    [left] = left_out_in(items)
    assert left.words.endswith('"text": "Words')


def test_an_entry_of_any_size_is_passed_over_and_those_after_it_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LARGEST_ELEMENT_BYTES", 300_000)
    large = {**ENTRY, "tags": ["x" * 1000] * 700}
    _, items = read_journal(json.dumps({"metadata": {"version": "1"}, "entries": [large, ENTRY]}).encode())
    assert [item.reason for item in left_out_in(items)] == [TOO_LARGE_ENTRY]
    assert len(entries_in(items)) == 1


HUGE = (b"[" * 100_000, b'"' + b"x" * 100_000, b"{" * 100_000 + b"}" * 100_000, b"9" * 100_000, b"1e999999999")


@pytest.mark.parametrize("inside", HUGE, ids=["brackets", "a string", "braces", "a number", "an exponent"])
def test_deep_nesting_and_endless_values_end_nothing_but_themselves(inside: bytes) -> None:
    for data in (DAY_ONE.replace(b"[{", b"[" + inside + b",{", 1), DAY_ONE.replace(b'"A"', inside)):
        _, items = read_journal(DAY_ONE[:-2] + b"," + data[data.index(b"[") + 1 :])
        assert (len(entries_in(items)) > 0, len(items) > 1) == (True, True)
    assert refusal(b'{"entries": ' + inside) == detecting.UNKNOWN


def test_a_file_of_a_million_entries_is_refused_once_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = json.dumps(ENTRY).encode()
    lines = "".join(f"{1990 + number // 300}-01-{number % 28 + 1:02}\nWords.\n\n" for number in range(900))
    monkeypatch.setattr(detecting, "MOST_ITEMS", 900)
    assert len(read_journal(lines.encode())[1]) == 900
    with pytest.raises(RefusedFileError, match="100,000 entries"):
        read_journal(lines.encode() + b"2001-01-01\nMore.\n")
    monkeypatch.setattr(json_stream, "MOST_ELEMENTS", 100)
    with pytest.raises(RefusedFileError, match="100,000 entries"):
        read_journal(DAY_ONE.replace(entry, b",".join([entry] * 101)))


def test_xml_with_entities_is_not_expanded() -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">'
        b'<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    diaro = journal("diaro", **{"DiaroBackup.xml": b""})
    with zipfile.ZipFile(io.BytesIO(diaro)) as archive:
        assert archive.namelist()
    _, items = read_journal(bomb + b'<data><table name="diaro_entries"><r><text>&b;&f;</text></r></table></data>')
    assert (entries_in(items), [item.reason for item in left_out_in(items)]) == ([], [UNREADABLE_ENTRY])
    plist = bomb + b"<plist><dict><key>Entry Text</key><string>&b;&f;</string></dict></plist>"
    _, items = read_journal(plist)
    assert entries_in(items) == []


def test_a_picture_that_is_none_is_left_behind_and_named() -> None:
    data = zipped({"a.jpg": b"no picture", "2024-05-01.md": b"Words\n![](a.jpg)"})
    [entry] = entries_in(read_journal(data)[1])
    assert (entry.photos, entry.left_behind) == ((), ("a document",))
