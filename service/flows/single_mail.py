"""Emails to one person: a question, a way in, an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.orm import Session

from service.core.tokens import Action, ReplyKind
from service.flows import aliases
from service.flows.contents import NothingToSendError, read_content
from service.flows.making import BuiltEmail, Making
from service.mail.compose import AliasNotice, Command, NotKept, Stage, StepAnswered
from service.models import Delivery, Subscriber
from service.models.subscriber import PENDING_KEPT

SIGN_IN_LASTS = timedelta(minutes=10)
UNDO_LASTS = timedelta(days=1)
CLAIM_LASTS = timedelta(days=30)
STEP_LINK_LASTS = timedelta(days=60)
COMMAND, STEP = "command.", "step."


def prompt(making: Making, _session: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> BuiltEmail:
    """Return a question that goes by itself."""
    asked = making.prompt_of(delivery)
    links = making.addressing.prompt_links(delivery, person, asked)
    return BuiltEmail(making.composer.prompt(asked, making.lighter_of(asked), links))


def welcome(making: Making, _session: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> BuiltEmail:
    """Return the first question."""
    asked = making.prompt_of(delivery)
    links = making.addressing.prompt_links(delivery, person, asked)
    return BuiltEmail(making.composer.welcome(asked, links, str(person.schedule)))


def confirmation(
    making: Making, _session: Session, delivery: Delivery, person: Subscriber, now: datetime
) -> BuiltEmail:
    """Return the email that asks for the second yes."""
    until = delivery.planned_at + PENDING_KEPT
    on = now.astimezone(person.zone).date()
    reply_address = making.addressing.reply_address(ReplyKind.CONFIRMATION, person, on)
    url = making.addressing.act_url("confirm", Action.CONFIRM, person, until, delivery.reference or 0)
    return BuiltEmail(making.composer.confirmation(url, reply_address))


def sign_in(making: Making, _session: Session, delivery: Delivery, person: Subscriber, _now: datetime) -> BuiltEmail:
    """Return the email with the magic link."""
    until = delivery.planned_at + SIGN_IN_LASTS
    url = making.addressing.act_url("sign-in", Action.SIGN_IN, person, until, delivery.reference or 0)
    asked_at = delivery.planned_at.astimezone(person.zone)
    return BuiltEmail(making.composer.sign_in(url, time_text=f"{asked_at:%H:%M}"))


def receipt(making: Making, _session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the note that follows the first reply."""
    about = read_content(making.keyring, delivery, person)
    until = now + UNDO_LASTS
    email = making.composer.receipt(
        making.addressing.answer_links(person, now),
        making.addressing.act_url("act", Action.UNDO_ENTRY, person, until, delivery.reference or 0),
        subject=about["subject"],
        in_reply_to=about["message_id"],
        on=now.date(),
        country=person.help_country,
    )
    return BuiltEmail(email, delivery.sealed_content)


def notice(making: Making, _session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the one email that says that questions come less often now, as long as they do; or one about an alias."""
    if delivery.detail in {aliases.ASKED_FOR, aliases.RELEASED}:
        case = cast("AliasNotice", delivery.detail.removeprefix("alias."))
        return BuiltEmail(making.composer.alias_notice(case, making.addressing.answer_links(person, now)))
    if person.eased != delivery.detail:
        raise NothingToSendError("they have shown themselves since, or it is later than that")
    reply_address = making.addressing.reply_address(ReplyKind.NOTICE, person, delivery.on)
    links = making.addressing.links(person, reply_address)
    return BuiltEmail(making.composer.less_often(cast("Stage", delivery.detail), links))


def alias(making: Making, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the email to another address that asks whether it is this person's."""
    address = aliases.address_to_confirm(making.keyring, delivery, person)
    if not aliases.may_be_mailed(session, making.keyring, address):
        raise NothingToSendError("it may not be mailed, or has a journal of its own by now")
    url = making.addressing.act_url("act", Action.CONFIRM_ALIAS, person, now + aliases.LINK_LASTS, delivery.id)
    return BuiltEmail(making.composer.alias_confirmation(url), delivery.sealed_content, to=address)


def answer(making: Making, _session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the answer to a mail: what could not be kept, or what a command came to."""
    about = read_content(making.keyring, delivery, person)
    answered = {"subject": about["subject"], "in_reply_to": about["message_id"]}
    links, name = making.addressing.answer_links(person, now), delivery.detail or ""

    def button(wanted: str, action: Action, lasts: timedelta) -> str:
        """Return the link of the one answer that has this button."""
        if name != wanted:
            return ""
        return making.addressing.act_url("act", action, person, now + lasts, delivery.reference or 0)

    if name.startswith(COMMAND):
        kind = cast("Command", name.removeprefix(COMMAND))
        undo_url = button("command.delete", Action.PUT_BACK, UNDO_LASTS)
        email = making.composer.command_answer(kind, links, detail=about["told"], undo_url=undo_url, **answered)
    elif name.startswith(STEP):
        state = cast("StepAnswered", name.removeprefix(STEP))
        page = making.addressing.act_url("act", Action.STEP, person, now + STEP_LINK_LASTS, delivery.reference or 0)
        email = making.composer.step_answer(state, links, button_url=page, **answered)
    else:
        claim_url = button("held", Action.CLAIM_REPLY, CLAIM_LASTS)
        email = making.composer.could_not_keep(
            cast("NotKept", name), links, detail=about["told"], button_url=claim_url, **answered
        )
    return BuiltEmail(email, delivery.sealed_content)
