"""Parts in their order, each once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.mail.raw_mime import alternative, container, page, part, picture, text
from tests.harness.mail.reply_examples import words_in

ONE, TWO, THREE = "Above the picture.", "Below it, more.", "At the very end."
FOOTER = "_______________________________________________\nsteps mailing list\nsteps@lists.example.net"


IN_ORDER = {
    "HTML, picture, text": container("mixed", page(ONE), picture(), text(TWO)),
    "text, picture, HTML": container("mixed", text(ONE), picture(), page(TWO)),
    "text, picture, text": container("mixed", text(ONE), picture(), text(TWO)),
    "HTML, picture, HTML": container("mixed", page(ONE), picture(), page(TWO)),
    "alternative, picture, HTML": container("mixed", alternative(ONE), picture(), page(TWO)),
    "alternative, picture, text": container("mixed", alternative(ONE), picture(), text(TWO)),
    "two alternatives": container("mixed", alternative(ONE, "x"), picture(), alternative(TWO, "y")),
    "text before an alternative": container("mixed", text(ONE), alternative(TWO)),
    "text, or HTML around a picture": container(
        "alternative", text(f"{ONE}\n\n{TWO}"), container("mixed", page(ONE), picture(), page(TWO), boundary="x")
    ),
    "text around a picture, or HTML": container(
        "alternative", container("mixed", text(ONE), picture(), text(TWO), boundary="x"), page(f"{ONE}<br>{TWO}")
    ),
    "related": container("related", page(ONE), picture(), text(TWO)),
    "an unknown subtype": container("x-of-ours", text(ONE), text(TWO)),
    "what Exchange makes of text below a picture": container(
        "mixed",
        page(ONE),
        picture(),
        part("text/plain", TWO.encode(), "Content-Disposition: attachment; filename=ATT00001.txt"),
    ),
    "a comment left open": container("mixed", page(f"{ONE}<!-- "), page(TWO)),
    "a script left open": container("mixed", page(f"{ONE}<script>"), text(TWO)),
    "a style left open": container("mixed", page(f"{ONE}<style>"), text(TWO)),
    "a quotation left open": container("mixed", page(f"{ONE}<blockquote type=cite>"), text(TWO)),
    "an element that nothing ends": container("mixed", page(f"{ONE}<plaintext>"), text(TWO)),
    "alternatives that differ": container("alternative", page(ONE), page(TWO)),
    "texts that differ": container("alternative", text(ONE), text(TWO)),
}
ONCE = {
    "an alternative": alternative(ONE),
    "HTML first": container("alternative", page(ONE), text(ONE)),
    "an alternative in another": container("alternative", alternative(ONE), page(ONE)),
    "the boundary of the container around it": container(
        "mixed", container("alternative", text(ONE), page(ONE)), picture()
    ),
    "signed": container("signed", alternative(ONE), part("application/pgp-signature", b"-----BEGIN")),
    "interactive": container("alternative", text(ONE), part("text/x-amp-html", b"<p>For robots.</p>"), page(ONE)),
    "for a watch": container("alternative", text(ONE), part("text/watch-html", ONE.encode()), page(ONE)),
    "Markdown": container("alternative", text(ONE), part("text/markdown", ONE.encode()), page(ONE)),
    "an empty HTML part": container("alternative", text(ONE), page("")),
    "an empty text part": container("alternative", text(" "), page(ONE)),
    "an empty part behind": container("mixed", page(ONE), picture(), text("\r\n")),
    "a list's footer": container("mixed", alternative(ONE), text(FOOTER)),
}


@pytest.mark.parametrize("mail", IN_ORDER.values(), ids=IN_ORDER)
def test_bodies_that_follow_each_other_are_read_in_their_order(mail: bytes) -> None:
    assert words_in(mail) == f"{ONE} {TWO}"


@pytest.mark.parametrize("mail", ONCE.values(), ids=ONCE)
def test_forms_of_the_same_words_are_read_once(mail: bytes) -> None:
    assert words_in(mail) == ONE


SENTENCES = (ONE, TWO, THREE, "雨の日。", "Съел суп.", "1 < 2 & so on")


@settings(deadline=None)
@given(st.data())
def test_any_order_of_parts_keeps_the_words_of_each_once(data: st.DataObject) -> None:
    sentences = data.draw(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5, unique=True))
    parts: list[bytes] = []
    for number, words in enumerate(sentences):
        shape = data.draw(st.sampled_from(("text", "page", "alternative", "mixed")))
        escaped = words.replace("&", "&amp;").replace("<", "&lt;")
        both = data.draw(st.permutations((text(words), page(escaped))))
        inner = f"=_{number}"
        parts.append({
            "text": text(words),
            "page": page(escaped),
            "alternative": container("alternative", *both, boundary=inner),
            "mixed": container("mixed", picture(), text(words), boundary=inner),
        }[shape])  # fmt: skip
    pictures = data.draw(st.integers(min_value=0, max_value=2))
    order = data.draw(st.permutations(range(len(parts) + pictures)))
    every = [*parts, *[picture()] * pictures]
    found = words_in(container("mixed", *(every[at] for at in order)))
    kept = [sentences[at] for at in order if at < len(sentences)]
    assert found.replace("\\", "") == " ".join(kept)
