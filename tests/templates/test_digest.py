from dataclasses import replace
from datetime import date, timedelta

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.dates import day_and_month, month_name
from service.core.month.digest import Digest, make_digest
from service.core.month.resurfacing import DigestEntry, TakenStep
from service.core.month.thread import Thread
from service.core.month.year import Year, make_year
from service.core.text.light_markdown import line_as_html
from service.flows.outgoing import emails
from service.flows.people.journal.photos.entry_photos import OpenPhoto
from tests.harness.mail.sample_emails import (
    LIGHTER,
    LINKS,
    MAY,
    ODD_WORDS,
    SITE,
    TEMPLATES,
    TOKEN,
    WORDS,
    composer,
    digest,
    year,
)

MONTH = '{% from "_digest.html" import month_in_words %}<main>{{ month_in_words(own, photos) }}</main>'
YEAR = '{% from "_digest.html" import year_in_words %}<main>{{ year_in_words(own, photos) }}</main>'


def page(own: Digest | Year, photos: dict[int, list[OpenPhoto]] | None = None) -> LexborHTMLParser:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["csrf_token"] = lambda: "nonce"
    environment.filters.update(day_and_month=day_and_month, month_name=month_name)
    environment.filters["line_as_html"] = lambda words: Markup(line_as_html(words))
    template = environment.from_string(YEAR if isinstance(own, Year) else MONTH)
    return LexborHTMLParser(template.render(own=own, photos=photos or {}))


def test_the_web_copy_says_what_the_email_says() -> None:
    month = digest()
    said = _words(_first(page(month), "main").text())
    email = _words(emails.digest.compose(composer(), month, LINKS, f"{SITE}/digest/{TOKEN}").text)
    for words in (month.days_sentence, *month.words, month.question, *(passage.text for passage in month.passages)):
        assert words in said
        assert words in email
    for heading in page(month).css("h1, h2"):
        assert _words(heading.text()) in email


def test_the_page_of_a_year_says_what_the_email_says() -> None:
    whole = year()
    said = _words(_first(page(whole), "main").text())
    email = _words(emails.year.compose(composer(), whole, LINKS, f"{SITE}/year/2026").text)
    steps = (f"{step.words} ({day_and_month(step.taken_on)})" for step in whole.steps)
    passages = (passage.text for passage in whole.passages)
    for words in (whole.months_sentence, *whole.words, *steps, *passages, whole.question):
        assert words in said
        assert words in email
    for heading in page(whole).css("h1, h2"):
        assert _words(heading.text()) in email


def test_the_thread_is_named_as_in_the_email() -> None:
    month = digest()
    told = f"“{month.thread.word if month.thread else None}” came back, on the {month.thread_days}."
    assert told in _words(_first(page(month), "main").text())
    assert told in _words(emails.digest.compose(composer(), month, LINKS, f"{SITE}/digest/{TOKEN}").text)
    without = replace(month, thread=None)
    assert "came back" not in _first(page(without), "main").text()
    assert "came back" not in emails.digest.compose(composer(), without, LINKS, f"{SITE}/digest/{TOKEN}").text


@pytest.mark.parametrize("words", ODD_WORDS.values(), ids=ODD_WORDS)
def test_words_of_any_script_stand_whole_and_in_their_own_direction(words: str) -> None:
    asked = [DigestEntry(1, MAY, words, LIGHTER), DigestEntry(2, MAY, " ".join(words.split()[:2])[:40], WORDS)]
    steps = [TakenStep(words, MAY)]
    thread = Thread(words[:40].strip(), (MAY,))
    month = make_digest(MAY, asked, "Q?", steps=steps, thread=thread)
    whole = make_year(2026, asked, "Q?", steps=steps)
    for own in (month, whole):
        assert own is not None
        html = page(own)
        assert _words(_first(html, "blockquote").text()) == _words(own.passages[0].text)
        assert _first(html, "blockquote p").attributes["dir"] == "auto"
        isolated = [_words(each.text()) for each in html.css("bdi")]
        assert isolated[:2] == [_words(own.words[0]), _words(own.steps[0].words)]


@pytest.mark.parametrize("entries", [1, 3, 31, 200])
def test_a_month_or_a_year_of_however_many_entries_is_one_short_page(entries: int) -> None:
    in_may = [DigestEntry(n, MAY + timedelta(days=n % 31), "Tea came.", LIGHTER) for n in range(entries)]
    first = date(2026, 1, 1)
    in_year = [DigestEntry(n, first + timedelta(n * 365 // entries), "Tea came.", LIGHTER) for n in range(entries)]
    for own in (make_digest(MAY, in_may, "Q?"), make_year(2026, in_year, "Q?")):
        assert own is not None
        assert len(page(own).css("figure")) == len(own.passages) in range(1, 7)


@pytest.mark.parametrize(("locale", "lang"), [("en-GB", None), ("de", "de")])
def test_a_question_in_another_language_says_which(locale: str, lang: str | None) -> None:
    asked = [DigestEntry(1, MAY, "Tee.", LIGHTER)]
    month = make_digest(MAY, asked, "Welche Art von müde?", locale=locale)
    whole = make_year(2026, asked, "Welche Art von müde?", locale=locale)
    assert month is not None
    assert whole is not None
    assert Digest.from_json(month.to_json()).locale == Year.from_json(whole.to_json()).locale == locale
    both = (
        emails.digest.compose(composer(), month, LINKS, SITE),
        emails.year.compose(composer(), whole, LINKS, SITE),
    )
    for html in (page(month), page(whole), *(LexborHTMLParser(email.html) for email in both)):
        [question] = [each for each in html.css("p") if "müde" in each.text()]
        assert question.attributes.get("lang") == lang


def test_each_passage_leads_to_its_day_and_can_be_kept_out_by_a_button() -> None:
    month = digest()
    shown = [passage.entry_id for passage in (*month.passages, month.then_and_now) if passage]
    html = page(month)
    assert [form.attributes["action"] for form in html.css("form[method=post]")] == [
        f"/journal/entry/{entry_id}/keep-out" for entry_id in shown
    ]
    assert _first(html, "figcaption a").attributes["href"] == f"/journal/{month.passages[0].written_on}"


def test_photos_stand_with_their_passage_and_are_named() -> None:
    month = digest()
    first = month.passages[0]
    kept = OpenPhoto(1, first.entry_id, 4, 3, "")
    [photo] = page(month, {first.entry_id: [kept]}).css("img")
    assert photo.attributes["src"] == "/journal/photo/1"
    assert photo.attributes["alt"] == f"A photo you sent on {day_and_month(first.written_on)}"
    [described] = page(month, {first.entry_id: [replace(kept, description='Two "beds"')]}).css("img")
    assert described.attributes["alt"] == 'Two "beds"'


def test_what_a_person_wrote_is_never_markup() -> None:
    month = make_digest(MAY, [DigestEntry(1, MAY, "<script>alert(1)</script> Rain.", LIGHTER)], "Q?")
    assert month is not None
    html = page(month)
    assert not html.css("script")
    assert "<script>alert(1)</script> Rain." in _first(html, "blockquote").text()


def _first(html: LexborHTMLParser, selector: str) -> LexborNode:
    node = html.css_first(selector)
    assert node is not None
    return node


def _words(text: str) -> str:
    return " ".join(text.split())
