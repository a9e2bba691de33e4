"""One of everything that a page of the service can be about, for the pages that no journey opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.core.access.tokens import Action, ActToken
from service.db import random_id
from service.flows.outgoing.feeds.feed_list import add_feed
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_scheduling import Straightaway, schedule
from service.flows.people.access.passkeys import NAME, seal_for
from service.flows.people.journal import steps
from service.flows.people.journal.tags import tag_key
from service.flows.people.settings import own_questions
from service.models import Entry, Letter, Outcome, Passkey, Photo, Reply, Subscriber
from tests.harness.journey import Browser, JourneyHarness
from tests.harness.mail.pictures import encoded, mail_with, picture

ANA, WRITER = "ana@example.com", "wren@example.org"
FROM_ELSEWHERE = b"ana.at.work@example.net"
LETTER = """\
The pond froze on Sunday. Two herons stood on it, **both** on one leg, an_unbroken_word_of_more_than_forty_letters.

## What came along

| What | How much |
| --- | --- |
| A flask of tea, and its cup | one each |

> It may hold a hat, but not a head.

```
ice = "thin, and thinner still at the edge, where the reeds let it breathe"
```
"""
QUESTION = {
    "subject": "Frost on the pane",
    "body": "What did the frost draw on a window near you?",
    "locale": "en-GB",
    "theme": "noticing",
    "kind": "question",
    "minutes": "1",
    "depth": "1",
    "resurface": "yes",
}


@dataclass(frozen=True, slots=True)
class Something:
    """What stands in the addresses of pages, by the name of their part; and links of emails, by the page they open."""

    parts: dict[str, object]
    links: dict[str, str]


def make_something_of_everything(journey: JourneyHarness, wren: Browser) -> Something:
    """Make one of everything: Ana's, who has joined, and of the desk, where this browser is signed in afterwards."""
    letter = _send_letter(journey)
    [letter_mail, first, _] = journey.mails(ANA)
    recipient = dict(first["headers"])["Reply-To"]
    for words in ("tired, warm, late", "delete that"):
        journey.reply(first, words)
        journey.work()
    _post(journey, recipient, mail_with([("lake.jpg", "image/jpeg", encoded(picture()), "")], "The lake #tea."))
    _post(journey, recipient, mail_with([], "From my other address.").replace(ANA.encode(), FROM_ELSEWHERE))
    journey.reply(letter_mail, "I saw the herons too.")
    wren.press("/desk/sign-in", email=WRITER)
    journey.work()
    wren.press(journey.link(journey.mails(WRITER)[0], "/desk/sign-in/"))
    wren.press("/desk/questions/new", **QUESTION)
    with journey.runtime.database.write() as session:
        return _collect(session, journey, letter)


def _send_letter(journey: JourneyHarness) -> Letter:
    """Send a letter to Ana, as if she had asked for letters long ago."""
    runtime, now = journey.runtime, journey.clock()
    with runtime.database.write() as session:
        ana = session.get_one(Subscriber, journey.person(ANA).id)
        ana.wants_letters, ana.letters_confirmed_at = True, now - timedelta(days=30)
        letter = make_draft(session, LetterDraft(title="Ice on the pond", content=LETTER), now)
        schedule(session, runtime.email_context(), letter.id, Straightaway(), now)
    journey.go_to(now + timedelta(minutes=10))
    return letter


def _post(journey: JourneyHarness, recipient: str, mail: bytes) -> None:
    asked = {"recipient": recipient, "form": "mime"}
    answer = requests.post(f"{journey.office}/_local/inbound", params=asked, data=mail, timeout=60)
    assert answer.json()["status"] == 200
    journey.work()


def _collect(session: Session, journey: JourneyHarness, letter: Letter) -> Something:
    """Return the parts of everything; what no mail makes is made here."""
    keyring, now = journey.keyring, journey.clock()
    ana = session.get_one(Subscriber, journey.person(ANA).id)
    photo = session.scalars(select(Photo)).one()
    held = session.scalars(select(Reply).where(Reply.outcome == Outcome.HELD)).one()
    entry = session.get_one(Entry, photo.entry_id)
    step = steps.choose(session, keyring, ana, "After I lock the door, I will breathe once.", now=now, entry=entry)
    passkey = _add_passkey(session, journey, ana)
    own_question = own_questions.add(session, keyring, ana, "What went past?", now)
    parts: dict[str, object] = {
        "entry_id": photo.entry_id,
        "photo_id": photo.id,
        "reply_id": held.id,
        "step_id": step.id,
        "passkey_id": passkey.id,
        "question_id": own_question,
        "tag_key": tag_key(keyring, ana, "tea"),
        "slug": letter.slug,
        "letter_id": make_draft(session, LetterDraft(title="Thaw", content=LETTER), now).id,
        "prompt_id": "desk-frost-on-the-pane",
        "list_name": "consents",
        "day": now.date(),
        "month": now.date().replace(day=1),
        "year": now.year,
    }
    add_feed(session, "http://127.0.0.1:9/feed", now)
    about = {
        Action.STEP: step.id,
        Action.NOT_A_STEP: entry.id,
        Action.KEEP_SET_ASIDE: held.id,
        Action.TAKE_BACK_LETTER: letter.id,
    }
    links = {action.name.lower(): f"/act/{_token(journey, action, ana, about[action])}" for action in about}
    for page, words in (("put_back", "That reply is deleted"), ("send_on", "Send this to")):
        mail = next(mail for mail in journey.mails(ANA) if words in mail["text"])
        links[page] = journey.link(mail, "/act/").removeprefix(journey.web)
    return Something(parts, links)


def _token(journey: JourneyHarness, action: Action, ana: Subscriber, object_id: int) -> str:
    return ActToken(action, ana.id, object_id, journey.clock() + timedelta(days=1)).encode(journey.keyring.index)


def _add_passkey(session: Session, journey: JourneyHarness, ana: Subscriber) -> Passkey:
    """Add a passkey that no device has: its pages show a name and a date."""
    passkey_id = random_id()
    row = Passkey(
        id=passkey_id,
        subscriber_id=ana.id,
        credential_hash=b"h" * 32,
        sealed_credential_id=b"",
        sealed_public_key=b"",
        sealed_name=seal_for(journey.keyring.key_of(ana), b"A phone", passkey_id, NAME),
        sign_count=0,
        created_at=journey.clock(),
    )
    session.add(row)
    return row
