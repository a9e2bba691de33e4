"""A letter as HTML and as text: every sentence and link in both, nothing that runs, and nothing dropped."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from service.core.letters.blocks import Embed, LetterBody, Paragraph, Words
from service.core.letters.letter_html import HtmlTarget, ShownPicture, without_placeholders, write_html
from service.core.letters.letter_markdown import read_markdown
from service.core.letters.letter_text import write_text

PAGE = "https://steps.example.org/letters/ice"
POST = """\
# Ice

The pond froze[^1] on *Sunday* — see [the photos](https://blog.example.org/p?a=1&b=2), or
[write](mailto:me@example.org).

![Two herons](herons.jpg) and words after it

- A flask
- Bread

  with butter

> Somebody said: **hold**.

~~~
if ice > 4:
    skate()    # two   spaces
~~~

| A | B | C | D | E |
|---|---|---|---|---|
| 1 | 2 | 3 | 4 | 5 |

| Day | Ice |
|---|---|
| Sunday | 4 cm |

[^1]: Or on Saturday.
"""
XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    '[x](https://e.org/"onmouseover="alert(1))',
    "![x](javascript:alert(1))",
    '![" onerror="alert(1)](x.jpg)',
    "<a href='javascript:alert(1)'>x</a>",
    "`<script>alert(1)</script>`",
    "```\n<script>alert(1)</script>\n```",
    "<https://e.org/<script>>",
    '| <script> |\n|---|\n| <iframe src="//e.org"> |',
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "[x][y]\n\n[y]: javascript:alert(1)",
]


def html_of(text: str, *, is_page: bool = False, pictures: dict[str, ShownPicture] | None = None) -> str:
    return "\n".join(write_html(read_markdown(text), HtmlTarget(pictures or {}, PAGE, is_page=is_page)))


def test_every_kind_of_block_stands_in_the_text_part() -> None:
    assert write_text(read_markdown(POST), PAGE) == (
        "Ice\n\n"
        "The pond froze[1] on Sunday — see the photos\n"
        "(https://blog.example.org/p?a=1&b=2), or write (mailto:me@example.org).\n\n"
        f"Picture: Two herons, on the page\n{PAGE}\n\n"
        "and words after it\n\n"
        "- A flask\n\n- Bread\n\n  with butter\n\n"
        "> Somebody said: hold.\n\n"
        "    if ice > 4:\n        skate()    # two   spaces\n\n"
        "A: 1\nB: 2\nC: 3\nD: 4\nE: 5\n\n"
        "Day: Sunday\nIce: 4 cm\n\n"
        "Notes\n\n[1] Or on Saturday.\n"
    )


def test_the_html_of_an_email_shows_what_fits_and_names_what_does_not() -> None:
    html = html_of(POST, pictures={"herons.jpg": ShownPicture("cid:picture1.jpg", 992, 400)})
    assert '<img class="shown" src="cid:picture1.jpg" alt="Two herons" width="496" height="200">' in html
    assert "<h2>Ice</h2>" in html
    assert "froze<sup>1</sup>" in html
    assert '<a href="https://blog.example.org/p?a=1&amp;b=2">the photos</a>' in html
    assert html.count("<table") == 1  # the one of two columns; that of five is a list for each row
    assert "<strong>E</strong>: 5" in html
    assert "Picture: Two herons, <a" in html_of(POST)


def test_footnotes_are_linked_on_the_page_alone_and_no_id_stands_twice() -> None:
    page = html_of("a[^1] b[^1] c[^2]\n\n[^1]: one\n[^2]: two", is_page=True)
    ids = re.findall(r'id="([^"]+)"', page)
    assert sorted(ids) == ["mark-1", "mark-2", "note-1", "note-2"]
    assert 'href="#note-1"' in page
    assert "href" not in html_of("a[^1]\n\n[^1]: one")


def test_the_mark_of_a_footnote_stands_in_no_link() -> None:
    page = html_of("[words^[one] of it](https://e.org)", is_page=True)
    assert re.match(
        r'<p><a href="https://e.org">words</a><sup><a .*</a></sup><a href="https://e.org"> of it</a></p>', page
    )


@pytest.mark.parametrize(("written", "alt"), [("![](p.jpg)", ""), ("[![](p.jpg)](https://e.org)", "Picture")])
def test_a_picture_that_is_a_link_has_a_name(written: str, alt: str) -> None:
    assert f'alt="{alt}"' in html_of(written, pictures={"p.jpg": ShownPicture("cid:picture1.jpg", 640, 480)})


@pytest.mark.parametrize("text", XSS)
@pytest.mark.parametrize("is_page", [True, False], ids=["page", "email"])
def test_nothing_in_a_letter_runs(text: str, is_page: bool) -> None:
    tree = LexborHTMLParser(html_of(text, is_page=is_page))
    assert not tree.css("script, iframe, object, embed, svg, style, form, base, meta")
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on")
            assert not re.match(r"\s*(?:javascript|data|vbscript):", value or "", re.IGNORECASE)


def test_a_video_a_form_and_a_frame_become_a_link_and_never_nothing() -> None:
    body = LetterBody((Embed("Video", "A walk", "https://tube.example.org/1"), Embed("Form", "", "https://e.org/f")))
    assert write_text(body) == (
        "Video: A walk, at tube.example.org\nhttps://tube.example.org/1\n\nForm, at e.org\nhttps://e.org/f\n"
    )
    assert 'href="https://tube.example.org/1">Video: A walk, at tube.example.org</a>' in "".join(
        write_html(body, HtmlTarget())
    )


@pytest.mark.parametrize(
    "written",
    [
        "%recipient.name%",
        "%Recipient.x%",
        "%unsubscribe_url%",
        "%tag_unsubscribe_email%",
        "%mailing_list_unsubscribe_url%",
    ],
)
def test_a_placeholder_of_the_provider_is_text(written: str) -> None:
    body = LetterBody((Paragraph((Words(f"Write {written} here"),)),))
    for made in (write_text(body), unescape("".join(write_html(body, HtmlTarget())))):
        assert written not in made
        assert "%\u2060" in made
    assert without_placeholders("100% of 5%") == "100% of 5%"
    link = "https://blog.example.org/how%20to%20unsubscribe%20at%20once"
    assert f'href="{link}"' in html_of(f"[Leaving]({link})")


def test_faults_name_links_that_lead_nowhere_and_pictures_without_words() -> None:
    faults = read_markdown("[a](/about) [b](#c) [](https://e.org) ![](p.jpg) <div>x</div>").faults
    assert len(faults) == 5
    assert "“/about”" in faults[0]
    assert "within a line" in read_markdown("| a |\n|---|\n| ![A heron](p.jpg) |").faults[0]


@given(st.text(alphabet=st.sampled_from(list("ab *_`[]()!<>#-|\n\\&\"'1.:~^%")), max_size=120))
@examples(max_examples=150)
def test_whatever_is_written_can_be_read_and_stays_balanced(text: str) -> None:
    html, plain_text = html_of(text), write_text(read_markdown(text), PAGE)
    assert not LexborHTMLParser(html).css("script")
    assert re.sub(r"\s", "", text) == "" or plain_text.strip() or not re.search(r"[ab]", plain_text)


def test_marks_of_footnotes_side_by_side_are_no_longer_number() -> None:
    assert "froze<sup>1</sup><sup>, </sup><sup>2</sup>" in html_of("froze^[a]^[b]")


@pytest.mark.parametrize("line", ["x = " + "value " * 60, "x" * 300, "x = 1  # one"])
def test_long_code_lines_stay_whole_when_copied(line: str) -> None:
    html = html_of(f"```\n{line}\n```")
    assert unescape(re.sub(r"<[^>]*>", "", html)).strip("\n") == line.rstrip("\n")
    assert max(len(run) for run in re.split(r"<[^>]*>", html)) < 160
    assert (" " in line.strip()) is not ("x<wbr>" in html)  # a word is broken only if it is too long
    assert f"    {line.rstrip()}\n" in write_text(read_markdown(f"```\n{line}\n```"))


def test_footnotes_in_footnotes_do_not_explode() -> None:
    notes = "".join(f"[^{number}]: " + f"[^{number + 1}] " * 50 + "\n" for number in range(1, 200))
    text = "[^1]\n\n" + notes
    assert len(html_of(text)) < 1_000_000
