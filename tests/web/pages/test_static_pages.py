import re
from html import unescape

import pytest

from tests.harness.website import WebHarness


def test_help_is_there_without_a_sign_in_with_the_directory_first(site: WebHarness) -> None:
    text = site.get("/help-now").text
    assert text.index("findahelpline.com") < text.index("Samaritans")
    assert 'href="tel:116123"' in text


def test_the_number_of_somebody_s_own_country_comes_first_and_once(site: WebHarness) -> None:
    site.join()
    with site.runtime.database.write() as session:
        session.merge(site.person()).help_country = "AU"
    text = site.get("/help-now").text
    assert text.index("13 11 14") < text.index("findahelpline.com") < text.index("116 123")
    assert text.count('href="tel:131114"') == 1
    assert "near" not in site.another_browser().get("/help-now").text.partition("<main")[2]


@pytest.mark.parametrize(
    ("zone", "number"), [("Europe/Paris", "3114"), ("America/Toronto", "9-8-8"), ("Etc/UTC", ""), ("Asia/Tokyo", "")]
)
def test_without_a_country_that_of_the_time_zone_comes_first(site: WebHarness, zone: str, number: str) -> None:
    site.join()
    with site.runtime.database.write() as session:
        session.merge(site.person()).time_zone = zone
    near = site.get("/help-now").text.partition("findahelpline.com")[0]
    assert re.findall(r'class="number"[^>]*>([^<]+)<', near) == ([number] if number else [])


def test_a_number_that_is_its_own_name_is_said_once(site: WebHarness) -> None:
    text = site.get("/help-now").text
    assert ">3114</a>" in text
    assert "3114 ·" not in text
    assert "3114:" not in text


def test_a_browser_finds_an_icon_and_may_show_it(site: WebHarness) -> None:
    assert '<link rel="icon" href="/favicon.svg"' in site.get("/").text
    for path in ("/favicon.svg", "/favicon.ico"):
        icon = site.get(path)
        assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")
        assert icon.text.startswith("<svg ")
        assert icon.headers["Cache-Control"] == "public, max-age=604800"


def test_search_engines_read_what_anybody_may_and_nothing_else(site: WebHarness) -> None:
    answer = site.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    lines = answer.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Disallow: /"
    allowed = [line.removeprefix("Allow: ").removesuffix("$") for line in lines[1:-1]]
    assert all(site.get(path).status_code == 200 for path in allowed)
    assert not any(path.startswith(("/journal", "/act", "/settings", "/unsubscribe")) for path in allowed)


def test_lines_that_nobody_checked_say_so(site: WebHarness) -> None:
    assert ">unchecked<" in site.get("/help-now").text


def test_privacy_says_whom_to_ask(site: WebHarness) -> None:
    text = site.get("/privacy").text
    assert "hello@mail.example.org" in text
    assert "1 Quiet Lane, Smalltown" in text


def test_privacy_says_what_discreet_mode_does_in_the_words_that_emails_have(site: WebHarness) -> None:
    text = site.get("/privacy").text
    words = site.runtime.composer.discreet_words
    assert "“Be discreet”" in text
    assert f"every email comes from “{words.name}”" in text
    assert words.subjects[0] in text


def test_about_lists_everything_that_can_be_replied_as_the_answer_to_help_does(site: WebHarness) -> None:
    text = unescape(site.get("/about").text)
    answer = site.runtime.composer.short_email("command.help", None)
    listed = [line for line in answer.text.split("\n\n") if "“" in line and ":" in line]
    assert len(listed) > 5
    for line in listed:
        assert f"<li>{' '.join(line.split())}</li>" in text
    assert "If you reply “help”" in text or "if you reply “help”" in text


def test_about_says_what_this_is_not(site: WebHarness) -> None:
    assert "It isn’t therapy" in site.get("/about").text


def test_pages_without_a_form_set_no_cookie(site: WebHarness) -> None:
    for path in ("/help-now", "/privacy", "/about", "/sent"):
        assert "Set-Cookie" not in site.get(path).headers
