"""Every email that people receive, composed from templates/email/: one method each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final, Literal

from service.core.helplines import parse_help_lines
from service.core.prompts import DEFAULT_LOCALE
from service.mail.answers import read_answers
from service.mail.outgoing import OutgoingEmail
from service.mail.rendering import Templates

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from service.core.digest import Digest
    from service.core.prompts import Prompt
    from service.core.year import Year
    from service.mail.links import Links

NotKept = Literal["empty", "too_big", "unreadable", "held", "photo", "only_files"]
Command = Literal[
    "not_today", "rest", "rest_open", "weekly", "resume", "stop", "delete", "nothing_to_delete", "no_more", "help"
]
Stage = Literal["weekly", "rest"]
AliasNotice = Literal["asked_for", "released"]
StepAnswered = Literal["taken", "not_yet", "let_go"]

_NOBODY: Final[Mapping[int, str]] = {}
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_REPLY_MARKS = re.compile(r"(?:re\s*:\s*)+", re.IGNORECASE)
_LONGEST_SUBJECT: Final = 120


class Composer:
    """Composes emails; holds templates and the site's own facts, and nothing about anybody.

    Where `links` are PLACEHOLDERS the email is for a whole batch. Emails without `links`
    belong to no subscription and carry no way to leave one.
    """

    def __init__(
        self, templates: Path, *, base_url: str, sender: str, postal_address: str, name: str = "Small Steps"
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._sender = sender
        self._list_id = f"{name} <questions.{parseaddr(sender)[1].rpartition('@')[2]}>"
        self._help = parse_help_lines((templates / "helplines.toml").read_text(encoding="utf-8"))
        self._answers = read_answers((templates / "email" / "answers.toml").read_text(encoding="utf-8"))
        site = {
            "name": name,
            "postal_address": ", ".join(line.strip() for line in postal_address.splitlines()),
            "settings_url": f"{self._base_url}/settings",
            "help_url": f"{self._base_url}/help-now",
            "journal_url": f"{self._base_url}/journal",
            "find_a_line_url": self._help.directory_url,
        }
        self._templates = Templates(templates, site)

    def confirmation(self, confirm_url: str, reply_address: str) -> OutgoingEmail:
        """Return the email that asks for the second yes."""
        return self._email("confirmation", None, {"confirm_url": confirm_url}, reply_to=reply_address)

    def welcome(self, prompt: Prompt, links: Links, said_back: str) -> OutgoingEmail:
        """Return the first question; `said_back` says when, like "on Sundays at 8 in the morning, London time"."""
        return self._email("welcome", links, {"prompt": prompt, "said_back": said_back})

    def prompt(self, prompt: Prompt, lighter: Prompt | None, links: Links) -> OutgoingEmail:
        """Return a question, with its lighter twin where it has one."""
        return self._email("prompt", links, {"prompt": prompt, "lighter": lighter})

    def receipt(
        self, links: Links, undo_url: str, *, subject: str, in_reply_to: str, on: date, country: str = ""
    ) -> OutgoingEmail:
        """Return the note that follows the first reply; `subject` is that of our email, not the person's.

        It names the help lines of a country, and says which of them nobody has checked lately, as of the day `on`.
        """
        help_lines = self._help.in_country(country)
        values = {
            "undo_url": undo_url,
            "help_lines": help_lines,
            "unchecked": [line for line in help_lines if not line.is_checked(on)],
            "answered": _bare(subject),
        }
        return self._email("receipt", links, values, in_reply_to=in_reply_to, may_leave=False)

    def step_follow_up(self, prompt: Prompt, step_words: str, links: Links, *, subject: str = "") -> OutgoingEmail:
        """Return the one question about a chosen step; `subject` is that of the question it was chosen in, if any.

        Without `step_words` (discreet) it quotes nothing.
        """
        values = {"prompt": prompt, "step_words": " ".join(step_words.split()), "chosen_in": subject}
        return self._email("step_follow_up", links, values)

    def digest(
        self,
        digest: Digest,
        links: Links,
        web_url: str,
        *,
        keep_out_urls: Mapping[int, str] = _NOBODY,
        markdown_url: str = "",
        discreet: bool = False,
    ) -> OutgoingEmail:
        """Return the month; `keep_out_urls` are by entry id, `web_url` is the frozen copy's page.

        A discreet one quotes nothing, and its subject tells nothing.
        """
        values = {
            "digest": digest,
            "own": digest,
            "web_url": web_url,
            "keep_out_urls": keep_out_urls,
            "markdown_url": markdown_url,
            "discreet": discreet,
        }
        return self._email("digest", links, values)

    def year(
        self,
        year: Year,
        links: Links,
        web_url: str,
        *,
        keep_out_urls: Mapping[int, str] = _NOBODY,
        discreet: bool = False,
    ) -> OutgoingEmail:
        """Return the year; `web_url` is its signed-in page. A discreet one is worded as a discreet month's."""
        values = {"year": year, "own": year, "web_url": web_url, "keep_out_urls": keep_out_urls, "discreet": discreet}
        return self._email("year", links, values)

    def quiet_month(self, month: str, question: str, links: Links, *, locale: str = DEFAULT_LOCALE) -> OutgoingEmail:
        """Return the email for a month ("May") in which nothing was written; `locale` is the question's."""
        return self._email("quiet_month", links, {"month": month, "question": question, "locale": locale})

    def sign_in(self, url: str, *, time_text: str) -> OutgoingEmail:
        """Return the magic link; `time_text` ("14:05", the person's own time) tells two of them apart."""
        return self._email("sign_in", None, {"url": url, "time_text": time_text})

    def could_not_keep(
        self,
        case: NotKept,
        links: Links,
        *,
        detail: str = "",
        subject: str = "",
        in_reply_to: str = "",
        button_url: str = "",
    ) -> OutgoingEmail:
        """Return what became of a reply that is not in the journal, and how to put it right.

        `detail` names files that could not be kept. The button leads to `button_url`, or else to the page for writing.
        """
        url = button_url or links.write_url
        return self._answer(f"could_not_keep.{case}", links, subject, in_reply_to, url, detail=detail)

    def command_answer(
        self,
        kind: Command,
        links: Links,
        *,
        detail: str = "",
        subject: str = "",
        in_reply_to: str = "",
        undo_url: str = "",
    ) -> OutgoingEmail:
        """Return the confirmation of a command; `detail` is "until 3 June" for a rest, or when questions come."""
        return self._answer(f"command.{kind}", links, subject, in_reply_to, undo_url, detail=detail)

    def step_answer(
        self, state: StepAnswered, links: Links, *, subject: str = "", in_reply_to: str = "", button_url: str = ""
    ) -> OutgoingEmail:
        """Return what was noted of a step; the button leads to the page where it can be changed."""
        return self._answer(f"step.{state}", links, subject, in_reply_to, button_url)

    def less_often(self, stage: Stage, links: Links) -> OutgoingEmail:
        """Return the notice that questions come weekly now, or that they rest."""
        return self._answer(f"less_often.{stage}", links, button_url=f"{self._base_url}/settings")

    def alias_confirmation(self, url: str) -> OutgoingEmail:
        """Return the question whether an address is somebody's other one; it goes there, and names nobody."""
        return self._answer("alias.confirm", None, button_url=url)

    def alias_notice(self, case: AliasNotice, links: Links) -> OutgoingEmail:
        """Return the notice that somebody asked for a person's address, or that an alias has a journal of its own."""
        return self._answer(f"alias.{case}", links)

    def export_ready(self, url: str, links: Links) -> OutgoingEmail:
        """Return the way to the signed-in page with the export; never an attachment."""
        return self._answer("export.ready", links, button_url=url)

    def goodbye(self) -> OutgoingEmail:
        """Return the last email, sent before the person's key goes."""
        return self._answer("goodbye.erased", None)

    def _answer(
        self,
        key: str,
        links: Links | None,
        subject: str = "",
        in_reply_to: str = "",
        button_url: str = "",
        *,
        detail: str = "",
    ) -> OutgoingEmail:
        answer = self._answers[key].with_detail(detail)
        values = {"answer": answer, "answered": _bare(subject), "button_url": button_url if answer.button else ""}
        return self._email("answer", links, values, in_reply_to=in_reply_to)

    def _email(
        self,
        name: str,
        links: Links | None,
        values: Mapping[str, object],
        *,
        reply_to: str = "",
        in_reply_to: str = "",
        may_leave: bool = True,
    ) -> OutgoingEmail:
        own = {key: getattr(links, key) for key in ("settings_url", "help_url") if links and getattr(links, key)}
        rendered = self._templates.render(name, {"links": links, **own, **values})
        headers = {"List-Id": self._list_id, **_answering(in_reply_to)}
        if links and may_leave:
            headers["List-Unsubscribe"] = f"<{links.one_click_url}>, <mailto:{links.stop_address}?subject=stop>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return OutgoingEmail(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=self._sender,
            reply_to=reply_to or (links.reply_address if links else self._sender),
            headers=headers,
        )


def _answering(message_id: str) -> dict[str, str]:
    """Return the headers of RFC 3834, and those that put an answer beneath the mail it answers.

    A Message-ID that is not in the form of one came from outside, and is left out.
    """
    if not message_id:
        return {"Auto-Submitted": "auto-generated"}
    answer = {"Auto-Submitted": "auto-replied"}
    if _MESSAGE_ID.fullmatch(message_id):
        answer |= {"In-Reply-To": message_id, "References": message_id}
    return answer


def _bare(subject: str) -> str:
    """Return a subject on one line and without its "Re:"s."""
    return _REPLY_MARKS.sub("", " ".join(subject.split()), count=1)[:_LONGEST_SUBJECT]
