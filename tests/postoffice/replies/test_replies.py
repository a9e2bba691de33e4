"""Replies as each mail program writes them, and the route's post that carries them."""

from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest

from service.mail.inbound.inbound_mail import parse_post, read_mail
from service.mail.signature import sign
from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.mailbox.mime import File
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.languages import LANGUAGES
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import new_mail, reply_as
from service.postoffice.route import authenticated, route_form
from tests.postoffice.conftest import NOW

WORDS = "A heron, and a bus.\n\n- rain & <wind>\n- Zoë's café"
LINES = [line for line in WORDS.split("\n") if line]
SIGNED = sign("signing-key", timestamp=int(NOW.timestamp()), token="t" * 50)


@pytest.fixture
def mail() -> MailboxMail:
    return MailboxMail(
        mail_id="1",
        provider_id="20260503080000.1@mail.example.org",
        accepted_at=NOW,
        sender="Small Steps <hello@mail.example.org>",
        recipient="maya@home.example",
        subject="A window",
        text="Phone face down, two minutes at a window.\n\nWhat went past?\n\nStop: https://s.example/1\n",
        html="<html><body><h1>What went past?</h1><p>Phone face down.</p></body></html>",
        headers=(("Reply-To", "r-abc@reply.example.org"),),
        variables={},
    )


def bodies(raw: bytes) -> tuple[str, str | None]:
    message = message_from_bytes(raw, policy=default)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    return plain.get_content(), html.get_content() if html else None


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("name", CLIENTS)
def test_every_program_keeps_every_line_of_the_words_in_order(mail: MailboxMail, name: str, where: Where) -> None:
    text, html = bodies(reply_as(name, mail, WORDS, where))
    at = 0
    for line in LINES:
        at = text.index(line, at)
    if html is not None:
        escaped = ["A heron, and a bus.", "- rain &amp; &lt;wind&gt;", "- Zoë"]
        positions = [html.index(line) for line in escaped]
        assert positions == sorted(positions)


@pytest.mark.parametrize("name", CLIENTS)
def test_the_words_stand_above_below_or_between(mail: MailboxMail, name: str) -> None:
    def places(where: Where) -> tuple[int, int, int]:
        text, _ = bodies(reply_as(name, mail, WORDS, where))
        return text.index("A heron"), text.index("What went past?"), text.index("- rain")

    heron, question, rain = places(Where.TOP)
    assert heron < rain < question
    heron, question, rain = places(Where.BOTTOM)
    assert question < heron < rain
    heron, question, rain = places(Where.BETWEEN)
    assert heron < question < rain


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CLIENTS)
def test_every_program_speaks_every_language(mail: MailboxMail, name: str, language: str) -> None:
    message = message_from_bytes(reply_as(name, mail, "x", language=language), policy=default)
    assert message["To"] == "r-abc@reply.example.org"
    assert message["In-Reply-To"] == f"<{mail.provider_id}>"
    assert message["From"] == "maya@home.example"
    assert not message.defects


@pytest.mark.parametrize(
    ("name", "language", "line"),
    [
        ("gmail_web", "en", "On Sun, May 3, 2026 at 8:00\u202fAM Small Steps <hello@mail.example.org>"),
        ("gmail_android", "de", "Am So., 3. Mai 2026 um 08:00 Uhr schrieb Small Steps"),
        ("iphone", "en", "> On 3 May 2026, at 08:00, Small Steps <hello@mail.example.org> wrote:"),
        ("iphone", "fr", "> Le 3 mai 2026 à 08:00, Small Steps <hello@mail.example.org> a écrit :"),
        ("apple_mail", "es", "El 3 may 2026, a las 08:00, Small Steps <hello@mail.example.org> escribió:"),
        ("outlook_desktop", "de", "Gesendet: Sonntag, 3. Mai 2026 08:00"),
        ("outlook_web", "en", "Sent: Sunday, May 3, 2026 8:00 AM"),
        ("yahoo", "en", "On Sunday, May 3, 2026 at 08:00:00 AM GMT, Small Steps"),
        ("thunderbird", "en", "On 03/05/2026 08:00, Small Steps wrote:"),
        ("phone", "de", "-------- Ursprüngliche Nachricht --------"),
    ],
)
def test_the_quotation_is_introduced_as_the_program_does(
    mail: MailboxMail, name: str, language: str, line: str
) -> None:
    text, _ = bodies(reply_as(name, mail, "x", language=language))
    assert line in text


def test_marking_programs_mark_every_quoted_line(mail: MailboxMail) -> None:
    for name in ("gmail_web", "gmail_android", "apple_mail", "iphone", "thunderbird"):
        text, _ = bodies(reply_as(name, mail, "x"))
        assert "> What went past?" in text


def test_a_plain_phone_sends_text_alone_and_thunderbird_flows(mail: MailboxMail) -> None:
    assert bodies(reply_as("phone", mail, "x"))[1] is None
    raw = reply_as("thunderbird", mail, "> mine\nFrom here")
    assert b'format="flowed"' in raw
    assert bodies(raw)[0].startswith(" > mine\r\n From here\r\n")


def test_a_reply_as_fields_comes_back_as_the_same_mail(mail: MailboxMail) -> None:
    raw = authenticated(reply_as("gmail_web", mail, WORDS))
    content_type, body = route_form(raw, recipients=["r-abc@reply.example.org"], signature=SIGNED, as_mime=False)
    assert content_type == "application/x-www-form-urlencoded"
    post = parse_post(content_type, body)
    assert post.signature == SIGNED
    found = read_mail(post)
    assert found.recipients == ("r-abc@reply.example.org",)
    assert found.from_address == "maya@home.example"
    assert (found.spf, found.dkim) == ("pass", "pass")
    assert found.plain is not None
    assert found.plain.startswith(WORDS.replace("\n", "\r\n"))
    assert found.html is not None
    assert found.raw_mime is None


def test_a_reply_as_mime_carries_its_exact_bytes(mail: MailboxMail) -> None:
    raw = authenticated(reply_as("gmail_web", mail, WORDS), passes=False)
    found = read_mail(parse_post(*route_form(raw, recipients=["a"], signature=SIGNED, as_mime=True)))
    assert found.raw_mime == raw
    assert found.spf == "fail"


def test_a_photo_makes_the_post_multipart(mail: MailboxMail) -> None:
    photo = File('my "best" photo.png', "image/png", b"\x89PNG\r\n\x1a\n--x\r\n")
    raw = reply_as("iphone", mail, WORDS, files=[photo])
    content_type, body = route_form(raw, recipients=["a"], signature=SIGNED, as_mime=False)
    assert content_type.startswith("multipart/form-data")
    found = read_mail(parse_post(content_type, body))
    assert found.attachments[0].data == photo.data
    assert found.attachments[0].content_type == "image/png"


def test_odd_mails_make_a_post_too() -> None:
    for raw in (b"", b"\r\n", b"Subject: x", b"Content-Type: text/plain; charset=none-such\r\n\r\n\xff"):
        for as_mime in (True, False):
            read_mail(parse_post(*route_form(raw, recipients=[], signature=SIGNED, as_mime=as_mime)))


def test_a_mail_that_answers_none_has_its_own_subject() -> None:
    raw = new_mail(sender="maya@home.example", to="s-x@reply.example.org", subject="unsubscribe", words="", sent_at=NOW)
    message: Message = message_from_bytes(raw, policy=default)
    assert message["Subject"] == "unsubscribe"
    assert message["In-Reply-To"] is None


def test_an_unknown_program_language_or_place_is_an_error(mail: MailboxMail) -> None:
    with pytest.raises(KeyError):
        reply_as("pigeon", mail, "x")
    with pytest.raises(KeyError):
        reply_as("phone", mail, "x", language="xx")
    with pytest.raises(ValueError, match="sideways"):
        reply_as("phone", mail, "x", "sideways")


def test_thunderbird_breaks_a_line_within_a_paragraph_where_no_empty_line_was_typed(mail: MailboxMail) -> None:
    _, html = bodies(reply_as("thunderbird", mail, "A slow day.\n\nThanks,\nAnna", Where.TOP))
    assert "<p>A slow day.</p><p>Thanks,<br>Anna</p>" in (html or "")
