"""Recognising what we sent: the text that a reply may quote, found again or composed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import cast

from sqlalchemy.orm import Session

from service.core.dates import month_name
from service.core.prompts import Library
from service.core.replies import Sent
from service.core.returning import Passage
from service.core.slots import YEAR_GOES_ON
from service.core.tokens import ReplyKind, ReplyToken
from service.flows.contents import frozen_digest, frozen_year, read_content
from service.flows.digest_reading import DigestReader, quiet_question
from service.flows.ownership import Owner
from service.flows.step_mail import composed
from service.flows.steps import asked_about, follow_up_of
from service.mail.compose import Composer, Stage
from service.mail.links import PLACEHOLDERS
from service.mail.outgoing import OutgoingEmail
from service.mail.placeholders import placeholder
from service.models import Delivery, Keyring, Kind, SentText, Subscriber

# As it goes out: with the links that only some have, so that their lines are known for ours in a quotation.
_A_PAGE = placeholder("write_url")
_WITH_A_PAGE = replace(PLACEHOLDERS, write_url=_A_PAGE)


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Finds the email that a mail answers."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    composer: Composer = field(repr=False)
    digests: DigestReader = field(repr=False)
    reply_domain: str
    sender_name: str

    def sent_to(self, session: Session, owner: Owner) -> Sent | None:
        """Return what went out to the owner under the mail's token, or None where nobody can say."""
        token = owner.token
        if token is None:
            return None
        kept = self._kept(session, owner.person, token)
        if kept is not None:
            return self._sent(kept.subject, kept.text, kept.html, token)
        email = self._composed(session, owner.person, token)
        return self._sent(email.subject, email.text, email.html, token) if email else None

    def _sent(self, subject: str, text: str, html: str, token: ReplyToken) -> Sent:
        address = f"r-{token.encode(self.keyring.index)}@{self.reply_domain}"
        return Sent(subject=subject, text=text, html=html, reply_address=address, sender_name=self.sender_name)

    def _kept(self, session: Session, person: Subscriber, token: ReplyToken) -> SentText | None:
        if token.kind != ReplyKind.PROMPT:
            return None
        prompt = self.library.by_key(token.prompt_key)
        delivery = Delivery.asking(session, person.id, token.on, prompt.id) if prompt else None
        if delivery is None or delivery.sent_text is None:
            return None
        return session.get(SentText, delivery.sent_text)

    def _composed(self, session: Session, person: Subscriber, token: ReplyToken) -> OutgoingEmail | None:
        """Return the email as it would be composed today; its person's links are left out of the comparison anyway."""
        prompt = self.library.by_key(token.prompt_key)
        if token.kind == ReplyKind.PROMPT and prompt:
            if Delivery.of(session, person.id, Kind.WELCOME, token.on.isoformat()):
                return self.composer.welcome(prompt, _WITH_A_PAGE, str(person.schedule))
            lighter = self.library.get(prompt.lighter) if prompt.lighter else None
            return self.composer.prompt(prompt, lighter, _WITH_A_PAGE)
        if token.kind == ReplyKind.CONFIRMATION:
            return self.composer.confirmation("", "")
        by_kind = {
            ReplyKind.DIGEST: self._digest,
            ReplyKind.STEP: self._follow_up,
            ReplyKind.NOTICE: self._notice,
        }
        compose = by_kind.get(token.kind)
        return compose(session, person, token) if compose else None

    def _digest(self, session: Session, person: Subscriber, token: ReplyToken) -> OutgoingEmail | None:
        """Return the month's email of the 1st, or on 2 January the year's."""
        if (token.on.month, token.on.day) == YEAR_GOES_ON:
            return self._year(session, person, token.on.year - 1)
        month = (token.on.replace(day=1) - timedelta(days=1)).replace(day=1)
        delivery = Delivery.of(session, person.id, Kind.DIGEST, f"{month:%Y-%m}")
        digest = frozen_digest(self.keyring, delivery, person) if delivery else None
        if digest is None:
            return self._quiet_month(session, person, month)
        digest = self.digests.with_thread(session, person, digest)
        pages = _pages(digest.quoted)
        return self.composer.digest(
            digest, PLACEHOLDERS, "", keep_out_urls=pages, markdown_url=_A_PAGE, discreet=person.is_discreet
        )

    def _quiet_month(self, session: Session, person: Subscriber, month: date) -> OutgoingEmail | None:
        if Delivery.of(session, person.id, Kind.QUIET_MONTH, f"{month:%Y-%m}") is None:
            return None
        asked = quiet_question(self.library, person.locale, month)
        return self.composer.quiet_month(month_name(month), asked.question, PLACEHOLDERS, locale=asked.locale)

    def _year(self, session: Session, person: Subscriber, year: int) -> OutgoingEmail | None:
        delivery = Delivery.of(session, person.id, Kind.YEAR, str(year))
        made = frozen_year(self.keyring, delivery, person) if delivery else None
        if made is None:
            return None
        pages = _pages(made.passages)
        return self.composer.year(made, PLACEHOLDERS, "", keep_out_urls=pages, discreet=person.is_discreet)

    def _notice(self, session: Session, person: Subscriber, token: ReplyToken) -> OutgoingEmail | None:
        delivery = Delivery.of(session, person.id, Kind.NOTICE, token.on.isoformat())
        return self.composer.less_often(cast("Stage", delivery.detail), PLACEHOLDERS) if delivery else None

    def _follow_up(self, session: Session, person: Subscriber, token: ReplyToken) -> OutgoingEmail | None:
        step = asked_about(session, token)
        delivery = follow_up_of(session, step) if step else None
        if delivery is None or delivery.sealed_content is None:
            return None
        return composed(self.composer, self.library, read_content(self.keyring, delivery, person), _WITH_A_PAGE)


def _pages(quoted: Sequence[Passage]) -> dict[int, str]:
    return {passage.entry_id: _A_PAGE for passage in quoted}
