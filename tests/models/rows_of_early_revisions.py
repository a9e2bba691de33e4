"""The rows of the first twelve revisions, and what each of them does to the rows that it finds."""

from __future__ import annotations

from collections.abc import Mapping

from tests.models.revision_change import ANA, AT, BO, ENTRY, LATER, LATER_ON, ON, Change, Row, Rows


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


ALIAS = {"address_hash": b"a" * 32, "subscriber_id": ANA, "created_at": AT}
OUTCOMES = {"results": 5, "refusals": 2, "complaints": 1}

EARLY_CHANGES: Mapping[str, Change] = {
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
}
