from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.core.month.digest import make_digest
from service.core.month.resurfacing import DigestEntry, TakenStep
from service.core.month.thread import Thread
from service.core.month.year import make_year
from service.flows.outgoing import emails
from service.mail.outbound.composer import Composer
from service.mail.outbound.links import PLACEHOLDERS
from service.mail.outbound.mailer import OutgoingEmail
from service.mail.outbound.placeholders import names_in
from tests.harness.mail.sample_emails import (
    DEEP,
    FOLLOW_UP,
    IN_REPLY_TO,
    LIGHTER,
    LINKS,
    MAY,
    ODD_WORDS,
    SITE,
    TEMPLATES,
    WORDS,
    answer,
    composer,
    digest,
    every_email,
    sample_place,
)

EVERY = every_email()


def test_the_repr_of_an_email_shows_no_word_and_no_token() -> None:
    shown = repr(EVERY["digest"]) + repr(LINKS) + repr(digest())
    assert LINKS.reply_address not in shown
    assert "lilac" not in shown
    assert "soup" not in shown


def test_a_batch_keeps_its_placeholders_through_the_inliner() -> None:
    email = EVERY["prompt"]
    assert names_in(email) == {"reply_address", "stop_url", "rest_url", "write_url", "one_click_url", "stop_address"}
    assert 'href="%recipient.rest_url%"' in email.html
    assert email.reply_to == "%recipient.reply_address%"
    assert email.headers["List-Unsubscribe"].startswith("<%recipient.one_click_url%>, <mailto:%recipient.stop_address%")


@pytest.mark.parametrize(
    "message_id",
    ["<a@b>\r\nBcc: x@example.com", "plain words", f"<{'x' * 300}@b>", "<a b@c>"],
    ids=["a line break", "no brackets", "far too long", "white space"],
)
def test_a_message_id_that_is_none_is_left_out(message_id: str) -> None:
    headers = answer("could_not_keep.empty", in_reply_to=message_id).headers
    assert "In-Reply-To" not in headers
    assert headers["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize("subject", ["Three words", "Re: Three words", "RE: re:  Three\r\n words"])
def test_an_answer_has_one_re_and_no_line_break(subject: str) -> None:
    link = "https://steps.example.org/act/x"
    email = emails.receipt.compose(composer(), LINKS, link, subject=subject, in_reply_to=IN_REPLY_TO, on=MAY)
    assert email.subject == "Re: Three words"


def test_a_receipt_names_the_help_line_of_the_chosen_country_only() -> None:
    def receipt(country: str) -> str:
        link = "https://x.example"
        return _words(
            emails.receipt.compose(composer(), LINKS, link, subject="S", in_reply_to="", on=MAY, country=country).text
        )

    assert "Help now in the UK: Samaritans, 116 123 (unchecked" in receipt("gb")
    assert "Help now in" not in receipt("").replace("Help now\n", "")
    assert "Help now in" not in receipt("XX")


def test_what_a_person_wrote_is_never_markup_nor_a_template() -> None:
    words = "<b>loud</b> & {{ 7 * 7 }} </td>"
    made = make_digest(MAY, [DigestEntry(1, MAY, words, WORDS), DigestEntry(2, MAY, f"{words} yes.", LIGHTER)], "Q?")
    assert made is not None
    email = emails.digest.compose(composer(), made, LINKS, "https://x.example")
    assert not _page(email).css("b")
    assert _words(_page(email).text()).count(words) == 2
    assert email.text.count(words) == 2


odd_words = pytest.mark.parametrize("words", ODD_WORDS.values(), ids=ODD_WORDS)


@odd_words
def test_long_words_of_any_script_keep_lines_short_and_letters_whole(words: str) -> None:
    made = make_digest(
        MAY,
        [DigestEntry(1, MAY, words, LIGHTER)],
        "Q?",
        steps=[TakenStep(words, MAY)],
        year_before=[DigestEntry(2, date(2025, 5, 9), words, LIGHTER)],
        thread=Thread(words[:40].strip(), (MAY,)),
    )
    assert made is not None
    assert made.then_and_now is not None
    email = emails.digest.compose(composer(), made, LINKS, "https://x.example")
    assert _longest_line(email) <= 998
    said = _page(email).css(".said")
    assert [_words(each.text()) for each in said] == [_words(passage.text) for passage in made.quoted]
    assert {each.attributes["dir"] for each in said} == {"auto"}
    assert f"“{words[:40].strip()}” came back, on the 1st." in _words(_page(email).text())


@odd_words
def test_a_year_of_long_words_of_any_script_keeps_lines_short_and_letters_whole(words: str) -> None:
    months = [date(2026, month, 3) for month in range(1, 9)]
    entries = [DigestEntry(on.month, on, words, LIGHTER) for on in months]
    entries += [DigestEntry(100 + on.month, on, words[:40], WORDS) for on in months]
    made = make_year(2026, entries, "Q?", steps=[TakenStep(words, on) for on in months])
    assert made is not None
    email = emails.year.compose(composer(), made, LINKS, "https://x.example")
    assert _longest_line(email) <= 998
    said = [_words(each.text()) for each in _page(email).css(".said")]
    assert said == [_words(passage.text) for passage in made.passages]
    for own in (*made.words, *(step.words for step in made.steps)):
        assert _words(own) in _words(_page(email).text())


@pytest.mark.parametrize(("entries", "passages"), [(1, (1, 1)), (3, (2, 3)), (31, (4, 6)), (200, (4, 6))])
def test_a_month_or_a_year_of_however_many_entries_reads_alike(entries: int, passages: tuple[int, int]) -> None:
    in_may = [MAY + timedelta(days=place % 31) for place in range(entries)]
    in_year = [date(2026, 1, 1) + timedelta(days=place * 365 // entries) for place in range(entries)]
    month = make_digest(MAY, _alike(in_may), "Q?")
    year = make_year(2026, _alike(in_year), "Q?")
    assert month is not None
    assert year is not None
    both = (
        emails.digest.compose(composer(), month, LINKS, "https://x.example"),
        emails.year.compose(composer(), year, LINKS, "https://x.example"),
    )
    for email, number in zip(both, passages, strict=True):
        assert [each.text() for each in _page(email).css(".said")] == ["Tea came. It was hot."] * number
        assert len(email.text.splitlines()) < 90


def _alike(days: Sequence[date]) -> list[DigestEntry]:
    return [DigestEntry(place, on, "Tea came. It was hot.", LIGHTER) for place, on in enumerate(days)]


def test_the_fullest_year_is_still_a_light_email() -> None:
    every_day = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
    entries = [DigestEntry(on.toordinal(), on, "疲れた、雨、スープ" * 5, WORDS) for on in every_day]
    entries += [DigestEntry(10**6 + on.toordinal(), on, "長い一日でした、" * 37, LIGHTER) for on in every_day]
    steps = [TakenStep("鍵を閉めたら、一息つく。" * 10, on) for on in every_day[::3]]
    made = make_year(2026, entries, "Q?", steps=steps)
    assert made is not None
    assert (len(made.passages), len(made.words), len(made.steps)) == (6, 24, 12)
    keep_out = {passage.entry_id: f"https://x.example/act/{'k' * 78}" for passage in made.passages}
    assert (
        len(emails.year.compose(composer(), made, LINKS, "https://x.example", keep_out_urls=keep_out).html.encode())
        < 30_000
    )


def test_a_discreet_digest_leads_to_its_page_and_tells_nothing() -> None:
    for email in (EVERY["digest_discreet"], EVERY["year_discreet"]):
        assert "You can read it on the web, once you’ve signed in." in email.text
        for told in ("tired", "rest has to be", "Priya", "lilac", "Soup", "May", "wrote", "journal/", "words", "act/"):
            assert told not in email.text
            assert told not in email.html


def test_a_discreet_follow_up_does_not_quote_the_step() -> None:
    for is_discreet in (False, True):
        made = composer(is_discreet=is_discreet)
        email = emails.step_follow_up.compose(made, FOLLOW_UP, "Ring the doctor", LINKS)
        for words in ("The step you chose", "Ring the doctor"):
            assert (words in email.text + email.html) is not is_discreet


def test_a_month_of_few_days_has_no_calendar() -> None:
    def calendars(days: int) -> int:
        entries = [DigestEntry(day, date(2026, 5, day), "Tea.", LIGHTER) for day in range(1, days + 1)]
        made = make_digest(MAY, entries, "Q?")
        assert made is not None
        return len(_page(emails.digest.compose(composer(), made, LINKS, "https://x.example")).css(".month"))

    assert [calendars(days) for days in (1, 3, 4, 31)] == [0, 0, 1, 1]


def test_the_fullest_month_is_still_a_light_email() -> None:
    days = [MAY.replace(day=day) for day in range(1, 32)]
    entries = [DigestEntry(on.day, on, "疲れた、雨、スープ" * 5, WORDS) for on in days]
    entries += [DigestEntry(100 + on.day, on, "長い一日でした、" * 37, LIGHTER) for on in days]
    steps = [TakenStep("鍵を閉めたら、一息つく。" * 10, on) for on in days[:10]]
    made = make_digest(MAY, entries, "Q?", steps=steps)
    assert made is not None
    assert len(made.words) == 31
    assert len(made.passages) == 4
    assert len(emails.digest.compose(composer(), made, LINKS, "https://x.example").html.encode()) < 30_000


def test_december_carries_its_question_into_january() -> None:
    made = make_digest(date(2026, 12, 1), [DigestEntry(1, date(2026, 12, 3), "Tea.", LIGHTER)], "Q?")
    assert made is not None
    email = emails.digest.compose(composer(), made, LINKS, "https://x.example")
    assert email.subject == "Your December, in your own words"
    assert "A question to carry into January" in email.text


def test_without_a_page_to_write_on_there_is_no_link_to_one() -> None:
    for links in (PLACEHOLDERS, replace(LINKS, write_url="")):
        email = emails.prompt.compose(composer(), WORDS, None, links)
        assert "write" not in email.text
        body = _page(email).css_first("body")
        assert body is not None
        assert "write" not in _words(body.text())


def test_a_deep_question_comes_with_its_lighter_twin() -> None:
    assert "Or something lighter" not in EVERY["prompt"].text
    for question in (DEEP.question, LIGHTER.question):
        assert question in EVERY["prompt_with_lighter"].text


def _longest_line(email: OutgoingEmail) -> int:
    return max(len(line.encode()) for part in (email.html, email.text) for line in part.split("\n"))


def _page(email: OutgoingEmail) -> LexborHTMLParser:
    return LexborHTMLParser(email.html)


def _words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("hello@mail.example.org", "Quiet Corner <hello@mail.example.org>"),
        ("Nora <hello@mail.example.org>", "Nora <hello@mail.example.org>"),
    ],
    ids=["the address has no name", "the address has a name of its own"],
)
def test_the_place_names_its_emails(sender: str, expected: str) -> None:
    place = sample_place("Quiet Corner")
    emails = Composer(TEMPLATES, base_url=SITE, sender=sender, postal_address="1 Quiet Lane", place=place)

    email = emails.short_email("command.help", LINKS)

    assert email.sender == expected
    assert email.headers["List-Id"] == "Quiet Corner <questions.mail.example.org>"
    assert "Quiet Corner, 1 Quiet Lane" in email.text
    assert "Quiet Corner, 1 Quiet Lane" in email.html


def test_the_colours_of_the_place_are_those_of_its_emails() -> None:
    place = sample_place()
    blue = replace(place.palette, light=replace(place.palette.light, accent="#2A3F8F"))
    blue = replace(blue, dark=replace(blue.dark, accent="#A9BBFF"))
    emails = Composer(
        TEMPLATES,
        base_url=SITE,
        sender="hello@mail.example.org",
        postal_address="1 Quiet Lane",
        place=replace(place, palette=blue),
    )

    html = emails.short_email("command.help", LINKS).html

    assert "#2A3F8F" in html.upper()
    assert "#A9BBFF" in html.upper()
    assert "#2F5D50" not in html.upper()
