"""Who may come in, and the pages and switches they find."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.postoffice.app import NotLocalError, create_app, refuse_unless_local
from service.postoffice.faults import KINDS
from service.postoffice.office import PostOffice
from tests.postoffice.conftest import Webhook, send

SAME_ORIGIN = {"Origin": "http://localhost"}


@pytest.mark.parametrize("url", ["https://api.mailgun.net", "https://api.eu.mailgun.net", "", "nonsense"])
def test_it_stays_closed_beside_real_settings(url: str) -> None:
    with pytest.raises(NotLocalError, match="MAILGUN_API_URL"):
        refuse_unless_local(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8025", "http://localhost:8025", "http://[::1]:8025"])
def test_it_opens_beside_local_ones(url: str) -> None:
    refuse_unless_local(url)


def test_it_posts_to_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(NotLocalError, match="BASE_URL"):
        create_app(
            folder=tmp_path, domain="d", api_key="k", signing_key="s", inbound_url="https://x.example/in", events_url=""
        )


def test_another_machine_another_name_and_another_site_are_refused(client: FlaskClient) -> None:
    assert client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    for origin in ("http://evil.example", "null"):
        answer = client.delete("/_local/mails", headers={"Origin": origin})
        assert answer.status_code == 403
    assert client.delete("/_local/mails", headers=SAME_ORIGIN).status_code == 200


def test_the_mailbox_groups_by_address_newest_first(client: FlaskClient) -> None:
    for subject, to in (("one", "a@home.example"), ("two", "b@home.example"), ("three", "a@home.example")):
        send(client, subject=subject, to=to)
    page = client.get("/").text
    positions = [page.index(word) for word in ("a@home.example", ">three<", ">one<", "b@home.example", ">two<")]
    assert positions == sorted(positions)
    only = client.get("/?to=b@home.example").text
    assert "two" in only
    assert "three" not in only


def test_the_page_of_all_mail_stays_small_and_that_of_one_address_lists_all(client: FlaskClient) -> None:
    for number in range(60):
        send(client, subject=f"Number {number}.", text="First " * 60, to=f"{number % 40}@home.example")
    overview = client.get("/")
    assert ">Number 59.<" in overview.text
    assert len(overview.data) < 30_720
    assert all(f">Number {number}.<" in client.get("/?to=7@home.example").text for number in (7, 47))


def test_the_mailbox_lists_a_mail_as_a_phone_shows_it_unopened(client: FlaskClient) -> None:
    send(client, text="First " * 60, **{"from": "Notes by email <hello@mail.example.org>"})
    assert f"Notes by email: {('First ' * 60)[:200]}</span>" in client.get("/").text


def test_a_mail_shows_html_text_source_and_headers(client: FlaskClient) -> None:
    mail = send(client)
    url = f"/mail/{mail.mail_id}"
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in client.get(url).text
    assert 'class="phone"' in client.get(f"{url}?width=phone").text
    assert 'href="https://s.example/1" target="_blank"' in client.get(f"{url}?view=text").text
    assert "Content-Type: multipart/alternative" in client.get(f"{url}?view=source").text
    assert "X-Mailgun-Variables" in client.get(f"{url}?view=headers").text
    assert client.get(f"{url}?view=other").status_code == 404
    assert client.get("/mail/none").status_code == 404


def test_the_html_of_a_mail_may_run_and_fetch_nothing_and_its_links_open_apart(client: FlaskClient) -> None:
    mail = send(client, html="<html><head><title>x</title></head><body><script>1</script></body></html>")
    answer = client.get(f"/mail/{mail.mail_id}/body")
    assert answer.text.startswith('<html><head><base target="_blank">')
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy


def test_what_a_mail_says_is_shown_as_text(client: FlaskClient) -> None:
    mail = send(client, subject="<script>alert(1)</script>", text="<b>x</b> https://x.example/?a=1&b=<i>")
    page = client.get("/").text + client.get(f"/mail/{mail.mail_id}?view=text").text
    assert "<script>" not in page
    assert "<b>x" not in page
    assert "<i>" not in page


@pytest.mark.parametrize(("form", "path"), [("fields", "inbound"), ("mime", "inbound/mime")])
def test_the_reply_box_posts_and_shows_the_answer(client: FlaskClient, webhook: Webhook, form: str, path: str) -> None:
    mail = send(client)
    choices = {"client": "iphone", "language": "de", "where": "top", "form": form, "authenticated": "yes"}
    answer = client.post(f"/mail/{mail.mail_id}/reply", data={**choices, "words": "A heron."}, follow_redirects=True)
    assert "answered <strong>200</strong>" in answer.text
    taken, _, body = next(post for post in webhook.posts if "inbound" in post[0])
    assert taken == f"webhooks/mailgun/{path}"
    assert b"heron" in body


def test_a_reply_that_was_not_taken_offers_to_try_again(
    client: FlaskClient, webhook: Webhook, office: PostOffice
) -> None:
    mail = send(client)
    webhook.status = 503
    choices = {"client": "phone", "language": "en", "where": "top", "words": "x"}
    answer = client.post(f"/mail/{mail.mail_id}/reply", data=choices, follow_redirects=True)
    assert "The service answered 503" in answer.text
    assert "Try again now" in answer.text
    webhook.status = 200
    post = office.postman.newest_first()[0]
    page = client.post(f"/posts/{post.post_id}/again", follow_redirects=True).text
    assert "503, 200" in page


def test_a_reply_without_its_choices_is_a_bad_request(client: FlaskClient) -> None:
    mail = send(client)
    assert client.post(f"/mail/{mail.mail_id}/reply", data={"words": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "expected", "table"),
    [
        ("failed", ("failed", "permanent"), "bounces"),
        ("mailbox_full", ("failed", "permanent"), None),
        ("refused", ("failed", "permanent"), None),
        ("temporarily_failed", ("failed", "temporary"), None),
        ("complained", ("complained", None), "complaints"),
        ("unsubscribed", ("unsubscribed", None), "unsubscribes"),
    ],
)
def test_what_happens_to_a_mail_is_posted_and_remembered(
    client: FlaskClient, webhook: Webhook, name: str, expected: tuple[str, str | None], table: str | None
) -> None:
    office: PostOffice = client.application.extensions["postoffice"]
    mail = send(client)
    client.post(f"/mail/{mail.mail_id}/happen", data={"name": name})
    data = json.loads(webhook.posts[-1][2])["event-data"]
    assert (data["event"], data.get("severity")) == expected
    assert office.suppressions.table_of(mail.recipient) == table
    assert client.post(f"/mail/{mail.mail_id}/happen", data={"name": "other"}).status_code == 400


def test_one_click_posts_what_rfc_8058_says(client: FlaskClient, webhook: Webhook) -> None:
    mail = send(
        client,
        **{
            "h:List-Unsubscribe": f"<{webhook.url}/unsubscribe/t>, <mailto:s-x@reply.example.org?subject=stop>",
            "h:List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    page = client.post(f"/mail/{mail.mail_id}/one-click", follow_redirects=True).text
    assert "answered with <strong>200</strong>" in page
    assert webhook.posts[-1] == (
        "unsubscribe/t",
        "application/x-www-form-urlencoded",
        b"List-Unsubscribe=One-Click",
    )
    client.post(f"/mail/{mail.mail_id}/stop")
    assert b"s-x%40reply.example.org" in webhook.posts[-1][2]


def test_one_click_never_calls_another_machine(client: FlaskClient) -> None:
    offer = {"h:List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    for url in ("https://x.example/u", "http://127.0.0.1:1/u", "mailto:a@b.example"):
        mail = send(client, **offer, **{"h:List-Unsubscribe": f"<{url}>"})
        page = client.post(f"/mail/{mail.mail_id}/one-click", follow_redirects=True).text
        assert "offers no one-click" in page


def test_programs_list_read_and_answer_mails_in_json(client: FlaskClient, webhook: Webhook) -> None:
    mail = send(client)
    assert [m["subject"] for m in client.get("/_local/mails?to=maya@home.example").get_json()] == ["A window"]
    assert client.get("/_local/mails?to=tom@home.example").get_json() == []
    assert client.get(f"/_local/mails/{mail.mail_id}").get_json()["html"].startswith("<html>")
    wanted = {"words": "x", "client": "yahoo", "sent_at": "2026-05-03T21:00:00+02:00", "sender": "Maya <m@b.example>"}
    answer = client.post(f"/_local/mails/{mail.mail_id}/reply", json=wanted)
    assert (answer.get_json()["status"], answer.get_json()["is_taken"]) == (200, True)
    assert b"Sun%2C+03+May+2026+21%3A00%3A00+%2B0200" in webhook.posts[-1][2]
    assert client.post(f"/_local/mails/{mail.mail_id}/reply", json={"words": "x", "client": "?"}).status_code == 400
    assert client.post(f"/_local/mails/{mail.mail_id}/happen", json={"name": "?"}).status_code == 400
    answer = client.post(
        "/_local/inbound?recipient=a@b.example&recipient=c@d.example&form=mime", data=b"From: x\r\n\r\n"
    )
    assert answer.get_json()["status"] == 200
    assert client.post(f"/_local/posts/{answer.get_json()['post_id']}/again").get_json()["answers"] == [200, 200]
    assert client.post("/_local/idle").get_json() == {"idle": True}


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_can_be_switched_on_and_off(client: FlaskClient, office: PostOffice, kind: str) -> None:
    assert client.put("/_local/faults", json={"kind": kind, "times": 2}).status_code == 200
    assert office.faults.take() is not None
    client.delete("/_local/faults")
    assert office.faults.take() is None


def test_an_unknown_fault_is_a_bad_request(client: FlaskClient) -> None:
    assert client.put("/_local/faults", json={"kind": "meteor"}).status_code == 400
    assert client.put("/_local/faults", json={"kind": "payment", "colour": 1}).status_code == 400
