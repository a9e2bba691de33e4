"""Whoever gets or loses a way into their journal is told by email, whether they are active or have stopped."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from service.flows.people.access import access_notices
from service.flows.people.access.access_notices import ADDRESS_ADDED, MOST_PER_DAY, PASSKEY_ADDED, PASSKEY_REMOVED
from service.models import Delivery, DeliveryKind, Subscriber, SubscriberStatus
from service.models.outgoing.deliveries.delivery_kind import may_be_sent
from tests.harness.people.authenticator import Authenticator
from tests.harness.website import WebHarness
from tests.web.pages.access.test_passkeys import LIST, add, rows
from tests.web.pages.addresses.test_aliases import add as ask_for_address

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(site: WebHarness) -> list[str | None]:
    """Return what the person is told and may be sent, in the order of planning; all of it is enqueued."""
    condition = may_be_sent(Delivery.kind, Delivery.subscriber_id, Delivery.reference)
    query = select(Delivery).where(Delivery.kind == DeliveryKind.ACCESS, condition).order_by(Delivery.planned_at)
    with site.runtime.database.read() as session:
        planned = session.scalars(query).all()
    assert {row.id for row in planned} <= {*site.queue.deliveries}
    return [row.detail for row in planned]


def test_adding_and_removing_a_passkey_is_told_and_a_refused_one_is_not(site: WebHarness) -> None:
    site.join()
    with site.runtime.database.write() as session:
        session.execute(
            update(Subscriber).values(status=SubscriberStatus.STOPPED, next_prompt_at=None, next_digest_at=None)
        )
    phone = Authenticator()
    assert add(site, phone).location == f"{LIST}?done=added"
    assert add(site, phone).status_code == 422
    assert told(site) == [PASSKEY_ADDED]
    passkey: dict[str, object] = {"id": str(rows(site)[0].id)}
    site.post(f"{LIST}/remove", passkey, page=LIST)
    site.post(f"{LIST}/remove", passkey, page="/settings")
    assert sorted(map(str, told(site))) == sorted((PASSKEY_ADDED, PASSKEY_REMOVED))


def test_an_address_is_told_once_it_is_confirmed_and_once_only(site: WebHarness) -> None:
    site.join()
    link = ask_for_address(site)
    assert told(site) == []
    for _ in range(2):
        site.post(link)
    assert told(site) == [ADDRESS_ADDED]


def test_changes_without_end_do_not_fill_the_mailbox(site: WebHarness) -> None:
    site.join()
    with site.runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        planned = [access_notices.plan(session, person, PASSKEY_ADDED, site.clock()) for _ in range(MOST_PER_DAY + 1)]
    assert [len(ids) for ids in planned] == [*[1] * MOST_PER_DAY, 0]
