"""A letter in HTML, as feeds of blogs have it: every sentence and link is kept, and nothing that runs or loads."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from service.core.letters.blocks import Embed, Heading, Paragraph, PictureBlock, Words
from service.core.letters.letter_from_html import read_html
from service.core.letters.letter_html import HtmlTarget, write_html
from service.core.letters.letter_text import write_text
from service.core.letters.safe_html import clean_html

POST = """<h3>Ice</h3><p>The <a href="https://x.org/a"><b>pond</b></a> froze<sup id="fnref:1"><a href="#fn:1">1</a></sup>
over 4 m<sup>2</sup>.<br><br>A second <a href="#ice">thought</a>.</p>
<figure><a href="https://x.org/big.jpg"><img src="https://x.org/p.jpg" alt="Two herons"></a>
<figcaption>On <i>Sunday</i></figcaption></figure>
<ul><li>A flask</li><li><p>Bread</p><p>with butter</p></li></ul>
<blockquote><p>Somebody said: hold.</p></blockquote>
<table><tr><th>Day</th><th>Ice</th></tr><tr><td>Sunday</td><td><p>4 cm</p></td></tr></table>
<pre><code>if ice > 4:
    skate()</code></pre>
<iframe src="https://www.youtube.com/embed/1" title="A walk"></iframe>
<form action="https://f.example.org/x"><input name="q"></form>
<a href="https://card.example.org"><div><h4>A card</h4><p>with words</p></div></a>
<div class="footnotes" role="doc-endnotes"><hr><ol><li id="fn:1"><p>Or on Saturday. <a href="#fnref:1">↩</a></p></li></ol></div>
"""  # noqa: E501
XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<math><mi xlink:href='data:x,<script>alert(1)</script>'>x</mi></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' &#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='https://e.org/\"onmouseover=\"alert(1)'>x</a>",
    '<img src="javascript:alert(1)" alt=\'"onerror="alert(1)\'>',
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style><!--</style><img src=x onerror=alert(1)>-->",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<p style='background:url(//e.org/x)'>x</p><link rel=stylesheet href=//e.org>",
    "<pre><script>alert(1)</script></pre><code>&lt;script&gt;alert(1)&lt;/script&gt;</code>",
    "<template><script>alert(1)</script></template><base href='//e.org'>",
]


def test_every_kind_of_element_stands_in_the_text_part() -> None:
    body = read_html(POST)
    assert write_text(body, "") == (
        "Ice\n\nThe pond (https://x.org/a) froze[1] over 4 m².\n\nA second thought.\n\n"
        "Picture: Two herons\nhttps://x.org/p.jpg\nhttps://x.org/big.jpg\n\nOn Sunday\n\n"
        "- A flask\n\n- Bread\n\n  with butter\n\n> Somebody said: hold.\n\nDay: Sunday\nIce: 4 cm\n\n"
        "    if ice > 4:\n        skate()\n\n"
        "Video: A walk, at www.youtube.com\nhttps://www.youtube.com/embed/1\n\n"
        "Form, at f.example.org\nhttps://f.example.org/x\n\n"
        "A card (https://card.example.org)\n\nwith words (https://card.example.org)\n\n"
        "Notes\n\n[1] Or on Saturday.\n"
    )
    assert body.faults == ()


@pytest.mark.parametrize("html", XSS)
@pytest.mark.parametrize("is_page", [False, True], ids=["email", "page"])
def test_nothing_in_html_runs_or_loads(html: str, is_page: bool) -> None:
    written = "\n".join(write_html(read_html(html), HtmlTarget({}, "https://steps.example.org/l", is_page=is_page)))
    assert not re.search(r"<(script|svg|img|iframe|object|form|style|link|base|math)\b", written)
    tags = re.findall(r"<[^>]*>", written)
    assert not [tag for tag in tags if re.search(r"javascript:|data:|\son\w+=|style=", re.sub(r'"[^"]*"', "", tag))]
    assert not re.search(r'href="(?!https://|mailto:|#)', written)


def test_only_a_link_to_a_note_becomes_its_mark() -> None:
    post = '<p>One<a href="#n1">*</a> <a href="#top">up</a></p><ol class="footnotes"><li id="n1">A note.</li></ol>'
    assert write_text(read_html(post), "") == "One[1] up\n\nNotes\n\n[1] A note.\n"


def test_a_line_from_right_to_left_says_so_in_each_kind_of_block() -> None:
    post = "<h2>שלום</h2><p>(האגם) קפא.</p><ul><li>פריט<li>an item</ul><table><tr><td>א<td>b</table><p>Ana אמרה</p>"
    html = "\n".join(write_html(read_html(post), HtmlTarget()))
    assert re.findall(r"<(\w+)[^>]* dir=\"rtl\">", html) == ["h2", "p", "span", "td"]


def test_a_table_that_only_arranges_gives_its_blocks() -> None:
    blocks = read_html('<table><tr><td><img src="https://x.org/p.jpg" alt="p"></td><td>Words</td></tr></table>').blocks
    assert isinstance(blocks[0], PictureBlock)
    headed = "<table><tr><th><img src='https://x.org/p.jpg' alt='p'></th><th>Words</th></tr></table>"
    assert isinstance(read_html(headed).blocks[0], PictureBlock)
    assert write_text(read_html("<table><tr><td>Alone</td></tr></table>"), "") == "Alone\n"


def test_what_cannot_be_seen_is_no_heading_link_or_paragraph() -> None:
    post = '<h2>\u200b</h2><pre> </pre><p>\ufeff</p><p>One<a href="https://x.org/">\u200b</a></p>'
    assert read_html(post).blocks == (Paragraph((Words("One"),)),)


def test_words_and_links_in_a_list_outside_its_items_are_kept() -> None:
    post = '<ul>Take:<li>a flask</li><ul><li>tea</li></ul><a href="https://x.org/"> more</a></ul>'
    assert write_text(read_html(post), "") == "- Take:\n- a flask\n- - tea\n- more (https://x.org/)\n"


def test_rows_without_words_are_left_out_and_so_is_a_table_of_nothing_else() -> None:
    row = "<tr><td> </td><td></td></tr>"
    assert read_html(f"<table>{row}</table>").blocks == ()
    assert write_text(read_html(f"<table><tr><td>a</td><td>b</td></tr>{row}</table>"), "") == "a\nb\n"


def test_no_heading_stands_more_than_one_level_below_the_one_before_it() -> None:
    body = read_html("<h4>a</h4><h2>b</h2><h5>c</h5>")
    assert [block.level for block in body.blocks if isinstance(block, Heading)] == [2, 2, 3]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<ul><li>A card</li></ul>", "- A card (https://x.org/1)\n"),
        ("<blockquote>A card</blockquote>", "> A card (https://x.org/1)\n"),
        (
            "<table><tr><td>A</td><td><a href='https://x.org/2'>card</a></td></tr></table>",
            "A (https://x.org/1)\ncard (https://x.org/2)\n",
        ),
        (
            "<table><tr><td>A <a href='https://x.org/2'>card</a></td></tr></table>",
            "A (https://x.org/1) card (https://x.org/2)\n",
        ),
        (
            "<table><tr><td>A</td><td>card<a href='#n'>1</a></td></tr></table><ol class=footnotes><li id=n>Note</ol>",
            "A (https://x.org/1)\ncard (https://x.org/1)[1]\n\nNotes\n\n[1] Note\n",
        ),
    ],
    ids=["list", "quotation", "table", "link", "footnote"],
)
def test_all_in_a_link_leads_there_and_no_link_holds_another(inner: str, text: str) -> None:
    body = read_html(f'<a href="https://x.org/1">{inner}</a>')
    assert write_text(body, "") == text
    for is_page in (True, False):
        html = "".join(write_html(body, HtmlTarget(is_page=is_page)))
        assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<a ", html)


def test_what_no_email_can_show_is_a_link_with_its_address() -> None:
    (embed,) = read_html('<video><source src="https://x.org/v.mp4"></video>').blocks
    assert embed == Embed("Video", "", "https://x.org/v.mp4")
    assert read_html("<audio></audio>").faults


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li", "table><tr><td"])
def test_html_of_any_depth_keeps_its_words(tag: str) -> None:
    body = read_html(f"<{tag}>" * 20_000 + "at the bottom")
    assert "at the bottom" in write_text(body, "")
    assert "at the bottom" in "".join(write_html(body, HtmlTarget()))


@given(st.text(alphabet="<>/abipulodv &;\"'=#x!-\n", max_size=300))
@examples(max_examples=60, deadline=None)
def test_any_text_is_read_and_cleaning_again_changes_nothing(html: str) -> None:
    once = clean_html(html)
    assert clean_html(once) == once
    write_text(read_html(html), "")
