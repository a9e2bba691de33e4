"""Whose a mail is, and which day it belongs to: the rows of inbound.md, through HTTP, queue and post office."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parseaddr
from typing import Any

import requests
from sqlalchemy import select

from service.models import Outcome, Reply, Status
from service.postoffice.replies import new_mail
from tests.journeys.stage import Stage

ANA, BEN = "ana@example.com", "ben@example.org"
WORK = "ana@work.example"
HELLO = "hello@mail.smallsteps.example"


def _bring(stage: Stage, raw: bytes, *recipients: str, authenticated: str = "yes", form: str = "fields") -> int:
    """Bring a mail to the webhook and let it be understood; return how the webhook answered."""
    query = {"recipient": recipients, "authenticated": authenticated, "form": form}
    posted = requests.post(f"{stage.office}/_local/inbound", params=query, data=raw, timeout=60).json()
    stage.work()
    status: int = posted["status"]
    return status


def _mail(stage: Stage, words: str, *, sender: str = ANA, to: str = HELLO, at: datetime | None = None) -> bytes:
    return new_mail(sender=sender, to=to, subject="10 good things", words=words, sent_at=at or stage.clock.now)


def _token(stage: Stage, address: str = ANA) -> str:
    """Return the address to which a reply to somebody's newest mail goes."""
    headers = {name.lower(): value for name, value in stage.mails(address)[0]["headers"]}
    return parseaddr(headers["reply-to"])[1]


def _outcomes(stage: Stage) -> list[str | None]:
    with stage.runtime.database.read() as session:
        return [*session.scalars(select(Reply.outcome).order_by(Reply.received_at, Reply.id))]


def _words(stage: Stage, address: str = ANA) -> list[str]:
    return [entry.words for entry in stage.entries(address)]


def _reply(stage: Stage, mail: dict[str, Any], words: str, **options: Any) -> None:
    assert stage.reply(mail, words, **options)["status"] == 200
    stage.work()


def test_the_envelope_s_recipient_counts_before_the_headers(stage: Stage) -> None:
    stage.join(ANA)
    stage.join(BEN)
    ana_s, ben_s = (_token(stage, address) for address in (ANA, BEN))
    _bring(stage, _mail(stage, "Ana's own.", to=ben_s), ana_s)
    assert _words(stage) == ["Ana's own."]
    assert _words(stage, BEN) == []


def test_to_cc_and_delivered_to_count_where_the_envelope_has_no_token(stage: Stage) -> None:
    stage.join(ANA)
    token = _token(stage)
    raw = _mail(stage, "Through a forwarder.")
    for name in (b"To", b"Cc", b"Delivered-To"):
        _bring(stage, name + b": " + token.encode() + b"\r\nX-Way: " + name + b"\r\n" + raw, HELLO)
    assert _words(stage) == ["Through a forwarder."] * 3
    assert {entry.prompt_id for entry in stage.entries(ANA)} != {None}


def test_a_reply_from_another_address_is_held_until_its_owner_says_it_is_theirs(stage: Stage) -> None:
    browser = stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    _reply(stage, welcome, "From my desk.", sender=WORK)
    _reply(stage, welcome, "From my desk again.", sender=WORK)
    assert _words(stage) == []
    notices = [mail for mail in stage.mails(ANA) if "Was this you?" in mail["text"]]
    assert len(notices) == 1  # a day
    assert stage.mails(WORK) == []
    link = stage.link(notices[0], "/act/")
    assert "From my desk" not in stage.browser().open(link).text
    assert WORK in browser.open(link).text
    assert _words(stage) == []

    browser.press(browser.open(link).url)
    stage.work()
    assert _words(stage) == ["From my desk."]
    _reply(stage, welcome, "It is known now.", sender=WORK)
    assert sorted(_words(stage)) == ["From my desk.", "It is known now."]
    _bring(stage, _mail(stage, "And to the front door.", sender=WORK), HELLO)
    assert "And to the front door." in _words(stage)


def test_what_its_owner_disowns_stays_out_and_goes(stage: Stage) -> None:
    browser = stage.join(ANA)
    _reply(stage, stage.mails(ANA)[0], "A stranger's.", sender="someone@else.example")
    held = browser.open(stage.link(stage.mails(ANA)[0], "/act/")).url
    browser.press(f"{held}/disown", page=held)
    stage.work()
    assert _words(stage) == []
    assert "It stays out" in browser.open(held).text
    with stage.runtime.database.read() as session:
        (reply,) = session.scalars(select(Reply))
    assert reply.kept_until == stage.clock.now + timedelta(days=1)


def test_mail_without_a_token_is_today_s_if_its_sender_is_aligned(stage: Stage) -> None:
    stage.join(ANA)
    _bring(stage, _mail(stage, "Out of the blue."), HELLO)
    (entry,) = stage.entries(ANA)
    assert (entry.words, entry.written_on, entry.prompt_id) == ("Out of the blue.", date(2026, 5, 6), None)


def test_mail_without_a_token_is_held_if_its_sender_is_not_aligned(stage: Stage) -> None:
    browser = stage.join(ANA)
    _bring(stage, _mail(stage, "Perhaps hers."), HELLO, authenticated="no")
    assert _words(stage) == []
    browser.press(browser.open(stage.link(stage.mails(ANA)[0], "/act/")).url)
    stage.work()
    assert _words(stage) == ["Perhaps hers."]


def test_mail_of_nobody_we_know_is_dropped_and_nothing_is_sent_back(stage: Stage) -> None:
    stage.join(ANA)
    before = len(stage.mails())
    assert _bring(stage, _mail(stage, "Buy now.", sender="shop@else.example"), HELLO) == 200
    assert len(stage.mails()) == before
    with stage.runtime.database.read() as session:
        (reply,) = session.scalars(select(Reply))
    assert (reply.outcome, reply.sealed_raw, reply.stored_as) == (Outcome.STRANGER, None, None)


def test_two_tokens_are_each_checked_by_their_own_owner(stage: Stage) -> None:
    stage.join(ANA)
    stage.join(BEN)
    both = [_token(stage, address) for address in (ANA, BEN)]
    raw = _mail(stage, "To both of us.", to=", ".join(both))
    _bring(stage, raw, *both)
    assert _words(stage) == ["To both of us."]
    assert _words(stage, BEN) == []
    assert sorted(map(str, _outcomes(stage))) == [Outcome.ENTRY, Outcome.HELD]
    _bring(stage, raw, *both)
    assert _words(stage) == ["To both of us."]
    assert "Was this you?" in stage.mails(BEN)[0]["text"]


def test_two_tokens_posted_one_by_one_are_each_their_own_too(stage: Stage) -> None:
    stage.join(ANA)
    stage.join(BEN)
    both = [_token(stage, address) for address in (ANA, BEN)]
    raw = _mail(stage, "To both of us.", to=", ".join(both), sender=BEN)
    for address in both:
        _bring(stage, raw, address)
    assert (_words(stage), _words(stage, BEN)) == ([], ["To both of us."])


def test_the_day_is_the_token_s_however_late_the_reply_and_whatever_its_subject(stage: Stage) -> None:
    stage.join(ANA)
    token = _token(stage)
    stage.clock.now += timedelta(days=40)
    _bring(stage, _mail(stage, "Late, but here.", to=token), token)
    (entry,) = stage.entries(ANA)
    assert entry.written_on == date(2026, 5, 6)
    assert entry.prompt_id


def test_mail_without_a_token_belongs_to_the_local_day_it_was_sent_which_ends_at_four(stage: Stage) -> None:
    stage.join(ANA, time_zone="America/New_York")
    stage.clock.now = datetime(2026, 5, 9, 12, tzinfo=UTC)
    for words, at in (
        ("Before four.", datetime(2026, 5, 8, 7, 59, tzinfo=UTC)),
        ("After four.", datetime(2026, 5, 8, 8, 0, tzinfo=UTC)),
    ):
        _bring(stage, _mail(stage, words, at=at), HELLO)
    assert [(entry.words, entry.written_on.day) for entry in stage.entries(ANA)] == [
        ("Before four.", 7),
        ("After four.", 8),
    ]


def test_several_replies_on_a_day_are_several_entries_shown_together(stage: Stage) -> None:
    browser = stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    for words in ("Morning.", "Noon.", "Night."):
        stage.clock.now += timedelta(minutes=1)
        _reply(stage, welcome, words)
    assert _words(stage) == ["Morning.", "Noon.", "Night."]
    page = browser.open("/journal/2026-05-06").text
    assert page.index("Morning.") < page.index("Noon.") < page.index("Night.")


def test_the_same_mail_twice_is_one_and_other_bytes_are_another(stage: Stage) -> None:
    stage.join(ANA)
    token = _token(stage)
    raw = _mail(stage, "Once.", to=token)
    for posted in (raw, raw, raw.replace(b"Once.", b"Twice.")):
        assert _bring(stage, posted, token) == 200
    assert sorted(_words(stage)) == ["Once.", "Twice."]


def _sign_up(stage: Stage) -> dict[str, Any]:
    stage.browser().press("/subscribe", page="/", email=ANA, rhythm="daily", time_zone="Europe/London")
    stage.work()
    return stage.mails(ANA)[0]


def test_a_pending_subscriber_s_reply_confirms(stage: Stage) -> None:
    _reply(stage, _sign_up(stage), "Yes!")
    assert stage.person(ANA).status == Status.ACTIVE
    assert stage.mails(ANA)[0]["subject"] == "Your first question"
    assert _words(stage) == []


def test_a_pending_subscriber_s_mail_without_a_token_confirms_if_it_is_aligned(stage: Stage) -> None:
    _sign_up(stage)
    _bring(stage, _mail(stage, "Yes please"), HELLO, authenticated="no")
    assert stage.person(ANA).status == Status.PENDING
    _bring(stage, _mail(stage, "Yes please"), HELLO)
    assert stage.person(ANA).status == Status.ACTIVE


def test_a_pending_subscriber_who_says_stop_confirms_nothing(stage: Stage) -> None:
    _reply(stage, _sign_up(stage), "Stop")
    assert stage.person(ANA).status == Status.PENDING


def test_somebody_who_rests_may_still_write(stage: Stage) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    _reply(stage, welcome, "pause")
    _reply(stage, welcome, "Resting, and writing.")
    assert _words(stage) == ["Resting, and writing."]
    assert stage.person(ANA).status == Status.RESTING


def test_a_mail_without_words_is_answered_beneath_it(stage: Stage) -> None:
    stage.join(ANA)
    token = _token(stage)
    date_line = format_datetime(stage.clock.now)
    head = f"From: {ANA}\r\nTo: {token}\r\nSubject: Re: x\r\nDate: {date_line}\r\nMessage-ID: <empty@a.example>\r\n"
    _bring(stage, f"{head}\r\n \r\n".encode(), token)
    answer = stage.mails(ANA)[0]
    assert "Your reply came without words" in answer["text"]
    assert "<empty@a.example>" in str(answer)
    assert _outcomes(stage) == [Outcome.EMPTY]
