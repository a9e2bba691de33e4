"""Signing up: requests, confirmations and their limits."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.core.access.tokens import Action, ActToken
from service.core.addresses import Address
from service.core.library.prompts import Library
from service.core.settings.schedule import Rhythm, Schedule
from service.db import Database
from service.flows.people.access import sign_in
from service.flows.people.access.mail_requests import Requester, TooManyRequests
from service.flows.people.subscription import account, signup
from service.flows.people.subscription.confirm_signup import Visitor, confirm, confirm_by_link, waiting_signup
from service.models import (
    Consent,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Keyring,
    MailRequest,
    MailRequestKind,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.people.people import ANA, DAY, HERE, LONDON, MINUTE, NOW, PLAIN, act_on, form, join, person, sign_up


def test_a_signup_writes_one_row_for_known_and_unknown_addresses(
    database: Database, keyring: Keyring, library: Library
) -> None:
    """With the same statements the response takes the same time, and does not reveal who has signed up."""
    with database.write() as session:
        join(session, keyring, library)
        for address in (ANA, Address.parse("nobody@example.com")):
            before = _rows(session)
            signup.ask(session, keyring, form=form(address), asker=HERE, now=NOW)
            assert _rows(session) - before == 1


def test_the_form_is_sealed_and_deleted_once_it_is_processed(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        asked = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)
        request = session.get_one(MailRequest, asked)
        sealed = request.sealed_form
        assert sealed is not None
        assert b"ana" not in sealed
        act_on(session, keyring, asked, NOW)
        assert request.sealed_form is None
        assert request.done_at == NOW


def test_an_unknown_address_becomes_pending_and_is_sent_a_confirmation(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        planned = sign_up(session, keyring)
        ana = person(session, keyring)
        assert ana.status == SubscriberStatus.PENDING
        assert keyring.address_of(ana) == ANA
        assert ana.next_prompt_at is None
        assert _kinds(session, planned) == [DeliveryKind.CONFIRMATION]
        [line] = Consent.for_address(session, ana.address_hash)
        assert (line.event, line.source, line.at, line.network_hash) == ("asked", "page", NOW, HERE.network)


def test_processing_a_request_twice_plans_nothing_more(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        asked = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)
        assert len(act_on(session, keyring, asked, NOW)) == 1
        assert act_on(session, keyring, asked, NOW + MINUTE) == []
        assert len(Consent.for_address(session, person(session, keyring).address_hash)) == 1


def test_a_second_signup_extends_the_time_to_confirm(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        sign_up(session, keyring)
        planned = sign_up(session, keyring, now=NOW + DAY)
        assert person(session, keyring).created_at == NOW + DAY
        assert _kinds(session, planned) == [DeliveryKind.CONFIRMATION]


def test_an_address_gets_at_most_three_confirmations_a_week(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        planned = [sign_up(session, keyring, now=NOW + n * MINUTE) for n in range(5)]
        assert [len(ids) for ids in planned] == [1, 1, 1, 0, 0]
        assert sign_up(session, keyring, now=NOW + 6 * DAY) == []
        assert len(sign_up(session, keyring, now=NOW + 7 * DAY + 5 * MINUTE)) == 1


@pytest.mark.parametrize("rests", [False, True], ids=["active", "resting"])
def test_a_known_address_gets_a_sign_in_email_and_keeps_its_schedule(
    database: Database, keyring: Keyring, library: Library, *, rests: bool
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        if rests:
            account.rest(session, ana, account.Rest.WEEK, NOW)
        was = (ana.schedule, ana.status)
        daily = form(schedule=Schedule(Rhythm.DAILY.days, time(8, 0), ZoneInfo("Asia/Tokyo")))
        asked = signup.ask(session, keyring, form=daily, asker=HERE, now=NOW)
        [planned] = act_on(session, keyring, asked, NOW)
        delivery = session.scalars(select(Delivery).where(Delivery.id == planned)).one()
        assert (delivery.kind, delivery.reference) == (DeliveryKind.SIGN_IN, asked)
        assert (ana.schedule, ana.status) == was


def test_a_stopped_subscriber_gets_a_confirmation(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        account.stop(session, ana, NOW, source="page")
        assert _kinds(session, sign_up(session, keyring, now=NOW + DAY)) == [DeliveryKind.CONFIRMATION]
        assert ana.status == SubscriberStatus.STOPPED


def test_a_suppressed_address_gets_a_sign_in_email_but_nothing_for_a_signup(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        Suppression.add(session, ana.address_hash, SuppressionReason.BOUNCED, NOW)
        assert sign_up(session, keyring) == []
        asked = sign_in.ask(session, keyring, address=ANA, asker=HERE, now=NOW)
        assert _kinds(session, act_on(session, keyring, asked, NOW)) == [DeliveryKind.SIGN_IN]


def test_a_suppressed_stranger_does_not_become_a_subscriber(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        Suppression.add(session, keyring.address_hash(ANA), SuppressionReason.COMPLAINED, NOW)
        assert sign_up(session, keyring) == []
        assert Subscriber.with_address(session, keyring.address_hash(ANA)) is None


def test_one_network_may_make_ten_requests_an_hour(database: Database, keyring: Keyring) -> None:
    elsewhere = replace(HERE, network=b"m" * 32)
    with database.write() as session:

        def ask(asker: Requester = HERE, minutes: int = 0) -> object:
            return signup.ask(session, keyring, form=form(), asker=asker, now=NOW + minutes * MINUTE)

        assert all(isinstance(ask(), int) for _ in range(10))
        assert isinstance(ask(), TooManyRequests)
        assert isinstance(ask(elsewhere), int)
        assert isinstance(ask(minutes=61), int)


def test_confirming_plans_a_welcome_and_no_second_prompt_that_day(
    database: Database, keyring: Keyring, library: Library
) -> None:
    early = NOW.replace(hour=5)  # 6 in London on a Wednesday: the 8 o'clock prompt would still come
    with database.write() as session:
        sign_up(session, keyring, now=early)
        ana = person(session, keyring)
        planned = confirm(session, keyring, library, ana.id, early, source="reply")
        welcome = Delivery.find(session, ana.id, DeliveryKind.WELCOME, "2026-05-13")
        assert welcome is not None
        assert planned == [welcome.id]
        assert welcome.prompt_id == library.first_six("en-GB")[0].id
        assert (ana.status, ana.confirmed_at, ana.prompts_sent) == (SubscriberStatus.ACTIVE, early, 1)
        assert ana.next_prompt_at is not None
        assert ana.next_prompt_at.date() == date(2026, 5, 15)
        assert ana.next_digest_at is not None
        events = [(line.event, line.source) for line in Consent.for_address(session, ana.address_hash)]
        assert ("confirmed", "reply") in events


def test_confirming_twice_plans_one_welcome(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        assert confirm(session, keyring, library, ana.id, NOW + DAY, source="link") == []
        assert len(Consent.for_address(session, ana.address_hash)) == 2


def test_confirming_after_a_stop_sends_the_next_opening_prompt(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        account.stop(session, ana, NOW, source="page")
        confirm(session, keyring, library, ana.id, NOW + 2 * DAY, source="link")
        welcome = Delivery.find(session, ana.id, DeliveryKind.WELCOME, "2026-05-15")
        assert welcome is not None
        assert welcome.prompt_id == library.first_six("en-GB")[1].id


def test_starting_again_on_the_same_day_sends_another_welcome_with_the_next_prompt(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        first = Delivery.newest_about(session, ana.id, DeliveryKind.WELCOME)
        assert first is not None
        first.state = DeliveryState.SENT
        account.stop(session, ana, NOW + MINUTE, source="one_click")
        [planned] = confirm(session, keyring, library, ana.id, NOW + 2 * MINUTE, source="link")
        again = Delivery.newest_about(session, ana.id, DeliveryKind.WELCOME)
        assert again is not None
        assert (again.id, again.on) == (planned, first.on)
        assert again.prompt_id == library.first_six("en-GB")[1].id
        assert again.id != first.id


def test_a_welcome_that_still_waits_serves_the_new_start(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        first = Delivery.newest_about(session, ana.id, DeliveryKind.WELCOME)
        assert first is not None
        account.stop(session, ana, NOW + MINUTE, source="one_click")
        assert confirm(session, keyring, library, ana.id, NOW + 2 * MINUTE, source="link") == [first.id]
        assert Delivery.count_since(session, ana.id, DeliveryKind.WELCOME, NOW - DAY) == 1


def test_the_day_of_a_second_welcome_brings_no_other_prompt(
    database: Database, keyring: Keyring, library: Library
) -> None:
    early = NOW.replace(hour=5)  # 6 in London on a Wednesday: the 8 o'clock prompt would still come
    with database.write() as session:
        ana = join(session, keyring, library, now=early)
        first = Delivery.newest_about(session, ana.id, DeliveryKind.WELCOME)
        assert first is not None
        first.state = DeliveryState.SKIPPED
        account.stop(session, ana, early + MINUTE, source="page")
        confirm(session, keyring, library, ana.id, early + 2 * MINUTE, source="link")
        account.change_preferences(session, ana, PLAIN, early + 3 * MINUTE)
        assert ana.next_prompt_at is not None
        assert ana.next_prompt_at.date() == date(2026, 5, 15)


def test_a_link_from_before_a_stop_starts_nothing_and_a_newer_one_does(
    database: Database, keyring: Keyring, library: Library
) -> None:
    def press(asked: object, now: datetime) -> bool:
        assert isinstance(asked, int)
        token = ActToken(Action.CONFIRM, ana.id, asked, NOW + 7 * DAY)
        return confirm_by_link(session, keyring, library, token, visitor=Visitor(b"x" * 32), now=now).is_new

    with database.write() as session:
        old = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)
        act_on(session, keyring, old, NOW)
        ana = person(session, keyring)
        assert press(old, NOW + MINUTE)
        account.stop(session, ana, NOW + 2 * MINUTE, source="one_click")
        new = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW + 3 * MINUTE)
        act_on(session, keyring, new, NOW + 3 * MINUTE)
        assert not press(old, NOW + 4 * MINUTE)
        assert ana.status == SubscriberStatus.STOPPED
        assert press(new, NOW + 5 * MINUTE)
        assert ana.status == SubscriberStatus.ACTIVE


def test_confirming_an_erased_subscriber_does_nothing(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        assert confirm(session, keyring, library, 12345, NOW, source="link") == []


ELSEWHERE = b"x" * 32


@pytest.mark.parametrize("stopped", [False, True], ids=["somebody new", "somebody with a journal"])
@pytest.mark.parametrize(
    ("visitor", "confirmed", "signed_in"),
    [
        pytest.param(Visitor(HERE.browser), True, True, id="the browser that asked"),
        pytest.param(Visitor(ELSEWHERE), True, False, id="another browser: a forwarded link, or a scanner"),
        pytest.param(Visitor(ELSEWHERE, HERE.code), True, True, id="another browser, with the code"),
        pytest.param(Visitor(ELSEWHERE, b"w" * 32), False, False, id="another browser, with a wrong code"),
    ],
)
def test_a_confirm_link_signs_in_only_if_that_is_safe(
    database: Database,
    keyring: Keyring,
    library: Library,
    *,
    stopped: bool,
    visitor: Visitor,
    confirmed: bool,
    signed_in: bool,
) -> None:
    with database.write() as session:
        if stopped:
            account.stop(session, join(session, keyring, library), NOW, source="page")
        asked = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)
        act_on(session, keyring, asked, NOW)
        assert isinstance(asked, int)
        token = ActToken(Action.CONFIRM, person(session, keyring).id, asked, NOW + DAY)
        done = confirm_by_link(session, keyring, library, token, visitor=visitor, now=NOW)
        status = person(session, keyring).status
        again = confirm_by_link(session, keyring, library, token, visitor=visitor, now=NOW)
    assert (done.is_new, done.may_sign_in, done.is_code_wrong) == (confirmed, signed_in, not confirmed)
    assert (status == SubscriberStatus.ACTIVE) is confirmed
    assert not again.may_sign_in


def test_a_code_can_be_tried_five_times(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        asked = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)
        act_on(session, keyring, asked, NOW)
        assert isinstance(asked, int)
        token = ActToken(Action.CONFIRM, person(session, keyring).id, asked, NOW + DAY)
        for _ in range(5):
            wrong = Visitor(ELSEWHERE, b"w" * 32)
            assert confirm_by_link(session, keyring, library, token, visitor=wrong, now=NOW).is_code_wrong
        right = Visitor(ELSEWHERE, HERE.code)
        assert confirm_by_link(session, keyring, library, token, visitor=right, now=NOW).is_code_wrong


TOKYO = Schedule(Rhythm.DAILY.days, time(8, 0), ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("stopped", [False, True], ids=["pending", "stopped"])
def test_a_signup_changes_nothing_before_it_is_confirmed(
    database: Database, keyring: Keyring, library: Library, *, stopped: bool
) -> None:
    with database.write() as session:
        if stopped:
            account.stop(session, join(session, keyring, library), NOW, source="page")
        else:
            sign_up(session, keyring)
        ana = person(session, keyring)
        asked = signup.ask(session, keyring, form=form(schedule=TOKYO), asker=HERE, now=NOW)
        act_on(session, keyring, asked, NOW)
        assert isinstance(asked, int)
        assert ana.schedule == LONDON
        assert waiting_signup(session, keyring, ana, asked).schedule == TOKYO
        token = ActToken(Action.CONFIRM, ana.id, asked, NOW + DAY)
        confirm_by_link(session, keyring, library, token, visitor=Visitor(HERE.browser), now=NOW)
        assert ana.schedule == TOKYO


def test_the_first_of_two_links_applies_its_own_schedule(
    database: Database, keyring: Keyring, library: Library
) -> None:
    """A stranger signs up with the address before its owner opens the email of their own signup."""
    with database.write() as session:
        first = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)
        act_on(session, keyring, first, NOW)
        act_on(session, keyring, signup.ask(session, keyring, form=form(schedule=TOKYO), asker=HERE, now=NOW), NOW)
        assert isinstance(first, int)
        ana = person(session, keyring)
        token = ActToken(Action.CONFIRM, ana.id, first, NOW + DAY)
        confirm_by_link(session, keyring, library, token, visitor=Visitor(HERE.browser), now=NOW)
        assert ana.schedule == LONDON


def test_nobody_can_use_up_another_persons_sign_ins(database: Database, keyring: Keyring, library: Library) -> None:
    """Ten requests from a stranger's network do not count for the owner's own network."""

    def request(requester: Requester, minutes: int) -> list[int]:
        now = NOW + minutes * MINUTE
        with database.write() as session:
            return act_on(session, keyring, sign_in.ask(session, keyring, address=ANA, asker=requester, now=now), now)

    with database.write() as session:
        join(session, keyring, library)
    stranger = replace(HERE, network=b"s" * 32)
    assert [len(request(stranger, minute)) for minute in range(10)] == [1] * 5 + [0] * 5
    assert [len(request(HERE, 60 + minute)) for minute in range(2)] == [1, 1]
    assert len(request(stranger, 60 * 25)) == 1  # a day later


def test_an_address_gets_three_confirmations_a_week_however_many_networks_ask(
    database: Database, keyring: Keyring
) -> None:
    with database.write() as session:
        planned = []
        for number in range(40):
            elsewhere = replace(HERE, network=bytes([number]) * 32)
            now = NOW + number * 4 * 60 * MINUTE
            planned += act_on(
                session, keyring, signup.ask(session, keyring, form=form(), asker=elsewhere, now=now), now
            )
        assert len(planned) == 3


def test_confirmations_have_one_limit_for_all_requests(database: Database, keyring: Keyring) -> None:
    others = {"network_hash": b"o" * 32, "browser_hash": b"o" * 32, "code_hash": b"o" * 32, "created_at": NOW}
    with database.write() as session:
        for number in range(signup.MAX_CONFIRMATIONS_PER_HOUR - 1):
            address_hash = number.to_bytes(32)
            session.add(MailRequest(kind=MailRequestKind.SIGNUP, address_hash=address_hash, **others))
        assert len(sign_up(session, keyring)) == 1
        assert sign_up(session, keyring, Address.parse("ben@example.com")) == []
        assert len(sign_up(session, keyring, Address.parse("ben@example.com"), NOW + 61 * MINUTE)) == 1


def _rows(session: Session) -> int:
    tables = (MailRequest, Subscriber, Delivery, Consent)
    return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def _kinds(session: Session, ids: list[int]) -> list[str]:
    return list(session.scalars(select(Delivery.kind).where(Delivery.id.in_(ids))))
