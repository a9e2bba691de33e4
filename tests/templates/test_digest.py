from jinja2 import Environment, FileSystemLoader, StrictUndefined
from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.core.dates import day_and_month, month_name
from service.core.digest import Digest, make_digest
from service.core.returning import DigestEntry
from tests.mail.samples import LIGHTER, LINKS, MAY, SITE, TEMPLATES, TOKEN, composer, digest

PAGE = '{% from "_digest.html" import month_in_words %}<main>{{ month_in_words(digest, photos) }}</main>'


def page(month: Digest, photos: dict[int, list[str]] | None = None) -> LexborHTMLParser:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["csrf_token"] = lambda: "nonce"
    environment.filters.update(day_and_month=day_and_month, month_name=month_name)
    return LexborHTMLParser(environment.from_string(PAGE).render(digest=month, photos=photos or {}))


def test_the_web_copy_says_what_the_email_says() -> None:
    month = digest()
    said = _words(_first(page(month), "main").text())
    email = _words(composer().digest(month, LINKS, f"{SITE}/digest/{TOKEN}").text)
    for words in (month.days_sentence, *month.words, month.question, *(passage.text for passage in month.passages)):
        assert words in said
        assert words in email
    for heading in page(month).css("h1, h2"):
        assert _words(heading.text()) in email


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
    [photo] = page(month, {first.entry_id: ["/photos/1"]}).css("img")
    assert photo.attributes["src"] == "/photos/1"
    assert photo.attributes["alt"] == f"A photo you sent on {day_and_month(first.written_on)}"


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
