"""People and requests for the flows' tests."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.library.prompts import DEFAULT_LOCALE, Library
from service.core.settings.schedule import Rhythm, Schedule
from service.flows.people.access.mail_requests import Requester
from service.flows.people.subscription import confirm_signup, signup
from service.flows.people.subscription.account import Preferences
from service.flows.people.subscription.signup_form import SignupForm
from service.models import Keyring, Subscriber

NOW = datetime(2026, 5, 13, 9, 0, tzinfo=UTC)  # a Wednesday, 10:00 in London
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ANA = Address.parse("ana@example.com")
LONDON = Schedule(Rhythm.THREE.days, time(8, 0), ZoneInfo("Europe/London"))
PLAIN = Preferences(
    wants_questions=True,
    wants_letters=False,
    schedule=LONDON,
    muted_themes=(),
    wants_digest=True,
    wants_look_backs=True,
    wants_thread=False,
    is_discreet=False,
    help_country="",
    locale=DEFAULT_LOCALE,
)
HERE = Requester(network=b"n" * 32, browser=b"b" * 32, code=b"c" * 32)


def form(address: Address = ANA, schedule: Schedule = LONDON) -> SignupForm:
    return SignupForm(address, schedule, "en-GB")


def sign_up(session: Session, keyring: Keyring, address: Address = ANA, now: datetime = NOW) -> list[int]:
    """Sign up, and process the request as the job does; return the planned emails."""
    return act_on(session, keyring, signup.ask(session, keyring, form=form(address), asker=HERE, now=now), now)


def act_on(session: Session, keyring: Keyring, asked: object, now: datetime) -> list[int]:
    assert isinstance(asked, int)
    return signup.process_mail_request(session, keyring, asked, now)


def person(session: Session, keyring: Keyring, address: Address = ANA) -> Subscriber:
    found = Subscriber.with_address(session, keyring.address_hash(address))
    assert found is not None
    return found


def join(
    session: Session, keyring: Keyring, library: Library, address: Address = ANA, now: datetime = NOW
) -> Subscriber:
    """Sign up and confirm."""
    sign_up(session, keyring, address, now)
    joined = person(session, keyring, address)
    confirm_signup.confirm(session, keyring, library, joined.id, now, source="link")
    return joined
