"""Mails whose words were once lost on the way to the journal, because of how their programs wrote them."""

from __future__ import annotations

import json
from email.utils import parseaddr

import requests

from service.postoffice.route import authenticated
from tests.harness.journey import SIGNING_KEY, JourneyHarness
from tests.harness.mail.posts import post, signed
from tests.harness.mail.reply_examples import DATA

ANA = "ana@example.com"
FOUND = DATA / "replies" / "found"
GATEWAY = "mime-parts-mixed/disclaimer-appended-as-its-own-html-part-by-a-gateway"
LOST = (
    "charset/html-in-iso-2022-jp-charset-only-in-the-meta",
    "charset/utf-8-body-a-gateway-s-latin-1-footer",
    "charset/windows-1251-said-to-be-utf-8",
    "mime-malformed/content-type-written-text-plain-charset-utf-8",
    "mime-malformed/plain-list-footer-after-a-base64-body",
    "mime-parts-mixed/variant-html-image-then-plain-text",
    "part-not-read/s-mime-opaque-signed-application-pkcs7-mime-smime-type-signed-data",
    "part-not-read/single-part-text-plain-with-a-filename-in-content-disposition-inline",
    "parts-differ/html-has-a-sentence-more-than-the-text",
)


def test_words_in_odd_and_damaged_mail_reach_the_journal(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    address = reply_address(journey)
    for name in LOST:
        assert send(journey, name, address) == requests.codes.ok
    journey.work()
    kept = {" ".join(entry.words.split()) for entry in journey.entries(ANA)}
    assert kept == {" ".join(expected(name).split()) for name in LOST}
    page = browser.open("/journal/2026-05-06").text
    assert "今日は古いセーターを着ました。" in page
    assert "Opaque, yet signed only: the vest." in page


def test_the_links_of_ours_stay_out_of_the_journal_when_a_gateway_adds_a_part(journey: JourneyHarness) -> None:
    journey.join(ANA)
    address = reply_address(journey)
    assert send(journey, GATEWAY, address) == requests.codes.ok
    journey.work()
    (entry,) = journey.entries(ANA)
    assert entry.words == "The grey one."


def test_a_person_is_told_where_letters_were_guessed(journey: JourneyHarness) -> None:
    journey.join(ANA)
    address = reply_address(journey)
    for name in (LOST[0], "charset/koi8-r-unsaid"):
        assert send(journey, name, address) == requests.codes.ok
        journey.work()
    assert expected("charset/koi8-r-unsaid") in {entry.words for entry in journey.entries(ANA)}
    assert [mail["text"].count("Some letters may be wrong") for mail in journey.mails(ANA)].count(1) == 1


def reply_address(journey: JourneyHarness) -> str:
    headers = {name.lower(): value for name, value in journey.mails(ANA)[0]["headers"]}
    return parseaddr(headers["reply-to"])[1]


def expected(name: str) -> str:
    words: str = json.loads((FOUND / f"{name}.json").read_text())["expected_reply"]
    return words


def send(journey: JourneyHarness, name: str, address: str) -> int:
    """Post one of the mails as hers, to her reply address; return the webhook's answer."""
    raw = (FOUND / f"{name}.eml").read_bytes()
    raw = raw.replace(b"mo@example.net", ANA.encode()).replace(b"<x1@", f"<{name.replace('/', '.')}@".encode())
    signature = signed(journey.clock.now, key=SIGNING_KEY)
    content_type, body = post(authenticated(raw), address, signature, as_mime=True)
    headers = {"Content-Type": content_type}
    url = f"{journey.web}/webhooks/mailgun/inbound/mime"
    return requests.post(url, data=body, headers=headers, timeout=60).status_code
