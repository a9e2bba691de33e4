"""Only POST changes anything: every route is asked with every other method, and no row of any table may differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from service.core.access.tokens import Action, ReplyKind, ReplyToken
from service.core.journal.entry_text import write_link_object
from service.core.journal.photos import Picture
from service.core.library.own_question import prompt_id_of
from service.db import Base, Database
from service.flows.desk.own_prompts import make_draft as make_prompt_draft
from service.flows.outgoing.feeds.feed_list import add_feed
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_scheduling import Straightaway, schedule
from service.flows.people.access.passkeys import NAME, seal_for
from service.flows.people.journal import steps
from service.flows.people.journal.tags import tag_key
from service.flows.people.journal_import import import_upload
from service.flows.people.journal_import.import_preview import ImportPreview
from service.flows.people.settings import own_questions
from service.models import (
    Entry,
    ExportForm,
    ExportState,
    ImportState,
    JournalExport,
    JournalImport,
    LetterPicture,
    Outcome,
    Passkey,
    Photo,
    Reply,
    Subscriber,
)
from service.web.security.security import LINKS_AN_HOUR
from tests.harness.desk import DeskHarness
from tests.harness.website import WebHarness

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE")
# The method decides in the views, which are the same for both databases; what the views do is done on both by GET.
ASKED_ON = [("GET", "postgresql"), *((method, "sqlite") for method in METHODS)]
CHANGING = "POST"
DAY = date(2026, 5, 13)


def rows_of(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that the database holds, by table."""
    with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


class Objects:
    """One of everything that a link can be about, all of it one person's."""

    def __init__(self, site: WebHarness) -> None:
        site.join()
        site.write("the bus was late #bus")
        runtime, person = site.runtime, site.person()
        self.tag_key = tag_key(runtime.keyring, person, "bus")
        with runtime.database.write() as session:
            owner = session.merge(person)
            self.step = steps.choose(session, runtime.keyring, owner, "Open a window.", now=site.clock()).id
            [entry] = Entry.between(session, person.id, DAY, DAY)
            self.entry = entry.id
            question = own_questions.add(session, runtime.keyring, owner, "What went past?", site.clock())
            assert isinstance(question, int)
            self.question, entry.prompt_id = question, prompt_id_of(question)
            photo = Photo(
                entry_id=entry.id,
                subscriber_id=person.id,
                stored_as="photos/1",
                content_type="image/jpeg",
                width=1,
                height=1,
                position=0,
                created_at=site.clock(),
                content_mac=b"m" * 32,
            )
            held, deleted = (self._mail(person.id, outcome, site) for outcome in (Outcome.HELD, Outcome.ENTRY))
            session.add_all([photo, held, deleted])
            self.passkey = self._passkey(session, owner, site).id
            self.journal_import = self._import(session, owner, site).id
            export = JournalExport(id=9, subscriber_id=person.id, form=ExportForm.OWN, created_at=site.clock())
            export.conclude(ExportState.READY, site.clock(), site.clock() + timedelta(days=1))
            session.add(export)
            self.journal_export = export.id
            session.flush()
            self.photo, self.held, self.deleted = photo.id, held.id, deleted.id
            draft = LetterDraft(title="Ice", content="![A pond](pond.jpg)")
            letter = make_draft(session, draft, site.clock())
            picture = Picture("image/jpeg", 1, 1, b"a picture")
            self.picture = LetterPicture.put(session, letter.id, "pond.jpg", picture, site.clock()).id
            schedule(session, runtime.email_context(), letter.id, Straightaway(), site.clock())
            letter.cursor, self.slug, self.letter = 0, letter.slug, letter.id
            self.own_prompt = self._own_prompt(session, site)
            self.feed = add_feed(session, "https://blog.example.org/feed", site.clock()).id
        self.person_id = person.id
        site.another_browser().ask_for_signup("ben@example.com")  # a pending person, and a request that waits
        site.do_what_was_asked()
        self.request = site.queue.mail_requests[-1]

    @staticmethod
    def _import(session: Session, owner: Subscriber, site: WebHarness) -> JournalImport:
        upload = import_upload.SealedUpload(7, "imports/7", 1)
        row, _ = import_upload.add(session, site.runtime.keyring, owner, upload, "a.zip", now=site.clock())
        preview = ImportPreview("Day One", found=1, new=1, first="2020-01-01", last="2020-01-01")
        preview.seal(site.runtime.keyring.key_of(owner), row)
        row.conclude(ImportState.READY, site.clock(), site.clock() + timedelta(days=1))
        return row

    @staticmethod
    def _passkey(session: Session, owner: Subscriber, site: WebHarness) -> Passkey:
        name = seal_for(site.runtime.keyring.key_of(owner), b"A phone", 8, NAME)
        row = Passkey(
            id=8,
            subscriber_id=owner.id,
            credential_hash=b"h" * 32,
            sealed_credential_id=b"",
            sealed_public_key=b"",
            sealed_name=name,
            sign_count=0,
            created_at=site.clock(),
        )
        session.add(row)
        return row

    @staticmethod
    def _own_prompt(session: Session, site: WebHarness) -> str:
        [light, *_] = site.runtime.library.first_six("en-GB")
        typed = replace(light, id="", subject="A pond in winter", opening=None)
        return make_prompt_draft(session, site.runtime.library, typed, site.clock()).prompt_id

    @staticmethod
    def _mail(person_id: int, outcome: Outcome, site: WebHarness) -> Reply:
        return Reply(
            received_at=site.clock(),
            recipient_hash=outcome.encode().ljust(32),
            message_id_hash=b"i" * 32,
            content_hash=b"c" * 32,
            sealed_raw=b"sealed",
            subscriber_id=person_id,
            outcome=outcome,
            entry_id=404,
            reason="of this test",
        )

    def ids(self) -> tuple[int, ...]:
        of_journal = (self.entry, self.step, self.photo, self.journal_import, self.journal_export)
        return (*of_journal, self.held, self.deleted, self.picture)

    def tokens(self, site: WebHarness) -> Iterator[str]:
        """Yield a token of every kind: each action on each object, the one of the footer, a reply's, and nonsense."""
        prompt = site.runtime.library.first_six("en-GB")[0]
        about = (*self.ids(), self.request, write_link_object(prompt.key, DAY))
        for action in Action:
            for object_id in about:
                yield site.act_link(action, object_id, person_id=self.person_id, lasts=timedelta(minutes=5))
        yield site.frequency_link()
        index = site.runtime.keyring.index
        yield ReplyToken(ReplyKind.PROMPT, self.person_id, prompt.key, DAY).encode(index)
        yield "nonsense"


def _paths(rule: Rule, objects: Objects, tokens: Sequence[str]) -> Iterator[str]:
    """Yield the addresses of a route, with everything of this site that fits its parts."""
    values: dict[str, Sequence[object]] = {
        "token": tokens,
        "entry_id": objects.ids(),
        "step_id": objects.ids(),
        "photo_id": objects.ids(),
        "picture_id": objects.ids(),
        "slug": (objects.slug,),
        "prompt_id": ("a-window", objects.own_prompt),
        "letter_id": (objects.letter,),
        "feed_id": (objects.feed,),
        "tag_key": (objects.tag_key,),
        "reply_id": objects.ids(),
        "question_id": (objects.question, *objects.ids()),
        "import_id": objects.ids(),
        "passkey_id": (objects.passkey, *objects.ids()),
        "export_id": objects.ids(),
        "day": (DAY,),
        "month": (DAY.replace(day=1),),
        "year": (DAY.year,),
        "list_name": ("deliveries", "consents"),
    }
    if not rule.arguments:
        yield rule.rule
        return
    (argument,) = rule.arguments
    for value in values[argument]:
        built = rule.build({argument: value})
        assert built is not None
        yield built[1]


def _rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "a stranger"])
@pytest.mark.parametrize(("method", "database_url"), ASKED_ON, indirect=["database_url"])
def test_no_other_method_changes_a_row(site: WebHarness, method: str, signed_in: bool) -> None:
    objects = Objects(site)
    tokens = [*objects.tokens(site)]
    DeskHarness(site).sign_in()
    browser = site.browser if signed_in else site.another_browser().browser
    before, seen = rows_of(site.runtime.database), 0
    fields = {"words": "a", "state": "taken", "length": "week", "wish": "stop"}
    for number, rule in enumerate(_rules(site.app)):
        paths = [*_paths(rule, objects, tokens)]
        assert len(paths) < LINKS_AN_HOUR, "or the limit keeps them from the view"
        seen += len(paths)
        network = {"REMOTE_ADDR": f"10.0.{number}.1"}  # each route is asked by a network whose limit is not used up
        # Without a view for this method, every address of the route gets the same answer from the router.
        for path in paths if method in (rule.methods or set()) else paths[:1]:
            browser.open(path, method=method, data=fields, environ_overrides=network)
    assert seen > len(tokens)
    after = rows_of(site.runtime.database)
    assert {name for name in after if after[name] != before[name]} == set()


def test_the_crawl_sees_a_change(site: WebHarness) -> None:
    """The comparison itself: the same rows differ after one button was pressed."""
    objects = Objects(site)
    before = rows_of(site.runtime.database)
    site.post(f"/journal/entry/{objects.entry}/delete")
    after = rows_of(site.runtime.database)
    assert {name for name in after if after[name] != before[name]} == {"entries"}


def test_a_route_either_shows_or_acts(site: WebHarness) -> None:
    """A view that serves both has to tell them apart itself, and once took HEAD for a button."""
    both = [rule.rule for rule in _rules(site.app) if {"GET", CHANGING} <= (rule.methods or set())]
    assert both == []
