import hashlib
import hmac
import json
from datetime import date, timedelta

import pytest

from service.core.access.tokens import Action, ReplyKind, ReplyToken
from service.core.addresses import Address
from service.models import Alias, Entry, Outcome, Reply
from tests.harness.people.people import join
from tests.harness.website import WebHarness


def _post_reply(site: WebHarness, sender: str, words: str) -> int:
    """Post a reply to Ana's prompt as the provider does, let the job read it, and return its id."""
    person = site.person()
    prompt = site.runtime.library.first_six("en-GB")[0]
    token = ReplyToken(ReplyKind.PROMPT, person.id, prompt.key, date(2026, 5, 13))
    stamp = str(int(site.clock().timestamp()))
    fields = {
        "timestamp": stamp,
        "token": "t" * 50,
        "signature": hmac.new(b"signing", f"{stamp}{'t' * 50}".encode(), hashlib.sha256).hexdigest(),
        "recipient": f"r-{token.encode(site.runtime.keyring.index)}@reply.example.org",
        "sender": sender,
        "from": sender,
        "subject": "Re: Three words",
        "body-plain": words,
        "message-headers": json.dumps([["From", sender], ["Message-Id", "<1@example.net>"]]),
        "Message-Id": "<1@example.net>",
    }
    assert site.browser.post("/webhooks/mailgun/inbound", data=fields).status_code == 200
    reply_id = site.queue.replies[-1]
    _process(site, reply_id)
    return reply_id


def _process(site: WebHarness, reply_id: int) -> None:
    """Do what the job does."""
    reply_processor = site.runtime.reply_processor()
    reply_processor.process(reply_id)
    reply_processor.reader.close()


@pytest.fixture
def held(site: WebHarness) -> int:
    """The id of a mail that came to Ana's address from somebody else."""
    site.join()
    reply_id = _post_reply(site, "ana.at.work@example.net", "warm, slow, <b>mine</b>")
    with site.runtime.database.read() as session:
        assert session.get_one(Reply, reply_id).outcome == Outcome.HELD
    return reply_id


def test_the_link_in_the_email_leads_to_the_mail_once_signed_in(site: WebHarness, held: int) -> None:
    token = site.act_link(Action.CLAIM_REPLY, held, person_id=site.person().id, lasts=timedelta(days=30))
    assert site.get(f"/act/{token}").location == f"/journal/held/{held}"
    assert site.another_browser().get(f"/journal/held/{held}").location == "/sign-in"
    text = site.get(f"/journal/held/{held}").text
    assert "ana.at.work@example.net" in text
    assert "warm, slow, &lt;b&gt;mine&lt;/b&gt;" in text


def test_looking_lets_nothing_in(site: WebHarness, held: int) -> None:
    site.get(f"/journal/held/{held}")
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 0


def test_saying_it_was_me_makes_it_an_entry_of_its_day(site: WebHarness, held: int) -> None:
    site.post(f"/journal/held/{held}")
    _process(site, site.queue.replies[-1])
    assert "warm, slow, &lt;b&gt;mine&lt;/b&gt;" in site.get("/journal/2026-05-13").text
    assert site.person().prompts_answered == 1
    assert site.get(f"/journal/held/{held}").status_code == 404


def test_a_large_one_goes_through_the_object_store_and_back(site: WebHarness) -> None:
    site.join()
    held = _post_reply(site, "ana.at.work@example.net", "a line of words\n" * 20_000)
    site.post(f"/journal/held/{held}")
    _process(site, held)
    with site.runtime.database.read() as session:
        reply = session.get_one(Reply, held)
        assert reply.outcome == Outcome.ENTRY
        assert reply.stored_as is not None
        assert site.runtime.storage.get(reply.stored_as)
    assert "a line of words" in site.get("/journal/2026-05-13").text


def test_nobody_else_can_see_it_or_take_it_in(site: WebHarness, held: int) -> None:
    runtime = site.runtime
    with runtime.database.write() as session:
        ben = join(session, runtime.keyring, runtime.library, Address.parse("ben@example.com"), site.clock())
        session.get_one(Reply, held).subscriber_id = ben.id
    assert site.get(f"/journal/held/{held}").status_code == 404
    site.post(f"/journal/held/{held}", page="/write")
    with site.runtime.database.read() as session:
        assert session.get_one(Reply, held).outcome == Outcome.HELD


def _alias_path(site: WebHarness) -> str:
    """Take in a mail whose sender nothing proves; return the link in the email that its address gets."""
    site.join()
    reply_id = _post_reply(site, "ana.at.work@example.net", "from a train")
    assert "We’ve sent an email to the address it came from" in site.post(f"/journal/held/{reply_id}").text
    token = site.act_link(
        Action.CONFIRM_ALIAS, site.queue.deliveries[-1], person_id=site.person().id, lasts=timedelta(days=7)
    )
    return f"/act/{token}"


def _has_alias(site: WebHarness) -> bool:
    digest = site.runtime.keyring.address_hash(Address.parse("ana.at.work@example.net"))
    with site.runtime.database.read() as session:
        return Alias.owner_id(session, digest) == site.person().id


def test_another_address_is_confirmed_by_its_own_email_and_a_signed_in_button(site: WebHarness) -> None:
    path = _alias_path(site)
    assert "Is that address yours too?" in site.get(path).text
    assert not _has_alias(site)
    site.post(path)
    assert _has_alias(site)
    assert "go straight into your journal" in site.get(path).text


def test_opening_that_link_signed_out_confirms_nothing(site: WebHarness) -> None:
    """A scanner that presses buttons, or the address's owner where somebody forged mail from it."""
    path, scanner = _alias_path(site), site.another_browser()
    assert scanner.get(path).location == "/sign-in"
    scanner.post(path, page="/sign-in")
    assert not _has_alias(site)


def test_somebody_else_who_is_signed_in_confirms_nothing(site: WebHarness) -> None:
    path, ben = _alias_path(site), site.another_browser()
    ben.ask_for_signup("ben@example.com")
    ben.do_what_was_asked()
    person_id = site.person(Address.parse("ben@example.com")).id
    token = site.act_link(Action.CONFIRM, site.queue.mail_requests[-1], person_id=person_id, lasts=timedelta(days=7))
    ben.post(f"/confirm/{token}")
    assert ben.get(path).status_code == 404
    assert ben.post(path, page="/write").status_code == 404
    assert not _has_alias(site)


def test_a_confirmation_that_is_gone_says_so(site: WebHarness) -> None:
    site.join()
    token = site.act_link(Action.CONFIRM_ALIAS, 404, person_id=site.person().id, lasts=timedelta(days=7))
    assert "This link no longer works" in site.get(f"/act/{token}").text
