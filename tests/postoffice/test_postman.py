"""Posts to the service: signed, the same bytes each time, and again until they are taken."""

import json
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.mail.inbound.inbound_mail import parse_post
from service.mail.signature import Signature, SignatureCheck
from service.postoffice.office import PostOffice
from service.postoffice.postman import SCHEDULES, Postman, new_post
from tests.postoffice.conftest import NOW, Webhook, send

PATIENCE_SECONDS = 60


def test_a_delivery_is_told_of_with_a_genuine_signature(
    client: FlaskClient, office: PostOffice, webhook: Webhook
) -> None:
    send(client)
    assert office.postman.wait_until_idle(PATIENCE_SECONDS)
    ((path, content_type, body),) = webhook.posts
    assert (path, content_type) == ("webhooks/mailgun/events", "application/json")
    payload = json.loads(body)
    assert Signature(**payload["signature"]).verify(["signing-key"], NOW) is SignatureCheck.GENUINE
    assert payload["event-data"]["event"] == "delivered"
    assert payload["event-data"]["user-variables"]["delivery"] == "42"


def test_a_reply_is_posted_signed_to_the_form_s_own_address(
    client: FlaskClient, office: PostOffice, webhook: Webhook
) -> None:
    mail = send(client)
    for as_mime, path in ((False, "webhooks/mailgun/inbound"), (True, "webhooks/mailgun/inbound/mime")):
        post = office.bring(b"From: a@b.example\r\n\r\nx", recipients=[mail.reply_to], as_mime=as_mime)
        assert post.is_taken
        taken, content_type, body = webhook.posts[-1]
        assert taken == path
        assert parse_post(content_type, body).signature.verify(["signing-key"], NOW)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_what_is_not_taken_is_kept_over_a_restart_and_tried_again_with_the_same_bytes(
    tmp_path: Path, webhook: Webhook, status: int
) -> None:
    webhook.status = status
    folder = tmp_path / "outbox"
    first = Postman(folder)
    post = first.post_now(new_post("route", "a reply", f"{webhook.url}/in", "text/plain", b"body"))
    assert (post.answers, post.is_taken) == ((status,), False)
    assert post.next_at is not None
    first.close()
    webhook.status = 200
    second = Postman(folder)
    again = second.try_again(post.post_id)
    assert again is not None
    assert (again.answers, again.is_taken, again.next_at) == ((status, 200), True, None)
    assert webhook.posts[0] == webhook.posts[1]
    second.close()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("status", [200, 406])
def test_200_and_406_are_the_end_of_it(tmp_path: Path, webhook: Webhook, status: int) -> None:
    webhook.status = status
    postman = Postman(tmp_path)
    post = postman.post_now(new_post("route", "a reply", f"{webhook.url}/in", "text/plain", b""))
    assert post.is_taken
    assert post.next_at is None
    postman.close()


def test_nobody_there_is_tried_again_and_news_of_a_delivery_is_not(tmp_path: Path) -> None:
    postman = Postman(tmp_path)
    route = postman.post_now(new_post("route", "x", "http://127.0.0.1:9/in", "text/plain", b""))
    delivered = postman.post_now(new_post("delivered", "x", "http://127.0.0.1:9/in", "text/plain", b""))
    assert route.answers == (0,)
    assert route.next_at is not None
    assert delivered.next_at is None
    postman.close()


def test_the_schedule_ends(tmp_path: Path) -> None:
    postman = Postman(tmp_path)
    post = new_post("route", "x", "http://127.0.0.1:9/in", "text/plain", b"")
    for _ in range(len(SCHEDULES["route"]) + 1):
        post = postman.post_now(post)
    assert len(post.answers) == 7
    assert post.next_at is None
    postman.close()


def test_it_tries_again_by_itself(tmp_path: Path, webhook: Webhook) -> None:
    webhook.status = 503
    postman = Postman(tmp_path, schedules={"route": (0.05, 0.05)})
    postman.post_later(new_post("route", "x", f"{webhook.url}/in", "text/plain", b""))
    assert postman.wait_until_idle(PATIENCE_SECONDS)
    webhook.status = 200
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < given_up_at:
        if postman.newest_first()[0].is_taken:
            break
        time.sleep(0.05)
    assert postman.newest_first()[0].answers[-1] == 200
    postman.close()
