"""Photos that come with a reply: kept with its words, or named in a note if they cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from service.core.replies import SentEmail
from service.core.sealing import SealError
from service.flows.incoming.replies.photo_processing import UNLISTED, holds_unlisted_files
from service.flows.outgoing.tick import prune
from service.flows.people.journal.photos import entry_photos
from service.mail.inbound.inbound_mail import parse_post, read_mail
from service.mail.sandbox.files import MailFiles
from service.mail.sandbox.reader import MailReader, UnreadableMail
from service.mail.sandbox.reading import MailContent, MailReading
from service.models import Delivery, Photo, open_content
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.mail.pictures import encoded, exif, mail_with, picture
from tests.harness.mail.posts import mail as plain_mail
from tests.harness.mail.posts import post, signed
from tests.harness.sending import SIGNING_KEY

PDF = ("minutes.pdf", "application/pdf", b"%PDF-1.7", "")


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def kept(harness: InboundHarness) -> list[Photo]:
    with harness.sending.runtime.database.read() as session:
        return [*session.scalars(select(Photo).order_by(Photo.created_at, Photo.position))]


def objects(harness: InboundHarness) -> list[bytes]:
    """Return the objects below photos/ in the object store."""
    folder = Path(harness.sending.runtime.storage.root) / "photos"
    return [path.read_bytes() for path in folder.iterdir()] if folder.is_dir() else []


def notes(harness: InboundHarness) -> list[str | None]:
    with harness.sending.runtime.database.read() as session:
        return [*session.scalars(select(Delivery.detail).where(Delivery.kind == "answer"))]


def _photo_file(number: int = 0, content_id: str = "") -> tuple[str, str, bytes, str]:
    colour = (number * 20, 90, 90)
    return (f"IMG_{number}.jpg", "image/jpeg", encoded(picture((300, 200), colour), exif=exif()), content_id)


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "mime"])
def test_a_photo_is_kept_sealed_with_its_words(harness: InboundHarness, as_mime: bool) -> None:
    reply = harness.receive(mail_with([_photo_file()], "The lake."), as_mime=as_mime)
    [photo] = kept(harness)
    assert reply is not None
    assert photo.entry_id == reply.entry_id
    assert (photo.content_type, photo.width, photo.height) == ("image/jpeg", 300, 200)
    assert harness.words() == ["The lake."]
    [sealed] = objects(harness)
    assert b"\xff\xd8\xff" not in sealed
    assert b"JFIF" not in sealed
    runtime = harness.sending.runtime
    data = entry_photos.open_photo(runtime.keyring, runtime.storage, harness.ana, photo)
    assert data.startswith(b"\xff\xd8\xff")
    assert b"Camera of Ana" not in data
    assert notes(harness) == []


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "mime"])
def test_a_photo_alone_is_an_entry_without_words(harness: InboundHarness, as_mime: bool) -> None:
    heic = ("IMG_1.HEIC", "application/octet-stream", encoded(picture(), "HEIF"), "")
    reply = harness.receive(mail_with([heic]), as_mime=as_mime)
    assert reply is not None
    assert reply.outcome == "entry"
    assert harness.words() == [""]
    assert len(kept(harness)) == 1
    assert "receipt" in harness.answers()


def test_a_sealed_photo_cannot_be_opened_under_another_id(harness: InboundHarness) -> None:
    harness.receive(mail_with([_photo_file(1), _photo_file(2)], "Two."))
    one, other = kept(harness)
    one.stored_as = other.stored_as
    runtime = harness.sending.runtime
    with pytest.raises(SealError):
        entry_photos.open_photo(runtime.keyring, runtime.storage, harness.ana, one)


def test_ten_photos_are_kept_in_order_and_the_eleventh_is_reported(harness: InboundHarness) -> None:
    harness.receive(mail_with([_photo_file(number) for number in range(11)], "All of it."))
    assert [photo.position for photo in kept(harness)] == [*range(10)]
    assert notes(harness) == ["photo"]


def test_other_files_are_reported_in_one_note(harness: InboundHarness) -> None:
    harness.receive(mail_with([_photo_file(), PDF, ("a.mov", "video/quicktime", b"moov", "")], "With minutes."))
    assert len(kept(harness)) == 1
    assert notes(harness) == ["photo"]


def test_a_mail_with_only_another_file_is_no_entry_and_is_reported(harness: InboundHarness) -> None:
    reply = harness.receive(mail_with([PDF]))
    assert reply is not None
    assert (reply.outcome, reply.reason) == ("empty", "only files")
    assert notes(harness) == ["only_files"]


class _ReadsNoFiles(MailReader):
    """A reader that cannot read a mail together with its files."""

    def _ask(self, content: MailContent, sent: SentEmail | None, *, with_files: bool) -> MailReading | UnreadableMail:
        return UnreadableMail("too much") if with_files else super()._ask(content, sent, with_files=False)


@pytest.fixture
def lists_no_files(harness: InboundHarness) -> Iterator[InboundHarness]:
    """The harness, with a reader that cannot list files."""
    usual, reader = harness.reply_processor, _ReadsNoFiles()
    harness.reply_processor = replace(usual, reader=reader)
    yield harness
    harness.reply_processor = usual
    reader.close()


def _told(harness: InboundHarness) -> str:
    """Return the content of the one automatic reply."""
    runtime = harness.sending.runtime
    with runtime.database.read() as session:
        note = session.scalars(select(Delivery).where(Delivery.kind == "answer")).one()
    return open_content(runtime.keyring, harness.ana, note) or ""


def test_photos_that_a_storing_route_left_at_the_provider_are_reported(harness: InboundHarness) -> None:
    content_type, body = post(
        plain_mail("The lake."), harness.address(), signed(harness.sending.clock(), key=SIGNING_KEY)
    )
    assert content_type == "application/x-www-form-urlencoded"
    listed = [{"url": "https://storage.example/1", "content-type": "image/jpeg", "name": "IMG_0.jpg", "size": 9}]
    left_behind = {"message-url": "https://storage.example/m", "attachments": json.dumps(listed)}
    assert harness.posted((content_type, body + b"&" + urlencode(left_behind).encode())) == 200
    assert harness.words() == ["The lake."]
    assert notes(harness) == ["photo"]


def test_files_that_cannot_be_listed_are_tried_again(lists_no_files: InboundHarness) -> None:
    harness, usual = lists_no_files, lists_no_files.sending.runtime.reply_processor()
    reply = harness.receive(mail_with([_photo_file()], "The lake."), as_mime=True)
    assert reply is not None
    assert (reply.outcome, harness.words(), notes(harness)) == (None, [], [])
    harness.reply_processor = usual
    assert harness.until_settled(reply.id).outcome == "entry"
    usual.reader.close()
    assert harness.words() == ["The lake."]
    assert (len(kept(harness)), notes(harness)) == (1, [])


@pytest.mark.parametrize("words", ["The lake.", ""], ids=["words", "photo only"])
def test_the_last_attempt_keeps_the_words_and_reports_files_that_cannot_be_listed(
    lists_no_files: InboundHarness, words: str
) -> None:
    harness = lists_no_files
    reply = harness.receive(mail_with([_photo_file()], words), as_mime=True)
    assert reply is not None
    harness.until_settled(reply.id)
    assert harness.words() == ([words] if words else [])
    assert (kept(harness), notes(harness)) == ([], ["photo" if words else "only_files"])
    assert UNLISTED in _told(harness)


def test_photos_posted_one_by_one_are_kept_where_raw_files_cannot_be_listed(lists_no_files: InboundHarness) -> None:
    reply = lists_no_files.receive(mail_with([_photo_file()], "The lake."))
    assert reply is not None
    assert reply.outcome == "entry"
    assert (len(kept(lists_no_files)), notes(lists_no_files)) == (1, [])


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: image/jpeg",
        b"Content-Type:\r\n image/jpeg",
        b"content-type : video/mp4",
        b"Content-Type: message/rfc822",
        b"Content-Type: text/plain\r\nContent-Disposition: attachment",
        b"Content-Disposition: inline;\r\n filename=IMG_0.jpg",
    ],
)
def test_a_part_that_may_be_a_file_is_noticed_without_parsing_it(head: bytes) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + head + b"\r\n\r\n/9j/\r\n--x--\r\n"
    mail = read_mail(parse_post(*post(raw, "r@example.com", signed(datetime.now(UTC)), as_mime=True)))
    assert holds_unlisted_files(mail, None)
    assert not holds_unlisted_files(mail, MailFiles())


def test_nothing_is_reported_for_a_mail_without_files(lists_no_files: InboundHarness) -> None:
    reply = lists_no_files.receive(mail_with([], "Only words."), as_mime=True)
    assert reply is not None
    assert reply.outcome == "entry"
    assert (lists_no_files.words(), notes(lists_no_files)) == (["Only words."], [])


def test_a_decompression_bomb_does_not_affect_the_entry(harness: InboundHarness) -> None:
    bomb = ("big.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"\0" * 5000, "")
    harness.receive(mail_with([bomb, _photo_file()], "Still here."))
    assert harness.words() == ["Still here."]
    assert len(kept(harness)) == 1
    assert notes(harness) == ["photo"]


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "mime"])
def test_a_logo_and_a_tracking_pixel_are_left_out_and_not_reported(harness: InboundHarness, as_mime: bool) -> None:
    logo = ("logo.png", "image/png", encoded(picture((300, 80)), "PNG"), "logo@x")
    dot = ("", "image/gif", encoded(picture((2, 2)), "GIF"), "")
    html = '<p>Words.</p><p>Ana<br><img src="cid:logo@x"></p>'
    harness.receive(mail_with([logo, dot], "Words.", html), as_mime=as_mime)
    assert kept(harness) == []
    assert objects(harness) == []
    assert notes(harness) == []


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "mime"])
def test_a_picture_shown_only_in_the_quotation_is_left_out(harness: InboundHarness, as_mime: bool) -> None:
    mine, theirs = _photo_file(1, "mine@x"), _photo_file(2, "theirs@x")
    quoted = harness.question().replace("\n", "<br>")
    html = (
        '<div>Look.<br><img src="cid:mine@x"></div><div class="gmail_quote"><div>On Mon, Small Steps wrote:</div>'
        f'<blockquote class="gmail_quote" type="cite">{quoted}<br><img src="cid:theirs@x"></blockquote></div>'
    )
    harness.receive(mail_with([mine, theirs], "Look.", html), as_mime=as_mime)
    assert [photo.width for photo in kept(harness)] == [300]


def test_an_inline_picture_of_every_mail_is_left_out_from_the_third_on(harness: InboundHarness) -> None:
    banner = _photo_file(3, "banner@x")
    for words in ("One.", "Two.", "Three."):
        harness.receive(mail_with([banner], words, f'<p>{words}</p><img src="cid:banner@x">'))
    assert {*harness.words()} == {"One.", "Two.", "Three."}
    assert len(kept(harness)) == 2


def test_the_same_file_twice_in_a_mail_is_one_photo(harness: InboundHarness) -> None:
    photo = _photo_file()
    harness.receive(mail_with([photo, photo], "Twice."))
    assert len(kept(harness)) == 1


def test_delete_that_deletes_the_photos_too_a_day_later(harness: InboundHarness) -> None:
    harness.receive(mail_with([_photo_file()], "Not for keeping."))
    harness.receive(mail_with([], "delete that"))
    assert len(objects(harness)) == 1  # for a day, in which the entry may be put back
    runtime = harness.sending.runtime
    prune(runtime.database, runtime.storage, now=harness.sending.clock() + timedelta(days=1))
    assert kept(harness) == []
    assert objects(harness) == []
