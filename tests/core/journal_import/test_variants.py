"""Files as programs really write them, apart from the plain form: other names, encodings, zones and versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.core.journal_import.reading.imported import A_SOUND, NO_DATE, ONLY_LEFT_BEHIND, ONLY_MISSING_PHOTO
from service.core.journal_import.reading.unread_files import FORMATTED
from service.core.journal_import.reading.zone_names import iana_name
from tests.harness.journals.journals import entries_in, left_out_in, photo, read_journal, zipped

APPLE = '<!DOCTYPE html><html><head><title>Journal</title></head><body><div class="pageHeader">{}</div>{}</body></html>'
ENEX = (
    "<?xml version='1.0'?><en-export><note><title>Journal of May</title><created>20240501T120000Z</created>"
    "<content><![CDATA[<en-note>Lilac</en-note>]]></content></note></en-export>"
)
MAIL = "From: a@example.org\nDate: Tue, 5 Jun 2012 21:00:00 +0000\nMessage-ID: <{}@example.org>\n\nMail {}.\n"
BOX = "".join(f"From a@example.org Tue Jun  5 21:00:00 2012\n{MAIL.format(number, number)}" for number in (1, 2))
NOTE = {"title": "Diary", "textContent": "Tea", "isTrashed": False, "userEditedTimestampUsec": 1714550000000000}


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def day_one(*entries: dict[str, Any]) -> bytes:
    return as_json({"metadata": {"version": "1.0"}, "entries": [*entries]})


def entry(zone: str, written: str = "2024-07-01T23:30:00Z") -> dict[str, Any]:
    return {"uuid": zone, "creationDate": written, "timeZone": zone, "text": f"in {zone}"}


# What it is about, the file with its name, and of each entry its local day, its words, and how many photos it has.
VARIANTS: list[tuple[str, bytes, str, list[tuple[str, str, int]]]] = [
    (
        "zones by their offset, and as Windows names them",
        day_one(*map(entry, ("GMT+2", "GMT-0800", "UTC+05:30", "W. Europe Standard Time", "EST"))),
        "",
        [
            ("2024-07-02", "in GMT+2", 0),
            ("2024-07-01", "in GMT-0800", 0),
            ("2024-07-02", "in UTC+05:30", 0),
            ("2024-07-02", "in W. Europe Standard Time", 0),
            ("2024-07-01", "in EST", 0),
        ],
    ),
    (
        "JSON with line ends inside its strings",
        day_one({"creationDate": "2024-05-01T10:00:00Z", "text": "one~two"}).replace(b"~", b"\n"),
        "",
        [("2024-05-01", "one\ntwo", 0)],
    ),
    (
        "Apple: a photo whose name is written as in an address, a page in UTF-16, a name without a date",
        zipped(
            {
                "Entries/2024-09-14.html": APPLE.format(
                    "", '<div class="assetGrid assetType_photo"><img src="../Resources/a%20b.heic"></div>'
                ).encode(),
                "Entries/2024-09-15.html": APPLE.format("", "<p class='p2'>Wide</p>").encode("utf-16"),
                "Entries/Untitled.html": APPLE.format("2024年9月16日", "<p class='p2'>No name</p>").encode(),
                "Resources/a b.heic": photo(),
            }
        ),
        "",
        [("2024-09-14", "", 1), ("2024-09-15", "Wide", 0), ("2024-09-16", "No name", 0)],
    ),
    ("Evernote: a note that is called Journal", ENEX.encode(), "", [("2024-05-01", "Journal of May\n\nLilac", 0)]),
    (
        "Journey's newer form",
        as_json(
            {"id": "x", "dateOfJournal": "2024-05-01T22:30:00.000Z", "timezone": "Europe/Berlin", "text": "<p>New</p>"}
        ),
        "",
        [("2024-05-02", "New", 0)],
    ),
    (
        "Daylio: saved by a spreadsheet, with a note that is not quoted",
        b"full_date;date;weekday;time;mood;activities;note_title;note\n2024-04-02;2 April;Tue;22:00;good;;;tea; cake\n",
        "",
        [("2024-04-02", "tea; cake\n\ngood", 0)],
    ),
    (
        "jrnl: days before months, known by another entry; weekdays; a month that is none",
        b"[01/07/2019 21:00] One\n[13/07/2019 21:00] Two\n[2019-07-14 Sun 21:00] Three\n[2019-13-01 09:00] is words\n",
        "",
        [("2019-07-01", "One", 0), ("2019-07-13", "Two", 0), ("2019-07-14", "Three\n[2019-13-01 09:00] is words", 0)],
    ),
    (
        "jrnl: its Markdown",
        b"# 2019\n\n## July\n\n### 2019-07-31 09:00 One\n\nWords\n\n## August\n\n### 2019-08-01 10:00 Two\n",
        "j.md",
        [("2019-07-31", "One\n\nWords", 0), ("2019-08-01", "Two", 0)],
    ),
    (
        "headings with days in English",
        b"# Saturday, January 1, 2022\n\nA\n\n## 2 January 2022 - Walk\n\nB\n\n## Not a day\nC\n",
        "j.md",
        [("2022-01-01", "A", 0), ("2022-01-02", "Walk\n\nB\n\n## Not a day\nC", 0)],
    ),
    (
        "days with slashes",
        b"2024/01/15\nOne\n\n2024/01/16\nTwo\n",
        "",
        [("2024-01-15", "One", 0), ("2024-01-16", "Two", 0)],
    ),
    (
        "750 Words: a title of one's own, and the one that is only the date",
        (
            b"===== ENTRY =====\n=== DATE: 2023-01-01 ===\n=== TITLE: Mine ===\n=== BODY ===\nOne\n"
            b"===== ENTRY =====\n=== DATE: 2023-01-02 ===\n=== TITLE: Monday, January  2, 2023 ===\n=== BODY ===\nTwo\n"
        ),
        "",
        [("2023-01-01", "Mine\n\nOne", 0), ("2023-01-02", "Two", 0)],
    ),
    (
        "Day One's plain text with its photos",
        zipped(
            {"J.txt": b"\tDate:\t1 October 2024 at 00:00:00 GMT\n\nPlain ![](photos/a.jpg)\n", "photos/a.jpg": photo()}
        ),
        "",
        [("2024-10-01", "Plain", 1)],
    ),
    (
        "Google Keep before 2021, and a photo that Takeout names by another ending",
        zipped({"K/a.json": as_json({**NOTE, "attachments": [{"filePath": "x.jpeg"}]}), "K/x.jpg": photo()}),
        "",
        [("2024-05-01", "Diary\n\nTea", 1)],
    ),
    (
        "front matter in UTC, as Joplin writes it: the name's day, else the person's; a linked date",
        zipped(
            {
                "2024-07-01.md": b"---\ncreated: 2024-07-02 03:30:00Z\n---\nNamed",
                "b.md": b"---\ncreated: 2024-07-01 23:30:00Z\n---\nSummer time",
                "c.md": b'---\ndate: "[[2024-07-03]]"\n---\nLinked',
            }
        ),
        "",
        [("2024-07-01", "Named", 0), ("2024-07-02", "Summer time", 0), ("2024-07-03", "Linked", 0)],
    ),
    (
        "Logseq: Org files, and pictures with their size; Obsidian: notes in notes",
        zipped(
            {
                "journals/2021_02_20.md": b"- one ![x](../assets/cup.png){:height 10, :width 20} ![[Other note]]",
                "journals/2021_02_21.org": b"* two [[../assets/cup.png][Cup]]",
                "assets/cup.png": photo(),
                "2021-02-22": b"no ending",
            }
        ),
        "",
        [("2021-02-22", "no ending", 0), ("2021-02-20", "- one  Other note", 1), ("2021-02-21", "* two", 1)],
    ),
    (
        "words that begin as Daylio's backup does, and are none",
        b"eyJ is how some tokens begin.",
        "2024-05-01.txt",
        [("2024-05-01", "eyJ is how some tokens begin.", 0)],
    ),
    (
        "a mail after a byte order mark",
        b"\xef\xbb\xbf" + MAIL.format(1, 1).encode(),
        "",
        [("2012-06-05", "Mail 1.", 0)],
    ),
    (
        "a mail as Apple Mail keeps it",
        f"{len(MAIL.format(1, 1))}      \n{MAIL.format(1, 1)}<?xml version='1.0'?><plist/>".encode(),
        "",
        [("2012-06-05", "Mail 1.", 0)],
    ),
    (
        "a mailbox without blank lines between its mails",
        BOX.encode(),
        "",
        [("2012-06-05", "Mail 1.", 0), ("2012-06-05", "Mail 2.", 0)],
    ),
]


@pytest.mark.parametrize(
    ("data", "title", "expected"), [each[1:] for each in VARIANTS], ids=[each[0] for each in VARIANTS]
)
def test_it_comes_in_whole(data: bytes, title: str, expected: list[tuple[str, str, int]]) -> None:
    _, items = read_journal(data, title or "upload")
    assert [(str(each.on), each.words, len(each.photos)) for each in entries_in(items)] == expected
    assert left_out_in(items) == []


def test_a_line_of_a_mail_that_begins_with_from_and_ends_with_a_year_stays_in_it() -> None:
    text = "\nFrom here it rained, until 2013\nand From then on too.\n"
    [found] = entries_in(read_journal((BOX.partition("Mail 1.")[0] + text).encode())[1])
    assert found.words == text.strip()


def test_an_entry_of_something_that_is_not_brought_is_left_out_by_that_reason() -> None:
    sound = {**entry("UTC"), "text": "", "audios": [{"identifier": "A", "format": "aac"}]}
    picture = {**entry("UTC"), "text": "", "photos": [{"identifier": "B"}]}
    left = left_out_in(read_journal(day_one(sound, picture))[1])
    assert [item.reason for item in left] == [ONLY_LEFT_BEHIND.format(A_SOUND), ONLY_MISSING_PHOTO]


def test_documents_of_a_word_processor_are_listed_and_their_code_is_nobodys_words() -> None:
    members = {"2024-03-05.md": b"Text", "2024-03-06.rtf": b"{\\rtf1 Words}", "2024-03-07.docx": zipped({"a": b"b"})}
    _, items = read_journal(zipped(members))
    assert [each.words for each in entries_in(items)] == ["Text"]
    assert [(item.place, item.reason) for item in left_out_in(items)] == [
        ("2024-03-06.rtf", FORMATTED),
        ("2024-03-07.docx", FORMATTED),
    ]


def test_a_page_of_apple_without_a_date_is_listed_without_a_title_that_is_only_its_file_name() -> None:
    _, items = read_journal(zipped({"Entries/x.html": APPLE.format("samedi", "<p class='p2'>Words</p>").encode()}))
    assert [(item.reason, item.words) for item in left_out_in(items)] == [(NO_DATE, "Words")]


@pytest.mark.parametrize("name", ["Bad/Zone", "GMT+25", "GMT-0330", "../etc/passwd", "", "+"])
def test_what_names_no_zone_stays_as_it_is(name: str) -> None:
    assert iana_name(name) == name
