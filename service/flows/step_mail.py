"""The email that asks about a small step, once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.prompts import Library
from service.core.steps import StepState
from service.core.tokens import Action, ReplyKind
from service.flows.contents import NothingToSendError, content_place
from service.flows.making import BuiltEmail, Making
from service.flows.single_mail import STEP_LINK_LASTS
from service.flows.steps import follow_up_prompt, opened
from service.mail.compose import Composer
from service.mail.links import Links
from service.mail.outgoing import OutgoingEmail
from service.models import Delivery, Step, Subscriber


def follow_up(making: Making, session: Session, delivery: Delivery, person: Subscriber, now: datetime) -> BuiltEmail:
    """Return the one question about a step, and its own lines for when its reply quotes them."""
    step = Step.of(session, person.id, delivery.reference or 0)
    if step is None or step.state != StepState.OPEN:
        raise NothingToSendError("the step is gone, or was answered before it was asked about")
    (open_step,) = opened(making.keyring, person, [step])
    asked_in = making.library.get(step.prompt_id or "")
    content = {
        "prompt": follow_up_prompt(making.library, person, step).id,
        "subject": asked_in.subject if asked_in else "",
        "words": "" if person.is_discreet else open_step.words,
    }
    reply_address = making.addressing.reply_address(ReplyKind.STEP, person, step.follow_up_on, step.key)
    page = making.addressing.act_url("act", Action.STEP, person, now + STEP_LINK_LASTS, step.id)
    links = making.addressing.links(person, reply_address, page)
    email = composed(making.composer, making.library, content, links)
    if email is None:
        raise NothingToSendError("there is no question to ask about it")
    sealed = making.keyring.key_of(person).seal_text(
        json.dumps(content), place=content_place(delivery.id), random=os.urandom
    )
    return BuiltEmail(email, sealed)


def composed(composer: Composer, library: Library, content: Mapping[str, str], links: Links) -> OutgoingEmail | None:
    """Return a follow-up from what is sealed with it, or None if its question has left the library."""
    prompt = library.get(content["prompt"])
    if prompt is None:
        return None
    return composer.step_follow_up(prompt, content["words"], links, subject=content["subject"])
