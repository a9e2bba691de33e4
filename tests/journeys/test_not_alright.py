"""When somebody is not all right: nothing is detected, scored, blocked or sent to anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from structlog.testing import capture_logs

from service.db import Base
from service.models.outgoing.deliveries.delivery_evidence import IN_THE_RECORD
from tests.harness.journey import JourneyHarness

ANA, BEN = "ana@example.com", "ben@example.com"
DESPAIR = (
    "I do not want to be here any more. I have thought about how.",
    "I want to kill myself tonight.",
    "Help me, please. I can't do this.",
    "Make it stop. I want all of it to stop.",
    "Ich will nicht mehr leben.",
    "If he comes home again I am going to hurt him, and then me.",
)
ORDINARY = (
    "I do not want to be in town any more. I have a list of why.",
    "I want to call it a day tonight.",
    "Tea for me, please. I can do this.",
    "Make it soup. I want all of it to be soup.",
    "Ich will heute mehr lesen.",
    "If he comes home again I am going to make tea, and then toast.",
)
LARGEST_COUNT = 1 << 31  # whatever is larger is an id
OWN = {"ms", "provider_id", "lease_until"}  # of a delivery or of a request, and the clock of the database
ID = re.compile(r"\d{10,}")
TOLD_FIRST = IN_THE_RECORD  # said of a delivery where the event came before the answer to the call
Line = Mapping[str, Any]


def test_despair_ends_exactly_as_any_other_reply_does(journey: JourneyHarness) -> None:
    logs = _two_people_write(journey, DESPAIR, ORDINARY)
    assert {entry.words for entry in journey.entries(ANA)} == {*DESPAIR}
    assert {entry.words for entry in journey.entries(BEN)} == {*ORDINARY}
    assert _rows(journey, ANA) == _rows(journey, BEN)
    assert logs[ANA] == logs[BEN]
    assert _mails(journey, ANA) == _mails(journey, BEN)
    assert {mail["recipient"] for mail in journey.mails()} == {ANA, BEN}
    assert _days(journey, ANA) == _days(journey, BEN)


def test_a_reply_that_ends_in_another_way_is_told_apart_by_each_of_these(journey: JourneyHarness) -> None:
    """The control of the test above: a command in place of one of the six."""
    logs = _two_people_write(journey, DESPAIR, (*ORDINARY[:-1], "Not today"))
    assert _rows(journey, ANA)["replies"] != _rows(journey, BEN)["replies"]
    assert _rows(journey, ANA)["entries"] != _rows(journey, BEN)["entries"]
    assert logs[ANA] != logs[BEN]
    assert _mails(journey, ANA) != _mails(journey, BEN)


def _two_people_write(journey: JourneyHarness, anas: tuple[str, ...], bens: tuple[str, ...]) -> dict[str, list[Line]]:
    """Send replies of two people who joined alike to the first question; return what was logged of each reply."""
    logs: dict[str, list[Line]] = {}
    for address, replies in ((ANA, anas), (BEN, bens)):
        journey.join(address)
        welcome = journey.mails(address)[0]
        with capture_logs() as logged:
            for words in replies:
                assert journey.reply(welcome, words)["status"] == 200
                journey.work()
        # The provider's events of the emails come when they come.
        logs[address] = [_unowned(line) for line in logged if line.get("route") != "webhooks.event"]
    journey.go_to(datetime(2026, 5, 9, 12, tzinfo=UTC))
    return logs


def _unowned(line: Mapping[str, Any]) -> Line:
    """Return a line of the log, or a row, without what is anybody's own: ids, hashes, what is sealed, and how long."""
    return {
        name: ID.sub("", value) if isinstance(value, str) else value
        for name, value in line.items()
        if name not in OWN and not _is_own(value)
    }


def _is_own(value: object) -> bool:
    """Return whether a value is nothing, sealed, a hash or an id."""
    if isinstance(value, int):
        return value >= LARGEST_COUNT
    return value is None or value == TOLD_FIRST or isinstance(value, bytes)


def _rows(journey: JourneyHarness, address: str) -> dict[str, list[Line]]:
    """Return everything that the database holds of a person, table by table."""
    owner = journey.person(address).id
    found: dict[str, list[Line]] = {}
    with journey.runtime.database.read() as session:
        for table in Base.metadata.sorted_tables:
            key = table.c.id if table.name == "subscribers" else table.c.get("subscriber_id")
            if key is not None:
                rows = session.execute(sa.select(table).where(key == owner)).mappings()
                found[table.name] = sorted((_unowned({**row}) for row in rows), key=repr)
    return found


def _mails(journey: JourneyHarness, address: str) -> list[tuple[str, str]]:
    """Return subject and words of every mail to a person, without links."""
    return [(mail["subject"], re.sub(r"https?://\S+", "", mail["text"])) for mail in journey.mails(address)]


def _days(journey: JourneyHarness, address: str) -> list[datetime | None]:
    person = journey.person(address)
    return [person.next_prompt_at, person.next_digest_at]
