import re
from datetime import date

from service.core.replies.values import TrimmedPiece
from service.flows.people.journal import journal
from tests.harness.website import WebHarness

LINK = re.compile(r'(?:href|action)="(/[^"]*|#[^"]*)"')
START = ("/", "/sign-in", "/sent", "/journal", "/welcome", "/help-now", "/nowhere")


def test_every_link_and_every_form_leads_to_a_page(site: WebHarness) -> None:
    """Walk from page to page as a person would, to the last one."""
    site.join()
    with site.runtime.database.write() as session:
        journal.add_entry(
            session,
            site.runtime.keyring,
            session.merge(site.person()),
            journal.NewEntry(
                words="hello #bus",
                written_on=date(2026, 4, 9),
                source="mail",
                trimmed=(TrimmedPiece("footer", "-- ", 1),),
            ),
            site.clock(),
        )
    stranger = site.another_browser()
    seen, waiting = set(START), list(START)
    while waiting:
        path = waiting.pop()
        page = (stranger if path == "/" else site).get(path)  # it leads a signed-in person home
        assert page.status_code < 400 or path == "/nowhere" or _takes_only_posts(page.headers.get("Allow", "")), path
        for link in LINK.findall(page.text):
            if link.startswith("#"):
                assert f'id="{link[1:]}"' in page.text, (path, link)
            elif link not in seen:
                seen.add(link)
                waiting.append(link)
    assert any(path.endswith("/everything") for path in seen)
    assert any(path.startswith("/journal/tags/") for path in seen)
    assert any(path.startswith("/unsubscribe/") for path in seen)


def _takes_only_posts(allowed: str) -> bool:
    return "POST" in allowed and "GET" not in allowed
