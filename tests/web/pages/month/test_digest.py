"""The digest's web copy: anybody with its link sees what was sent; only its owner sees its photos."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from service.core.access.tokens import Action
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber, seal_content
from tests.harness.journals.diary import take_step, write
from tests.harness.journals.journal_content import asked, give_photo
from tests.harness.website import WebHarness

LILAC = "The lilac came out, and stood by the bins."
PARK = "The first warm evening, and nobody in the park."


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    site.join()
    return site


def sent_digest(site: WebHarness) -> str:
    """Freeze April as it stands and record it as sent; return the address of its web copy."""
    runtime, person = site.runtime, site.person()
    with runtime.database.write() as session:
        digest = NewDelivery(
            subscriber_id=person.id,
            kind=DeliveryKind.DIGEST,
            slot="2026-04",
            ready_at=site.clock(),
            planned_at=site.clock(),
        )
        [id_] = Delivery.plan(session, [digest])
        delivery = Delivery.find_by_id(session, person.id, id_)
        month = runtime.digests().month(session, session.get_one(Subscriber, person.id), date(2026, 4, 1))
        assert delivery is not None
        assert month is not None
        delivery.sealed_content = seal_content(runtime.keyring, person, id_, month.to_json())
    return f"/digest/{site.act_link(Action.DIGEST, id_, person_id=person.id, lasts=timedelta(days=30))}"


def change(site: WebHarness, **columns: object) -> None:
    with site.runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        for name, value in columns.items():
            setattr(person, name, value)


def test_the_copy_has_the_look_back_the_steps_and_ways_on(home: WebHarness) -> None:
    database, keyring, person = home.runtime.database, home.runtime.keyring, home.person()
    old = write(database, keyring, person, date(2025, 4, 12), LILAC, asked(home))
    write(database, keyring, person, date(2026, 4, 3), PARK, asked(home))
    take_step(database, keyring, person, "Ring Priya", date(2026, 4, 8))
    photo_id = give_photo(home, old)
    link = sent_digest(home)
    page = home.get(link).text
    assert "A year ago" in page
    assert LILAC in page
    assert "Ring Priya" in page
    assert f'src="/journal/photo/{photo_id}"' in page
    assert 'href="/journal/2026-04"' in page
    assert 'href="/journal/2026-04.md"' in page
    stranger = home.another_browser().get(link)
    assert LILAC in stranger.text
    assert "/journal/photo/" not in stranger.text
    assert "img-src 'self'" not in stranger.headers["Content-Security-Policy"]


def test_a_thread_is_found_again_for_the_copy_and_stands_in_no_row(home: WebHarness) -> None:
    database, keyring, person = home.runtime.database, home.runtime.keyring, home.person()
    for month in (1, 2, 3):
        for day in (4, 9, 14):
            write(database, keyring, person, date(2026, month, day), "Rain on the roof again.", asked(home))
    for day in (3, 9, 20):
        write(database, keyring, person, date(2026, 4, day), "Then Priya rang, and we sat.", asked(home))
    change(home, wants_thread=True)
    link = sent_digest(home)
    assert "“<bdi>Priya</bdi>” came back, on the 3rd, 9th and 20th." in home.get(link).text
    change(home, wants_thread=False)
    assert "came back" not in home.get(link).text


def test_the_copy_of_somebody_discreet_opens_for_them_alone(home: WebHarness) -> None:
    write(home.runtime.database, home.runtime.keyring, home.person(), date(2026, 4, 3), PARK, asked(home))
    link = sent_digest(home)
    change(home, is_discreet=True)
    assert PARK in home.get(link).text
    stranger = home.another_browser().get(link)
    assert stranger.status_code == 303
    assert PARK not in stranger.text


def test_a_link_that_is_over_or_for_something_else_shows_nothing(home: WebHarness) -> None:
    write(home.runtime.database, home.runtime.keyring, home.person(), date(2026, 4, 3), PARK, asked(home))
    link = sent_digest(home)
    home.clock.now = datetime(2026, 8, 1, tzinfo=UTC)
    assert home.get(link).status_code == 410
    other = home.act_link(Action.KEEP_OUT, 1, person_id=home.person().id, lasts=timedelta(days=1))
    assert home.get(f"/digest/{other}").status_code == 404


def test_a_digest_of_which_nothing_is_left_is_no_page(home: WebHarness) -> None:
    entry = write(home.runtime.database, home.runtime.keyring, home.person(), date(2026, 4, 3), PARK, asked(home))
    link = sent_digest(home)
    home.post(f"/journal/entry/{entry}/delete")
    assert home.get(link).status_code == 404
