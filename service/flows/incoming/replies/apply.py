"""Applying a processed mail: all its effects, in the transaction that writes its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.access.tokens import ReplyKind
from service.core.journal.photos import named
from service.core.journal.steps import StepPhrases, step_phrases_for
from service.core.library.prompts import Library, Prompt
from service.core.settings.consent import Asked
from service.flows.incoming.held import set_aside
from service.flows.incoming.replies import commands
from service.flows.incoming.replies.owner import Owner
from service.flows.incoming.replies.processed_mail import ProcessedMail
from service.flows.outgoing.auto_replies import (
    AnsweredMail,
    AutoReply,
    plan_auto_reply,
    plan_letter_answer,
    plan_receipt,
)
from service.flows.people.journal import journal, steps
from service.flows.people.journal.photos import entry_photos
from service.flows.people.settings import frequency, own_questions
from service.flows.people.subscription import confirm_signup, ways_out
from service.models import Entry, Keyring, Letter, Outcome, Reply, Subscriber, Suppression, SuppressionReason


@dataclass(slots=True)
class AppliedReply:
    """The effects of a mail: planned deliveries, and automatic replies.

    `asks_about_words` is true if some of the person's words may be missing, and an answer asks about them.
    """

    delivery_ids: list[int] = field(default_factory=list)
    answers: list[AutoReply] = field(default_factory=list)
    asks_about_words: bool = False


@dataclass(frozen=True, slots=True)
class ReplyApplier:
    """Applies processed mail; a worker has one for its whole life."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    step_phrases: Mapping[str, StepPhrases] = field(repr=False)

    def apply(
        self, session: Session, row: Reply, person: Subscriber, result: ProcessedMail, now: datetime
    ) -> AppliedReply:
        """Apply a mail and return its effects; the transaction must hold locks on the mail's row and its owner's."""
        if not result.owner:
            return AppliedReply()
        if result.words:
            words = set_aside.without_known_footers(session, self.keyring, person, result.words, now)
            result = replace(result, words=words)
        return _Application(self, session, row, person, result, now).run()


@dataclass(frozen=True, slots=True)
class _Application:
    """One mail being applied."""

    parts: ReplyApplier
    session: Session
    row: Reply
    person: Subscriber
    result: ProcessedMail
    now: datetime
    applied: AppliedReply = field(default_factory=AppliedReply)

    def run(self) -> AppliedReply:
        """Apply every effect of the mail, in order."""
        self._change_status()
        self._carry_out_command()
        self._answer_step()
        self._add_entry()
        self._plan_note_of_unkept()
        self._ask_about_set_aside()
        self._plan_answers()
        return self.applied

    @property
    def owner(self) -> Owner:
        assert self.result.owner is not None
        return self.result.owner

    @property
    def answered(self) -> AnsweredMail:
        mail = self.result.mail
        return AnsweredMail(self.result.answered_subject, (mail.message_id if mail else None) or "")

    def _change_status(self) -> None:
        """Apply what the mail changes about the owner's subscription: activity, a bounce, a stop or a confirmation."""
        session, person, now = self.session, self.person, self.now
        if self.result.shows_activity:
            frequency.record_activity(session, person, now)
        if self.result.has_bounced:
            Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, now, push_at=now)
        if self.owner.stop:
            ways_out.stop(session, person, self.owner.stop.stream, now, source="address")
        if self.result.confirms(person):
            token = self.owner.token
            asked = Asked.numbered(token.prompt_key) if token and token.kind is ReplyKind.CONFIRMATION else None
            planned = confirm_signup.confirm(
                session, self.parts.keyring, self.parts.library, person.id, now, source="reply", asked=asked
            )
            self.applied.delivery_ids += planned

    def _carry_out_command(self) -> None:
        command = self.result.classification.command
        if command is None:
            return
        about = commands.Answered(
            step=steps.step_meant(self.session, self.owner.token),
            is_letter=self.owner.token is not None and self.owner.token.kind is ReplyKind.LETTER,
        )
        command_result = commands.carry_out(self.session, self.parts.library, self.person, command, self.now, to=about)
        self.applied.delivery_ids += command_result.planned
        if command_result.answer and self.result.by_person:
            answer = AutoReply(
                f"command.{command_result.answer}",
                self.row.id,
                inserted_text=command_result.inserted_text,
                about_id=command_result.reference,
            )
            self.applied.answers.append(answer)

    def _answer_step(self) -> None:
        """Record how a step went, and answer a mail that says nothing else."""
        state = self.result.classification.step
        step = steps.step_asked_about(self.session, self.owner.token) if state else None
        if step is None or state is None:
            return
        steps.answer(self.session, self.person, step, state, self.now)
        if self.result.classification.outcome == Outcome.COMMAND:
            self.applied.answers.append(AutoReply(f"step.{state}", self.row.id, about_id=step.id))

    def _add_entry(self) -> None:
        """Add an entry with the words of the mail, its photos and the step that it chooses, if any."""
        words, prompt = self.result.words, self._prompt()
        if self.result.classification.outcome != Outcome.ENTRY or words is None:
            return
        entry = journal.add_entry(
            self.session,
            self.parts.keyring,
            self.person,
            journal.NewEntry(
                words=words.text,
                trimmed=words.trimmed,
                over=words.over,
                written_on=self.owner.on,
                prompt_id=prompt.id if prompt else None,
                source=set_aside.BY_MAIL,
            ),
            self.now,
            by_person=self.result.by_person,
        )
        self.row.entry_id = entry.id
        entry_photos.keep(self.session, entry, self.result.photos.photos, self.now)
        if prompt and self.result.by_person:
            self._choose_step(entry, prompt, words.text)
        self.applied.delivery_ids += self._plan_note_of_kept(entry)

    def _plan_note_of_kept(self, entry: Entry) -> list[int]:
        """Plan what says that a first reply is kept: to a letter its own answer, which replaces the receipt."""
        keyring, to, letter = self.parts.keyring, self.answered, self._letter()
        if letter is not None and self.result.by_person:
            return plan_letter_answer(self.session, keyring, self.person, letter, entry.id, to=to, now=self.now)
        if self.result.classification.answer:
            return plan_receipt(self.session, keyring, self.person, entry.id, to=to, now=self.now)
        return []

    def _choose_step(self, entry: Entry, prompt: Prompt, words: str) -> None:
        chosen = step_phrases_for(self.parts.step_phrases, self.person.locale).step_in(words, prompt)
        steps.choose_from_entry(self.session, self.parts.keyring, self.person, entry, chosen=chosen)
        if chosen is not None:
            answer = AutoReply("step.chosen", self.row.id, about_id=entry.id, quoted=chosen, beside=True)
            self.applied.answers.append(answer)

    def _plan_note_of_unkept(self) -> None:
        classification = self.result.classification
        is_entry = classification.outcome == Outcome.ENTRY
        case = classification.note if is_entry else classification.answer
        self.applied.asks_about_words = case in {"empty", "only_files"}
        if case and not (case == "empty" and self._set_aside):
            self.applied.answers.append(AutoReply(case, self.row.id, inserted_text=named(self.result.photos.unkept)))

    @property
    def _set_aside(self) -> str:
        """Return the words that were set aside, or "" if a program may have written the mail."""
        words = self.result.words
        return "\n\n".join(piece.text for piece in words.set_aside) if words and self.result.by_person else ""

    def _ask_about_set_aside(self) -> None:
        outcome = self.result.classification.outcome
        if not self._set_aside or outcome not in {Outcome.ENTRY, Outcome.COMMAND, Outcome.EMPTY}:
            return
        case = set_aside.ALL_LEFT_OUT if outcome == Outcome.EMPTY else set_aside.LEFT_OUT_IN_PART
        self.applied.answers.append(AutoReply(case, self.row.id, quoted=self._set_aside, beside=True))
        self.applied.asks_about_words = True

    def _plan_answers(self) -> None:
        for answer in self.applied.answers:
            self.applied.delivery_ids += plan_auto_reply(
                self.session, self.parts.keyring, self.person, answer, to=self.answered, now=self.now
            )

    def _letter(self) -> Letter | None:
        """Return the letter that a mail answers, or None."""
        token = self.owner.token
        return Letter.by_key(self.session, token.prompt_key) if token and token.kind is ReplyKind.LETTER else None

    def _prompt(self) -> Prompt | None:
        """Return the prompt that a mail answers, or None."""
        library, token = self.parts.library, self.owner.token
        if step := steps.step_asked_about(self.session, token):
            return steps.follow_up_prompt(library, self.owner.person, step)
        if token is None or token.kind != ReplyKind.PROMPT:
            return None
        keyring, person = self.parts.keyring, self.owner.person
        return own_questions.prompt_with_key(self.session, keyring, library, person, token.prompt_key)
