"""Every format by a file of its shape: the local day, the words and the photos of each entry."""

from __future__ import annotations

import io
import json

import pytest

from service.core.journal_import.mail_archive import BY_THE_SERVICE
from service.core.journal_import.notes import evernote
from service.core.journal_import.programs.dayone import unescaped
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.journal_import.reading.imported import NO_DATE, NOTHING_IN_IT, UNREADABLE_ENTRY
from tests.harness.journals.journals import entries_in, journal, left_out_in, photo, read_journal, zipped

KETTLE = "The kettle sang. 5-6 birds (small)!\n\n**Bold** and a path C:\\temp"
WRAPPED = (
    "This line was wrapped by the mail program because it is long, and goes on here.\n\nA short one\nstays.\n"
    "- a bullet after a line that is long enough to have been wrapped,\n- another"
)
FENCE = "Again the same kettle and that day.\n\n```\na\\.b\n```"

# Name, format, and of each entry its local day, its words, and how many photos it has.
SHAPES = [
    (
        "day_one",
        "dayone",
        [
            ("2024-05-02", KETTLE, 1),
            ("2024-05-02", FENCE, 1),
            ("2024-05-03", "## A heading\n- one\n**bold** words", 0),
            ("2024-05-04", "", 1),
            ("2024-05-07", "No zone of its own.", 0),
        ],
    ),
    (
        "day_one_classic",
        "dayone_classic",
        [
            ("2013-02-04", "Snow \\. as written\nand tea", 1),
            ("2013-02-05", "No zone here", 0),
            ("2013-02-05", "No head", 0),
        ],
    ),
    (
        "apple",
        "apple",
        [
            ("2024-09-14", "The dog next door.", 0),
            ("2024-09-14", "A quiet day\n\n**Bold** words & more\n\nSecond line", 1),
        ],
    ),
    ("journey", "journey", [("2024-05-02", "Rain, and **soup**.\n\nThen sleep.", 1), ("2024-05-03", "No zone.", 0)]),
    (
        "obsidian",
        "markdown",
        [
            ("2024-03-05", "First crocus. See the garden and Mum.\n\n- [ ] **buy** seeds", 1),
            ("2024-03-07", "Dated by its path.", 0),
            ("2025-07-17", "---\nbroken: [yaml\n   : x\nWords after broken front matter.", 0),
            ("2024-03-06", "Dated by its front matter.\n\n![](https://example.org/x.png)", 1),
        ],
    ),
    (
        "logseq",
        "markdown",
        [
            ("2021-02-20", "- Woke early\n\t- mood:: light\n- Then tea", 1),
            ("2021-02-21", "- A page with a day as its title", 0),
        ],
    ),
    (
        "headed.md",
        "markdown",
        [("2022-01-01", "New year\n\nSlept in.", 0), ("2022-01-02", "Walked.\n\n## Not a day\nStill the 2nd.", 0)],
    ),
    (
        "daylio.csv",
        "daylio",
        [
            ("2024-04-02", "Title\n\nFirst\nsecond **bold**\n\ngood, reading, tea", 0),
            ("2024-03-31", "Two lines\nof words\n\nrad", 0),
        ],
    ),
    ("daylio_old.csv", "daylio", [("2017-05-18", "An older row\n\ngood", 0)]),
    ("daylio_backup", "daylio_backup", [("2024-05-02", "From the backup\n\ngood-ish, tea", 1)]),
    (
        "dabble_me.txt",
        "dabble_me",
        [
            ("2021-01-03", "Third day **first**.", 0),
            ("2021-01-02", "Morning.\n\n* * *\n\nEvening, on 2021-01-01 we talked.", 0),
        ],
    ),
    ("dabble_me.json", "dabble_me_json", [("2021-01-02", "The *second*.", 0), ("2021-01-03", "Third.", 0)]),
    (
        "ohlife",
        "ohlife",
        [
            ("2012-03-04", "One day.\nOn 2012-03-03 it rained.", 0),
            ("2012-03-05", "Another.", 1),
            ("2012-03-09", "", 1),
        ],
    ),
    ("dayjot.txt", "ohlife", [("2016-02-01", "No blank line.", 0), ("2016-02-02", "None here.", 0)]),
    ("trailmix.json", "trailmix", [("2015-06-07", WRAPPED, 0)]),
    ("ahhlife.json", "ahhlife", [("2019-04-30", "Half past eleven.", 0), ("2020-04-30", "Next.", 0)]),
    ("journey_inbox.json", "journey_inbox", [("2020-02-29", "From the inbox.", 0)]),
    ("reply.eml", "mail", [("2012-06-05", "A long day, and a good one.", 0)]),
    (
        "replies.mbox",
        "mail",
        [("2012-06-05", "First mail.\nFrom here on it rained.\n\nFrom that day on all was well.", 0)],
    ),
    ("day_one.txt", "dayone_text", [("2024-10-01", "Plain words.", 0), ("2019-12-05", "American words.", 0)]),
    (
        "mini_diary.json",
        "mini_diary",
        [("2020-04-05", "A walk\n\nFar, and **slow**.", 0), ("2020-04-06", "Plain *Markdown*.", 0)],
    ),
    (
        "jrnl.txt",
        "jrnl",
        [
            ("2019-07-01", "A morning.\nWith words.\n[not a date] is words.", 0),
            ("2015-02-11", "An older entry\nand its body", 0),
            ("2013-06-09", "German order", 0),
        ],
    ),
    ("jrnl.json", "jrnl_json", [("2020-01-01", "Late.\n\nNearly midnight.", 0)]),
    ("diarium.json", "diarium", [("2010-10-26", "Heading\n\nWords **here**.", 0)]),
    ("diaro", "diaro", [("2024-05-02", "T\n\nOver & out", 1)]),
    ("750words.txt", "750words", [("2019-11-24", "Five words on that day.", 0), ("2019-11-25", "Next day.", 0)]),
    ("750words_new.txt", "750words", [("2023-01-01", "A new form.", 0)]),
    ("keep", "keep", [("2024-05-02", "Tagebuch 3 May\n\nA line\nmore", 0)]),
    (
        "evernote.enex",
        "evernote",
        [("2024-05-03", "3 May 2024\n\nThe lilac & the *kettle*.\n- [x] tea", 1), ("2024-05-02", "Diary\n\nLate.", 0)],
    ),
    (
        "rednotebook",
        "rednotebook",
        [
            ("2019-04-30", "Old words", 0),
            ("2019-05-01", "## Spring\n\n*Tea* and **cake**, ~~late~~. See http://a.example/b//c//d", 1),
            ("2019-05-02", "- one\n1. two 😀\n\n- Work: call *Ann*", 0),
        ],
    ),
    ("small_steps", "small_steps", [("2026-05-13", "  A bus.  ", 1)]),
]


@pytest.mark.parametrize(("name", "key", "expected"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_a_file_of_each_service_comes_in_whole(name: str, key: str, expected: list[tuple[str, str, int]]) -> None:
    found, items = read_journal(journal(name), name if name.endswith(".md") else "upload")
    assert found == key
    assert [(str(entry.on), entry.words, len(entry.photos)) for entry in entries_in(items)] == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("name", ["dabble_me.txt", "jrnl.json", "trailmix.json"])
def test_encodings_and_line_ends_change_nothing(name: str, encoding: str) -> None:
    text = journal(name).decode().replace("Third", "Thírd").replace("Late", "Läte").replace("A short", "Ä short")
    _, plain = read_journal(text.encode())
    _, other = read_journal(text.replace("\n", "\r\n").encode(encoding))
    assert [item.words for item in plain] == [item.words for item in other]
    assert any(not item.words.isascii() for item in other)


def test_what_cannot_come_in_is_listed_with_its_reason_and_its_words() -> None:
    left = left_out_in(read_journal(journal("day_one"))[1])
    assert [(item.reason, item.dated, item.words) for item in left] == [
        (NOTHING_IN_IT, "2024-05-05T10:00:00Z", ""),
        (NO_DATE, "in spring", "Words without a day."),
    ]
    classic = left_out_in(read_journal(journal("day_one_classic"))[1])
    assert [(item.reason, item.words) for item in classic] == [(UNREADABLE_ENTRY, "Bad date")]
    box = left_out_in(read_journal(journal("replies.mbox"))[1])
    assert [item.dated for item in box] == ["Wed, 6 Jun 2012 20:00:00 +0000", "sometime"]
    notes = left_out_in(read_journal(journal("obsidian"))[1])
    assert [(item.place, item.words) for item in notes] == [("Vault/Shopping.md", "Milk, and no day.")]


def test_a_day_of_rednotebook_that_is_broken_or_refers_to_itself_or_names_a_class_costs_no_other() -> None:
    left = left_out_in(read_journal(journal("rednotebook"))[1])
    assert [(item.reason, item.dated) for item in left] == [
        (UNREADABLE_ENTRY, "2019-05-03"),
        (UNREADABLE_ENTRY, "2019-05-04"),
        (NOTHING_IN_IT, "2019-05-05"),
        (UNREADABLE_ENTRY, "2019-05-31"),
    ]
    assert left[0].words.startswith("3:")
    bomb = "1: {text: fine}\n2:\n  a: &a [x, x]\n  b: &b [*a, *a]\n  text: [*b, *b]\n"
    items = read_journal(bomb.encode(), "2020-01.txt")[1]
    assert [entry.words for entry in entries_in(items)] == ["fine"]
    assert left_out_in(items)[0].reason == UNREADABLE_ENTRY


def test_rednotebook_says_beside_its_months_that_it_writes_markdown() -> None:
    month = b"1:\n  text: '*one* //two// ![](a.png?300)'\n"
    members = {"2026-01.txt": month, "journal.cfg": b"# x\nmarkup=markdown\n", "a.png": photo()}
    assert [(each.words, each.photos) for each in entries_in(read_journal(zipped(members))[1])] == [
        ("*one* //two//", ("a.png",))
    ]


def test_notes_with_entities_or_cut_short_are_listed_and_the_whole_ones_before_come_in() -> None:
    whole = journal("evernote.enex")
    growing = whole.replace(b'export4.dtd">', b'export4.dtd" [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>')
    items = read_journal(growing)[1]
    assert (entries_in(items), [item.reason for item in left_out_in(items)]) == ([], [UNREADABLE_ENTRY])
    items = read_journal(whole[: whole.index(b"Late.")])[1]
    assert ([str(entry.on) for entry in entries_in(items)], left_out_in(items)[-1].reason) == (
        ["2024-05-03"],
        UNREADABLE_ENTRY,
    )


def test_a_photo_in_a_note_is_read_from_its_place_in_the_file() -> None:
    for data in (journal("evernote.enex"), zipped({"notes.enex": journal("evernote.enex")})):
        [reference] = entries_in(read_journal(data)[1])[0].photos
        files = ImportFiles(io.BytesIO(data), "upload")
        assert evernote.photo(files, reference).startswith(b"\x89PNG")
        with pytest.raises(ValueError, match="large"):
            evernote.photo(files, f"0:{10**9}:upload")


def test_the_mails_of_the_service_itself_are_not_the_persons_words() -> None:
    asked = b"From: OhLife <post@ohlife.example>\nTo: a@example.org\nDate: Tue, 5 Jun 2012 20:00:00 +0000\n"
    asked += b"Message-ID: <%d@ohlife.example>\nSubject: Your day\n\nHow did your day go, for the %dth time?\n\n"
    reply = b"From: a@example.org\nTo: post+t@ohlife.example\nDate: Tue, 5 Jun 2012 21:00:00 +0000\n"
    reply += b"Message-ID: <r@example.org>\nIn-Reply-To: <1@ohlife.example>\nSubject: Re: Your day\n\nWell enough.\n\n"
    start = b"From MAILER Tue Jun  5 20:00:00 2012\n"
    _, items = read_journal(start + asked % (1, 1) + start + reply + start + asked % (2, 2))
    assert [entry.words for entry in entries_in(items)] == ["Well enough."]
    assert [(item.reason, item.words) for item in left_out_in(items)] == [
        (BY_THE_SERVICE, "How did your day go, for the 1th time?"),
        (BY_THE_SERVICE, "How did your day go, for the 2th time?"),  # that nobody answered
    ]
    thread = start + asked % (1, 1) + start + reply
    to_oneself = thread.replace(b"OhLife <post@ohlife.example>", b"a@example.org")
    assert len(entries_in(read_journal(to_oneself)[1])) == 2
    seldom = start + reply + b"".join(start + asked % (number, number) for number in range(1, 22))
    assert len(entries_in(read_journal(seldom)[1])) == 22


def test_things_that_stay_behind_are_named_with_their_entry() -> None:
    first, second, *_ = entries_in(read_journal(journal("day_one"))[1])
    assert first.left_behind == ("a video",)
    assert second.left_behind == ("a photo that wasn’t in the file",)
    assert entries_in(read_journal(journal("journey"))[1])[0].left_behind == ("a sound recording",)
    assert entries_in(read_journal(journal("apple"))[1])[1].left_behind == ("a video",)
    assert entries_in(read_journal(journal("dabble_me.json"))[1])[0].left_behind


def test_a_question_of_another_service_and_ids_and_tags_come_along() -> None:
    assert entries_in(read_journal(journal("apple"))[1])[0].question == "What made you smile?"
    first = entries_in(read_journal(journal("day_one"))[1])[0]
    assert (first.source_id, first.tags) == ("A" * 32, ("home", "tea"))
    own = entries_in(read_journal(journal("small_steps"))[1])[0]
    assert (own.question, own.is_kept_out, own.source_id) == ("What went past?", True, "9")


def test_a_zone_that_no_entry_names_is_the_persons_own_and_said_to_be() -> None:
    assert all(entry.has_guessed_zone for entry in entries_in(read_journal(journal("ahhlife.json"))[1]))
    assert not any(entry.has_guessed_zone for entry in entries_in(read_journal(journal("day_one_classic"))[1]))


def test_only_the_backslashes_that_escape_go() -> None:
    assert unescaped(r"a\.b \\ \( C:\x `c\.d`") == r"a.b \ ( C:\x `c.d`"
    assert unescaped("~~~\na\\.b\n~~~\n1\\.") == "~~~\na\\.b\n~~~\n1."


def test_the_android_app_writes_no_escapes_so_none_are_undone() -> None:
    entry = {"uuid": "A", "creationDate": "2024-05-01T10:00:00Z", "timeZone": "UTC", "text": r"C:\.config \(x\)"}
    android = json.dumps({"metadata": {"version": "2024.14"}, "entries": [entry]}).encode()
    assert [item.words for item in read_journal(android)[1]] == [r"C:\.config \(x\)"]
    assert [item.words for item in read_journal(android.replace(b"2024.14", b"1.0"))[1]] == ["C:.config (x)"]


def test_headings_with_a_title_open_days_like_those_without() -> None:
    _, items = read_journal(b"## 2021-01-02\n\nOne.\n\n## 2021-01-03 A title\n\nTwo.\n")
    assert [item.words for item in items] == ["One.", "A title\n\nTwo."]
