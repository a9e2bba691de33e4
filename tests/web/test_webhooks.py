from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text

from service.app import create_app
from service.core.access.tokens import FrequencyToken, ReplyKind, ReplyToken
from service.dispatch import RqJobQueue
from service.flows.outgoing.tick import sweep
from service.job_queue import InMemoryQueue
from service.mail.signature import Signature
from service.models import Consent, Reply, Subscriber, SubscriberStatus, Suppression, WebhookToken
from service.storage import Storage
from service.web.security.limits import LARGEST_POST_BYTES
from tests.harness.mail.posts import mail, post, signed
from tests.harness.people.members import due_at
from tests.harness.people.people import DAY, MINUTE, NOW
from tests.harness.website import WebHarness

FIELDS, MIME = "/webhooks/mailgun/inbound", "/webhooks/mailgun/inbound/mime"
EVENTS = "/webhooks/mailgun/events"
STRANGE = "nobody@reply.example.org"


def send(client: FlaskClient, form: tuple[str, bytes], path: str = FIELDS) -> int:
    return client.post(path, data=form[1], content_type=form[0]).status_code


def count(site: WebHarness, table: type[Any] = Reply) -> int:
    with site.runtime.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def resigned(site: WebHarness, *keys: str) -> FlaskClient:
    settings = site.runtime.settings.model_copy(update={"mailgun_signing_key": list(keys)})
    return create_app(replace(site.runtime, settings=settings)).test_client()


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
def test_a_mail_is_sealed_and_committed_before_its_job_is_enqueued(site: WebHarness, as_mime: bool) -> None:
    form = post(mail("The words of this mail."), STRANGE, signed(NOW), as_mime=as_mime)
    assert send(site.browser, form, MIME if as_mime else FIELDS) == 200
    with site.runtime.database.read() as session:
        reply = session.scalars(select(Reply)).one()
    assert site.queue.replies == [reply.id]
    assert reply.sealed_raw is not None
    assert b"words of this" not in reply.sealed_raw
    kept = site.runtime.inbound_store().open(reply)
    assert b"The words of this mail." in (kept.raw("body-mime") or kept.raw("body-plain") or b"")


def test_the_same_post_again_is_taken_and_kept_once(site: WebHarness) -> None:
    form = post(mail(), STRANGE, signed(NOW))
    assert [send(site.browser, form) for _ in range(3)] == [200, 200, 200]
    assert (count(site), count(site, WebhookToken), len(site.queue.replies)) == (1, 1, 1)


def test_twenty_of_the_same_post_at_once_are_kept_once(site: WebHarness) -> None:
    form = post(mail(), STRANGE, signed(NOW))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(site.app.test_client(), form), range(20)))
    assert answers == [200] * 20
    assert (count(site), len(site.queue.replies)) == (1, 1)


def test_the_same_mail_under_a_new_token_is_kept_once(site: WebHarness) -> None:
    raw = mail()
    assert send(site.browser, post(raw, STRANGE, signed(NOW))) == 200
    assert send(site.browser, post(raw, STRANGE, signed(NOW + MINUTE))) == 200
    assert (count(site), count(site, WebhookToken)) == (1, 2)


def without_message_id(
    words: str = "Soup.", *, received: str = "by mx.example.org; Wed, 13 May 2026 09:00:00 +0000"
) -> bytes:
    lines = mail(words, sent_at=NOW, Received=received).splitlines(keepends=True)
    return b"".join(line for line in lines if not line.lower().startswith(b"message-id:"))


@pytest.mark.parametrize("as_mime", [False, True], ids=["fields", "raw MIME"])
def test_a_mail_without_a_message_id_is_kept_once_under_any_signature(site: WebHarness, as_mime: bool) -> None:
    raw, path = without_message_id(), MIME if as_mime else FIELDS
    for minutes in range(3):
        form = post(raw, STRANGE, signed(NOW - minutes * MINUTE), as_mime=as_mime)
        assert send(site.browser, form, path) == 200
    assert (count(site), len(site.queue.replies)) == (1, 1)
    later = "by mx.example.org; Wed, 13 May 2026 09:01:00 +0000"
    for other in (without_message_id("Rice."), without_message_id(received=later)):
        assert send(site.browser, post(other, STRANGE, signed(NOW), as_mime=as_mime), path) == 200
    assert count(site) == 3


def test_a_route_that_stores_is_named_in_the_log_and_its_mail_is_kept(
    site: WebHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    signature = signed(NOW)
    form = {
        "recipient": STRANGE,
        "sender": "ana@example.com",
        "from": "ana@example.com",
        "body-plain": "Soup, slowly.",
        "message-headers": json.dumps([["From", "ana@example.com"], ["Message-Id", "<a@example.com>"]]),
        "message-url": "https://storage.mailgun.example/v3/messages/x",
        "attachments": json.dumps([{"url": "https://storage.mailgun.example/1", "name": "a.jpg"}]),
        "timestamp": signature.timestamp,
        "token": signature.token,
        "signature": signature.signature,
    }
    assert site.browser.post(FIELDS, data=form).status_code == 200
    assert count(site) == 1
    logged = capsys.readouterr().out
    assert "inbound.wrong_route" in logged
    assert "files=1" in logged


def test_the_same_message_id_with_other_words_is_another_mail(site: WebHarness) -> None:
    first = mail("One.")
    assert send(site.browser, post(first, STRANGE, signed(NOW))) == 200
    assert send(site.browser, post(first.replace(b"One.", b"Two."), STRANGE, signed(NOW))) == 200
    assert count(site) == 2


def test_a_token_that_comes_again_with_other_content_is_refused_for_good(site: WebHarness) -> None:
    signature = signed(NOW)
    assert send(site.browser, post(mail("One."), STRANGE, signature)) == 200
    assert send(site.browser, post(mail("Two."), STRANGE, signature)) == 406
    assert count(site) == 1


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(signed(NOW, key="another key"), id="made with another key"),
        pytest.param(replace(signed(NOW), signature=""), id="none"),
        pytest.param(replace(signed(NOW), signature="\u017f\u00e9" * 32), id="not ASCII"),
        pytest.param(replace(signed(NOW), token="t" * 50), id="of another token"),
        pytest.param(Signature("soon", "t", "s"), id="of no time"),
        pytest.param(signed(NOW - timedelta(hours=37)), id="a day and a half old"),
        pytest.param(signed(NOW + timedelta(hours=1)), id="from the future"),
    ],
)
@pytest.mark.parametrize("path", [FIELDS, EVENTS])
def test_a_bad_signature_is_answered_with_401_and_nothing_is_kept(
    site: WebHarness, path: str, signature: Signature
) -> None:
    form = post(mail(), STRANGE, signature) if path == FIELDS else event_post(signature)
    assert send(site.browser, form, path) == 401
    assert (count(site), count(site, WebhookToken)) == (0, 0)


def test_the_last_of_the_providers_retries_is_still_fresh(site: WebHarness) -> None:
    assert send(site.browser, post(mail(), STRANGE, signed(NOW - timedelta(hours=35)))) == 200


def test_while_the_signing_key_changes_the_old_and_the_new_one_are_good_and_no_third(site: WebHarness) -> None:
    client = resigned(site, "new", "old")
    for key, answer in (("new", 200), ("old", 200), ("older", 401)):
        assert send(client, post(mail(), STRANGE, signed(NOW, key=key))) == answer
    assert send(resigned(site, "new"), post(mail(), STRANGE, signed(NOW, key="old"))) == 401


def test_an_attachment_of_25_megabytes_is_kept_whole(site: WebHarness) -> None:
    attachment = bytes(range(256)) * (25 * 4096)
    form = post(mail(attachment=attachment), STRANGE, signed(NOW), as_mime=True)
    assert len(form[1]) > 33_000_000
    assert send(site.browser, form, MIME) == 200
    with site.runtime.database.read() as session:
        reply = session.scalars(select(Reply)).one()
    assert reply.sealed_raw is None
    assert site.runtime.inbound_store().open(reply).raw("body-mime") is not None


def test_a_thousand_headers_and_an_attachment_are_no_trouble(site: WebHarness) -> None:
    headers: dict[str, Any] = {f"X_Header_{number}": "x" * 20 for number in range(1_100)}
    assert send(site.browser, post(mail(attachment=b"photo", **headers), STRANGE, signed(NOW))) == 200
    assert count(site) == 1


def test_a_body_over_80_megabytes_is_refused_for_good_unread(site: WebHarness) -> None:
    length = {"CONTENT_LENGTH": str(LARGEST_POST_BYTES + 1)}
    assert site.browser.post(FIELDS, environ_overrides=length).status_code == 406


@pytest.mark.parametrize("body", ["token={0}&%74oken=other&{1}", "%74oken=other&token={0}&{1}"])
def test_a_post_whose_second_token_is_hidden_from_the_search_is_unsigned(site: WebHarness, body: str) -> None:
    signature = signed(NOW)
    rest = f"timestamp={signature.timestamp}&signature={signature.signature}&body-plain=words"
    form = "application/x-www-form-urlencoded", body.format(signature.token, rest).encode()
    assert send(site.browser, form) == 401
    assert count(site) == 0


def test_an_event_over_a_megabyte_is_refused_for_good(site: WebHarness) -> None:
    assert send(site.browser, ("application/json", b" " * 1_100_000), EVENTS) == 406


@pytest.mark.parametrize("path", [FIELDS, EVENTS])
def test_what_the_provider_never_makes_is_no_post(site: WebHarness, path: str) -> None:
    assert send(site.browser, ("text/plain", b"hello"), path) == 400


@pytest.mark.parametrize("kind", ["r", "s"])
def test_mail_to_somebody_who_was_erased_is_refused_for_good(site: WebHarness, kind: str) -> None:
    with site.runtime.database.write() as session:
        person = due_at(session, site.runtime.keyring, NOW)
    index = site.runtime.keyring.index
    token = ReplyToken(ReplyKind.PROMPT, person.id, 0, NOW.date()) if kind == "r" else FrequencyToken(person.id)
    address = f"{kind}-{token.encode(index)}@reply.example.org"
    assert send(site.browser, post(mail(), address, signed(NOW))) == 200
    with site.runtime.database.write() as session:
        session.delete(session.get_one(Subscriber, person.id))
    assert send(site.browser, post(mail(), address, signed(NOW))) == 406
    assert count(site) == 1


def fill_disk(site: WebHarness) -> None:
    """Make every later write to replies fail for lack of room."""
    engine = site.runtime.database.engine
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=1"))
        return
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"
            )
        )
        connection.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON replies EXECUTE FUNCTION full_disk()"))


def free_disk(site: WebHarness) -> None:
    engine = site.runtime.database.engine
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=100000"))
        return
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full_disk ON replies"))


def test_on_a_full_disk_the_provider_is_asked_to_come_again_and_nothing_is_lost(site: WebHarness) -> None:
    form = post(mail("x" * 30_000), STRANGE, signed(NOW))
    fill_disk(site)
    assert send(site.browser, form) == 503
    free_disk(site)
    assert (count(site), count(site, WebhookToken)) == (0, 0), "the token is not spent"
    assert send(site.browser, form) == 200
    assert count(site) == 1


def test_with_the_object_store_away_the_provider_is_asked_to_come_again(site: WebHarness, tmp_path: Path) -> None:
    form = post(mail("x" * 400_000), STRANGE, signed(NOW))
    in_the_way = tmp_path / "away"
    in_the_way.write_text("a file where the folder should be")
    client = create_app(replace(site.runtime, storage=Storage.at(f"file://{in_the_way}"))).test_client()
    assert send(client, form) == 503
    assert count(site, WebhookToken) == 0
    in_the_way.unlink()
    assert send(client, form) == 200


def test_with_the_database_away_the_provider_is_asked_to_come_again(site: WebHarness) -> None:
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE webhook_tokens RENAME TO away"))
    form = post(mail(), STRANGE, signed(NOW))
    assert send(site.browser, form) == 503
    assert send(site.browser, event_post(signed(NOW)), EVENTS) == 503
    with site.runtime.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO webhook_tokens"))
    assert send(site.browser, form) == 200


def test_with_the_queue_away_mail_is_taken_and_the_sweep_finds_it(site: WebHarness) -> None:
    runtime = replace(site.runtime, job_queue=RqJobQueue("redis://127.0.0.1:1"))
    assert send(create_app(runtime).test_client(), post(mail(), STRANGE, signed(NOW))) == 200
    queue = InMemoryQueue()
    sweep(site.runtime.database, queue, now=NOW + MINUTE)
    assert len(queue.replies) == 1


def event_post(signature: Signature, name: str = "delivered", **more: Any) -> tuple[str, bytes]:
    parts = {"timestamp": signature.timestamp, "token": signature.token, "signature": signature.signature}
    data = {"event": name, "id": "e", "timestamp": NOW.timestamp(), "recipient": "ana@example.com", **more}
    return "application/json", json.dumps({"signature": parts, "event-data": data}).encode()


def refusal(enhanced_code: str) -> dict[str, object]:
    return {"reason": "bounce", "delivery-status": {"code": 550, "enhanced-code": enhanced_code}}


@pytest.mark.parametrize(
    ("details", "suppressed"),
    [
        pytest.param({"severity": "permanent", **refusal("5.1.1")}, 1, id="no such address"),
        pytest.param({"severity": "permanent", "reason": "suppress-bounce"}, 1, id="on the provider's list"),
        pytest.param({"severity": "permanent", **refusal("5.7.26")}, 0, id="a refusal of ours"),
        pytest.param({"severity": "temporary", **refusal("5.1.1")}, 0, id="tried again"),
    ],
)
def test_only_a_failure_that_is_about_the_address_suppresses_it(
    site: WebHarness, details: dict[str, object], suppressed: int
) -> None:
    assert send(site.browser, event_post(signed(NOW), "failed", **details), EVENTS) == 200
    assert count(site, Suppression) == suppressed


@pytest.mark.parametrize("delivery", [str(2**63), "9" * 19, "0", "-1"])
def test_an_id_that_no_delivery_can_have_is_answered_like_any_other(site: WebHarness, delivery: str) -> None:
    variables: dict[str, Any] = {"user-variables": {"delivery": delivery}}
    form = event_post(signed(NOW), **variables)
    assert send(site.browser, form, EVENTS) == 200


@pytest.mark.parametrize(("name", "suppressed"), [("complained", 1), ("unsubscribed", 0)])
def test_a_complaint_and_the_providers_own_link_stop_everything_once(
    site: WebHarness, name: str, suppressed: int
) -> None:
    with site.runtime.database.write() as session:
        person = due_at(session, site.runtime.keyring, NOW)
    form = event_post(signed(NOW), name)
    assert [send(site.browser, form, EVENTS) for _ in range(2)] == [200, 200]
    with site.runtime.database.read() as session:
        assert session.get_one(Subscriber, person.id).status == SubscriberStatus.STOPPED
    assert (count(site, Suppression), count(site, Consent)) == (suppressed, 1)


def test_an_event_that_says_nothing_is_refused_for_good(site: WebHarness) -> None:
    assert send(site.browser, event_post(signed(NOW), ""), EVENTS) == 406


def test_spent_tokens_are_forgotten_only_when_their_signature_is_too_old(site: WebHarness) -> None:
    assert send(site.browser, post(mail(), STRANGE, signed(NOW))) == 200
    with site.runtime.database.write() as session:
        WebhookToken.prune(session, NOW - 2 * DAY)
    assert count(site, WebhookToken) == 1
