"""The tree of ARCHITECTURE.md, made from the docstrings of the modules: `python -m tests.architecture` writes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from service.config import ROOT

PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- tree -->", "<!-- end of tree -->"
PACKAGES = ("service", "workers")
# Revisions tell their own story, in the order of their numbers.
LEFT_OUT = "service/migrations/versions"


def summary(path: Path) -> str:
    """Return the first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]


def modules(root: Path = ROOT) -> list[Path]:
    """Return every module of the service and the workers, sorted as the tree shows them."""
    found = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return [path for path in found if not path.is_relative_to(root / LEFT_OUT)]


def tree_lines(root: Path = ROOT) -> Iterator[str]:
    """Yield the tree: a folder with what its package says, then its modules, then its folders."""
    for package in PACKAGES:
        yield from _folder(root / package, 0)


def _folder(folder: Path, depth: int) -> Iterator[str]:
    init = folder / "__init__.py"
    yield _line(f"{folder.name}/", summary(init) if init.exists() else "", depth)
    for module in sorted(folder.glob("*.py")):
        if module.name != init.name:
            yield _line(module.name, summary(module), depth + 1)
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if any(inner.rglob("*.py")):
            yield from (_folder(inner, depth + 1) if inner.name != "versions" else ())


def _line(name: str, text: str, depth: int) -> str:
    return f"{'  ' * depth + name:<30} {text}".rstrip()


def page_with_tree(page: str) -> str:
    """Return the page with the tree between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    tree = "\n".join(tree_lines())
    return f"{before}{BEGIN}\n\n```text\n{tree}\n```\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_tree(PAGE.read_text("utf-8")), encoding="utf-8")
