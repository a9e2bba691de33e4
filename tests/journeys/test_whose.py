"""Whose a mail is, and which day it belongs to: each case through HTTP, queue and post office."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parseaddr
from typing import Any

import requests
from sqlalchemy import select

from service.models import Outcome, Reply, SubscriberStatus
from service.postoffice.replies.replies import new_mail
from tests.harness.journey import JourneyHarness

ANA, BEN = "ana@example.com", "ben@example.org"
WORK = "ana@work.example"
HELLO = "hello@mail.smallsteps.example"


def _bring(
    journey: JourneyHarness, raw: bytes, *recipients: str, authenticated: str = "yes", form: str = "fields"
) -> int:
    """Bring a mail to the webhook and let it be understood; return how the webhook answered."""
    query = {"recipient": recipients, "authenticated": authenticated, "form": form}
    posted = requests.post(f"{journey.office}/_local/inbound", params=query, data=raw, timeout=60).json()
    journey.work()
    status: int = posted["status"]
    return status


def _mail(
    journey: JourneyHarness, words: str, *, sender: str = ANA, to: str = HELLO, at: datetime | None = None
) -> bytes:
    return new_mail(sender=sender, to=to, subject="10 good things", words=words, sent_at=at or journey.clock.now)


def _token(journey: JourneyHarness, address: str = ANA) -> str:
    """Return the address to which a reply to somebody's newest mail goes."""
    headers = {name.lower(): value for name, value in journey.mails(address)[0]["headers"]}
    return parseaddr(headers["reply-to"])[1]


def _outcomes(journey: JourneyHarness) -> list[str | None]:
    with journey.runtime.database.read() as session:
        return [*session.scalars(select(Reply.outcome).order_by(Reply.received_at, Reply.id))]


def _words(journey: JourneyHarness, address: str = ANA) -> list[str]:
    return [entry.words for entry in journey.entries(address)]


def _reply(journey: JourneyHarness, mail: dict[str, Any], words: str, **options: Any) -> None:
    assert journey.reply(mail, words, **options)["status"] == 200
    journey.work()


def test_the_envelope_s_recipient_counts_before_the_headers(journey: JourneyHarness) -> None:
    journey.join(ANA)
    journey.join(BEN)
    ana_s, ben_s = (_token(journey, address) for address in (ANA, BEN))
    _bring(journey, _mail(journey, "Ana's own.", to=ben_s), ana_s)
    assert _words(journey) == ["Ana's own."]
    assert _words(journey, BEN) == []


def test_to_cc_and_delivered_to_count_where_the_envelope_has_no_token(journey: JourneyHarness) -> None:
    journey.join(ANA)
    token = _token(journey)
    raw = _mail(journey, "Through a forwarder.")
    for name in (b"To", b"Cc", b"Delivered-To"):
        _bring(journey, name + b": " + token.encode() + b"\r\nX-Way: " + name + b"\r\n" + raw, HELLO)
    assert _words(journey) == ["Through a forwarder."] * 3
    assert {entry.prompt_id for entry in journey.entries(ANA)} != {None}


def test_a_reply_from_another_address_is_held_until_its_owner_says_it_is_theirs(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    _reply(journey, welcome, "From my desk.", sender=WORK)
    _reply(journey, welcome, "From my desk again.", sender=WORK)
    assert _words(journey) == []
    notices = [mail for mail in journey.mails(ANA) if "Was this you?" in mail["text"]]
    assert len(notices) == 1  # a day
    assert journey.mails(WORK) == []
    link = journey.link(notices[0], "/act/")
    assert "From my desk" not in journey.browser().open(link).text
    assert WORK in browser.open(link).text
    assert _words(journey) == []

    browser.press(browser.open(link).url)
    journey.work()
    assert _words(journey) == ["From my desk."]
    _reply(journey, welcome, "It is known now.", sender=WORK)
    assert sorted(_words(journey)) == ["From my desk.", "It is known now."]
    _bring(journey, _mail(journey, "And to the front door.", sender=WORK), HELLO)
    assert "And to the front door." in _words(journey)


def test_what_its_owner_disowns_stays_out_and_goes(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    _reply(journey, journey.mails(ANA)[0], "A stranger's.", sender="someone@else.example")
    held = browser.open(journey.link(journey.mails(ANA)[0], "/act/")).url
    browser.press(f"{held}/disown", page=held)
    journey.work()
    assert _words(journey) == []
    assert "We’ll keep it out" in browser.open(held).text
    with journey.runtime.database.read() as session:
        (reply,) = session.scalars(select(Reply))
    assert reply.kept_until == journey.clock.now + timedelta(days=1)


def test_mail_without_a_token_is_today_s_if_its_sender_is_aligned(journey: JourneyHarness) -> None:
    journey.join(ANA)
    _bring(journey, _mail(journey, "Out of the blue."), HELLO)
    (entry,) = journey.entries(ANA)
    assert (entry.words, entry.written_on, entry.prompt_id) == ("Out of the blue.", date(2026, 5, 6), None)


def test_mail_without_a_token_is_held_if_its_sender_is_not_aligned(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    _bring(journey, _mail(journey, "Perhaps hers."), HELLO, authenticated="no")
    assert _words(journey) == []
    browser.press(browser.open(journey.link(journey.mails(ANA)[0], "/act/")).url)
    journey.work()
    assert _words(journey) == ["Perhaps hers."]


def test_mail_of_nobody_we_know_is_dropped_and_nothing_is_sent_back(journey: JourneyHarness) -> None:
    journey.join(ANA)
    before = len(journey.mails())
    assert _bring(journey, _mail(journey, "Buy now.", sender="shop@else.example"), HELLO) == 200
    assert len(journey.mails()) == before
    with journey.runtime.database.read() as session:
        (reply,) = session.scalars(select(Reply))
    assert (reply.outcome, reply.sealed_raw, reply.stored_as) == (Outcome.STRANGER, None, None)


def test_two_tokens_are_each_checked_by_their_own_owner(journey: JourneyHarness) -> None:
    journey.join(ANA)
    journey.join(BEN)
    both = [_token(journey, address) for address in (ANA, BEN)]
    raw = _mail(journey, "To both of us.", to=", ".join(both))
    _bring(journey, raw, *both)
    assert _words(journey) == ["To both of us."]
    assert _words(journey, BEN) == []
    assert sorted(map(str, _outcomes(journey))) == [Outcome.ENTRY, Outcome.HELD]
    _bring(journey, raw, *both)
    assert _words(journey) == ["To both of us."]
    assert "Was this you?" in journey.mails(BEN)[0]["text"]


def test_two_tokens_posted_one_by_one_are_each_their_own_too(journey: JourneyHarness) -> None:
    journey.join(ANA)
    journey.join(BEN)
    both = [_token(journey, address) for address in (ANA, BEN)]
    raw = _mail(journey, "To both of us.", to=", ".join(both), sender=BEN)
    for address in both:
        _bring(journey, raw, address)
    assert (_words(journey), _words(journey, BEN)) == ([], ["To both of us."])


def test_the_day_is_the_token_s_however_late_the_reply_and_whatever_its_subject(journey: JourneyHarness) -> None:
    journey.join(ANA)
    token = _token(journey)
    journey.clock.now += timedelta(days=40)
    _bring(journey, _mail(journey, "Late, but here.", to=token), token)
    (entry,) = journey.entries(ANA)
    assert entry.written_on == date(2026, 5, 6)
    assert entry.prompt_id


def test_mail_without_a_token_belongs_to_the_local_day_it_was_sent_which_ends_at_four(journey: JourneyHarness) -> None:
    journey.join(ANA, time_zone="America/New_York")
    journey.clock.now = datetime(2026, 5, 9, 12, tzinfo=UTC)
    for words, at in (
        ("Before four.", datetime(2026, 5, 8, 7, 59, tzinfo=UTC)),
        ("After four.", datetime(2026, 5, 8, 8, 0, tzinfo=UTC)),
    ):
        _bring(journey, _mail(journey, words, at=at), HELLO)
    assert [(entry.words, entry.written_on.day) for entry in journey.entries(ANA)] == [
        ("Before four.", 7),
        ("After four.", 8),
    ]


def test_several_replies_on_a_day_are_several_entries_shown_together(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    for words in ("Morning.", "Noon.", "Night."):
        journey.clock.now += timedelta(minutes=1)
        _reply(journey, welcome, words)
    assert _words(journey) == ["Morning.", "Noon.", "Night."]
    page = browser.open("/journal/2026-05-06").text
    assert page.index("Morning.") < page.index("Noon.") < page.index("Night.")


def test_the_same_mail_twice_is_one_and_other_bytes_are_another(journey: JourneyHarness) -> None:
    journey.join(ANA)
    token = _token(journey)
    raw = _mail(journey, "Once.", to=token)
    for posted in (raw, raw, raw.replace(b"Once.", b"Twice.")):
        assert _bring(journey, posted, token) == 200
    assert sorted(_words(journey)) == ["Once.", "Twice."]


def _sign_up(journey: JourneyHarness) -> dict[str, Any]:
    journey.browser().press("/subscribe", page="/", email=ANA, rhythm="daily", time_zone="Europe/London")
    journey.work()
    return journey.mails(ANA)[0]


def test_a_pending_subscriber_s_reply_confirms(journey: JourneyHarness) -> None:
    _reply(journey, _sign_up(journey), "Yes!")
    assert journey.person(ANA).status == SubscriberStatus.ACTIVE
    assert journey.mails(ANA)[0]["subject"] == "Your first question"
    assert _words(journey) == []


def test_a_pending_subscriber_s_mail_without_a_token_confirms_if_it_is_aligned(journey: JourneyHarness) -> None:
    _sign_up(journey)
    _bring(journey, _mail(journey, "Yes please"), HELLO, authenticated="no")
    assert journey.person(ANA).status == SubscriberStatus.PENDING
    _bring(journey, _mail(journey, "Yes please"), HELLO)
    assert journey.person(ANA).status == SubscriberStatus.ACTIVE


def test_a_pending_subscriber_who_says_stop_confirms_nothing(journey: JourneyHarness) -> None:
    _reply(journey, _sign_up(journey), "Stop")
    assert journey.person(ANA).status == SubscriberStatus.PENDING


def test_somebody_who_rests_may_still_write(journey: JourneyHarness) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    _reply(journey, welcome, "pause")
    _reply(journey, welcome, "Resting, and writing.")
    assert _words(journey) == ["Resting, and writing."]
    assert journey.person(ANA).status == SubscriberStatus.RESTING


def test_a_mail_without_words_is_answered_beneath_it(journey: JourneyHarness) -> None:
    journey.join(ANA)
    token = _token(journey)
    date_line = format_datetime(journey.clock.now)
    head = f"From: {ANA}\r\nTo: {token}\r\nSubject: Re: x\r\nDate: {date_line}\r\nMessage-ID: <empty@a.example>\r\n"
    _bring(journey, f"{head}\r\n \r\n".encode(), token)
    answer = journey.mails(ANA)[0]
    assert "Your reply arrived without any words" in answer["text"]
    assert "<empty@a.example>" in str(answer)
    assert _outcomes(journey) == [Outcome.EMPTY]
