"""What every email keeps to, whichever it is (the acceptance rows for emails)."""

import re
from itertools import pairwise

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.config import ROOT
from service.core.text.lexicon import Lexicon
from service.mail.outbound.mailer import OutgoingEmail
from tests.harness.mail.sample_emails import IN_REPLY_TO, TEMPLATES, THEIR_WORDS, every_email

GOLDEN = ROOT / "tests" / "data" / "emails"
EVERY = every_email()
CONFIRMATIONS = {name for name in EVERY if name.startswith("confirmation")}
NO_WAY_OUT_NEEDED = CONFIRMATIONS | {
    "sign_in",
    "receipt",
    "alias_confirm",
    *("address_confirm", "address_moved", "address_here", "address_erasing", "address_back", "address_lost"),
    "writer_domain_paused",
    "writer_sending_held",
    "writer_letter_paused",
    "writer_letter_not_begun",
    "writer_reader_reply",
    "writer_desk_sign_in",
    "writer_desk_action",
    "writer_feed_drafts",
    "writer_feed_failing",
    "writer_feed_goes",
    "writer_feed_kept_back",
}
STEP_ANSWERS = {"step_chosen", "step_chosen_discreet", "step_taken", "step_not_yet", "step_let_go", "letter_kept"}
ANSWERS = {name for name in EVERY if name.startswith(("could_not_keep", "command", "receipt"))} | STEP_ANSWERS

WORDING = Lexicon.parse((TEMPLATES / "prompts" / "words.toml").read_text(encoding="utf-8"))

each_email = pytest.mark.parametrize("name", EVERY)


@each_email
@pytest.mark.parametrize("part", ["html", "txt"])
def test_an_email_is_word_for_word_its_golden_file(name: str, part: str) -> None:
    email, golden = EVERY[name], GOLDEN / f"{name}.{part}"
    composed = email.html if part == "html" else f"Subject: {email.subject}\n\n{email.text}"
    if not golden.exists():
        golden.write_text(composed, encoding="utf-8")
        pytest.fail(f"{golden.name} was not there and is written now: look at it, then keep it")
    assert composed == golden.read_text(encoding="utf-8")


def test_no_golden_file_outlives_its_email() -> None:
    assert {path.stem for path in GOLDEN.glob("*.html")} == EVERY.keys()


@each_email
def test_the_text_part_has_every_sentence_of_the_html(name: str) -> None:
    text = _words(re.sub(r"\S*(?:://|%recipient)\S*", " ", EVERY[name].text))
    missing = [sentence for sentence in _sentences(EVERY[name].html) if sentence not in text]
    assert missing == []


@each_email
def test_both_parts_have_the_same_links(name: str) -> None:
    in_html = {link.attributes["href"] for link in _page(EVERY[name]).css("a")}
    in_text = set(re.findall(r"^(?:https://\S+|%recipient\S+%)$", EVERY[name].text, re.MULTILINE))
    assert in_html == in_text


@each_email
def test_an_email_is_light_and_fetches_nothing(name: str) -> None:
    html = EVERY[name].html
    assert len(html.encode()) < 30_000
    assert sum(len(style.text()) for style in _page(EVERY[name]).css("style")) < 16_000
    assert not _page(EVERY[name]).css("img, link, script, iframe, object, [background], [src]")
    assert "url(" not in html
    assert "@import" not in html


@each_email
def test_no_line_is_longer_than_mail_allows(name: str) -> None:
    for part in (EVERY[name].html, EVERY[name].text):
        assert max(len(line.encode()) for line in part.split("\n")) <= 998


@each_email
def test_layout_tables_say_that_they_are_no_tables(name: str) -> None:
    page = _page(EVERY[name])
    assert all(table.attributes.get("role") == "presentation" for table in page.css("table"))
    wrapper = page.css_first("body > div")
    assert wrapper is not None
    assert (wrapper.attributes["lang"], wrapper.attributes["dir"]) == ("en-GB", "ltr")


@each_email
def test_dark_mode_outlives_the_inliner_and_nothing_else_is_left_to_inline(name: str) -> None:
    (kept,) = _page(EVERY[name]).css("style")
    assert "prefers-color-scheme:dark" in kept.text()
    heading = _page(EVERY[name]).css_first("h1")
    assert heading is not None
    assert "font-size:26px" in (heading.attributes["style"] or "")


@each_email
def test_every_colour_that_is_inlined_on_words_has_its_dark_twin(name: str) -> None:
    (kept,) = _page(EVERY[name]).css("style")
    dark = kept.text()
    for node in _page(EVERY[name]).css("p, h1, h2, li, a, td[class]"):
        if "color:" in (node.attributes.get("style") or ""):
            classes = (node.attributes.get("class") or "").split()
            assert node.tag is not None
            names = [f".{each}" for each in classes if each not in {"pad", "around"}] + [node.tag]
            assert any(each in dark for each in names), node.html


@each_email
def test_a_subject_is_short_and_plain(name: str) -> None:
    subject = EVERY[name].subject
    assert len(subject) <= 45
    assert len(subject.split()) in range(2, 7)
    assert subject.isprintable()
    assert subject[0].isupper()
    assert not re.search(r"[!\d]", subject.replace("(14:05)", "").replace("Your 2026,", ""))


@each_email
def test_the_first_visible_line_is_the_preview(name: str) -> None:
    body = _page(EVERY[name]).css_first("body")
    heading = _page(EVERY[name]).css_first("h1")
    assert body is not None
    assert heading is not None
    assert _words(body.text()).startswith(_words(heading.text()))
    assert _words(EVERY[name].text).startswith(_words(heading.text()))


@each_email
def test_help_and_a_postal_address_stand_in_every_footer(name: str) -> None:
    assert "Nobody reads replies as they arrive." in EVERY[name].text
    assert "https://findahelpline.com/" in EVERY[name].text
    assert "https://steps.example.org/help-now" in EVERY[name].text
    assert "4 Orchard Row, Leeds LS1 4AB, United Kingdom" in EVERY[name].text


@each_email
def test_a_way_to_stop_stands_in_the_headers_of_what_was_subscribed_to(name: str) -> None:
    headers = EVERY[name].headers
    if name.removesuffix("_discreet") in NO_WAY_OUT_NEEDED:
        assert "List-Unsubscribe" not in headers
        assert "List-Unsubscribe-Post" not in headers
    else:
        assert re.fullmatch(r"<[^<>]+>, <mailto:[^<>]+\?subject=stop>", headers["List-Unsubscribe"])
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@each_email
def test_an_email_says_that_software_sent_it(name: str) -> None:
    headers = EVERY[name].headers
    if name == "letter":  # a person wrote it, and it belongs to a list of its own
        assert "<letters.mail.example.org>" in headers["List-Id"]
        assert "Auto-Submitted" not in headers
        return
    list_name = "Notes by email" if name.endswith("_discreet") else "Small Steps"
    assert headers["List-Id"] == f"{list_name} <questions.mail.example.org>"
    assert headers["Auto-Submitted"] == ("auto-replied" if name in ANSWERS else "auto-generated")
    assert headers.get("In-Reply-To") == headers.get("References") == (IN_REPLY_TO if name in ANSWERS else None)


@each_email
def test_no_email_presses_scores_or_speaks_as_a_person(name: str) -> None:
    ours = _words(f"{EVERY[name].subject}\n{EVERY[name].text}")
    for theirs in (*THEIR_WORDS, "Don’t show me this again"):
        ours = ours.replace(theirs, " ")
    assert list(WORDING.refused_in(ours, "en-GB")) == []


def test_headings_come_in_order_and_first_of_all_the_largest() -> None:
    for email in EVERY.values():
        levels = [int(node.tag[1]) for node in _page(email).css("h1, h2, h3") if node.tag]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def _page(email: OutgoingEmail) -> LexborHTMLParser:
    return LexborHTMLParser(email.html)


def _words(text: str) -> str:
    return " ".join(text.split())


def _sentences(html: str) -> list[str]:
    """Return what a reader sees; the calendar repeats the sentence above it and is not read out."""
    page = LexborHTMLParser(html)
    for node in page.css("[aria-hidden]"):
        node.decompose()
    lines = [line for block in page.css("h1, h2, p, li, .press") for line in block.text().split("\n")]
    return [sentence for line in lines for sentence in re.split(r"(?<=[.?!])\s+", _words(line)) if sentence]
