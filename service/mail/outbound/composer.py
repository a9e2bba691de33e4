"""Composing an email from templates/email/."""

from __future__ import annotations

import re
from copy import copy
from email.utils import formataddr, parseaddr
from typing import TYPE_CHECKING, Final

from service.core.helplines import parse_help_lines
from service.core.settings.consent import by_writer
from service.mail.outbound.discreet import DiscreetWords
from service.mail.outbound.mailer import OutgoingEmail
from service.mail.outbound.rendering import WRITER_MAIL, Rendered, Templates
from service.mail.outbound.short_emails import read_short_emails
from service.mail.outbound.writer_texts import read_writer_texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from service.core.place import Place
    from service.mail.outbound.links import Links
    from service.mail.outbound.mailer import InlinePicture

_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_REPLY_MARKS = re.compile(r"(?:re\s*:\s*)+", re.IGNORECASE)
_LONGEST_SUBJECT: Final = 120
_TEXT_OF_LETTER: Final = "\ue000letter\ue001"  # stands where the text of a letter goes, until all else is wrapped


class Composer:
    """Composes emails; holds the templates and the site's settings, and nothing about any subscriber.

    With PLACEHOLDERS as `links` the email is for a whole batch. An email without `links` belongs to no subscription
    and has no links to leave one.
    """

    is_discreet = False

    def __init__(
        self, templates: Path, *, base_url: str, sender: str, postal_address: str, place: Place, writer: str = ""
    ) -> None:
        base_url = base_url.rstrip("/")
        self._sender = _named(sender, place.name)
        self._list_name = place.name
        self.letters_from = writer or parseaddr(self._sender)[0]
        self.discreet_words = DiscreetWords.parse((templates / "email" / "discreet.toml").read_text(encoding="utf-8"))
        self._short_emails = read_short_emails((templates / "email" / "answers.toml").read_text(encoding="utf-8"))
        self._writer_texts = read_writer_texts((templates / "email" / "writer_mails.toml").read_text(encoding="utf-8"))
        self.help_lines = parse_help_lines((templates / "helplines.toml").read_text(encoding="utf-8"))
        self.settings_url = f"{base_url}/settings"
        self.export_url = f"{base_url}/export"
        self.sign_in_url = f"{base_url}/sign-in"
        site = {
            "name": place.name,
            "colours": place.palette,
            "by_writer": by_writer(writer),
            "postal_address": ", ".join(line.strip() for line in postal_address.splitlines()),
            "settings_url": self.settings_url,
            "help_url": f"{base_url}/help-now",
            "journal_url": f"{base_url}/journal",
            "find_a_line_url": self.help_lines.directory_url,
        }
        self._templates = Templates(templates, site)

    def in_mode(self, *, is_discreet: bool) -> Composer:
        """Return the composer of discreet emails, or of ordinary ones.

        The sender's name, the subject and the first lines of a discreet email do not show what it is about.
        """
        if is_discreet == self.is_discreet:
            return self
        other = copy(self)
        other.is_discreet = is_discreet
        return other

    def sender_name(self, subject: str) -> str:
        """Return the sender's name on a question that was sent with this subject, in either mode."""
        name, _ = parseaddr(self._sender)
        return self.discreet_words.name if subject in self.discreet_words.subjects else name

    def email(
        self,
        name: str,
        links: Links | None,
        values: Mapping[str, object],
        *,
        reply_to: str = "",
        in_reply_to: str = "",
        may_leave: bool = True,
        short_name: str = "",
    ) -> OutgoingEmail:
        """Return the email of templates/email/<name>/, with these values.

        `in_reply_to` is the Message-ID of the mail that it answers. It has List-Unsubscribe (RFC 8058) if it has
        links and `may_leave`. `short_name` is the full name of a short email.
        """
        discreet = self.discreet_words if self.is_discreet else None
        own = {key: getattr(links, key) for key in ("settings_url", "help_url") if links and getattr(links, key)}
        rendered = self._templates.render(name, {"links": links, **own, **values}, discreet, short_name or name)
        sender = self._sender if discreet is None else formataddr((discreet.name, parseaddr(self._sender)[1]))
        headers = {"List-Id": self._list_id(), **_answering(in_reply_to)}
        if links and may_leave:
            headers |= _ways_to_leave(links)
        return OutgoingEmail(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=sender,
            reply_to=reply_to or (links.reply_address if links else sender),
            headers=headers,
        )

    def short_email(
        self,
        name: str,
        links: Links | None,
        *,
        subject: str = "",
        in_reply_to: str = "",
        button_url: str = "",
        detail: str = "",
        quoted: str = "",
    ) -> OutgoingEmail:
        """Return a short email of templates/email/answers.toml, such as "command.rest".

        `subject` is that of our email which was answered, if any; `detail` is a text known only at this moment, such as
        "until 3 June"; `quoted` are the recipient's own words, if any; `button_url` is where its button leads, if it
        has one.
        """
        short = self._short_emails[name].with_detail(detail)
        values = {
            "answer": short,
            "answered": without_reply_marks(subject),
            "button_url": button_url if short.button else "",
            "quoted": quoted,
        }
        return self.email("answer", links, values, in_reply_to=in_reply_to, short_name=name)

    def writer_mail(self, kind: str, values: Mapping[str, str]) -> OutgoingEmail:
        """Return a mail to a writer, of templates/email/writer_mails.toml.

        Somebody's `words` are quoted below it, and an answer goes to `reply_to`, where it has these values.
        """
        said = self._writer_texts[kind].filled(values)
        quoted, reply_to = values.get("words", ""), values.get("reply_to", "")
        return self.email(
            WRITER_MAIL, None, {"said": said, "quoted": quoted, "url": values.get("url", "")}, reply_to=reply_to
        )

    def letter_parts(self, links: Links, text: str, values: Mapping[str, object]) -> Rendered:
        """Return the subject, text part and HTML part of a letter; `text` is its own text, which is wrapped already.

        `values` is its `title`, `html`, `page_url` and `has_rest`.
        """
        discreet = self.discreet_words if self.is_discreet else None
        own = {key: getattr(links, key) for key in ("settings_url", "help_url") if getattr(links, key)}
        letter = {**values, "text": _TEXT_OF_LETTER}
        rendered = self._templates.render("letter", {"links": links, **own, "letter": letter}, discreet)
        # Code in a letter may break only where its lines do, so nothing wraps or folds it again.
        whole = rendered.text.replace(_TEXT_OF_LETTER, text.strip("\n"), 1)
        return Rendered(rendered.subject, whole, rendered.html.replace("<wbr>", "<wbr\n>"))

    def letter(
        self, parts: Rendered, links: Links, *, campaign: str, pictures: tuple[InlinePicture, ...]
    ) -> OutgoingEmail:
        """Return a letter as it was rendered once, with these links in its headers; `campaign` names it to reporters.

        It is no answer of a program's, so it has no Auto-Submitted. Feedback-ID is Gmail's header for bulk senders.
        """
        name = self.discreet_words.name if self.is_discreet else self.letters_from
        return OutgoingEmail(
            subject=parts.subject,
            text=parts.text,
            html=parts.html,
            sender=formataddr((name, parseaddr(self._sender)[1])),
            reply_to=links.reply_address,
            headers={
                "List-Id": self._list_id("letters", self.letters_from),
                "Feedback-ID": f"{campaign}:letters",
                **_ways_to_leave(links),
            },
            pictures=pictures,
        )

    def _list_id(self, stream: str = "questions", name: str = "") -> str:
        """Return the value of List-Id (RFC 2919); its identifier must not change, because people's filters use it."""
        name = self.discreet_words.name if self.is_discreet else name or self._list_name
        return f"{name} <{stream}.{parseaddr(self._sender)[1].rpartition('@')[2]}>"


def without_reply_marks(subject: str) -> str:
    """Return a subject on one line, without any "Re:" at its start."""
    return _REPLY_MARKS.sub("", " ".join(subject.split()), count=1)[:_LONGEST_SUBJECT]


def _named(sender: str, name: str) -> str:
    """Return the sender with the name of the place, unless it has a name of its own."""
    own_name, address = parseaddr(sender)
    return sender if own_name else formataddr((name, address))


def _ways_to_leave(links: Links) -> dict[str, str]:
    """Return the headers by which a mail program offers to unsubscribe (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{links.one_click_url}>, <mailto:{links.stop_address}?subject=stop>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _answering(message_id: str) -> dict[str, str]:
    """Return the headers of RFC 3834, and those that thread an answer under the mail that it answers.

    A Message-ID that is not valid, which the sender chose, is left out.
    """
    if not message_id:
        return {"Auto-Submitted": "auto-generated"}
    answer = {"Auto-Submitted": "auto-replied"}
    if _MESSAGE_ID.fullmatch(message_id):
        answer |= {"In-Reply-To": message_id, "References": message_id}
    return answer
