"""A row of every table as each revision has it, and what each revision does to the rows that it finds.

A new revision needs a `Change` here: the columns and tables that it brings, with what rows of before get and
what later rows may hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.models.revision_change import ANA, AT, ENTRY, LATER, LATER_ON, ON, Change, Rows
from tests.models.rows_of_early_revisions import EARLY_CHANGES
from tests.models.rows_of_late_revisions import LATE_CHANGES


def rows_at(revision: str) -> Rows:
    """Return rows of every table that this revision has, every column filled."""
    rows: Rows = {}
    for name in sorted(CHANGES):
        if name <= revision:
            CHANGES[name].apply(rows, to_new_rows=True)
    return rows


def rows_after(revision: str) -> Rows:
    """Return what `rows_at(revision)` must have become at the newest revision."""
    rows = rows_at(revision)
    for name in sorted(CHANGES):
        if name > revision:
            CHANGES[name].apply(rows, to_new_rows=False)
    return rows


def _data_keys_in_a_table_of_their_own(rows: Rows) -> None:
    people = rows["subscribers"]
    rows["data_keys"] = [{"subscriber_id": row["id"], "wrapped": row.pop("data_key")} for row in people]


CHANGES: Mapping[str, Change] = {
    **EARLY_CHANGES,
    "0013": Change(
        new_columns={
            ("consents", "stream"): ("questions", "letters"),
            ("subscribers", "wants_questions"): (True, False),
            ("subscribers", "wants_letters"): (False, True),
            ("subscribers", "letters_confirmed_at"): (None, LATER),
        },
        new_rows={
            "list_imports": [
                {"id": 19, "source": "ghost", "proof_hash": b"p" * 32, "at": AT, "undone_at": LATER},
            ],
            "brought_people": [
                {
                    "address_hash": b"h" * 32,
                    "import_id": 19,
                    "brought_as": "asked",
                    "request_id": 20,
                    "sealed_form": b"sealed form",
                    "ask_from": AT,
                    "asked_at": LATER,
                }
            ],
        },
    ),
    "0014": Change(
        new_rows={
            "journal_imports": [
                {
                    "id": 23,
                    "subscriber_id": ANA,
                    "state": "done",
                    "stored_as": "imports/23",
                    "sealed_title": b"sealed title",
                    "sealed_preview": b"sealed preview",
                    "wants_digests": True,
                    "wants_changed": True,
                    "position": 4,
                    "found": 4,
                    "brought": 2,
                    "already_here": 1,
                    "left_out": 1,
                    "photos": 1,
                    "attempts": 2,
                    "failures": 1,
                    "lease_until": LATER,
                    "enqueued_at": AT,
                    "created_at": AT,
                    "started_at": AT,
                    "finished_at": LATER,
                    "kept_until": LATER,
                }
            ],
            "imported_entries": [
                {"entry_id": ENTRY, "import_id": 23, "subscriber_id": ANA, "source_mac": b"m" * 32},
            ],
            "import_leftovers": [{"import_id": 23, "position": 3, "sealed_item": b"sealed item"}],
        },
    ),
    "0015": Change(
        new_columns={
            ("deliveries", "outcome"): (None, "bounced:policy"),
            ("sending_hours", "letters"): (0, 5),
        },
        new_rows={
            "letters": [
                {
                    "id": 20,
                    "key": 21,
                    "slug": "ice",
                    "title": "Ice",
                    "source": "feed",
                    "origin": "tag:blog.example.org,2026:1",
                    "canonical_url": "https://blog.example.org/ice",
                    "format": "markdown",
                    "content": "The pond froze.",
                    "visible": "people",
                    "state": "paused",
                    "is_touched": True,
                    "timing": "own_hour",
                    "starts_on": ON,
                    "starts_at": AT,
                    "frozen_at": AT,
                    "frozen": "{}",
                    "frozen_digest": "d" * 32,
                    "cursor": ANA,
                    "planned_at": LATER,
                    "paused_because": "by_hand",
                    "paused_at": LATER,
                    "resumed_at": LATER,
                    "changed_on": LATER_ON,
                    "created_at": AT,
                    "edited_at": LATER,
                }
            ],
            "letter_pictures": [
                {
                    "id": 22,
                    "letter_id": 20,
                    "name": "pond.jpg",
                    "content_type": "image/jpeg",
                    "width": 4,
                    "height": 3,
                    "size_bytes": 9,
                    "data": b"a picture",
                    "created_at": AT,
                }
            ],
            "letter_tallies": [{"letter_id": 20, "results": 50, "refusals": 1, "addresses": 2, "complaints": 3}],
        },
    ),
    "0016": Change(new_rows={"result_days": [{"day": 9617, "results": 70, "complaints": 1}]}),
    "0017": Change(
        new_rows={
            "desk_links": [
                {
                    "id": 1,
                    "writer_hash": b"w" * 32,
                    "token_hash": b"t" * 32,
                    "browser_hash": b"b" * 32,
                    "created_at": AT,
                    "expires_at": AT,
                    "used_at": None,
                }
            ],
            "desk_sessions": [
                {
                    "secret_hash": b"s" * 32,
                    "writer_hash": b"w" * 32,
                    "created_at": AT,
                    "expires_at": AT,
                    "confirmed_at": None,
                }
            ],
            "desk_factors": [
                {
                    "writer_hash": b"w" * 32,
                    "enrol_code_hash": None,
                    "enrol_until": None,
                    "sealed_secret": b"sealed",
                    "enrolled_at": AT,
                    "last_step": 7,
                    "wrong_codes": 1,
                    "wrong_since": AT,
                }
            ],
            "desk_actions": [
                {
                    "id": 2,
                    "at": AT,
                    "writer_hash": b"w" * 32,
                    "shell_user": None,
                    "action": "letter.sent",
                    "object_id": 9,
                    "person_hash": None,
                    "number": 3,
                }
            ],
        }
    ),
    "0018": Change(
        new_rows={
            "journal_exports": [
                {
                    "id": 25,
                    "subscriber_id": ANA,
                    "form": "day_one",
                    "state": "ready",
                    "stored_as": "exports/25.1",
                    "size_bytes": 5_000_000_000,
                    "parts_done": 7,
                    "parts": 7,
                    "attempts": 1,
                    "failures": 1,
                    "lease_until": LATER,
                    "enqueued_at": AT,
                    "created_at": AT,
                    "finished_at": LATER,
                    "kept_until": LATER,
                }
            ]
        }
    ),
    "0019": Change(
        correct=_data_keys_in_a_table_of_their_own,
        new_rows={
            "erasures": [
                {"id": 26, "subscriber_id": ANA, "asked_at": AT, "due_at": LATER, "begun_at": LATER, "enqueued_at": AT}
            ],
            "tombstones": [{"id_hash": b"t" * 32, "erased_on": ON}],
        },
    ),
    "0020": Change(new_columns={("entries", "sealed_tags"): (None, b"sealed tags")}),
    "0021": Change(
        new_columns={("photos", "sealed_description"): (None, b"sealed description")},
        new_rows={
            "earlier_wordings": [{"entry_id": ENTRY, "sealed_words": b"sealed words", "kept_until": LATER}],
            "drafts": [{"subscriber_id": ANA, "written_on": ON, "sealed_words": b"sealed words", "saved_at": LATER}],
        },
    ),
    **LATE_CHANGES,
}
