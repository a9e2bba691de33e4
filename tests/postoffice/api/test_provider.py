"""The provider's API as its documentation describes it, apart from any SDK."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.postoffice.office import PostOffice
from tests.postoffice.conftest import AUTH, DOMAIN, Webhook, make_app, send

FORM = {"from": "a@mail.example.org", "to": "maya@home.example", "subject": "x", "text": "y"}
URL = f"/v3/{DOMAIN}/messages"


def test_a_form_is_queued_with_one_id_in_angle_brackets(client: FlaskClient) -> None:
    answer = client.post(URL, data=FORM, auth=AUTH)
    assert answer.get_json()["message"] == "Queued. Thank you."
    assert answer.get_json()["id"].startswith("<")
    assert answer.get_json()["id"].endswith(f"@{DOMAIN}>")


def test_multipart_is_taken_as_well(client: FlaskClient, office: PostOffice) -> None:
    answer = client.post(URL, data=FORM, auth=AUTH, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert next(office.mailbox.newest_first()).text == "y"


@pytest.mark.parametrize("auth", [None, ("api", "other"), ("user", AUTH[1])])
def test_another_key_is_forbidden_in_bare_text(client: FlaskClient, auth: tuple[str, str] | None) -> None:
    answer = client.post(URL, data=FORM, auth=auth)
    assert (answer.status_code, answer.text) == (401, "Forbidden")


def test_another_domain_is_not_found(client: FlaskClient) -> None:
    answer = client.post("/v3/other.example/messages", data=FORM, auth=AUTH)
    assert (answer.status_code, answer.get_json()["message"]) == (404, "Domain not found: other.example")


@pytest.mark.parametrize("path", ["/v3/messages", "/v2/x", f"/v3/{DOMAIN}/message", "/v4/domains"])
def test_a_wrong_path_answers_200_and_magnificent(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=FORM, auth=AUTH)
    assert (answer.status_code, answer.text) == (200, "Mailgun Magnificent API")


@pytest.mark.parametrize(
    "change",
    [
        {"from": ""},
        {"from": "nobody"},
        {"to": ""},
        {"to": ["maya@home.example", "not an address"]},
        {"to": "maya@home.example, tom@nowhere"},
        {"to": [f"p{n}@home.example" for n in range(1_001)]},
        {"text": ""},
        {"recipient-variables": "{"},
        {"recipient-variables": "[]"},
        {"recipient-variables": '{"a": 1}'},
        {"h:X-Long": "x" * 17_000},
    ],
    ids=lambda change: json.dumps(change)[:50],
)
def test_a_bad_form_is_refused_whole(client: FlaskClient, office: PostOffice, change: dict[str, object]) -> None:
    answer = client.post(URL, data={**FORM, **change}, auth=AUTH)
    assert answer.status_code == 400
    assert answer.get_json()["message"]
    assert list(office.mailbox.newest_first()) == []


def test_without_recipient_variables_everybody_sees_everybody(client: FlaskClient, office: PostOffice) -> None:
    client.post(URL, data={**FORM, "to": ["a@home.example", "b@home.example"]}, auth=AUTH)
    assert {mail.header("To") for mail in office.mailbox.newest_first()} == {"a@home.example, b@home.example"}


def test_a_name_without_a_value_goes_out_literally(client: FlaskClient, office: PostOffice) -> None:
    form = {**FORM, "text": "%recipient.a% %recipient.b%", "recipient-variables": '{"maya@home.example": {"a": 1}}'}
    client.post(URL, data=form, auth=AUTH)
    assert next(office.mailbox.newest_first()).text == "1 %recipient.b%"


def test_an_address_with_a_plus_finds_no_variables(client: FlaskClient, office: PostOffice) -> None:
    form = FORM | {"to": "m+x@home.example", "text": "%recipient.a%"}
    client.post(URL, data={**form, "recipient-variables": '{"m+x@home.example": {"a": 1}}'}, auth=AUTH)
    assert next(office.mailbox.newest_first()).text == "%recipient.a%"


def test_variables_travel_in_the_mail_where_the_recipient_can_read_them(client: FlaskClient) -> None:
    assert send(client).header("X-Mailgun-Variables") == '{"delivery": "42"}'


def test_a_suppressed_address_is_accepted_and_fails_by_event(
    client: FlaskClient, office: PostOffice, webhook: Webhook
) -> None:
    answer = client.post(f"/v3/{DOMAIN}/bounces", data={"address": "maya@home.example"}, auth=AUTH)
    assert answer.status_code == 200
    assert client.post(URL, data=FORM, auth=AUTH).status_code == 200
    assert list(office.mailbox.newest_first()) == []
    assert office.postman.wait_until_idle(5)
    (_, _, body) = webhook.posts[-1]
    event = json.loads(body)["event-data"]
    assert (event["event"], event["severity"], event["reason"]) == ("failed", "permanent", "suppress-bounce")
    assert event["delivery-status"]["code"] == 605


@pytest.mark.parametrize("table", ["bounces", "complaints", "unsubscribes"])
def test_each_table_of_suppressions_can_be_listed_filled_and_emptied(client: FlaskClient, table: str) -> None:
    url = f"/v3/{DOMAIN}/{table}"
    assert client.get(f"{url}/maya@home.example", auth=AUTH).status_code == 404
    client.post(url, json=[{"address": "b@home.example"}, {"address": "a@home.example"}], auth=AUTH)
    assert [row["address"] for row in client.get(url, auth=AUTH).get_json()["items"]] == [
        "a@home.example",
        "b@home.example",
    ]
    assert client.delete(f"{url}/a@home.example", auth=AUTH).status_code == 200
    assert client.delete(f"{url}/a@home.example", auth=AUTH).status_code == 404
    assert client.delete(url, auth=AUTH).status_code == 200
    assert client.get(url, auth=AUTH).get_json()["items"] == []
    assert client.post(url, json=[{"address": f"{n}@x.example"} for n in range(1_001)], auth=AUTH).status_code == 400
    assert client.post(url, json={"address": "x"}, auth=AUTH).status_code == 400


def test_events_page_by_a_token_in_the_path_until_a_page_is_empty(client: FlaskClient) -> None:
    client.post(URL, data={**FORM, "to": [f"p{n}@home.example" for n in range(5)]}, auth=AUTH)
    page = client.get(f"/v3/{DOMAIN}/events?limit=2&event=accepted&ascending=yes", auth=AUTH).get_json()
    seen = []
    while page["items"]:
        seen += [event["recipient"] for event in page["items"]]
        page = client.get(page["paging"]["next"], auth=AUTH).get_json()
    assert seen == [f"p{n}@home.example" for n in range(5)]
    assert client.get(f"/v3/{DOMAIN}/events/nonsense", auth=AUTH).status_code == 404


def test_message_ids_in_events_have_no_angle_brackets(client: FlaskClient) -> None:
    mail = send(client)
    event = client.get(f"/v3/{DOMAIN}/events", auth=AUTH).get_json()["items"][0]
    assert event["message"]["headers"]["message-id"] == mail.provider_id
    assert event["user-variables"] == {"delivery": "42"}


def test_a_restart_finds_mails_events_and_suppressions_again(
    client: FlaskClient, tmp_path: Path, webhook: Webhook
) -> None:
    mail = send(client)
    client.post(f"/v3/{DOMAIN}/complaints", data={"address": "tom@home.example"}, auth=AUTH)
    again = make_app(tmp_path, webhook)
    office = again.extensions["postoffice"]
    assert list(office.mailbox.newest_first()) == [mail]
    assert len(office.events.select(lambda _: True)) == 2
    assert office.suppressions.table_of("tom@home.example") == "complaints"
    office.close()


def test_a_file_or_line_cut_short_by_a_kill_is_left_out(client: FlaskClient, tmp_path: Path, webhook: Webhook) -> None:
    send(client)
    (tmp_path / "mails" / ".half.json.1234").write_text("{")
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"event": "deliv')
    office = make_app(tmp_path, webhook).extensions["postoffice"]
    assert len(list(office.mailbox.newest_first())) == 1
    assert len(office.events.select(lambda _: True)) == 2
    office.close()
