"""What the revisions from 0022 on do to rows, as `rows_of_revisions` says."""

from __future__ import annotations

from collections.abc import Mapping

from tests.models.revision_change import ANA, AT, ENTRY, LATER, LATER_ON, ON, Change

LATE_CHANGES: Mapping[str, Change] = {
    "0022": Change(
        new_rows={
            "quiet_dates": [
                {
                    "id": 24,
                    "subscriber_id": ANA,
                    "first_day": 1220,
                    "last_day": 103,
                    "sealed_label": b"sealed label",
                    "created_at": AT,
                }
            ],
        },
    ),
    "0023": Change(
        new_rows={
            "own_prompts": [
                {
                    "id": 27,
                    "prompt_id": "desk-first-snow",
                    "locale": "en-GB",
                    "subject": "First snow",
                    "body": "What did it cover?",
                    "theme": "noticing",
                    "kind": "question",
                    "minutes": 1,
                    "depth": 3,
                    "lighter": "a-window",
                    "resurface": True,
                    "gratitude": False,
                    "asks_for_step": False,
                    "evidence": "",
                    "created_at": AT,
                    "added_at": LATER,
                }
            ],
            "prompt_changes": [
                {
                    "id": 28,
                    "prompt_id": "desk-first-snow",
                    "valid_from": ON,
                    "first_on": ON,
                    "last_on": LATER_ON,
                    "is_retired": False,
                    "created_at": LATER,
                }
            ],
        },
    ),
    "0024": Change(
        new_rows={
            "passkeys": [
                {
                    "id": 27,
                    "subscriber_id": ANA,
                    "credential_hash": b"c" * 32,
                    "sealed_credential_id": b"sealed credential id",
                    "sealed_public_key": b"sealed public key",
                    "sealed_name": b"sealed name",
                    "sign_count": 2**32 - 1,
                    "created_at": AT,
                    "last_used_on": ON,
                }
            ],
            "answered_challenges": [{"challenge_hash": b"h" * 32, "answered_at": AT}],
        },
    ),
    "0025": Change(
        new_columns={("aliases", "sealed_address"): (None, b"sealed address")},
        new_rows={
            "address_changes": [
                {
                    "id": 27,
                    "subscriber_id": ANA,
                    "former_hash": b"f" * 32,
                    "sealed_former": b"sealed former",
                    "changed_at": AT,
                    "back_until": LATER,
                }
            ]
        },
    ),
    "0026": Change(
        new_rows={
            "feeds": [
                {
                    "id": 27,
                    "url": "https://blog.example.org/feed",
                    "title": "A blog",
                    "state": "active",
                    "added_at": AT,
                    "looked_at": AT,
                    "next_look_at": LATER,
                    "enqueued_at": AT,
                    "attempt": 3,
                    "etag": '"1"',
                    "last_modified": "Sun, 29 Nov 2026 08:00:00 GMT",
                    "whole_at": AT,
                    "problem": "html",
                    "failures": 1,
                    "failing_since": AT,
                    "told_at": LATER,
                    "moved_to": "https://blog.example.org/feed.xml",
                    "moves": 2,
                }
            ],
            "seen_posts": [
                {
                    "id": 28,
                    "feed_id": 27,
                    "title": "Ice",
                    "link": "https://blog.example.org/ice",
                    "start_hash": b"s" * 32,
                    "content_hash": b"c" * 32,
                    "published_at": AT,
                    "found_at": AT,
                    "waits_until": LATER,
                    "note": "newest",
                    "letter_id": 20,
                    "has_pictures": True,
                }
            ],
            "seen_post_keys": [{"key": b"k" * 32, "post_id": 28}],
        }
    ),
    "0027": Change(
        new_columns={("journal_exports", "first_on"): (None, ON), ("journal_exports", "last_on"): (None, LATER_ON)}
    ),
    "0028": Change(
        new_columns={("entries", "deleted_at"): (None, LATER)},
        new_rows={
            "own_questions": [
                {
                    "id": 29,
                    "subscriber_id": ANA,
                    "import_id": 23,
                    "sealed_words": b"sealed words",
                    "is_removed": True,
                    "asked_on": ON,
                    "created_at": AT,
                }
            ],
            "question_wishes": [{"subscriber_id": ANA, "prompt_id": "three-words", "again_on": LATER_ON}],
        },
    ),
    "0029": Change(
        new_rows={
            "doctor_runs": [{"id": 33, "at": AT, "failures": '["spf"]'}],
            "round_trips": [{"id": 34, "sent_at": AT, "event_at": LATER, "arrived_at": LATER}],
        },
    ),
    "0030": Change(
        new_columns={("photos", "removed_at"): (None, LATER)},
        new_rows={"entry_drafts": [{"entry_id": ENTRY, "sealed_words": b"sealed words", "saved_at": AT}]},
    ),
    "0031": Change(
        new_columns={
            ("feeds", "mode"): ("draft", "auto"),
            ("feeds", "paused_because"): (None, "old_copy"),
            ("seen_posts", "goes_at"): (None, LATER),
            ("seen_posts", "changes"): (0, 2),
        }
    ),
    "0032": Change(),
    "0033": Change(
        new_columns={
            ("letters", "goes_anyway"): (False, True),
            ("desk_actions", "failed_checks"): (None, "spf, dkim"),
        }
    ),
    "0034": Change(
        new_rows={
            "desk_passkeys": [
                {
                    "id": 35,
                    "writer_hash": b"w" * 32,
                    "credential_hash": b"c" * 32,
                    "sealed_credential_id": b"sealed credential id",
                    "sealed_public_key": b"sealed public key",
                    "sealed_name": b"sealed name",
                    "sign_count": 2**32 - 1,
                    "created_at": AT,
                    "last_used_on": ON,
                }
            ]
        },
    ),
}
