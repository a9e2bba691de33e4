"""Whatever a post or its title holds, nothing of it runs: in the email, on its page, in the feed and in the preview."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.core.feeds.post_html import clean_post
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_scheduling import Straightaway, schedule
from service.flows.outgoing.letters.letter_test_mail import make_test_mail
from service.models import LetterFormat, LetterState
from tests.core.letters.test_letter_from_html import XSS
from tests.harness.desk import DeskHarness
from tests.harness.website import WebHarness

ATOM = "{http://www.w3.org/2005/Atom}"
TITLE = '</title><script>alert(1)</script>"><img src=x onerror=alert(1)>'
LINKS = """
[a](javascript:alert(1)) [b](<java\tscript:alert(1)>) [c](&#106;avascript:alert(1))
[d](data:text/html;base64,PHNjcmlwdD4=)
<javascript:alert(1)> ![e](javascript:alert(1)) ![f](x" onerror="alert(1)) [g](https://e.org/"onmouseover="alert(1)) [h]

[h]: vbscript:alert(1) "onclick=alert(1)"

`<script>alert(1)</script>` [^1]

[^1]: <svg/onload=alert(1)>
"""
BODIES = {
    LetterFormat.HTML: [f"<p>Calm.</p>{clean_post(body, 'https://blog.example.org/p')}" for body in XSS],
    LetterFormat.MARKDOWN: [LINKS, *XSS[1:]],
}
# Our own pages have a mark, and the desk has frames in which nothing may run.
NEVER = (
    "script, iframe:not([sandbox='']), object, embed, svg:not(.mark), math, base, meta[http-equiv], template, "
    "article form, article style, article iframe"
)
RUNS = re.compile(r"(?:javascript|vbscript|data(?!:image/)):", re.IGNORECASE)


def what_runs(html: str) -> list[str]:
    """Return what would run in a browser: elements, handlers of events, and addresses that are scripts."""
    page = LexborHTMLParser(html)
    found = [str(node.html) for node in page.css(NEVER)]
    for node in page.css("*"):
        for name, value in node.attributes.items():
            address = re.sub(r"[\s\x00-\x1f]", "", value or "")
            if name.startswith("on") or RUNS.match(address):
                found.append(f"{node.tag} {name}={value}")
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("format_", [LetterFormat.HTML, LetterFormat.MARKDOWN])
def test_nothing_runs_wherever_a_letter_is_shown(site: WebHarness, format_: LetterFormat) -> None:
    desk, context, wrong = DeskHarness(site), site.runtime.email_context(), []
    desk.sign_in()
    for body in BODIES[format_]:
        with site.runtime.database.write() as session:
            draft = LetterDraft(title=TITLE, content=body, format=format_)
            letter = make_draft(session, draft, site.clock())
            schedule(session, context, letter.id, Straightaway(), site.clock())
            email = make_test_mail(session, context, letter.id)
            letter.cursor, letter.state = 0, LetterState.SENT
            slug, id_ = letter.slug, letter.id
        pages = (f"/letters/{slug}", f"/desk/letters/{id_}", f"/desk/letters/{id_}/preview.html")
        shown = [email.html, *(site.get(path).text for path in pages)]
        wrong += [found for html in shown for found in what_runs(html)]
        plain = site.get(f"/desk/letters/{id_}/preview.txt")
        assert plain.content_type.startswith("text/plain")
        if format_ == LetterFormat.HTML:  # in Markdown such an address is no link, and stays as words
            wrong += [line for text in (email.text, plain.text) for line in text.splitlines() if RUNS.search(line)]
    for path in ("/letters", "/desk/letters", "/desk"):
        wrong += what_runs(site.get(path).text)
    feed = ET.fromstring(site.get("/letters/feed.xml").text)
    contents = [entry.findtext(f"{ATOM}content") or "" for entry in feed.findall(f"{ATOM}entry")]
    assert len(contents) == len(BODIES[format_])
    wrong += [found for html in contents for found in what_runs(html)]
    assert {element.tag.removeprefix(ATOM) for element in feed.iter()} <= {
        *("feed", "title", "id", "link", "updated", "author", "name", "entry", "published", "content")
    }
    assert wrong == []


def test_what_runs_is_found() -> None:
    """The control of the test above."""
    assert what_runs("<p onclick=x>a</p><script>1</script>") != []
    assert all(what_runs(html) for html in ("<a href='java\nscript:x'>a</a>", "<svg></svg>", "<img src=x onerror=x>"))
    assert what_runs("<p>Calm. <a href='https://e.org'>a</a> <img src='data:image/png;base64,x' alt=''></p>") == []
