"""What a person meant by the form of the words survives as light Markdown."""

from __future__ import annotations

import pytest

from tests.harness.mail.reply_examples import read

LONG = "I wrote a long line that goes on and on until the mail program breaks it off"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("<div>One.</div><div><br></div><div>Two.</div>", "One.\n\nTwo."),
        ("<div>verse<br>verse</div>", "verse\nverse"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol><li>one<li>two</ol>", "1. one\n2. two"),
        ("<ol start='4'><li>four<li>five</ol>", "4. four\n5. five"),
        ("<ol><li value='7'>seven<li>eight</ol>", "7. seven\n8. eight"),
        ("<ol start='x'><li value='-'>one</ol>", "1. one"),
        ("I <s>hate</s> love it, <del>no</del> <strike>yes</strike>.", "I ~~hate~~ love it, ~~no~~ ~~yes~~."),
        ("<b>so <s>not</s></b> so", "**so ~~not~~** so"),
        ("I am <b>very </b><i>tired</i>.", "I am **very** *tired*."),
        ("<b> </b>plain<strong></strong>", "plain"),
        ("<b>over<br>lines</b>", "**over**\n**lines**"),
        ("Read <a href='https://x.example/a'>this</a>.", "Read [this](https://x.example/a)."),
        ("<a href='https://x.example/'>x.example</a>", "x.example"),
        ("<a href='javascript:alert(1)'>this</a>", "this"),
        ("<blockquote style='margin:0 0 0 40px'>Worry is a chair.</blockquote>", "> Worry is a chair."),
        ("<pre>for x in y:\n    print(x)</pre>", "for x in y:\n    print(x)"),
        ("a<hr>b", "a\n---\nb"),
        ("2 &lt; 4 &amp; so", "2 < 4 & so"),
        ("so good <img alt='🎉' src='x'><img alt='photo' src='y'>", "so good 🎉"),
        ("<p style='margin:0'>One.</p><p style='margin:0'>Two.</p>", "One.\nTwo."),
        ("from jane <jane@x.example> to me", "from jane <jane@x.example> to me"),
    ],
)
def test_html_becomes_light_markdown(html: str, text: str) -> None:
    assert read(None, html).text == text


def test_marks_that_the_reader_added_are_not_in_the_bare_words() -> None:
    found = read(None, "<b>very</b> <a href='https://x.example/a'>this</a>")
    assert (found.text, found.bare) == ("**very** [this](https://x.example/a)", "very this")


def test_lines_that_were_broken_to_fit_are_joined() -> None:
    assert read(f"{LONG}\nright here and then\n\n{LONG}\nagain.").text == f"{LONG} right here and then\n\n{LONG} again."


@pytest.mark.parametrize("line", ["- an item", "2. an item", "> a quotation", "    indented code", "* an item"])
def test_what_begins_a_line_of_its_own_is_not_joined(line: str) -> None:
    assert read(f"{LONG}\n{line}").text == f"{LONG}\n{line}"


def test_verse_is_not_joined() -> None:
    verse = "Roses are red,\nviolets are blue,\nI slept\nall the same."
    assert read(verse).text == verse
    assert read(f"{LONG}\nhere.\n\n{verse}").text == f"{LONG} here.\n\n{verse}"


def test_an_item_that_was_broken_is_joined() -> None:
    assert read(f"- {LONG}\nhere\n- b").text == f"- {LONG} here\n- b"


VERSE = """And so the night went by and by, and nobody had slept,
And all the lamps along the road were lit before we left,
And still the river under us kept on, and on, and kept
Whatever we had promised it, and what we never said."""


def test_verse_with_long_lines_is_not_joined() -> None:
    uneven = VERSE.replace("And all", "and all").replace(
        "and all the lamps along the road were lit ", "and all the lamps "
    )
    for verse in (VERSE, uneven):
        assert read(f"{LONG}\nhere.\n\n{verse}").text == f"{LONG} here.\n\n{verse}"


def test_a_greeting_above_wrapped_prose_stays_on_its_line() -> None:
    assert read(f"Dear you,\n{LONG}\nright here.").text == f"Dear you,\n{LONG} right here."


SIGNED = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

The grey one.
- -- three dashes --

- -----BEGIN not armour
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCgAdFiEE7YI1Jq0gV0QKkq7G1xO9vN3w4nUFAmcx
=Xw0a
-----END PGP SIGNATURE-----"""
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBGcxAAAB\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----"


def test_the_armour_of_a_signed_text_goes() -> None:
    said = "The grey one.\n-- three dashes --\n\n-----BEGIN not armour"
    assert read(SIGNED).text == said
    assert read(f"{SIGNED}\n\n{KEY}").text == said
    assert read(SIGNED.replace("-----END PGP SIGNATURE-----", "\nAnd so to bed.")).text == f"{said}\n\nAnd so to bed."


def test_an_encrypted_text_stays() -> None:
    secret = "-----BEGIN PGP MESSAGE-----\n\nhQIMA0ZJ\n=abcd\n-----END PGP MESSAGE-----"
    assert read(secret).text == secret
