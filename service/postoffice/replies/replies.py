"""Writing a reply to a stored mail like a chosen mail program."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime

from service.postoffice.mailbox.mailbox import MailboxMail
from service.postoffice.mailbox.mime import File, write_mail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.languages import LANGUAGES
from service.postoffice.replies.quotation import TypedReply, Where

_LATER = timedelta(minutes=5)


def reply_as(
    client: str,
    mail: MailboxMail,
    words: str,
    where: Where | str = Where.TOP,
    *,
    language: str = "en",
    sender: str | None = None,
    to: str | None = None,
    sent_at: datetime | None = None,
    files: Sequence[File] = (),
) -> bytes:
    """Return the whole reply (MIME) as `client` would send it.

    The default of `sender` is the mail's recipient, of `to` its Reply-To, of `sent_at` five
    minutes after it arrived.

    Raises:
        KeyError: an unknown client (see CLIENTS) or language (see LANGUAGES).
        ValueError: an unknown position of the words.
    """
    program = CLIENTS[client]
    words = words.replace("\r\n", "\n").strip("\n")
    answer = TypedReply(words, mail, LANGUAGES[language], Where(where))
    text, html = program.write(answer)
    prefix = answer.language.outlook_prefix if program.uses_outlook_prefix else "Re:"
    return write_mail(
        [
            ("From", sender or mail.recipient),
            ("To", to or mail.reply_to),
            ("Subject", f"{prefix} {mail.subject}"),
            ("Date", format_datetime(sent_at or mail.accepted_at + _LATER)),
            ("Message-ID", f"<{secrets.token_hex(12)}@{_domain(sender or mail.recipient)}>"),
            ("In-Reply-To", f"<{mail.provider_id}>"),
            ("References", f"<{mail.provider_id}>"),
        ],
        text,
        html,
        is_flowed=program.is_flowed,
        files=files,
    )


def new_mail(*, sender: str, to: str, subject: str, words: str, sent_at: datetime) -> bytes:
    """Return a mail that is not a reply, as for the `mailto:` of a List-Unsubscribe."""
    return write_mail(
        [
            ("From", sender),
            ("To", to),
            ("Subject", subject),
            ("Date", format_datetime(sent_at)),
            ("Message-ID", f"<{secrets.token_hex(12)}@{_domain(sender)}>"),
        ],
        words,
    )


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("<> ") or "nowhere.example"
