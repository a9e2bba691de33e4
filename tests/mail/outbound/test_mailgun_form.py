"""What a call holds, seen from the mails it makes: single, batch, and what must never be sent."""

import json
from dataclasses import replace

import pytest

from service.mail.outbound.mailer import Accepted, Recipient
from service.mail.outbound.mailgun import MailgunGateway
from service.mail.outbound.mailgun_form import message_form
from tests.harness.mail.odd_mail import EMAIL, somebody
from tests.mail.conftest import Provider


def test_one_email_arrives_filled_in_as_a_plain_single_mail(gateway: MailgunGateway, provider: Provider) -> None:
    outcome = gateway.send(EMAIL, [somebody()])
    assert isinstance(outcome, Accepted)
    (mail,) = provider.mails()
    assert mail.provider_id == outcome.provider_id
    assert "<" not in outcome.provider_id
    assert mail.text.endswith("https://steps.example/rest/maya")
    assert mail.header("Reply-To") == "r-maya@reply.example.org"
    assert mail.header("List-Unsubscribe") == (
        "<https://steps.example/unsubscribe/maya>, <mailto:s-maya@reply.example.org>"
    )
    assert mail.variables == {"delivery": str(2**62 + 1)}
    assert "%recipient" not in json.dumps(mail.as_json())


def test_a_batch_makes_a_mail_of_their_own_for_each(gateway: MailgunGateway, provider: Provider) -> None:
    outcome = gateway.send(EMAIL, [somebody("maya", 11), somebody("tom", 12)])
    assert isinstance(outcome, Accepted)
    maya, tom = sorted(provider.mails(), key=lambda mail: mail.recipient)
    assert (maya.variables["delivery"], tom.variables["delivery"]) == ("11", "12")
    assert maya.provider_id == tom.provider_id == outcome.provider_id
    assert tom.header("To") == "tom@home.example"
    assert tom.reply_to == "r-tom@reply.example.org"
    assert "maya" not in json.dumps(tom.as_json())
    assert "%recipient" not in json.dumps([maya.as_json(), tom.as_json()])


def test_single_and_batch_give_a_person_the_same_mail(gateway: MailgunGateway, provider: Provider) -> None:
    gateway.send(EMAIL, [somebody("maya", 11)])
    gateway.send(EMAIL, [somebody("maya", 11), somebody("tom", 12)])
    alone, *batch = provider.mails()
    shared = next(mail for mail in batch if mail.recipient == alone.recipient)
    same = replace(shared, mail_id=alone.mail_id, provider_id=alone.provider_id, headers=alone.headers)
    assert same == alone
    names = ("Reply-To", "List-Unsubscribe", "Subject", "To", "X-Mailgun-Variables")
    assert [shared.header(n) for n in names] == [alone.header(n) for n in names]


def test_a_thousand_recipients_go_in_one_call(gateway: MailgunGateway, provider: Provider) -> None:
    assert isinstance(gateway.send(EMAIL, [somebody(f"p{n}", n) for n in range(1_000)]), Accepted)
    assert len(provider.mails()) == 1_000


def test_a_form_never_tracks_and_says_whose_delivery_it_is() -> None:
    fields = dict(message_form(EMAIL, [somebody("maya", 5)]))
    assert fields["o:tracking"] == "no"
    assert fields["v:delivery"] == "5"
    assert "recipient-variables" not in fields


def test_words_that_look_like_a_placeholder_pass_untouched_where_nothing_is_filled_in(
    gateway: MailgunGateway, provider: Provider
) -> None:
    digest = replace(EMAIL, text="I wrote %recipient.name% in my diary", html="", reply_to="a@b.example",
                     headers={})  # fmt: skip
    gateway.send(digest, [Recipient("maya@home.example", 1)])
    assert provider.mails()[0].text == "I wrote %recipient.name% in my diary"


@pytest.mark.parametrize(
    "recipients",
    [
        pytest.param([], id="nobody"),
        pytest.param([somebody(f"p{n}", n) for n in range(1_001)], id="more than a thousand"),
        pytest.param([somebody("maya+x"), somebody("tom")], id="a plus tag in a batch"),
        pytest.param([somebody("maya"), somebody("Maya")], id="an address twice"),
        pytest.param([somebody(), Recipient("tom@home.example", 2)], id="no variables"),
        pytest.param([Recipient("tom@home.example", 2, {"stop_url": "https://x"})], id="a variable missing"),
        pytest.param(
            [replace(somebody(), variables={**somebody().variables, "stop_url": 'x"><script>'})],
            id="a variable that would change the HTML",
        ),
        pytest.param(
            [replace(somebody(), variables={**somebody().variables, "reply_address": "a\r\nBcc: b"})],
            id="a line break in a variable",
        ),
    ],
)
def test_what_would_go_out_wrong_is_never_sent(
    gateway: MailgunGateway, provider: Provider, recipients: list[Recipient]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        gateway.send(EMAIL, recipients)
    assert provider.mails() == []


def test_a_line_break_in_a_header_is_never_sent(gateway: MailgunGateway, provider: Provider) -> None:
    with pytest.raises(ValueError, match="subject"):
        gateway.send(replace(EMAIL, subject="A\nBcc: x@y.example"), [somebody()])
    assert provider.mails() == []


def test_an_address_with_a_plus_goes_singly(gateway: MailgunGateway, provider: Provider) -> None:
    assert isinstance(gateway.send(EMAIL, [somebody("maya+steps")]), Accepted)
    assert "%recipient" not in provider.mails()[0].text
