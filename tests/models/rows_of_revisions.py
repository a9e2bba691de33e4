"""A row of every table as each revision has it, and what each revision does to the rows that it finds.

Whoever adds a revision adds a `Change` here: the columns and tables that it brings, with what rows of before get and
what later rows may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

AT = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=5)
ON, LATER_ON = date(2026, 5, 1), date(2026, 6, 2)
ANA, BO, ENTRY = 7, 8, 9


@dataclass(frozen=True, slots=True)
class Change:
    """What one revision does to rows: names, then columns, then contents; `new_rows` are possible only after it."""

    renamed_tables: Mapping[str, str] = field(default_factory=dict)
    renamed_columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    dropped_columns: tuple[tuple[str, str], ...] = ()
    # By table and column: what a row of before gets, and what a row of this revision may hold.
    new_columns: Mapping[tuple[str, str], tuple[object, object]] = field(default_factory=dict)
    correct: Callable[[Rows], None] = lambda _: None
    new_rows: Mapping[str, list[Row]] = field(default_factory=dict)

    def apply(self, rows: Rows, *, to_new_rows: bool) -> None:
        """Change rows of the revision before into those of this one, as they are found or as it may hold them."""
        self._rename(rows)
        for (table, column), values in self.new_columns.items():
            for row in rows[table]:
                row[column] = values[to_new_rows]
        self.correct(rows)
        for table, new_rows in self.new_rows.items():
            rows.setdefault(table, []).extend(deepcopy(new_rows) if to_new_rows else [])

    def _rename(self, rows: Rows) -> None:
        for old, new in self.renamed_tables.items():
            rows[new] = rows.pop(old)
        for (table, old), new in self.renamed_columns.items():
            for row in rows[table]:
                row[new] = row.pop(old)
        for table, column in self.dropped_columns:
            for row in rows[table]:
                del row[column]


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


def _subscriber(id_: int, status: str) -> Row:
    return {
        "id": id_,
        "address_hash": bytes([id_]) * 32,
        "sealed_address": b"sealed address",
        "data_key": b"data key",
        "status": status,
        "locale": "en-GB",
        "days_mask": 21,
        "send_minute": 480,
        "time_zone": "Europe/London",
        "usual_days_mask": 127,
        "next_prompt_at": AT,
        "next_digest_at": LATER,
        "resting_until_on": LATER_ON,
        "history": "first second",
        "prompts_sent": 3,
        "prompts_answered": 2,
        "last_answered_on": ON,
        "muted_themes": ["body", "work"],
        "wants_digest": False,
        "wants_letters": True,
        "is_discreet": True,
        "help_country": "GB",
        "created_at": AT,
        "confirmed_at": LATER,
    }


def _no_due_times_for_who_gets_no_questions(rows: Rows) -> None:
    for row in rows["subscribers"]:
        if row["status"] not in {"active", "resting"}:
            row |= {"next_prompt_at": None, "next_digest_at": None}


def _data_keys_in_a_table_of_their_own(rows: Rows) -> None:
    people = rows["subscribers"]
    rows["data_keys"] = [{"subscriber_id": row["id"], "wrapped": row.pop("data_key")} for row in people]


ALIAS = {"address_hash": b"a" * 32, "subscriber_id": ANA, "created_at": AT}
OUTCOMES = {"results": 5, "refusals": 2, "complaints": 1}

CHANGES: Mapping[str, Change] = {
    "0001": Change(
        new_rows={
            "subscribers": [_subscriber(ANA, "active"), _subscriber(BO, "stopped")],
            "aliases": [ALIAS],
            "browser_sessions": [
                {"secret_hash": b"s" * 32, "subscriber_id": ANA, "created_at": AT, "expires_at": LATER}
            ],
            "consents": [
                {
                    "id": 1,
                    "address_hash": b"h" * 32,
                    "event": "confirmed",
                    "wording": "2026-05",
                    "source": "link",
                    "network_hash": b"n" * 32,
                    "at": AT,
                }
            ],
            "deliveries": [
                {
                    "id": 11,
                    "month": 202605,
                    "subscriber_id": ANA,
                    "kind": "prompt",
                    "slot": "2026-05-01",
                    "state": "sent",
                    "attempt": 2,
                    "ready_at": AT,
                    "expires_at": LATER,
                    "rung_at": AT,
                    "lease_until": LATER,
                    "planned_at": AT,
                    "sent_at": LATER,
                    "prompt_id": "a-window",
                    "reference": 12,
                    "detail": "detail",
                    "provider_id": "<id@mail.example.org>",
                    "sent_text": b"t" * 32,
                    "sealed_content": b"sealed content",
                    "reason": "reason",
                }
            ],
            "entries": [
                {
                    "id": ENTRY,
                    "subscriber_id": ANA,
                    "written_on": ON,
                    "created_at": AT,
                    "changed_at": LATER,
                    "prompt_id": "a-window",
                    "source": "mail",
                    "sealed_words": b"sealed words",
                    "sealed_trimmed": b"sealed trimmed",
                    "sealed_over": b"sealed over",
                    "is_kept_out": True,
                }
            ],
            "heartbeats": [{"name": "clock", "at": AT}],
            "mail_requests": [
                {
                    "id": 13,
                    "asked": "signup",
                    "address_hash": b"h" * 32,
                    "sealed_form": b"sealed form",
                    "network_hash": b"n" * 32,
                    "browser_hash": b"b" * 32,
                    "code_hash": b"c" * 32,
                    "wrong_codes": 1,
                    "created_at": AT,
                    "rung_at": AT,
                    "done_at": LATER,
                    "used_at": LATER,
                }
            ],
            "photos": [
                {
                    "id": 14,
                    "entry_id": ENTRY,
                    "subscriber_id": ANA,
                    "stored_as": "photo",
                    "content_type": "image/jpeg",
                    "width": 640,
                    "height": 480,
                    "position": 1,
                    "created_at": AT,
                    "content_mac": b"m" * 32,
                }
            ],
            "replies": [
                {
                    "id": 15,
                    "received_at": AT,
                    "recipient_hash": b"r" * 32,
                    "message_id_hash": b"i" * 32,
                    "content_hash": b"o" * 32,
                    "sealed_raw": b"sealed raw",
                    "stored_as": "raw",
                    "subscriber_id": ANA,
                    "outcome": "kept",
                    "reason": "reason",
                    "entry_id": ENTRY,
                    "attempts": 1,
                    "lease_until": LATER,
                    "rung_at": AT,
                    "understood_at": LATER,
                    "kept_until": LATER,
                }
            ],
            "sent_texts": [{"digest": b"t" * 32, "subject": "A", "text": "B", "html": "<p>B</p>", "sent_at": AT}],
            "service_keys": [{"name": "index", "wrapped": b"wrapped", "created_at": AT}],
            "spent_tokens": [{"token_hash": b"k" * 32, "content_hash": b"o" * 32, "spent_at": AT}],
            "suppressions": [{"address_hash": b"x" * 32, "reason": "complaint", "at": AT}],
        }
    ),
    "0002": Change(
        new_columns={
            ("subscribers", "unanswered"): (0, 4),
            ("subscribers", "eased"): (None, "weekly"),
            ("subscribers", "wants_look_backs"): (True, False),
            ("subscribers", "wants_thread"): (False, True),
        },
        new_rows={
            "steps": [
                {
                    "id": 16,
                    "subscriber_id": ANA,
                    "entry_id": ENTRY,
                    "prompt_id": "a-window",
                    "sealed_words": b"sealed step",
                    "chosen_on": ON,
                    "follow_up_on": LATER_ON,
                    "state": "taken",
                    "answered_on": LATER_ON,
                    "created_at": AT,
                }
            ]
        },
    ),
    # Aliases of before were taken on without a proof.
    "0003": Change(correct=lambda rows: rows["aliases"].clear(), new_rows={"aliases": [ALIAS]}),
    "0004": Change(
        renamed_tables={"spent_tokens": "webhook_tokens"},
        renamed_columns={
            ("deliveries", "rung_at"): "enqueued_at",
            ("mail_requests", "rung_at"): "enqueued_at",
            ("mail_requests", "asked"): "kind",
            ("replies", "rung_at"): "enqueued_at",
            ("replies", "understood_at"): "processed_at",
            ("subscribers", "eased"): "slow_down_stage",
        },
        dropped_columns=(("subscribers", "wants_letters"),),
    ),
    "0006": Change(new_columns={("deliveries", "is_withheld"): (False, True)}),
    "0007": Change(
        new_columns={
            ("deliveries", "called_at"): (None, AT),
            ("deliveries", "asked_at"): (None, LATER),
            ("deliveries", "repeats"): (0, 2),
        },
        new_rows={
            "installations": [
                {
                    "name": "this",
                    "id": "installation",
                    "created_at": AT,
                    "compared_at": LATER,
                    "held_at": LATER,
                    "held_because": "operator",
                }
            ]
        },
    ),
    "0008": Change(
        correct=_no_due_times_for_who_gets_no_questions,
        new_rows={"counters": [{"name": "mails", "label": "kept", "value": 17}]},
    ),
    "0009": Change(
        new_columns={("suppressions", "push_at"): (None, LATER)},
        new_rows={
            "full_mailboxes": [{"subscriber_id": ANA, "refusals": 3, "first_at": AT, "last_at": LATER}],
            "domain_hours": [{"domain_hash": b"d" * 32, "hour": 494000, **OUTCOMES}],
            "domain_pauses": [
                {
                    "domain_hash": b"d" * 32,
                    "sealed_domain": b"sealed domain",
                    "reason": "refusals",
                    "paused_at": AT,
                    "probe_at": LATER,
                    **OUTCOMES,
                }
            ],
            "provider_limits": [{"name": "batch", "size": 500, "until": LATER}],
            "sending_hours": [{"hour": 494000, "emails": 12}],
            "suppression_cursors": [{"name": "bounces", "sealed_after": b"sealed after", "due_at": AT}],
        },
    ),
    "0011": Change(
        new_rows={
            "writer_mails": [
                {
                    "id": 18,
                    "kind": "sending_held",
                    "key": "sending_held:1",
                    "writer_hash": b"w" * 32,
                    "sealed_values": b"sealed values",
                    "state": "sent",
                    "attempt": 1,
                    "planned_at": AT,
                    "ready_at": AT,
                    "enqueued_at": AT,
                    "lease_until": LATER,
                    "is_withheld": True,
                    "called_at": AT,
                    "asked_at": LATER,
                    "sent_at": LATER,
                    "provider_id": "<id@mail.example.org>",
                    "reason": "reason",
                }
            ]
        }
    ),
    # The tick of the first version was never asked for, so it counts for nothing.
    "0012": Change(new_columns={("browser_sessions", "kind"): ("", "Firefox on Linux")}),
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
}
