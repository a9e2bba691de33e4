"""Concurrent requests and jobs do not exceed the limits, and nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from service.core.access.tokens import Action, ActToken
from service.core.library.prompts import Library
from service.db import Database
from service.flows.people.access import sign_in
from service.flows.people.access.mail_requests import TooManyRequests
from service.flows.people.access.sign_in import NewSession, SignedIn, SignInLink
from service.flows.people.subscription import confirm_signup, signup
from service.models import Delivery, DeliveryKind, Keyring
from tests.harness.people.people import ANA, DAY, HERE, MINUTE, NOW, act_on, form, join, person, sign_up

THREADS = 8


def _run_at_once(call: Callable[[int], object], times: int = THREADS) -> list[object]:
    with ThreadPoolExecutor(THREADS) as worker:
        return list(worker.map(call, range(times)))


def test_many_signups_at_once_make_one_subscriber_and_three_confirmations(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        asked = [signup.ask(session, keyring, form=form(), asker=HERE, now=NOW) for _ in range(THREADS)]

    def act(number: int) -> None:
        with database.write() as session:
            act_on(session, keyring, asked[number], NOW)

    _run_at_once(act)
    with database.read() as session:
        ana = person(session, keyring)
        assert Delivery.count_since(session, ana.id, DeliveryKind.CONFIRMATION, NOW - DAY) == 3


def test_processing_one_request_many_times_at_once_plans_one_email(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        asked = signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)

    def act(_: int) -> list[int]:
        with database.write() as session:
            return act_on(session, keyring, asked, NOW)

    assert sum(planned != [] for planned in _run_at_once(act)) == 1


def test_confirming_many_times_at_once_plans_one_welcome(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        sign_up(session, keyring)
        ana = person(session, keyring)

    def confirm(_: int) -> None:
        with database.write() as session:
            confirm_signup.confirm(session, keyring, library, ana.id, NOW, source="link")

    _run_at_once(confirm)
    with database.read() as session:
        assert Delivery.count_since(session, ana.id, DeliveryKind.WELCOME, NOW - DAY) == 1
        assert person(session, keyring).prompts_sent == 1


def test_a_sign_in_link_used_many_times_at_once_works_once(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        asked = sign_in.ask(session, keyring, address=ANA, asker=HERE, now=NOW)
        assert isinstance(asked, int)
    token = ActToken(Action.SIGN_IN, ana.id, asked, NOW + 10 * MINUTE)

    def use(number: int) -> SignedIn | SignInLink:
        with database.write() as session:
            return sign_in.use(
                session, token, browser=HERE.browser, code=None, new=NewSession(bytes([number]) * 32), now=NOW + MINUTE
            )

    assert sum(isinstance(done, SignedIn) for done in _run_at_once(use)) == 1


def test_wrong_codes_at_once_get_no_more_tries_than_five(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        ana = join(session, keyring, library)
        asked = sign_in.ask(session, keyring, address=ANA, asker=HERE, now=NOW)
        assert isinstance(asked, int)
    token = ActToken(Action.SIGN_IN, ana.id, asked, NOW + 10 * MINUTE)

    def guess(_: int) -> SignedIn | SignInLink:
        with database.write() as session:
            return sign_in.use(
                session, token, browser=b"x" * 32, code=b"w" * 32, new=NewSession(b"s" * 32), now=NOW + MINUTE
            )

    assert _run_at_once(guess, 12).count(SignInLink.WRONG_CODE) == 5


def test_one_network_cannot_exceed_its_limit_by_many_requests_at_once(database: Database, keyring: Keyring) -> None:
    def ask(_: int) -> object:
        with database.write() as session:
            return signup.ask(session, keyring, form=form(), asker=HERE, now=NOW)

    assert sum(isinstance(asked, TooManyRequests) for asked in _run_at_once(ask, 16)) == 6
