"""How many digests one core makes in a second: composed from words in memory, and built from SQLite as by a worker.

    python -m bench.digests [--people 10000] [--entries 12] [--months 0] [--seed 1]

*Composing* chooses the content of the digest and renders both parts with inlined styles. *Building* is all that a
worker does before the request to the provider: read, unseal, choose, compose, seal. The same run measures composing
without the inliner as well, which is the least that the templates take. With `--months`, everybody wrote as much in
that many earlier months and wants the thread, which reads them all. Times are CPU seconds, so that other work on the
machine matters little. The sentences are made up, the same for the same seed.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bench.made_up import made_up_month
from service.config import Settings
from service.core.addresses import Address
from service.core.library.prompts import Prompt
from service.core.month.digest import make_digest
from service.core.month.resurfacing import DigestEntry
from service.core.sealing import DataKey
from service.core.settings.schedule import Rhythm
from service.core.slots import month_of
from service.db import Database, migrate, random_id
from service.flows.outgoing import emails
from service.local.secrets import ensure_local_environment
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import Links
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind, DeliveryState, Entry, Subscriber, SubscriberStatus, WrappedDataKey
from service.models.outgoing.deliveries.delivery_state import DeliveryClaim
from service.runtime import Runtime, make_runtime

MONTH = date(2026, 5, 1)
NOW = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)  # 08:00 in London
LIMIT_A_SECOND = 400
CHUNK = 1000
LOCALE = "en-GB"
BASE = "https://smallsteps.example"
TOKEN = "mfrggzdfmztwq2lknnwg23tpoa" * 3
LINKS = Links(
    reply_address=f"r-{TOKEN[:40]}@reply.smallsteps.example",
    stop_url=f"{BASE}/unsubscribe/{TOKEN}",
    one_click_url=f"{BASE}/unsubscribe/{TOKEN}",
    stop_address=f"s-{TOKEN}@reply.smallsteps.example",
    rest_url=f"{BASE}/rest/{TOKEN}",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=12)
    parser.add_argument("--months", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("jinja2", "css-inline", "sqlalchemy", "cryptography"))
    print(f"seed {options.seed}, {options.people} digests of {options.entries} entries; {libraries}")
    print(f"Python {platform.python_version()}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        runtime = _runtime(Path(folder))
        months = _months(runtime, options)
        _compose(runtime, months)
        _pack(runtime, months, options)
        runtime.database.engine.dispose()


def _runtime(folder: Path) -> Runtime:
    values = {name.lower(): value for name, value in ensure_local_environment(folder).items()}
    settings = Settings.model_validate({**values, "database_url": f"sqlite:///{folder / 'bench.db'}", "base_url": BASE})
    database = Database.at(settings.database_url)
    migrate(database.engine)
    database.engine.dispose()
    return make_runtime(settings, clock=lambda: NOW)


def _months(runtime: Runtime, options: argparse.Namespace) -> list[list[DigestEntry]]:
    """Return everybody's month: mostly sentences, some in answer to prompts about hurt, some of three words."""
    prompts = [prompt for prompt in runtime.library.for_locale(LOCALE) if prompt.kind != "follow-up"]
    chance = random.Random(options.seed)  # noqa: S311 - made-up words, the same each time
    return [list(made_up_month(MONTH, prompts, chance, options.entries)) for _ in range(options.people)]


def _compose(runtime: Runtime, months: Sequence[Sequence[DigestEntry]]) -> None:
    whole = _composing(runtime.composer, months)
    floor = _composing(_without_inliner(runtime), months)
    print(_line("composing", whole, len(months)))
    print(_line("composing without the inliner", floor, len(months), limit=0), f"  ratio {whole / floor:.2f}")


def _composing(composer: Composer, months: Sequence[Sequence[DigestEntry]]) -> float:
    def compose(entries: Sequence[DigestEntry]) -> OutgoingEmail:
        digest = make_digest(MONTH, entries, "What would you like a little less of?")
        if digest is None:
            raise SystemExit("a month came out empty: the figure would mean nothing")
        keep_out = {passage.entry_id: f"{BASE}/act/{TOKEN}" for passage in digest.passages}
        markdown = f"{BASE}/journal/2026-05.md"
        return emails.digest.compose(
            composer, digest, LINKS, f"{BASE}/digest/{TOKEN}", keep_out_urls=keep_out, markdown_url=markdown
        )

    return _seconds(lambda: [len(compose(entries).html) for entries in months])


def _without_inliner(runtime: Runtime) -> Composer:
    """Return a composer that does not inline styles; only this benchmark uses one."""

    class Plain:
        def inline(self, html: str) -> str:
            return html

    settings = runtime.settings
    composer = Composer(
        Path(__file__).parents[1] / "templates",
        base_url=BASE,
        sender=settings.mail_from,
        postal_address=settings.postal_address,
        place=runtime.place,
    )
    composer._templates._inliner = Plain()  # type: ignore[assignment]  # noqa: SLF001 - the floor is our own code less one step
    return composer


def _pack(runtime: Runtime, months: Sequence[Sequence[DigestEntry]], options: argparse.Namespace) -> None:
    claims = _fill(runtime, months, options)
    email_builder = runtime.email_builder()
    packed = []

    def pack() -> None:
        for start in range(0, len(claims), CHUNK):
            with runtime.database.read() as session:
                for delivery, person in Delivery.with_subscribers(session, claims[start : start + CHUNK]):
                    packed.append(len(email_builder.build(session, delivery, person, NOW).sealed_content or b""))

    began = time.perf_counter()
    seconds = _seconds(pack)
    elapsed = time.perf_counter() - began
    if len(packed) != len(months) or not all(packed):
        raise SystemExit(f"packed {len(packed)} of {len(months)}: the figure would mean nothing")
    thread = f", and the thread of {options.months} months" if options.months else ""
    print(_line(f"packing from SQLite{thread}", seconds, len(months), limit=0), f"  ({elapsed:.1f} s by the clock)")


def _fill(
    runtime: Runtime, months: Sequence[Sequence[DigestEntry]], options: argparse.Namespace
) -> list[DeliveryClaim]:
    """Store everybody, their entries, and a digest each that this worker has claimed."""
    chance = random.Random(options.seed + 1)  # noqa: S311 - made-up people, the same each time
    prompts = [entry.prompt for entry in months[0] if isinstance(entry.prompt, Prompt)]
    claims = []
    for start in range(0, len(months), CHUNK):
        people, keys, entries, deliveries = [], [], [], []
        for number, month in enumerate(months[start : start + CHUNK], start):
            earlier = (made_up_month(_before(back), prompts, chance, options.entries) for back in range(options.months))
            written = [*month, *chain.from_iterable(earlier)]
            person_id = random_id()
            key, wrapped = runtime.keyring.new_subscriber_key(person_id)
            address = Address.parse(f"someone{number}@example.com")
            person = _person(runtime, person_id, key, address) | {"wants_thread": options.months > 0}
            people.append(person)
            keys.append({"subscriber_id": person_id, "wrapped": wrapped})
            entries += [_entry_row(entry, person["id"], key) for entry in written]
            deliveries.append(_delivery(person["id"]))
        with runtime.database.write() as session:
            session.execute(insert(Subscriber), people)
            session.execute(insert(WrappedDataKey), keys)
            session.execute(insert(Entry), entries)
            session.execute(insert(Delivery), deliveries)
        claims += [DeliveryClaim(row["id"], row["attempt"]) for row in deliveries]
    return claims


def _before(count: int) -> date:
    """Return the first day of an earlier month: 0 is the month before this one."""
    year, month = divmod(MONTH.year * 12 + MONTH.month - 2 - count, 12)
    return date(year, month + 1, 1)


def _person(runtime: Runtime, person_id: int, key: DataKey, address: Address) -> dict[str, Any]:
    return {
        "id": person_id,
        "address_hash": runtime.keyring.address_hash(address),
        "sealed_address": runtime.keyring.seal_address(key, person_id, address),
        "status": SubscriberStatus.ACTIVE,
        "locale": LOCALE,
        "days_mask": Rhythm.THREE.days.mask,
        "send_minute": 480,
        "time_zone": "Europe/London",
        "wants_digest": True,
        "wants_look_backs": True,
        "is_discreet": False,
        "created_at": NOW - timedelta(days=400),
        "confirmed_at": NOW - timedelta(days=400),
    }


def _entry_row(entry: DigestEntry, person_id: int, key: DataKey) -> dict[str, Any]:
    return {
        "id": entry.id,
        "subscriber_id": person_id,
        "written_on": entry.written_on,
        "created_at": NOW,
        "prompt_id": entry.prompt.id if isinstance(entry.prompt, Prompt) else None,
        "source": "mail",
        "sealed_words": key.seal_text(entry.words, place=f"entries.words:{entry.id}", random=os.urandom),
        "is_kept_out": entry.kept_out,
    }


def _delivery(person_id: int) -> dict[str, Any]:
    slot = f"{MONTH:%Y-%m}"
    return {
        "id": random_id(),
        "month": month_of(slot),
        "subscriber_id": person_id,
        "kind": DeliveryKind.DIGEST,
        "slot": slot,
        "state": DeliveryState.CLAIMED,
        "attempt": 1,
        "ready_at": NOW,
        "planned_at": NOW,
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _line(what: str, seconds: float, count: int, *, limit: int = LIMIT_A_SECOND) -> str:
    rate = count / seconds
    verdict = "" if not limit else f" (over {limit})" if rate > limit else f" (UNDER {limit})"
    return f"{what}: {rate:.0f} a second of one core{verdict}, {seconds / count * 1000:.2f} ms each"


if __name__ == "__main__":
    main()
