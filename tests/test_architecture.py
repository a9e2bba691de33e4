"""What holds the house together: unique names, a true ARCHITECTURE.md, links that lead somewhere, jobs that resolve."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from service.config import ROOT
from service.dispatch import JOBS
from tests.architecture import PAGE, modules, page_with_tree, summary

DECISIONS = ROOT / "docs" / "decisions"
LAYERS = ("cli", "core", "flows", "mail", "models", "web", "postoffice", "local", "demo")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HEAD = re.compile(r"# (\d{4}) [A-Z][^\n]+\n\nDate: \d{4}-\d\d-\d\d\nStatus: (?:Accepted|Superseded by \d{4})\n")


def twice(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def classes(paths: Iterable[Path]) -> list[str]:
    """Return the names of the public classes of modules."""
    trees = (ast.parse(path.read_text("utf-8")) for path in paths)
    return [node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]


def dead_links(page: Path) -> list[str]:
    """Return the relative links of a Markdown page that lead to no file."""
    found = (
        link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link and not link.startswith("mailto:")
    )
    return [link for link in found if not (page.parent / link).exists()]


def test_a_class_name_means_one_thing() -> None:
    paths = [*modules(), *(ROOT / "bench").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    assert twice(classes(paths)) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_a_file_name_stands_once_in_a_layer(layer: str) -> None:
    names = [path.name for path in (ROOT / "service" / layer).rglob("*.py") if path.name != "__init__.py"]
    assert twice(names) == []


def test_every_module_says_what_is_in_it() -> None:
    silent = [str(path.relative_to(ROOT)) for path in modules() if not summary(path).endswith(".")]
    assert silent == []


def test_the_tree_of_the_architecture_is_the_one_there_is() -> None:
    """`make architecture` writes it."""
    page = PAGE.read_text("utf-8")
    assert page == page_with_tree(page)


@pytest.mark.parametrize("name", JOBS)
def test_every_job_name_resolves(name: str) -> None:
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert dead_links(page) == []


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("0*.md")), ids=lambda page: page.stem)
def test_a_decision_has_a_number_a_date_and_a_status_and_stands_in_the_index(page: Path) -> None:
    text = page.read_text("utf-8")
    found = HEAD.match(text)
    assert found is not None
    assert page.name.startswith(found.group(1))
    assert f"]({page.name})" in (DECISIONS / "README.md").read_text("utf-8")


def test_the_checks_would_notice(tmp_path: Path) -> None:
    """Each check on a tree that breaks its rule."""
    (tmp_path / "a.py").write_text('"""One"""\nclass Answer: ...\nclass _Own: ...\n')
    (tmp_path / "b.py").write_text("class Answer: ...\nclass _Own: ...\n")
    (tmp_path / "page.md").write_text("[there](a.py) [gone](c.py) [web](https://example.org) [part](gone.md#x)")
    assert twice(classes([tmp_path / "a.py", tmp_path / "b.py"])) == ["Answer"]
    assert not summary(tmp_path / "a.py").endswith(".")
    assert dead_links(tmp_path / "page.md") == ["c.py", "gone.md"]
    assert page_with_tree("<!-- tree -->\n<!-- end of tree -->\n") != "<!-- tree -->\n<!-- end of tree -->\n"
    assert HEAD.match("# Use batches\n\nIt is faster.\n") is None
