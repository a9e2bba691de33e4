"""All that is kept of a person is on the page about them, in about-me.json, or among their words: nothing is missed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table

from service.core.journal_export.book_period import WHOLE_JOURNAL
from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.db import Base
from service.flows.people.personal_data.about_person import AboutPerson
from service.flows.people.settings import quiet_dates
from service.models import Delivery, DeliveryKind, Entry, NewDelivery, Subscriber, WriterMail, WriterMailKind
from service.models.people.personal_data.rows_about import ROWS_ABOUT
from service.web.pages.personal_data.about_words import LISTS
from tests.harness.people.people import DAY
from tests.harness.website import WebHarness

PAGE = "/settings/about-you"
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# Tables of a person's words, and where their owner gets them.
WORDS = {
    "entries": "journal.json",
    "photos": "journal.json and photos/",
    "steps": "journal.json",
    "drafts": "journal.json",
    "earlier_wordings": "journal.json",
    "entry_drafts": "journal.json",
    "import_leftovers": "the page of the import, as a text file",
}
# Tables whose rows are told as part of something else, or say nothing.
ELSEWHERE = {
    "subscribers": "the facts of about-me.json",
    "quiet_dates": "the facts of about-me.json",
    "question_wishes": "the facts of about-me.json",
    "imported_entries": "how many an import brought; each holds only a mark of an id",
    "data_keys": "the key that all of it is sealed with",
}
# Columns that are told nowhere, by their name, and why.
UNTOLD = {
    **dict.fromkeys(("id", "subscriber_id", "entry_id", "import_id", "request_id", "object_id"), "our number of a row"),
    **dict.fromkeys(("month", "reference", "detail", "number", "key", "stored_as"), "our name of something"),
    **dict.fromkeys(("address_hash", "recipient_hash", "message_id_hash", "content_hash", "person_hash"), "a mark"),
    **dict.fromkeys(("secret_hash", "network_hash", "browser_hash", "code_hash", "former_hash", "sent_text"), "a mark"),
    **dict.fromkeys(
        ("credential_hash", "sealed_credential_id", "sealed_public_key", "sign_count"), "a passkey's check"
    ),
    **dict.fromkeys(("writer_hash", "shell_user"), "who runs the place"),
    "failed_checks": "about a letter and the set-up, and of nobody",
    **dict.fromkeys(("sealed_content", "sealed_raw", "sealed_preview", "sealed_values", "sealed_form"), "words"),
    **dict.fromkeys(("enqueued_at", "lease_until", "is_withheld", "called_at", "asked_at", "repeats"), "a job's state"),
    **dict.fromkeys(("attempts", "attempt", "failures", "position", "parts", "parts_done", "push_at"), "a job's state"),
    **dict.fromkeys(("wrong_codes", "ask_from", "ready_at", "provider_id", "reason", "kind"), "a job's state"),
}
OF_SUBSCRIBER = {
    *("sealed_address", "status", "resting_until_on", "created_at", "confirmed_at", "letters_confirmed_at", "locale"),
    *("wants_questions", "wants_letters", "wants_digest", "wants_look_backs", "wants_thread", "is_discreet"),
    *("days_mask", "usual_days_mask", "send_minute", "time_zone", "muted_themes", "help_country", "history"),
    *("prompts_sent", "prompts_answered", "last_answered_on", "unanswered", "slow_down_stage"),
    *("next_prompt_at", "next_digest_at"),
}


def is_about_somebody(table: Table) -> bool:
    return "address_hash" in table.columns or any(
        key.column.table.name == "subscribers" or is_about_somebody(key.column.table) for key in table.foreign_keys
    )


def about_json(home: WebHarness) -> dict[str, Any]:
    with home.runtime.database.read() as session:
        found: dict[str, Any] = json.loads(b"".join(AboutPerson(session, home.runtime.keyring, home.person()).json()))
    return found


def test_every_table_that_is_about_somebody_is_told_or_is_words() -> None:
    about = {table.name for table in Base.metadata.sorted_tables if is_about_somebody(table)}
    listed = {kept.table.name for kept in ROWS_ABOUT}
    assert about - listed == WORDS.keys() | ELSEWHERE.keys()
    assert listed - about == {"desk_actions", "writer_mails"}  # these name a person, or their entry, without a key


def test_every_column_of_a_list_is_told_or_says_why_not() -> None:
    for kept in ROWS_ABOUT:
        columns = {column.name for column in kept.table.columns}
        assert kept.told.keys() <= columns
        assert columns - kept.told.keys() - UNTOLD.keys() == set(), kept.name
    assert {column.name for column in Subscriber.__table__.columns} - {"id", "address_hash"} == OF_SUBSCRIBER


def test_every_list_has_words_on_the_page() -> None:
    assert LISTS.keys() == {kept.name for kept in ROWS_ABOUT}
    for kept in ROWS_ABOUT:
        assert LISTS[kept.name].at in kept.told.values()


@one_database
def test_the_page_and_the_file_say_what_is_kept_and_nobody_elses(site: WebHarness) -> None:
    site.join()
    site.write("the kettle sang")
    runtime, now = site.runtime, site.clock()
    other = site.another_browser()
    other.ask_for_signup("ben@example.com")
    other.do_what_was_asked()
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, site.person().id)
        [entry] = Entry.oldest_first(session, person.id, WHOLE_JOURNAL, after=None, limit=9)
        quiet_dates.add(
            session, runtime.keyring, person, QuietSpan(MonthDay(3, 12), MonthDay(3, 14)), label="Her days", now=now
        )
        WriterMail.plan(
            session, runtime.keyring, WriterMailKind.READER_REPLY, {}, key=f"reader_reply/{entry.id}", now=now
        )
        WriterMail.plan(session, runtime.keyring, WriterMailKind.READER_REPLY, {}, key="reader_reply/7", now=now)

    about, shown = about_json(site), site.get(PAGE).text

    assert (about["about"], about["address"]) == (2, "ana@example.com")
    assert about["quiet_dates"] == [{"first": "03-12", "last": "03-14", "name": "Her days"}]
    assert {line["event"] for line in about["consents"]} == {"confirmed", "asked"}
    assert about["consents"][0]["words"].startswith("We’ll email you a question")
    assert {(each["kind"], each["state"]) for each in about["deliveries"]} == {
        ("confirmation", "planned"),
        ("welcome", "planned"),
    }
    assert [each["kind"] for each in about["mail_requests"]] == ["signup"]
    assert [each["state"] for each in about["sent_to_the_writer"]] == ["planned"]
    assert "id" not in about["deliveries"][0]
    for said in ("ana@example.com", "you agreed to the questions", "12 March to 14 March are quiet", "Her days"):
        assert said in shown
    assert "your first question, planned" in shown
    for secret in ("kettle", "ben@example.com"):
        assert secret not in shown
        assert secret not in json.dumps(about)


@one_database
def test_a_long_list_comes_in_pages_and_is_whole_in_the_file(site: WebHarness) -> None:
    site.join()
    person, now = site.person(), site.clock()
    with site.runtime.database.write() as session:
        Delivery.plan(
            session,
            [
                NewDelivery(
                    subscriber_id=person.id,
                    kind=DeliveryKind.PROMPT,
                    slot=(now - number * DAY).date().isoformat(),
                    ready_at=now,
                    planned_at=now - timedelta(days=number),
                )
                for number in range(1, 400)
            ],
        )

    first, last = site.get(f"{PAGE}/deliveries"), site.get(f"{PAGE}/deliveries?page=9")

    assert len(about_json(site)["deliveries"]) == 401
    assert max(len(site.get(PAGE).data), len(first.data)) < 30_000
    assert (first.text.count("<li dir"), last.text.count("<li dir")) == (50, 1)
    assert "Older ones" in first.text
    assert "Newer ones" not in first.text
    assert "Older ones" not in last.text
    assert "Newer ones" not in site.get(f"{PAGE}/deliveries?page=no").text
    assert site.get(f"{PAGE}/entries").status_code == 404
    assert site.another_browser().get(f"{PAGE}/deliveries").status_code == 303
