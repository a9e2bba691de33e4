"""What a writer does with a letter before it goes: bringing it from a file, checking it, and sending a test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.core.letters.letter_file import LetterFileError, parse_letter_file
from service.flows.outgoing.letters import letter_check, letter_import, letter_test_mail
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.flows.outgoing.letters.letter_scheduling import Straightaway
from service.flows.outgoing.sending.sending_limits import SendingRate
from service.flows.outgoing.settling.old_copy import hold_sending
from service.models import DeliveryKind, HoldReason, Letter, LetterPause, LetterVisibility, SubscriberStatus
from tests.harness.people.letters import LettersHarness
from tests.harness.people.members import EVERY_DAY
from tests.harness.people.people import NOW
from tests.harness.sending import open_sending_harness


@pytest.fixture
def letters(migrated_sqlite: Path, tmp_path: Path) -> Iterator[LettersHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as sending:
        yield LettersHarness(sending)


def test_letters_have_a_rate_of_their_own_and_leave_half_of_the_hour_to_questions(letters: LettersHarness) -> None:
    now = letters.clock()
    letter, prompt = DeliveryKind.LETTER, DeliveryKind.PROMPT
    with letters.runtime.database.write() as session:
        rate = SendingRate(most=10, letters=4)
        assert [rate.take(session, 3, now, letter), rate.take(session, 3, now, letter)] == [3, 1]
        rate.give_back(session, 1, now, letter)
        assert rate.take(session, 5, now, letter) == 1
        assert rate.take(session, 9, now, prompt) == 6
        later = now + timedelta(hours=1)
        half = SendingRate(most=10)
        assert half.take(session, 9, later, letter) == 5
        assert half.take(session, 9, later, prompt) == 5
        assert half.take(session, 1, later, letter) == 0


def test_check_says_who_gets_it_who_does_not_and_what_is_wrong(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letters.reader("b@example.com", status=SubscriberStatus.RESTING)
    daily = letters.reader("c@example.com", days=EVERY_DAY)
    at = NOW + timedelta(hours=2)
    letters.sending.plan([daily])
    far = letters.reader("d@example.com", zone="Pacific/Kiritimati", days=EVERY_DAY)  # where it is the next day at `at`
    letters.sending.plan([far])
    letter_id = letters.draft(content="[a](/about)\n\n![](x.jpg)")
    context = letters.runtime.email_context()
    with letters.runtime.database.write() as session:
        rate = SendingRate(letters=1)
        found = letter_check.check(session, context, letter_id, NOW, rate=rate, at=at)
    assert (found.people, found.without, found.hours, found.twice) == (3, {"resting": 1}, 3, 1)
    assert len(found.faults) == 3
    assert not found.may_go
    first = datetime(2026, 6, 1, 8, tzinfo=UTC)
    letters.sending.plan([daily], kind=DeliveryKind.DIGEST, slot="2026-05", prompt_id=None)
    with letters.runtime.database.write() as session:
        assert letter_check.check(session, context, letter_id, NOW, at=first).twice == 1
        assert letter_check.check(session, context, letter_id, NOW, at=first + timedelta(days=1)).twice == 0


def test_a_long_letter_is_cut_between_blocks_and_its_text_is_whole(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = letters.draft(content="\n\n".join(f"Part {number}. " + "The ice held. " * 30 for number in range(200)))
    letters.schedule(letter_id, Straightaway())
    letters.clock.move(timedelta(minutes=5))
    letters.send_due()
    [mail] = letters.sending.mails()
    assert len(mail.html.encode()) <= 60_000
    assert "The rest is on the page" in mail.html
    assert "Part 199." not in mail.html
    assert "Part 199." in mail.text
    nobody = letters.draft(content="The ice held. " * 10_000, visible=LetterVisibility.NOBODY)
    with pytest.raises(LetterError, match="no page"):
        letters.schedule(nobody, Straightaway())


def test_a_test_goes_to_the_writers_alone_and_its_links_say_so(letters: LettersHarness) -> None:
    letters.reader("a@example.com")
    letter_id = letters.draft()
    with letters.runtime.database.write() as session:
        email = letter_test_mail.make_test_mail(session, letters.runtime.email_context(), letter_id)
    letter_test_mail.send_test(letters.runtime.mailer, email, ["writer@example.org"])
    [mail] = letters.sending.mails()
    assert (mail.recipient, mail.subject) == ("writer@example.org", "[Test] Ice")
    assert "/letters/this-is-a-test" in mail.text
    assert "/unsubscribe/" not in mail.text + mail.html
    assert mail.header("List-Unsubscribe") is None
    assert letters.sending.states() == {}


def test_a_letter_of_an_old_copy_asks_before_it_goes_on(letters: LettersHarness) -> None:
    letter_id = letters.scheduled()
    with letters.runtime.database.write() as session:
        hold_sending(session, letters.runtime.keyring, HoldReason.OLD_COPY, letters.clock())
        assert session.get_one(Letter, letter_id).paused_because == LetterPause.OLD_COPY


def test_a_file_becomes_a_draft_follows_its_file_and_stays_once_it_is_fixed(letters: LettersHarness) -> None:
    def bring(text: str) -> str:
        file = parse_letter_file("ice.md", f'+++\ntitle = "Ice"\n+++\n{text}')
        with letters.runtime.database.write() as session:
            imported = letter_import.import_letter(session, "ice.md", file, {}, letters.clock())
        ids.add(imported.letter_id)
        return imported.result.name

    ids: set[int] = set()
    assert [bring("One."), bring("One."), bring("Two. ![a](b.jpg)")] == ["NEW", "SAME", "CHANGED"]
    [letter_id] = ids
    letters.schedule(letter_id, Straightaway())
    assert bring("Three.") == "FIXED"
    with pytest.raises(LetterFileError, match="start with a line"):
        parse_letter_file("x.md", "Just text")
    with pytest.raises(LetterFileError, match="unknown"):
        parse_letter_file("x.md", '+++\ntitle = "x"\nsubject = "y"\n+++\nText')


def test_the_pictures_of_a_file_are_those_of_its_folder_whatever_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    names = ("plain.jpg", "two herons.jpg", "Möwe.jpg", "50%.jpg")
    for name in (*names, "../secret.jpg"):
        (folder / name).write_bytes(b"a picture")
    text = "".join(
        f"![a](<{name}>)\n\n" for name in (*names, "../secret.jpg", "..%2Fsecret.jpg", "%00.jpg", "none.jpg")
    )
    found = letter_import.pictures_named(parse_letter_file("ice.md", f'+++\ntitle = "Ice"\n+++\n{text}'), folder)
    assert {path.name for path in found.values()} == set(names)
