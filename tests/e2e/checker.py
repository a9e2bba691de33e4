"""What html-validate and caniemail say of a page or an email, less what is allowed with a reason."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).parent
# Of pages and of emails: by rule and message, why it is allowed.
MARKUP = json.loads((HERE / "html-validate.json").read_text("utf-8"))
# By feature: which clients may lack it, and why that is no harm; where a client has a part of it, that covers it too.
PROGRAMS = json.loads((HERE / "caniemail.json").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Checker:
    """The two tools in one running process, and the allowances that were needed so far."""

    process: subprocess.Popen[str]
    used: set[str] = field(default_factory=set)

    def faults(self, html: str, *, is_email: bool = False) -> list[str]:
        """Return what is wrong with a whole page or email and not allowed, a line each."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"html": html, "isEmail": is_email}) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        return [line for line in found if not self._is_allowed(line, is_email=is_email)]

    def _is_allowed(self, line: str, *, is_email: bool) -> bool:
        tool, found = line.split(": ", 1)
        allowed = _programs_allow(found) if tool == "caniemail" else _markup_allows(found, is_email=is_email)
        self.used.update([allowed] if allowed else [])
        return bool(allowed)


@contextmanager
def running_checker() -> Iterator[Checker]:
    """Start the tools; afterwards end them."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["node", HERE / "checker.mjs"], stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
    ) as process:
        yield Checker(process)


def allowances_for_emails() -> set[str]:
    """Return every allowance of the two lists, as `used` names them."""
    messages = {f"{rule}: {message}" for rule, allowed in MARKUP["emails"].items() for message in allowed}
    clients = {f"{name}: {client}" for name, each in PROGRAMS.items() for client in each.get("absent", ())}
    return messages | clients | {name for name, each in PROGRAMS.items() if "absent" not in each}


def _markup_allows(finding: str, *, is_email: bool) -> str | None:
    rule, message = finding.split(": ", 1)
    allowed = MARKUP["emails" if is_email else "pages"].get(rule, {})
    return f"{rule}: {message}" if message in allowed else None


def _programs_allow(finding: str) -> str | None:
    feature, support, client = finding.rsplit(": ", 2)
    if feature not in PROGRAMS or support == "partial":
        return feature if feature in PROGRAMS else None
    found = (glob for glob in PROGRAMS[feature].get("absent", ()) if fnmatch(client, glob))
    return next((f"{feature}: {glob}" for glob in found), None)
