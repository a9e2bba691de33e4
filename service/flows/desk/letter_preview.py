"""What a letter looks like in a mail program, to be shown in frames that can load nothing."""

from __future__ import annotations

import base64

from sqlalchemy.orm import Session

from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.letters.letter_test_mail import make_test_mail


def preview_html(session: Session, context: EmailContext, letter_id: int) -> str:
    """Return the HTML part of a letter with its pictures inside; raises LetterError."""
    email = make_test_mail(session, context, letter_id)
    html = email.html
    for picture in email.pictures:
        data = base64.b64encode(picture.data).decode()
        html = html.replace(f"cid:{picture.name}", f"data:{picture.content_type};base64,{data}")
    return html


def preview_text(session: Session, context: EmailContext, letter_id: int) -> str:
    """Return the text part of a letter; raises LetterError."""
    return make_test_mail(session, context, letter_id).text
