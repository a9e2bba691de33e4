"""Which senders the provider vouches for; every header stands as the provider posts it, its own on top."""

from __future__ import annotations

import json

import pytest

from service.mail.inbound.alignment import belong_together, is_aligned, is_refuted
from service.mail.inbound.inbound_mail import InboundMail, Post, read_mail

SPF, NO_SPF = ("X-Mailgun-Spf", "Pass"), ("X-Mailgun-Spf", "Fail")
DKIM, NO_DKIM = ("X-Mailgun-Dkim-Check-Result", "Pass"), ("X-Mailgun-Dkim-Check-Result", "Fail")
RECEIVED = ("Received", "from mx.example.com by mxa.provider.example with ESMTP")
FROM = ("From", "Ana <ana@example.com>")


def incoming(headers: list[tuple[str, str]], sender: str) -> InboundMail:
    fields = {"recipient": "hello@reply.example.org", "sender": sender, "message-headers": json.dumps(headers)}
    return read_mail(Post(tuple((name, value.encode()) for name, value in fields.items())))


def signed_by(*domains: str) -> list[tuple[str, str]]:
    return [("DKIM-Signature", f"v=1; a=rsa-sha256; d={domain}; s=k; b=x") for domain in domains]


@pytest.mark.parametrize(
    ("headers", "sender", "believed"),
    [
        pytest.param([SPF, RECEIVED, FROM], "b@example.com", True, id="SPF for its own domain"),
        pytest.param([SPF, RECEIVED, FROM], "b@mail.example.com", True, id="SPF for a domain below it"),
        pytest.param([SPF, RECEIVED, FROM], "b@elsewhere.net", False, id="SPF for another domain"),
        pytest.param([SPF, RECEIVED, FROM], "b@notexample.com", False, id="SPF for a domain that only ends alike"),
        pytest.param([SPF, RECEIVED, FROM], "b@com", False, id="SPF for a public suffix above it"),
        pytest.param([SPF, RECEIVED, FROM], "<>", False, id="SPF for nobody"),
        pytest.param([NO_SPF, RECEIVED, FROM], "b@example.com", False, id="SPF failed"),
        pytest.param(
            [DKIM, RECEIVED, *signed_by("example.com"), FROM], "b@list.net", True, id="one signature of its domain"
        ),
        pytest.param(
            [DKIM, RECEIVED, *signed_by("evil.net"), FROM], "b@list.net", False, id="one signature of another"
        ),
        pytest.param(
            [DKIM, RECEIVED, *signed_by("evil.net", "example.com"), FROM],
            "b@list.net",
            False,
            id="two signatures: nobody says which passed",
        ),
        pytest.param(
            [DKIM, RECEIVED, *signed_by("example.com; d=evil.net"), FROM],
            "b@list.net",
            False,
            id="two domains in one signature: nobody says which passed",
        ),
        pytest.param(
            [NO_DKIM, RECEIVED, *signed_by("example.com"), FROM], "b@list.net", False, id="the signature failed"
        ),
        pytest.param(
            [RECEIVED, *signed_by("example.com"), FROM], "b@example.com", False, id="the filter is not set to tag"
        ),
        pytest.param([SPF, RECEIVED, FROM, ("From", "eve@evil.net")], "b@example.com", False, id="two From"),
        pytest.param(
            [SPF, RECEIVED, ("From", "ana@example.com, eve@evil.net")], "b@example.com", False, id="two senders"
        ),
        pytest.param([NO_SPF, RECEIVED, FROM, SPF], "b@example.com", False, id="the provider's own word comes first"),
        pytest.param([RECEIVED, SPF, FROM], "b@example.com", False, id="a verdict that the sender wrote"),
        pytest.param([RECEIVED, RECEIVED, SPF, FROM], "b@example.com", False, id="and above a Received of their own"),
        pytest.param(
            [RECEIVED, DKIM, *signed_by("example.com"), FROM], "b@list.net", False, id="a DKIM verdict of the sender's"
        ),
        pytest.param([SPF, FROM], "b@example.com", False, id="no Received: nobody knows who wrote it"),
    ],
)
def test_when_a_sender_is_believed(headers: list[tuple[str, str]], sender: str, believed: bool) -> None:
    assert is_aligned(incoming(headers, sender)) is believed


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        pytest.param("example.com", "example.com", True, id="the same"),
        pytest.param("mail.example.com", "news.example.com", True, id="two below the same organization"),
        pytest.param("example.co.uk", "mail.example.co.uk", True, id="below a suffix of two parts"),
        pytest.param("co.uk", "example.co.uk", False, id="a public suffix and a domain below it"),
        pytest.param("example", "h.example", False, id="a top level and a domain below it"),
        pytest.param("ana.github.io", "eve.github.io", False, id="two customers of one host"),
        pytest.param("example", "example", True, id="a public suffix and itself"),
        pytest.param("", "", False, id="nothing"),
    ],
)
def test_which_domains_belong_together(one: str, other: str, together: bool) -> None:
    assert belong_together(one, other) is together
    assert belong_together(other, one) is together


@pytest.mark.parametrize(
    ("headers", "refuted"),
    [
        pytest.param([NO_SPF, NO_DKIM, RECEIVED], True, id="both failed"),
        pytest.param([NO_SPF, RECEIVED], False, id="SPF alone"),
        pytest.param([NO_DKIM, RECEIVED], False, id="DKIM alone"),
        pytest.param([("X-Mailgun-Spf", "SoftFail"), NO_DKIM, RECEIVED], False, id="a soft failure is none"),
        pytest.param([RECEIVED, NO_SPF, NO_DKIM], False, id="the sender's own word"),
        pytest.param([], False, id="nobody said anything"),
    ],
)
def test_when_a_sender_is_refuted(headers: list[tuple[str, str]], refuted: bool) -> None:
    assert is_refuted(incoming([*headers, FROM], "b@example.com")) is refuted
