"""Own questions: what a person wants to be asked, in their own words, sealed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.library.own_question import as_prompt, own_id_of, prompt_id_of
from service.core.library.prompts import Library, Prompt, key_of
from service.core.sealing import DataKey
from service.core.text.sentences import one_line
from service.db import random_id
from service.flows.people.settings import frequency
from service.models import Entry, Keyring, OwnQuestion, QuestionWish, Subscriber

MOST_QUESTIONS = 60
MOST_CHARACTERS = 300


class NotKept(Enum):
    """Why a question was not kept."""

    EMPTY = auto()
    TOO_LONG = auto()
    TOO_MANY = auto()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question as its owner sees it; a removed one is not asked again."""

    id: int
    words: str = field(repr=False)
    is_removed: bool = False


def open_questions(
    session: Session, keyring: Keyring, person: Subscriber, *, removed: bool = False
) -> list[OpenQuestion]:
    """Return a person's questions, the oldest first; with `removed` also those that only stand beside answers."""
    key = keyring.key_of(person)
    rows = OwnQuestion.of_subscriber(session, person.id, removed=removed)
    return [OpenQuestion(row.id, _words(key, row), row.is_removed) for row in rows]


def add(session: Session, keyring: Keyring, person: Subscriber, words: str, now: datetime) -> int | NotKept:
    """Keep a question of a person, whose row must be locked; return its id, or why it was not kept.

    One that is asked already, in the same words, is not added again.
    """
    words = one_line(words)
    problem = _problem_of(words)
    if problem is not None:
        return problem
    own = open_questions(session, keyring, person)
    same = next((each for each in own if each.words == words), None)
    if same is not None:
        return same.id
    if len(own) >= MOST_QUESTIONS:
        return NotKept.TOO_MANY
    frequency.record_activity(session, person, now)
    return _new(session, keyring.key_of(person), person, words, now).id


def change(session: Session, keyring: Keyring, person: Subscriber, row: OwnQuestion, words: str) -> int | NotKept:
    """Change the words of a question; return the id that it has now, or why it was not changed.

    What was answered keeps the question as it was asked: then the new words are a question of their own, in its place.
    """
    words = one_line(words)
    problem = _problem_of(words)
    if problem is not None:
        return problem
    key = keyring.key_of(person)
    if words == _words(key, row):
        return row.id
    if not Entry.answers(session, person.id, prompt_id_of(row.id)):
        row.sealed_words, row.import_id = _sealed(key, row.id, words), None
        return row.id
    new = _new(session, key, person, words, row.created_at)
    new.asked_on = row.asked_on
    wish = QuestionWish.find(session, person.id, prompt_id_of(row.id))
    if wish is not None:
        QuestionWish.put(session, person.id, prompt_id_of(new.id), wish.again_on)
    remove(session, person, row)
    return new.id


def remove(session: Session, person: Subscriber, row: OwnQuestion) -> None:
    """Stop asking a question; its words stay, sealed, only beside what answers it."""
    QuestionWish.remove(session, person.id, prompt_id_of(row.id))
    row.is_removed = True
    session.flush()
    OwnQuestion.drop_unanswered(session, person.id)


def prompts_of(
    session: Session, keyring: Keyring, library: Library, person: Subscriber, prompt_ids: Iterable[str | None]
) -> Mapping[str | None, Prompt]:
    """Return the questions of these prompt ids, of the library and the person's own, as far as they are there."""
    wanted = set(prompt_ids)
    found = {id_: prompt for id_ in wanted if (prompt := library.get(id_ or "")) is not None}
    if any(own_id_of(id_) is not None for id_ in wanted):
        own = (_as_prompt(each) for each in open_questions(session, keyring, person, removed=True))
        found |= {prompt.id: prompt for prompt in own if prompt.id in wanted}
    return found


def prompt_with_key(
    session: Session, keyring: Keyring, library: Library, person: Subscriber, key: int
) -> Prompt | None:
    """Return the question that a token names by its key, of the library or the person's own, or None."""
    prompt = library.by_key(key)
    if prompt is None and key:
        for row in OwnQuestion.of_subscriber(session, person.id, removed=True):
            if key_of(prompt_id_of(row.id)) == key:
                return as_prompt(prompt_id_of(row.id), _words(keyring.key_of(person), row))
    return prompt


def asked_now(session: Session, keyring: Keyring, person: Subscriber, prompt_id: str | None) -> Prompt | None:
    """Return the own question that a prompt id names, or None if it is not one that is still asked."""
    row = OwnQuestion.find(session, person.id, own_id_of(prompt_id) or 0)
    return None if row is None else as_prompt(prompt_id_of(row.id), _words(keyring.key_of(person), row))


def _as_prompt(question: OpenQuestion) -> Prompt:
    return as_prompt(prompt_id_of(question.id), question.words)


def _problem_of(words: str) -> NotKept | None:
    if not words:
        return NotKept.EMPTY
    return NotKept.TOO_LONG if len(words) > MOST_CHARACTERS else None


def _new(session: Session, key: DataKey, person: Subscriber, words: str, now: datetime) -> OwnQuestion:
    row = OwnQuestion(id=random_id(), subscriber_id=person.id, created_at=now)
    row.sealed_words = _sealed(key, row.id, words)
    session.add(row)
    session.flush()
    return row


def _words(key: DataKey, row: OwnQuestion) -> str:
    return key.open_text(row.sealed_words, place=place_of(row.id))


def _sealed(key: DataKey, question_id: int, words: str) -> bytes:
    return key.seal_text(words, place=place_of(question_id), random=os.urandom)


def place_of(question_id: int) -> str:
    """Return the place that the sealed words of a question are bound to."""
    return f"own_questions.words:{question_id}"
