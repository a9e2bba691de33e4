"""RedNotebook's former marks as Markdown; the examples are such as its own conversion meets."""

from __future__ import annotations

import pytest

from service.core.journal_import.programs.txt2tags import markdown_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("== a = b ==[here]", "## a = b"),
        ("== a =", "== a ="),
        ("  + nested", "  1. nested"),
        ("a -- b --c-- d", "a -- b ~~c~~ d"),
        ("**//both//**", "***both***"),
        ("#__init__ and __under__", "#__init__ and under"),
        ('``a//b//`` and ""//raw//""', "`a//b//` and //raw//"),
        ("see https://a.example/b//c and //it//", "see https://a.example/b//c and *it*"),
        ("[me http://a.example] [not sure] [2019-02-14]", "[me](http://a.example) [not sure] [2019-02-14]"),
        ('[file ""file:///home/me/a b.txt""]', "[file](file:///home/me/a%20b.txt)"),
        ("[picture.png?300]", "![](picture.png)"),
        ("{**blue** words|color:blue}", "**blue** words"),
        ("one\\\\\n====================\n-\n```\n//x//\n```", "one\n---\n\n```\n//x//\n```"),
    ],
)
def test_marks_become_markdown_and_what_is_none_stays(written: str, meant: str) -> None:
    assert markdown_of(written) == meant
