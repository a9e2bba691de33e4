from tests.harness.website import WebHarness


def test_help_is_there_without_a_sign_in_with_the_directory_first(site: WebHarness) -> None:
    text = site.get("/help-now").text
    assert text.index("findahelpline.com") < text.index("Samaritans")
    assert 'href="tel:116123"' in text


def test_lines_that_nobody_checked_say_so(site: WebHarness) -> None:
    assert "(unchecked)" in site.get("/help-now").text


def test_privacy_says_whom_to_ask(site: WebHarness) -> None:
    text = site.get("/privacy").text
    assert "hello@mail.example.org" in text
    assert "1 Quiet Lane, Smalltown" in text


def test_about_says_what_this_is_not(site: WebHarness) -> None:
    assert "It isn’t therapy" in site.get("/about").text


def test_pages_without_a_form_set_no_cookie(site: WebHarness) -> None:
    for path in ("/help-now", "/privacy", "/about", "/sent"):
        assert "Set-Cookie" not in site.get(path).headers
