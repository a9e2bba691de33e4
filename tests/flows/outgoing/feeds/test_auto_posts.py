"""Posts that go by themselves: an hour after their last change, once, never what a writer should look at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import select

from service.flows.outgoing.feeds.feed_list import pause_feed, resume_feed, set_mode
from service.flows.outgoing.feeds.feed_looker import Look
from service.flows.outgoing.letters.letter_drafts import LetterDraft, LetterError, edit_draft
from service.flows.outgoing.letters.letter_states import take_back
from service.flows.outgoing.settling.old_copy import hold_sending
from service.mail.sandbox.feed_reader import FeedReader
from service.models import (
    FeedMode,
    HoldReason,
    Letter,
    LetterFormat,
    LetterPicture,
    PostNote,
    SeenPost,
    WriterMail,
    WriterMailKind,
)
from tests.harness.feeds.blogs import Answer, Blog, running_blog
from tests.harness.feeds.feeds import BODY, FeedsHarness, KeptReader, rss
from tests.harness.mail.pictures import encoded, picture

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def blog() -> Iterator[Blog]:
    with running_blog() as found:
        yield found


class Automatic:
    """A feed in the mode `auto` that was looked at once, with an old post in it."""

    def __init__(self, feeds: FeedsHarness, blog: Blog) -> None:
        self.feeds, self.blog, self.clock = feeds, blog, feeds.clock
        self.posts: dict[str, tuple[str, str, datetime | None]] = {}
        self.write("1", "Old")
        self.id = feeds.add(f"{blog.url}/feed", FeedMode.AUTO)
        assert self.look() == Look(drafts=1)
        self.clock.move(MINUTE)

    def write(self, key: str, title: str, *, body: str = BODY, at: datetime | None = None) -> None:
        self.posts[key] = (title, body.replace("pond", f"pond {key}"), at or self.clock())

    def look(self, later: timedelta = timedelta()) -> Look:
        pages = [
            rss((key, title), body=body, on=format_datetime(at) if at else "soon")
            for key, (title, body, at) in self.posts.items()
        ]
        items = b"".join(page[page.index(b"<item>") : page.index(b"</item>") + 7] for page in reversed(pages))
        self.blog.answers["/feed"] = Answer(rss().replace(b"</title>", b"</title>" + items, 1))
        return self.feeds.look(self.id, later=later)

    def goes(self) -> dict[str, datetime]:
        """Return when which draft goes by itself, by title."""
        with self.feeds.runtime.database.read() as session:
            return {row.title: row.goes_at for row in SeenPost.going(session) if row.goes_at}

    def state(self, title: str) -> str:
        with self.feeds.runtime.database.read() as session:
            letter = session.scalars(select(Letter).where(Letter.title == title)).one()
            return letter.state + (f" {letter.paused_because}" if letter.paused_because else "")

    def letter_id(self, title: str) -> int:
        with self.feeds.runtime.database.read() as session:
            return session.scalars(select(Letter.id).where(Letter.title == title)).one()

    def note(self, title: str) -> str | None:
        with self.feeds.runtime.database.read() as session:
            return session.scalars(select(SeenPost.note).where(SeenPost.title == title)).one()

    def mails(self) -> list[str]:
        with self.feeds.runtime.database.read() as session:
            return sorted(session.scalars(select(WriterMail.kind)))


@pytest.fixture(scope="module")
def reader() -> Iterator[FeedReader]:
    kept = KeptReader()
    yield kept
    FeedReader.close(kept)


@pytest.fixture
def auto(feeds: FeedsHarness, blog: Blog, reader: FeedReader) -> Automatic:
    feeds.looker = replace(feeds.looker, make_reader=lambda: reader)
    return Automatic(feeds, blog)


def test_a_new_post_goes_to_everybody_an_hour_after_its_last_change_once(auto: Automatic) -> None:
    auto.feeds.letters.reader("ana@example.com")
    auto.blog.answers["/herons.jpg"] = Answer(encoded(picture()))
    auto.write("2", "Ice")
    assert auto.look() == Look(going=1)
    first = auto.clock()
    assert auto.goes() == {"Ice": first + HOUR}
    auto.write("2", "Ice", body=f'{BODY}<img src="{auto.blog.url}/herons.jpg" alt="A pond">', at=auto.clock())
    assert auto.look(30 * MINUTE) == Look(going=1)
    again = auto.clock()
    assert auto.goes() == {"Ice": again + HOUR}
    assert auto.look(29 * MINUTE) == Look()
    assert auto.feeds.feed(auto.id).next_look_at == again + 55 * MINUTE
    assert auto.state("Ice") == "draft"
    auto.look(26 * MINUTE)
    assert auto.state("Ice") == "scheduled"
    with auto.feeds.runtime.database.read() as session:
        letter = session.get_one(Letter, auto.letter_id("Ice"))
        assert (letter.timing, letter.starts_at) == ("instant", again + HOUR)
        assert LetterPicture.of_letter(session, letter.id)
    auto.write("2", "Ice, changed too late")
    for _ in range(9):
        auto.look(HOUR)
        auto.feeds.letters.tick()
        auto.feeds.letters.send_due()
    assert [mail.subject for mail in auto.feeds.letters.sending.mails()] == ["Ice"]
    assert auto.mails() == [WriterMailKind.FEED_GOES] * 2


def test_the_writers_are_told_when_it_goes_in_their_own_zone(auto: Automatic) -> None:
    auto.write("2", "Ice")
    auto.look()
    local = (auto.clock() + HOUR).astimezone(auto.feeds.auto.zone)
    with auto.feeds.runtime.database.read() as session:
        [mail] = session.scalars(select(WriterMail).where(WriterMail.kind == WriterMailKind.FEED_GOES))
        values = mail.open_values(auto.feeds.runtime.keyring)
        assert (values["time"], values["zone"]) == (f"{local:%H:%M}", "Europe/London")
        assert "/act/" in values["url"]
        assert mail.kept_values == b""


def test_at_most_one_goes_a_day(auto: Automatic) -> None:
    for key, title in (("2", "Ice"), ("3", "Moss"), ("4", "Salt")):
        auto.write(key, title)
    assert auto.look() == Look(going=3)
    times = sorted(auto.goes().values())
    assert times == [auto.clock() + HOUR + number * DAY for number in range(3)]
    auto.look(2 * DAY)
    auto.write("5", "Rain")
    auto.look()
    assert auto.goes()["Rain"].date() == (auto.clock() + DAY).date()


@pytest.mark.parametrize(
    ("title", "change", "note"),
    [
        ("no date", {"at": "none"}, PostNote.BAD_DATE),
        ("old", {"at": -2}, PostNote.OLD),
        ("empty", {"body": ""}, PostNote.EMPTY),
        ("repeat", {"body": "<p>The same.</p>", "twice": True}, PostNote.REPEAT),
        ("broken", {"body": "]]><p>&nbsp"}, PostNote.BROKEN),
    ],
)
def test_what_a_writer_should_see_first_never_goes_by_itself(
    auto: Automatic, title: str, change: dict[str, object], note: PostNote
) -> None:
    if change.pop("twice", False):
        auto.posts["1"] = ("repeat", "<p>The same.</p>", auto.clock())
        auto.posts["0"] = ("repeat", "<p>The same.</p>", auto.clock())
        auto.look()
    auto.write("2", title, body=str(change.get("body", BODY)))
    days = change.get("at")
    if days is not None:
        auto.posts["2"] = (*auto.posts["2"][:2], auto.clock() + int(days) * DAY if isinstance(days, int) else None)
    going = auto.goes()
    assert auto.look().drafts == 1
    assert auto.goes() == going
    with auto.feeds.runtime.database.read() as session:
        assert note in session.scalars(select(SeenPost.note).where(SeenPost.title == title)).all()
    assert WriterMailKind.FEED_DRAFTS in auto.mails()


def test_more_than_three_at_once_and_what_is_found_a_day_late_stay_drafts(auto: Automatic) -> None:
    for number in range(4):
        auto.write(f"m{number}", f"Many {number}")
    assert auto.look() == Look(drafts=4)
    auto.write("late", "Late", at=auto.clock())
    assert auto.look(DAY + MINUTE) == Look(drafts=1)
    assert auto.note("Late") == PostNote.LATE
    assert auto.goes() == {}


def test_a_post_dated_ahead_waits_for_its_date_and_then_an_hour(auto: Automatic) -> None:
    auto.write("2", "Ice", at=auto.clock() + 5 * HOUR)
    assert auto.look() == Look()
    assert auto.look(6 * HOUR) == Look(going=1)
    assert auto.goes() == {"Ice": auto.clock() + HOUR}


@pytest.mark.parametrize(
    ("what", "note"),
    [
        ("deleted", PostNote.DELETED),
        ("emptied", PostNote.EMPTY),
        ("put ahead", PostNote.AHEAD),
        ("changed again and again", PostNote.CHANGING),
        ("a check fails", PostNote.CHECK_FAILS),
    ],
)
def test_a_post_that_is_deleted_or_spoilt_does_not_go(auto: Automatic, what: str, note: PostNote) -> None:
    auto.write("2", "Ice")
    auto.look()
    match what:
        case "deleted":
            del auto.posts["2"]
        case "emptied":
            auto.write("2", "Ice", body="")
        case "put ahead":
            auto.write("2", "Ice", at=auto.clock() + 3 * HOUR)
        case "a check fails":
            auto.feeds.failures.append("spf")
            auto.clock.move(57 * MINUTE)
        case _:
            for number in range(6):
                auto.write("2", "Ice", body=f"{BODY}<p>{number}</p>")
                auto.look(MINUTE)
    auto.look(MINUTE)
    assert auto.goes() == {}
    assert auto.note("Ice") == note
    auto.look(DAY)
    assert auto.state("Ice") == "draft"
    assert auto.mails().count(WriterMailKind.FEED_KEPT_BACK) == 1


def test_a_broken_feed_or_one_that_fails_deletes_nothing(auto: Automatic) -> None:
    auto.write("2", "Ice")
    auto.look()
    for answer in (Answer(rss(("1", "Old")).replace(b"</channel>", b"")), Answer(status=503)):
        auto.blog.answers["/feed"] = answer
        auto.feeds.look(auto.id, later=MINUTE)
        assert [*auto.goes()] == ["Ice"]
    auto.feeds.look(auto.id, later=HOUR)
    assert auto.state("Ice") == "scheduled"


@pytest.mark.parametrize("what", ["taken back", "taken back late", "edited", "feed paused", "mode draft"])
def test_a_writer_stops_it_in_every_way(auto: Automatic, what: str) -> None:
    auto.write("2", "Ice")
    auto.look()
    letter_id = auto.letter_id("Ice")
    if what == "taken back late":
        auto.look(57 * MINUTE)
        assert auto.state("Ice") == "scheduled"
    with auto.feeds.runtime.database.write() as session:
        match what:
            case "edited":
                draft = LetterDraft(title="Ice", content="<p>Mine.</p>", format=LetterFormat.HTML)
                edit_draft(session, letter_id, draft, auto.clock())
            case "feed paused":
                pause_feed(session, auto.id)
                resume_feed(session, auto.id, auto.clock())
            case "mode draft":
                set_mode(session, auto.id, FeedMode.DRAFT)
            case _:
                take_back(session, letter_id)
    auto.write("2", "Ice", body=f"{BODY}<p>More.</p>")
    for _ in range(3):
        auto.look(HOUR)
    assert (auto.state("Ice"), auto.goes()) == ("draft", {})
    with auto.feeds.runtime.database.write() as session, pytest.raises(LetterError):
        take_back(session, letter_id)


def test_one_that_is_more_than_a_day_late_is_paused_and_asks(auto: Automatic) -> None:
    auto.write("2", "Ice")
    auto.look()
    auto.look(DAY + 2 * HOUR)
    assert auto.state("Ice") == "paused late"
    assert WriterMailKind.FEED_KEPT_BACK in auto.mails()


def test_after_a_restore_nothing_goes_by_itself_and_the_feed_begins_anew(auto: Automatic) -> None:
    auto.write("2", "Ice")
    auto.look()
    with auto.feeds.runtime.database.write() as session:
        hold_sending(session, auto.feeds.runtime.keyring, HoldReason.OLD_COPY, auto.clock())
    assert auto.goes() == {}
    stored = auto.feeds.feed(auto.id)
    assert (stored.state, stored.paused_because) == ("paused", "old_copy")
    auto.write("3", "Moss")  # it may have gone before the restore
    with auto.feeds.runtime.database.write() as session:
        resume_feed(session, auto.id, auto.clock())
    assert auto.look(MINUTE) == Look(drafts=1)
    assert auto.goes() == {}
    auto.clock.move(MINUTE)
    auto.write("4", "Salt")
    assert auto.look() == Look(going=1)
