"""Planning a mail to the writers: something needs the operator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from service.models import Keyring, WriterMail, WriterMailKind
from service.models.outgoing.writer_mail import EVERY_WRITER

log = structlog.get_logger()


def plan_writer_mail(
    session: Session,
    keyring: Keyring,
    kind: WriterMailKind,
    values: Mapping[str, str],
    *,
    key: str,
    now: datetime,
    writer_hash: bytes = EVERY_WRITER,
) -> int | None:
    """Plan a mail to one writer or to every one, once for a key of its kind; return its id, or None if it is not new.

    The words of its kind stand in templates/email/writer_mails.toml, and `values` fill them; no word and no address of
    a subscriber may be among them, unless its owner asked for that (`READER_REPLY`). The sweep of the next tick finds
    the mail, so only what somebody waits for needs to be enqueued.
    """
    mail_id = WriterMail.plan(session, keyring, kind, values, key=f"{kind}/{key}", now=now, writer_hash=writer_hash)
    if mail_id is not None:
        log.info("writer_mail.planned", mail=mail_id, kind=kind)
    return mail_id
