"""The emails that subscribers get, one file each; the two tables below list them all.

Each file composes its email from templates/email/ and builds it for a delivery. Where replies to the email have their
own kind of token, the file also composes it again as it was sent, to recognise what a reply quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from service.core.access.tokens import ReplyKind
from service.flows.outgoing.auto_replies import AutoReplyContent, open_answered
from service.flows.outgoing.email_context import BuiltEmail, EmailRequest, SentLookup
from service.flows.outgoing.emails import letter
from service.flows.outgoing.emails.account import (
    access,
    address_change,
    alias,
    confirmation,
    goodbye,
    journal_ready,
    notice,
    sign_in_link,
)
from service.flows.outgoing.emails.month import digest, quiet_month, year
from service.flows.outgoing.emails.questions import auto_reply, prompt, receipt, step_follow_up, welcome
from service.mail.outbound.mailer import OutgoingEmail
from service.models import Delivery, DeliveryKind

__all__ = [
    "AS_SENT",
    "BUILDERS",
    "access",
    "address_change",
    "alias",
    "as_sent",
    "auto_reply",
    "confirmation",
    "digest",
    "goodbye",
    "journal_ready",
    "letter",
    "notice",
    "prompt",
    "quiet_month",
    "receipt",
    "sign_in_link",
    "step_follow_up",
    "welcome",
    "year",
]

_DAY = timedelta(days=1)
_MOST_ANSWERS = 24  # the newest different answers around one day that a quotation is compared with

BUILDERS: Mapping[DeliveryKind, Callable[[EmailRequest], BuiltEmail]] = {
    DeliveryKind.CONFIRMATION: confirmation.build,
    DeliveryKind.WELCOME: welcome.build,
    DeliveryKind.PROMPT: prompt.build,
    DeliveryKind.ANOTHER: prompt.build,
    DeliveryKind.STEP_FOLLOW_UP: step_follow_up.build,
    DeliveryKind.DIGEST: digest.build,
    DeliveryKind.YEAR: year.build,
    DeliveryKind.QUIET_MONTH: quiet_month.build,
    DeliveryKind.SIGN_IN: sign_in_link.build,
    DeliveryKind.RECEIPT: receipt.build,
    DeliveryKind.ANSWER: auto_reply.build,
    DeliveryKind.NOTICE: notice.build,
    DeliveryKind.ALIAS: alias.build,
    DeliveryKind.ADDRESS: address_change.build,
    DeliveryKind.ACCESS: access.build,
    DeliveryKind.EXPORT: journal_ready.build,
    DeliveryKind.GOODBYE: goodbye.build,
}

# Tried in this order: a token's kind may belong to several emails, of which only one was sent on its date.
AS_SENT: Mapping[ReplyKind, tuple[Callable[[SentLookup], OutgoingEmail | list[OutgoingEmail] | None], ...]] = {
    ReplyKind.PROMPT: (welcome.as_sent, prompt.as_sent),
    ReplyKind.CONFIRMATION: (confirmation.as_sent,),
    ReplyKind.DIGEST: (year.as_sent, digest.as_sent, quiet_month.as_sent),
    ReplyKind.STEP: (step_follow_up.as_sent,),
    ReplyKind.NOTICE: (notice.as_sent,),
    ReplyKind.LETTER: (letter.as_sent,),
}

# The emails that share one reply address in a day: automatic replies to mail, and those that tell of something done.
_REPLIES_TO_MAIL = (DeliveryKind.RECEIPT, DeliveryKind.ANSWER)
_ANSWERED_BY_DATE: Mapping[DeliveryKind, Callable[[SentLookup, Delivery, AutoReplyContent], OutgoingEmail | None]] = {
    DeliveryKind.RECEIPT: receipt.as_sent,
    DeliveryKind.ANSWER: auto_reply.as_sent,
    DeliveryKind.NOTICE: lambda lookup, delivery, _: alias.notice_as_sent(lookup, delivery),
    DeliveryKind.EXPORT: lambda lookup, _, __: journal_ready.as_sent(lookup),
    DeliveryKind.ACCESS: lambda lookup, delivery, _: access.as_sent(lookup, delivery),
    DeliveryKind.GOODBYE: lambda lookup, delivery, _: goodbye.as_sent(lookup, delivery),
}


def as_sent(lookup: SentLookup) -> list[OutgoingEmail]:
    """Return the emails that a reply with this token can answer, composed again with placeholders for links.

    There is one, except for automatic replies and what else shares one reply address in a day: then the newest comes
    first.
    The emails in the subscriber's mode, discreet or ordinary, come first; then those in the other mode, in which an
    email was sent if the setting has changed since.
    """
    modes = (lookup.person.is_discreet, not lookup.person.is_discreet)
    return [email for is_discreet in modes for email in _in_mode(replace(lookup, is_discreet=is_discreet))]


def _in_mode(lookup: SentLookup) -> list[OutgoingEmail]:
    if lookup.token.kind == ReplyKind.ANSWER:
        return _answers_as_sent(lookup)
    for find in AS_SENT.get(lookup.token.kind, ()):
        if found := find(lookup):
            return found if isinstance(found, list) else [found]
    return []


def _answers_as_sent(lookup: SentLookup) -> list[OutgoingEmail]:
    first, last = lookup.token.on - _DAY, lookup.token.on + _DAY
    different: dict[tuple[str, ...], OutgoingEmail] = {}
    for delivery in Delivery.sent_between(lookup.session, lookup.person.id, tuple(_ANSWERED_BY_DATE), first, last):
        text: tuple[str, ...] = (delivery.kind, delivery.detail or "")
        content = None
        if delivery.kind in _REPLIES_TO_MAIL:
            content = open_answered(lookup.context.keyring, lookup.person, delivery)
            if content is None:
                continue
            text += (content.inserted_text, content.quoted)
        if text not in different and len(different) < _MOST_ANSWERS:
            email = _ANSWERED_BY_DATE[DeliveryKind(delivery.kind)](lookup, delivery, content or AutoReplyContent())
            different |= {text: email} if email else {}
    return [*different.values()]
