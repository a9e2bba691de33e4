"""One email of each kind, to made-up people, for the tests that read them all."""

from dataclasses import replace
from datetime import date
from typing import Any

from service.config import ROOT
from service.core.letters.letter_markdown import read_markdown
from service.core.library.own_question import as_prompt, prompt_id_of
from service.core.library.prompts import Prompt
from service.core.month.digest import Digest, make_digest
from service.core.month.resurfacing import DigestEntry, TakenStep
from service.core.month.thread import Thread
from service.core.month.year import Year, make_year
from service.core.place import Place
from service.core.settings.consent import Asked
from service.flows.outgoing import emails
from service.flows.outgoing.auto_replies import AutoReplyContent
from service.flows.outgoing.letters.letter_freezing import LetterSources, render_letter
from service.flows.outgoing.settling.old_copy import MEANINGS, REMEDIES
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS, Links
from service.mail.outbound.mailer import OutgoingEmail
from service.mail.outbound.placeholders import placeholder
from service.models import HoldReason, WriterMailKind

TEMPLATES = ROOT / "templates"
SITE = "https://steps.example.org"
TOKEN = "kq3m5zr7wxa2bcd4efgh6ijklmnopqrstuvwxyz2"
IN_REPLY_TO = "<abc@mail.example.com>"
MAY = date(2026, 5, 1)
LEFT_OUT_WORDS = "The kettle sings low.\nRain walks along the gutter."
OWN_QUESTION = "What did the sea say?"
STEP_WORDS = "After I lock the door, I will breathe once."

LINKS = Links(
    reply_address=f"r-{TOKEN}@in.example.org",
    stop_url=f"{SITE}/unsubscribe/{TOKEN}",
    one_click_url=f"{SITE}/unsubscribe/{TOKEN}",
    stop_address=f"s-{TOKEN}@in.example.org",
    rest_url=f"{SITE}/rest/{TOKEN}",
    write_url=f"{SITE}/write/{TOKEN}",
)
CONFIRM_URL = f"{SITE}/confirm/{TOKEN}"
BATCH = replace(PLACEHOLDERS, write_url=placeholder("write_url"))


TO_WRITERS = {
    WriterMailKind.DOMAIN_PAUSED: {
        "domain": "example.com",
        "cause": "It refused 12 of 240 emails within a day",
        "next": "One question an hour is tried. When one is delivered, the pause ends by itself.",
    },
    WriterMailKind.SENDING_HELD: {
        "since": "2026-05-06 09:00",
        "meaning": MEANINGS[HoldReason.OLD_COPY],
        "remedy": REMEDIES[HoldReason.OLD_COPY],
    },
    WriterMailKind.LETTER_NOT_BEGUN: {"title": "Ice on the pond", "id": "8123", "checks": "spf, dkim"},
    WriterMailKind.LETTER_PAUSED: {
        "title": "Ice on the pond",
        "id": "4711",
        "cause": "3 of 240 people called it spam",
    },
    WriterMailKind.DESK_SIGN_IN: {"url": "https://steps.example.org/desk/sign-in/a-token"},
    WriterMailKind.DESK_ACTION: {"at": "2026-05-06 09:00", "what": "a letter was scheduled"},
    WriterMailKind.FEED_DRAFTS: {"titles": "“Ice on the pond”"},
    WriterMailKind.FEED_FAILING: {"host": "blog.example.org", "problem": "The server has an error", "id": "81"},
    WriterMailKind.FEED_GOES: {
        "title": "Ice on the pond",
        "time": "14:10",
        "day": "Wednesday 6 May 2026",
        "zone": "Europe/London",
        "id": "4711",
        "url": "https://steps.example.org/act/a-token",
    },
    WriterMailKind.FEED_KEPT_BACK: {"title": "Ice on the pond", "reason": "no longer in the feed"},
    WriterMailKind.READER_REPLY: {"words": "The herons came here too.", "reply_to": "ana@example.com"},
}


def sample_place(name: str = "Small Steps") -> Place:
    """Return the place of templates/place, under this name."""
    folder = TEMPLATES / "place"
    return Place.parse(name, {path.name: path.read_text("utf-8") for path in folder.glob("*.toml")})


def composer(*, is_discreet: bool = False) -> Composer:
    return Composer(
        TEMPLATES,
        base_url=SITE,
        sender="Small Steps <hello@mail.example.org>",
        writer="Mara Quinn",
        postal_address="4 Orchard Row\nLeeds LS1 4AB, United Kingdom",
        place=sample_place(),
    ).in_mode(is_discreet=is_discreet)


def prompt(body: str, *, kind: str = "question", theme: str = "body", resurface: bool = True) -> Prompt:
    return Prompt(
        id="sample",
        locale="en-GB",
        subject="Three words",
        theme=theme,
        kind=kind,
        minutes=1,
        depth=1,
        resurface=resurface,
        lighter=None,
        evidence="",
        status="active",
        body=body,
    )


WORDS = prompt("Which three words fit you right now?\n\nThey need not go together.", kind="words")
DEEP = prompt("Is there somebody you could never say it to?\n\nNo one gets it.", theme="hurt", resurface=False)
LIGHTER = prompt("Which object at home is good to hold?\n\nAny will do.")
STEP = replace(prompt("What is almost too small to mention?", kind="line-start", theme="step"), asks_for_step=True)
FOLLOW_UP = prompt("Taken, not yet, or let it go?\n\nAll three are good answers.", kind="follow-up", theme="step")

LETTER_TITLE = "Ice on the pond"
LETTER = """\
The pond froze on Sunday. Two herons stood on it, **both** on one leg.

## What came along

1. A flask.
2. Bread, `not much`.

> It may hold a hat, but not a head.

```
ice = "thin"
```
"""

ACCESS_CHANGES = ("passkey_added", "passkey_removed", "address_added")
# The emails whose discreet form has golden files.
DISCREET = (
    "confirmation",
    "prompt",
    "prompt_own",
    "receipt",
    "step_follow_up",
    "step_chosen",
    "digest",
    "year",
    "sign_in",
    "could_not_keep_left_out",
    "could_not_keep_all_left_out",
    "could_not_keep_photo",
    "alias_confirm",
    "access_passkey_added",
)

ODD_WORDS = {
    "one long word": "x" * 300,
    "Chinese characters": "今日は疲れた" * 50,
    "references": "&" * 300,
    "families": "👩‍👩‍👧‍👦" * 42,
    "right to left": "שלום " * 60,
    "many sentences": "Tea came. " * 200,
}


def digest() -> Digest:
    passages = {
        5: "I keep thinking rest has to be earned. Today I sat on the step with tea and nothing fell down.",
        6: "The radio was on low. I let the washing up wait. It was still there after.",
        14: "My shoulders, mostly. They came down an inch when the door shut.",
        17: "Priya rang back. We said nothing much, and it was the best part of the day.",
        26: "The bus was late, so I read. Nobody asked me anything for eleven minutes.",
        30: "Soup again. It was good again.",
    }
    chosen = ("tired, grateful, late", "quiet, rain, better", "heavy, Sunday, soup")
    entries = [DigestEntry(day, MAY.replace(day=day), words, LIGHTER) for day, words in passages.items()]
    entries += [
        DigestEntry(day, MAY.replace(day=day), words, WORDS) for day, words in zip((2, 9, 21), chosen, strict=True)
    ]
    made = make_digest(
        MAY,
        entries,
        "What would you like a little less of?",
        steps=(TakenStep("Rang Priya from the bus stop", date(2026, 5, 17)),),
        thread=Thread("Priya", (date(2026, 5, 6), date(2026, 5, 17), date(2026, 5, 26))),
        year_before=[DigestEntry(99, date(2025, 5, 12), "The lilac came out. I found it by the bins.", LIGHTER)],
    )
    assert made is not None
    return made


def year() -> Year:
    passages = {
        date(2026, 2, 9): "Snow on the sill. I left the washing up and watched it.",
        date(2026, 3, 14): "My shoulders came down an inch when the door shut.",
        date(2026, 5, 26): "The bus was late, so I read. Nobody asked me anything for eleven minutes.",
        date(2026, 10, 3): "Priya rang back. We said nothing much, and it was the best part of the day.",
        date(2026, 12, 20): "Soup again. It was good again.",
    }
    chosen = {date(2026, 2, 2): "tired, grateful, late", date(2026, 11, 6): "quiet, rain, better"}
    entries = [DigestEntry(on.toordinal(), on, words, LIGHTER) for on, words in passages.items()]
    entries += [DigestEntry(on.toordinal(), on, words, WORDS) for on, words in chosen.items()]
    steps = (
        TakenStep("Rang Priya from the bus stop", date(2026, 5, 17)),
        TakenStep("After I lock the door, I will breathe once", date(2026, 10, 8)),
    )
    made = make_year(2026, entries, "What would you like to keep as it is?", steps=steps)
    assert made is not None
    return made


MONTH, YEAR = digest(), year()
THEIR_WORDS = (
    OWN_QUESTION,
    STEP_WORDS,
    *LEFT_OUT_WORDS.splitlines(),
    *MONTH.words,
    *YEAR.words,
    *(passage.text for passage in (*MONTH.quoted, *YEAR.passages)),
    *(step.words for step in (*MONTH.steps, *YEAR.steps)),
)


def answer(
    name: str,
    *,
    subject: str = "",
    in_reply_to: str = "",
    detail: str = "",
    quoted: str = "",
    button_url: str = LINKS.write_url,
    made: Composer | None = None,
) -> OutgoingEmail:
    """Return one of the short emails that answer a mail."""
    content = AutoReplyContent(subject, in_reply_to, detail, quoted)
    return emails.auto_reply.compose(made or composer(), name, LINKS, content, button_url)


def every_email() -> dict[str, OutgoingEmail]:
    """Return each email by the name of its golden files; of those in discreet mode, the ones that differ most."""
    discreet = emails_in_mode(is_discreet=True)
    of_writers = {f"writer_{kind}": composer().writer_mail(kind, values) for kind, values in TO_WRITERS.items()}
    return emails_in_mode() | {f"{name}_discreet": discreet[name] for name in DISCREET} | of_writers


def emails_in_mode(*, is_discreet: bool = False) -> dict[str, OutgoingEmail]:
    """Return every email there is, in one mode, by name."""
    made = composer(is_discreet=is_discreet)
    keep_out = {
        passage.entry_id: f"{SITE}/act/{TOKEN}{passage.entry_id}" for passage in (*MONTH.quoted, *YEAR.passages)
    }
    web_url = f"{SITE}/digest/{TOKEN}"
    markdown_url = f"{SITE}/journal/2026-05.md"
    act_url = f"{SITE}/act/{TOKEN}"
    headers = {"subject": "Re: Three words", "in_reply_to": IN_REPLY_TO}
    answered: dict[str, Any] = {**headers, "made": made}
    letter_links = replace(BATCH, write_url="")
    sources = LetterSources(LETTER_TITLE, read_markdown(LETTER), f"{SITE}/letters/ice")
    letter, _ = render_letter(made, letter_links, sources)
    return {
        "letter": made.letter(letter, letter_links, campaign="7", pictures=()),
        "letter_kept": answer("letter.kept", button_url=act_url, **answered),
        "confirmation": emails.confirmation.compose(made, Asked.QUESTIONS, CONFIRM_URL, LINKS.reply_address),
        "confirmation_letters": emails.confirmation.compose(made, Asked.LETTERS, CONFIRM_URL, LINKS.reply_address),
        "confirmation_both": emails.confirmation.compose(made, Asked.BOTH, CONFIRM_URL, LINKS.reply_address),
        "confirmation_moved": emails.confirmation.compose(made, Asked.MOVED, CONFIRM_URL, LINKS.reply_address),
        "confirmation_add_letters": emails.confirmation.compose(
            made, Asked.LETTERS, CONFIRM_URL, LINKS.reply_address, is_known=True
        ),
        "confirmation_add_questions": emails.confirmation.compose(
            made, Asked.QUESTIONS, CONFIRM_URL, LINKS.reply_address, is_known=True
        ),
        "welcome": emails.welcome.compose(made, WORDS, LINKS, "on Sundays at 8 in the morning, London time"),
        "prompt": emails.prompt.compose(made, WORDS, None, BATCH),
        "prompt_with_lighter": emails.prompt.compose(made, DEEP, LIGHTER, LINKS),
        "prompt_with_step": emails.prompt.compose(made, STEP, None, LINKS),
        "prompt_own": emails.prompt.compose(made, as_prompt(prompt_id_of(7), OWN_QUESTION), None, LINKS),
        "receipt": emails.receipt.compose(made, LINKS, act_url, on=MAY, country="GB", **headers),
        "step_follow_up": emails.step_follow_up.compose(made, FOLLOW_UP, STEP_WORDS, LINKS, subject=STEP.subject),
        "step_taken": answer("step.taken", button_url=act_url, **answered),
        "step_not_yet": answer("step.not_yet", button_url=act_url, **answered),
        "step_let_go": answer("step.let_go", button_url=act_url, **answered),
        "step_chosen": answer("step.chosen", button_url=act_url, quoted=STEP_WORDS, **answered),
        "digest": emails.digest.compose(made, MONTH, LINKS, web_url, keep_out_urls=keep_out, markdown_url=markdown_url),
        "year": emails.year.compose(made, YEAR, LINKS, f"{SITE}/year/2026", keep_out_urls=keep_out),
        "quiet_month": emails.quiet_month.compose(made, "May", "What would you like a little less of?", LINKS),
        "sign_in": emails.sign_in_link.compose(made, f"{SITE}/sign-in/{TOKEN}", time_text="14:05"),
        "could_not_keep_empty": answer("could_not_keep.empty", **answered),
        "could_not_keep_too_big": answer("could_not_keep.too_big", **answered),
        "could_not_keep_unreadable": answer("could_not_keep.unreadable", **answered),
        "could_not_keep_left_out": answer(
            "could_not_keep.left_out", button_url=act_url, quoted=LEFT_OUT_WORDS, **answered
        ),
        "could_not_keep_all_left_out": answer(
            "could_not_keep.all_left_out", button_url=act_url, quoted=LEFT_OUT_WORDS, **answered
        ),
        "could_not_keep_held": answer("could_not_keep.held", button_url=act_url, **answered),
        "could_not_keep_photo": answer("could_not_keep.photo", detail="minutes.pdf", **answered),
        "could_not_keep_letters": answer("could_not_keep.letters", **answered),
        "could_not_keep_only_files": answer("could_not_keep.only_files", detail="minutes.pdf", **answered),
        "command_not_today": answer("command.not_today", **answered),
        "command_rest": answer("command.rest", detail="until 3 June", **answered),
        "command_rest_open": answer("command.rest_open", **answered),
        "command_weekly": answer("command.weekly", detail="on Sundays at 8 in the morning", **answered),
        "command_resume": answer("command.resume", detail="every day at 8 in the morning", **answered),
        "command_stop": answer("command.stop", **answered),
        "command_stop_letters": answer("command.stop_letters", **answered),
        "command_rest_letters": answer("command.rest_letters", detail="until 3 June", **answered),
        "command_rest_open_letters": answer("command.rest_open_letters", **answered),
        "command_letters_only": answer("command.letters_only", **answered),
        "command_delete": answer("command.delete", button_url=act_url, **answered),
        "command_nothing_to_delete": answer("command.nothing_to_delete", **answered),
        "command_no_more": answer("command.no_more", **answered),
        "command_not_a_step": answer("command.not_a_step", button_url=act_url, **answered),
        "command_help": answer("command.help", **answered),
        "goodbye_asked": emails.goodbye.compose(made, "Thursday 14 May at 8 in the morning", LINKS),
        "less_often_weekly": emails.notice.compose(made, "weekly", LINKS),
        "less_often_rest": emails.notice.compose(made, "rest", LINKS),
        "export_ready": emails.journal_ready.compose(made, LINKS),
        "alias_confirm": emails.alias.compose(made, act_url),
        "address_confirm": emails.address_change.compose(made, "address.confirm", act_url),
        "address_moved": emails.address_change.compose(made, "address.moved", act_url, "16 May"),
        "address_here": emails.address_change.compose(made, "address.here", until="16 May"),
        "address_erasing": emails.address_change.compose(made, "address.erasing", act_url, "16 May"),
        "address_back": emails.address_change.compose(made, "address.back", act_url),
        "address_lost": emails.address_change.compose(made, "address.lost"),
        **{f"access_{what}": emails.access.compose(made, f"access.{what}", LINKS) for what in ACCESS_CHANGES},
        "alias_asked_for": emails.alias.compose_notice(made, "alias.asked_for", LINKS),
        "alias_released": emails.alias.compose_notice(made, "alias.released", LINKS),
    }
