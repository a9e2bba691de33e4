import re

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from tests.harness.website import WebHarness

# Words that the voice of the pages does without.
BANNED = re.compile(r"\b(oops|invalid|error|sorry|please|unfortunately|forbidden)\b|!", re.IGNORECASE)


def _words(html: str) -> str:
    main = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"<[^>]+>", " ", main.partition(">")[2])


@pytest.mark.parametrize(
    ("path", "code"),
    [("/nowhere", 404), ("/journal/2026-13", 404), ("/sign-out", 405), ("/confirm/x", 404), ("/sign-in/x", 404)],
)
def test_what_is_not_there_says_so_kindly(site: WebHarness, path: str, code: int) -> None:
    answer = site.get(path)
    assert answer.status_code == code
    assert not BANNED.search(_words(answer.text))


def test_a_wrong_method_names_the_right_ones(site: WebHarness) -> None:
    assert "POST" in site.get("/sign-out").headers["Allow"]


def test_a_fault_of_ours_shows_and_logs_nothing_private(site: WebHarness) -> None:
    @site.app.get("/breaks/<token>")
    def breaks(token: str) -> str:
        raise ValueError(f"private words {token}")

    with structlog.testing.capture_logs() as logs:
        answer = site.get("/breaks/secret-token")
    assert answer.status_code == 500
    assert "It was our software, not you" in answer.text
    assert "private" not in answer.text + repr(logs)
    assert "secret-token" not in repr(logs)
    [failed] = [line for line in logs if line["event"] == "page.failed"]
    assert failed["route"] == "breaks"
    assert failed["error"] == "ValueError"


def test_a_database_that_is_away_is_a_rest(site: WebHarness) -> None:
    @site.app.get("/away")
    def away() -> str:
        raise OperationalError("SELECT", {}, Exception("ana@example.com"))

    with structlog.testing.capture_logs() as logs:
        answer = site.get("/away")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "What’s in your journal is still there" in answer.text
    assert "ana@" not in repr(logs)


def test_the_log_names_routes_and_never_paths(site: WebHarness) -> None:
    site.join()
    link = site.frequency_link()
    with structlog.testing.capture_logs() as logs:
        site.get(f"/rest/{link}?email=ana@example.com")
    [line] = [line for line in logs if line["event"] == "request"]
    assert line["route"] == "frequency.show_rest"
    assert line["status"] == 200
    assert line["ms"] >= 0
    assert link not in repr(logs)
    assert "ana@" not in repr(logs)
