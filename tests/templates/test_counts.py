"""No template prints how many there are of anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from tests.templates.voice import TEMPLATES

EVERY = sorted(
    [
        *TEMPLATES.glob("email/**/*.html"),
        *TEMPLATES.glob("email/**/*.txt"),
        *TEMPLATES.glob("pages/**/*.html"),
        *TEMPLATES.glob("export/*.*"),
        *TEMPLATES.glob("export/epub/*.xhtml"),
        *TEMPLATES.glob("*.html"),
    ]
)
COUNTING_FILTERS = {"length", "count", "sum"}
COUNTING_NAMES = {"index", "index0", "revindex", "length", "count", "total", "how_many"}


def counts_in(source: str) -> Iterator[str]:
    """Yield what a template prints of a count. It may ask for one, to choose its words."""
    for output in Environment(autoescape=True).parse(source).find_all(nodes.Output):
        for printed in output.nodes:
            yield from _counts_of(printed)


def _counts_of(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.CondExpr):
        asked_about: nodes.Node | None = node.test
    elif isinstance(node, nodes.Filter) and node.name in COUNTING_FILTERS:
        yield f"|{node.name}"
        return
    else:
        asked_about = None
    if isinstance(node, nodes.Getattr) and node.attr in COUNTING_NAMES:
        yield f".{node.attr}"
    for child in node.iter_child_nodes():
        if child is not asked_about:
            yield from _counts_of(child)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_a_template_prints_no_count(path: Path) -> None:
    assert list(counts_in(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ entries|length }} kept",
        "{{ (steps|list)|count ~ ' steps' }}",
        "{{ steps|length if steps else '' }}",
        "{% for step in steps %}{{ loop.index }}. {{ step }}{% endfor %}",
        "{% for step in steps %}{% if step %}<b>{{ loop.revindex0 or loop.length }}</b>{% endif %}{% endfor %}",
        "{{ month.total }}",
        '{{ field("a", "You took " ~ steps|length) }}',
    ],
)
def test_a_count_that_is_printed_is_found(source: str) -> None:
    """The control of the test above."""
    assert list(counts_in(source))


def test_asking_how_many_there_are_prints_none() -> None:
    asked = "{% if passages|length > 1 %}Some{% endif %}{{ 'Some things' if passages|length > 1 else 'Something' }}"
    assert list(counts_in(asked)) == []
