"""How long each page of a journal of twenty years takes, and how heavy it is without its owner's words.

`bench.journal` calls this. The application runs in this process, so a figure is the time of one request with its
queries, the median of fifteen; the second figure is this process's own share. Photos are rows: pages only link to them.
"""

from __future__ import annotations

import base64
import html
import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import insert

from service.app import create_app
from service.config import Settings
from service.db import Database, random_id
from service.flows.people.journal.tags import tag_key
from service.job_queue import InMemoryQueue
from service.log_output import set_up_logging
from service.models import Entry, Photo
from service.runtime import make_runtime
from tests.harness.clock import MovableClock
from tests.harness.website import WebHarness

NOW = datetime(2026, 5, 6, 10, 0, tzinfo=UTC)
DAYS, PHOTOS, TAGS, ROUNDS = 7_300, 300, 60, 15
LIMIT_MS, SEARCH_LIMIT_MS, LIMIT_BYTES = 100.0, 300.0, 30 * 1024
WORDS = ".words, article p[dir=auto], blockquote, bdi"  # the elements with the person's own words


def measure_pages(name: str, database: Database, folder: Path, *, days: int = DAYS, seed: int = 1) -> None:
    """Print a line for each page."""
    set_up_logging("ERROR")
    site = _site(database, folder)
    site.join()
    newest = _fill(site, days, random.Random(seed))  # noqa: S311 - made-up words, the same each time
    key = tag_key(site.runtime.keyring, site.person(), "tag7")
    middle = NOW.date() - timedelta(days=days // 2)
    paths = (
        *("/journal", f"/journal/{middle:%Y-%m}", f"/journal/{middle:%Y-%m}?whole", f"/journal/{middle}"),
        *(f"/journal/entry/{newest}", f"/journal/entry/{newest}/edit", f"/journal/entry/{newest}/tags"),
        *(f"/year/{middle.year}", f"/journal/{NOW.date()}", "/journal/on-this-day", "/journal/tags"),
        *(f"/journal/tags/{key}", "/journal/search", f"/journal/{middle:%Y-%m}.md"),
    )
    for path in paths:
        _print(name, path.replace(str(newest), "<id>").replace(key, "<key>"), lambda: site.get(path).text)  # noqa: B023 - called at once
    page = site.get("/journal/search").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    for words in ("needle", "lilac", "#tag7"):
        sent = {"csrf_token": token, "words": words}
        found = lambda: site.browser.post("/journal/search", data=sent).text  # noqa: B023, E731 - called at once
        _print(name, f"search for {words}", found, limit_ms=SEARCH_LIMIT_MS)


def _print(name: str, label: str, load: Callable[[], str], *, limit_ms: float = LIMIT_MS) -> None:
    wall, own, text = [], [], ""
    for _ in range(ROUNDS):
        began, began_own = time.perf_counter(), time.process_time()
        text = load()
        wall.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - began_own) * 1000)
    bare = _bytes_without_words(text)
    median = statistics.median(wall)
    verdict = "" if median <= limit_ms and bare <= LIMIT_BYTES else "  OVER"
    print(f"{name:<11}{label:<28}{median:7.1f} ms  own {statistics.median(own):6.1f} ms  {bare:6} bytes{verdict}")


def _bytes_without_words(text: str) -> int:
    own = sum(len(html.escape(node.text()).encode()) for node in LexborHTMLParser(text).css(WORDS))
    return len(text.encode()) - own


def _site(database: Database, folder: Path) -> WebHarness:
    settings = Settings(
        _env_file=None,
        base_url="http://localhost",
        secret_key="a secret of the benchmark",  # noqa: S106 - of a database that is deleted
        encryption_keys=[base64.b64encode(bytes(32)).decode()],
        database_url=database.engine.url.render_as_string(hide_password=False),
        storage_url=f"file://{folder}/objects",
        mailgun_api_url="http://127.0.0.1:1",
        mailgun_api_key="key",
        mailgun_domain="mail.example.org",
        mailgun_signing_key=["signing"],
        mail_from="Small Steps <hello@mail.example.org>",
        reply_domain="reply.example.org",
        postal_address="1 Quiet Lane, Smalltown",
    )
    clock, queue = MovableClock(NOW), InMemoryQueue()
    runtime = make_runtime(settings, clock=clock, job_queue=queue)
    app = create_app(runtime)
    return WebHarness(app, runtime, clock, queue, app.test_client())


def _fill(site: WebHarness, days: int, chance: random.Random) -> int:
    """Store an entry for each day with its question, some with a tag or a photo; return the id of the newest one."""
    person = site.person()
    key = site.runtime.keyring.key_of(person)
    prompts = [prompt.id for prompt in site.runtime.library.for_locale("en-GB")]
    entries, photos = [], []
    for number in range(days):
        entry_id, on = random_id(), NOW.date() - timedelta(days=number)
        text = " ".join(chance.choices(("tea", "rain", "lilac", "step", "quiet", "kettle", "café", "été."), k=120))
        tags = [f"tag{chance.randrange(TAGS)}"] if not number % 2 else []
        entries.append(_entry(entry_id, person.id, on, chance.choice(prompts)))
        for column, value in (("words", text), ("tags", " ".join(tags))):
            sealed = key.seal_text(value, place=f"entries.{column}:{entry_id}", random=os.urandom)
            entries[-1][f"sealed_{column}"] = b"" if column == "tags" and not tags else sealed
        if not number % (days // PHOTOS or 1):
            photos.append(_photo(entry_id, person.id))
    with site.runtime.database.write() as session:
        session.execute(insert(Entry), entries)
        session.execute(insert(Photo), photos)
    return int(str(entries[0]["id"]))


def _entry(entry_id: int, person_id: int, on: date, prompt_id: str) -> dict[str, object]:
    row = {"id": entry_id, "subscriber_id": person_id, "written_on": on, "created_at": NOW, "prompt_id": prompt_id}
    return {**row, "source": "mail", "is_kept_out": False}


def _photo(entry_id: int, person_id: int) -> dict[str, object]:
    row = {"id": random_id(), "entry_id": entry_id, "subscriber_id": person_id, "stored_as": f"photos/{entry_id}"}
    sizes = {"content_type": "image/jpeg", "width": 640, "height": 480, "position": 0}
    return {**row, **sizes, "created_at": NOW, "content_mac": bytes(32)}
