"""Signing in by a link: once, in the requesting browser or with its code, within ten minutes."""

from datetime import timedelta

import pytest

from service.core.access.tokens import Action, ActToken
from service.core.addresses import Address
from service.core.library.prompts import Library
from service.db import Database
from service.flows.people.access import sign_in
from service.flows.people.access.sign_in import NewSession, SignedIn, SignInLink
from service.flows.people.subscription import account
from service.models import BrowserSession, Delivery, DeliveryKind, Keyring, MailRequest
from tests.harness.people.people import ANA, DAY, HERE, MINUTE, NOW, act_on, join, person, sign_up

SECRET = b"s" * 32
ELSEWHERE = b"x" * 32


@pytest.fixture
def token(database: Database, keyring: Keyring, library: Library) -> ActToken:
    """A link that Ana asked for at NOW."""
    with database.write() as session:
        ana = join(session, keyring, library)
        asked = sign_in.ask(session, keyring, address=ANA, asker=HERE, now=NOW)
        act_on(session, keyring, asked, NOW)
        assert isinstance(asked, int)
        return ActToken(Action.SIGN_IN, ana.id, asked, NOW + 10 * MINUTE)


def _use(
    database: Database,
    token: ActToken,
    *,
    browser: bytes = HERE.browser,
    code: bytes | None = None,
    after: timedelta = MINUTE,
) -> SignedIn | SignInLink:
    with database.write() as session:
        return sign_in.use(session, token, browser=browser, code=code, new=NewSession(SECRET), now=NOW + after)


def test_looking_at_a_link_does_not_use_it(database: Database, token: ActToken) -> None:
    with database.read() as session:
        for _ in range(3):
            assert sign_in.look(session, token, browser=HERE.browser, now=NOW) is SignInLink.READY
        assert sign_in.look(session, token, browser=ELSEWHERE, now=NOW) is SignInLink.NEEDS_CODE
    assert isinstance(_use(database, token), SignedIn)


def test_a_link_signs_the_requesting_browser_in_once(database: Database, token: ActToken) -> None:
    assert _use(database, token) == SignedIn(token.subscriber_id)
    assert _use(database, token) is SignInLink.INVALID
    with database.read() as session:
        assert BrowserSession.owner_id(session, SECRET, NOW + 29 * DAY) == token.subscriber_id
        assert BrowserSession.owner_id(session, SECRET, NOW + 31 * DAY) is None


def test_a_link_expires_after_ten_minutes(database: Database, token: ActToken) -> None:
    assert _use(database, token, after=11 * MINUTE) is SignInLink.INVALID


def test_another_browser_needs_the_code(database: Database, token: ActToken) -> None:
    assert _use(database, token, browser=ELSEWHERE) is SignInLink.NEEDS_CODE
    assert _use(database, token, browser=ELSEWHERE, code=b"w" * 32) is SignInLink.WRONG_CODE
    assert isinstance(_use(database, token, browser=ELSEWHERE, code=HERE.code), SignedIn)


def test_five_wrong_codes_invalidate_a_link(database: Database, token: ActToken) -> None:
    for _ in range(5):
        assert _use(database, token, browser=ELSEWHERE, code=b"w" * 32) is SignInLink.WRONG_CODE
    assert _use(database, token, browser=ELSEWHERE, code=HERE.code) is SignInLink.INVALID
    assert _use(database, token) is SignInLink.INVALID


def test_a_request_of_one_subscriber_signs_nobody_else_in(
    database: Database, keyring: Keyring, library: Library, token: ActToken
) -> None:
    with database.write() as session:
        ben = join(session, keyring, library, Address.parse("ben@example.com"))
    mixed = ActToken(Action.SIGN_IN, ben.id, token.object_id, token.expires_at)
    assert _use(database, mixed) is SignInLink.INVALID


def test_a_token_for_another_action_signs_nobody_in(database: Database, token: ActToken) -> None:
    other = ActToken(Action.CONFIRM, token.subscriber_id, token.object_id, token.expires_at)
    assert _use(database, other) is SignInLink.INVALID


def test_a_sign_in_email_expires_with_its_link(database: Database, keyring: Keyring, token: ActToken) -> None:
    with database.read() as session:
        request = session.get_one(MailRequest, token.object_id)
        ana = person(session, keyring)
        delivery = Delivery.find(session, ana.id, DeliveryKind.SIGN_IN, f"2026-05-13/{request.id}")
        assert delivery is not None
        assert delivery.expires_at == NOW + 10 * MINUTE


def test_a_pending_subscriber_gets_a_confirmation_and_a_stranger_nothing(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        sign_up(session, keyring)
        planned = act_on(session, keyring, sign_in.ask(session, keyring, address=ANA, asker=HERE, now=NOW), NOW)
        assert [Delivery.count_since(session, person(session, keyring).id, DeliveryKind.CONFIRMATION, NOW - DAY)] == [2]
        assert len(planned) == 1
        stranger = Address.parse("nobody@example.com")
        asked = sign_in.ask(session, keyring, address=stranger, asker=HERE, now=NOW)
        assert act_on(session, keyring, asked, NOW) == []


def test_a_stopped_subscriber_can_sign_in(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        account.stop(session, ana, NOW, source="page")
        asked = sign_in.ask(session, keyring, address=ANA, asker=HERE, now=NOW)
        assert len(act_on(session, keyring, asked, NOW)) == 1
        assert Delivery.count_since(session, ana.id, DeliveryKind.SIGN_IN, NOW - DAY) == 1


@pytest.mark.parametrize(("everywhere", "left"), [(False, True), (True, False)], ids=["one browser", "all browsers"])
def test_signing_out_ends_sessions(database: Database, token: ActToken, *, everywhere: bool, left: bool) -> None:
    with database.write() as session:
        for secret in (SECRET, ELSEWHERE):
            sign_in.open_session(session, token.subscriber_id, NewSession(secret), NOW)
    with database.write() as session:
        sign_in.sign_out(session, secret=SECRET, everywhere=everywhere, now=NOW)
    with database.read() as session:
        assert BrowserSession.owner_id(session, SECRET, NOW) is None
        assert (BrowserSession.owner_id(session, ELSEWHERE, NOW) is not None) == left
