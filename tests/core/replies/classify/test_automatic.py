"""Mail that a program wrote is told from mail that a person wrote."""

from __future__ import annotations

import pytest

from service.core.replies.classify.automatic import (
    MailAuthor,
    author_of,
    holds_telling_part,
    is_delivery_report,
    is_reaction,
)
from service.mail.sandbox.phrase_files import load_automatic_signs

OWN = ["hello@mail.example", "@reply.example"]
ASKED = "What was the best thing you ate today?"


def _author(
    *headers: tuple[str, str], envelope: str = "ana@example.com", sender: str = "ana@example.com"
) -> MailAuthor:
    return author_of(headers, load_automatic_signs(), envelope_sender=envelope, from_address=sender, own=OWN)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(("Auto-Submitted", "auto-replied"), id="an out-of-office answer"),
        pytest.param(("Auto-Submitted", "auto-generated; type=x"), id="a generated mail"),
        pytest.param(("Content-Type", 'multipart/report; report-type="delivery-status"'), id="a delivery report"),
        pytest.param(("Content-Type", "multipart/report; report-type=disposition-notification"), id="a read receipt"),
        pytest.param(("Content-Type", "text/calendar; method=REPLY"), id="a calendar answer"),
        pytest.param(("X-Failed-Recipients", "x@example.com"), id="a bounce without a report"),
        pytest.param(("Return-Path", "<>"), id="an empty return path"),
        pytest.param(("X-POST-MessageClass", "9; Autoresponder"), id="an autoresponder's class"),
    ],
)
def test_a_program_is_known_by_one_header(header: tuple[str, str]) -> None:
    assert _author(header) is MailAuthor.PROGRAM


def test_nobody_sends_with_an_empty_return_path_but_a_provider_may_leave_it_unsaid() -> None:
    assert _author(envelope="<>") is MailAuthor.PROGRAM
    assert _author(envelope="") is MailAuthor.PERSON


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@example.com", "no-reply@example.com", "hello@mail.example", "r-abc@REPLY.example"]
)
def test_daemons_and_our_own_mail_are_programs(sender: str) -> None:
    assert _author(sender=sender) is MailAuthor.PROGRAM


@pytest.mark.parametrize(
    "header",
    [("List-Id", "<friends.example>"), ("Precedence", "bulk"), ("X-Auto-Response-Suppress", "All")],
    ids=lambda header: header[0],
)
def test_weak_signs_leave_a_doubt(header: tuple[str, str]) -> None:
    assert _author(header) is MailAuthor.PERHAPS_PROGRAM


def test_a_plain_mail_is_a_person_s() -> None:
    assert _author(("Auto-Submitted", "no"), ("Content-Type", "text/plain")) is MailAuthor.PERSON


# As mail programs write them by default, in 32 languages.
ABSENCES = [
    "Automatic reply: Soup",
    "[EXTERNAL] Out of Office: Re: Soup",
    "Out of office",
    "Automatische Antwort: Soup",
    "Abwesenheitsnotiz",
    "Réponse automatique : Soup",
    "Respuesta automática: Soup",
    "Resposta automática: Soup",
    "Risposta automatica: Soup",
    "Automatisch antwoord: Soup",
    "Autosvar: Soup",
    "Automatisk svar: Soup",
    "Automaattinen vastaus: Soup",
    "Automaatne vastus: Soup",
    "Odpowiedź automatyczna: Soup",
    "Automatická odpověď: Soup",
    "Automatická odpoveď: Soup",
    "Automatikus válasz: Soup",
    "Răspuns automat: Soup",
    "Automatski odgovor: Soup",
    "Автоматичен отговор: Soup",
    "Автоматический ответ: Soup",
    "Автоматична відповідь: Soup",
    "Αυτόματη απάντηση: Soup",
    "Otomatik Yanıt: Soup",
    "Automātiska atbilde: Soup",
    "Automatinis atsakymas: Soup",
    "自動応答: Soup",
    "自动答复: Soup",
    "자동 회신: Soup",
    "رد تلقائي: Soup",
    "תשובה אוטומטית: Soup",
    "Trả lời tự động: Soup",
    "ตอบกลับอัตโนมัติ: Soup",
    "Balasan otomatis: Soup",
]


@pytest.mark.parametrize("subject", ABSENCES)
def test_a_notice_of_absence_is_known_by_its_subject_in_many_languages(subject: str) -> None:
    assert _author(("Subject", subject)) is MailAuthor.PROBABLY_PROGRAM


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: Soup",
        "Out of office at last",
        "Vacation plans",
        "Urlaubsgrüße",
        "Absent friends",
        "Re: Soup",
    ],
)
def test_a_person_may_write_of_an_absence(subject: str) -> None:
    assert _author(("Subject", subject)) is MailAuthor.PERSON


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("text/vnd.google.email-reaction+json", b'{"emoji":"x","version":1}', True),
        ("message/disposition-notification", b"Disposition: manual-action/MDN-sent-manually; displayed", True),
        ("message/delivery-status", b"", True),
        ("text/calendar", b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n", True),
        ("text/calendar", b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\n", False),
        ("image/jpeg", b"METHOD:REPLY", False),
    ],
)
def test_some_parts_only_a_program_writes(kind: str, data: bytes, told: bool) -> None:
    assert holds_telling_part([("text/plain", b"Words."), (kind, data)]) is told


@pytest.mark.parametrize(
    "words",
    [
        "👍 Ana Example reacted via Gmail",
        "Ana Example reacted to your message:\n\n❤️",
        "Ana hat über Gmail reagiert 🎉",
        "Ana a réagi via Gmail 👍",
        "Loved “What was the best thing you ate today?”",
        "Laughed at “the best thing you ate”",
    ],
)
def test_a_reaction_is_no_words_of_a_person_s(words: str) -> None:
    assert is_reaction(words, ASKED, load_automatic_signs())


@pytest.mark.parametrize(
    "words",
    [
        "My sister reacted to your message the way I did: she laughed.",
        "She reacted to your message.",
        "Loved “the soup at the market”",
        "Loved the soup.",
        "👍",
        "❤️ thank you",
        "Liked “it”",
        "",
    ],
)
def test_what_a_person_writes_is_no_reaction(words: str) -> None:
    assert not is_reaction(words, ASKED, load_automatic_signs())


def test_only_a_report_of_deliveries_calls_itself_one() -> None:
    assert is_delivery_report([("Content-Type", "multipart/report; report-type=delivery-status; boundary=x")])
    assert not is_delivery_report([("Content-Type", "multipart/report; report-type=disposition-notification")])
    assert not is_delivery_report(
        [("Content-Type", "text/plain"), ("Content-Type", "multipart/report; delivery-status")]
    )
