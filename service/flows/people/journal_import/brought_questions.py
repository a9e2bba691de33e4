"""The own questions that an import brings: those that are asked, and those that only stand beside answers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.library.own_question import prompt_id_of
from service.core.sealing import DataKey
from service.core.text.sentences import one_line
from service.db import random_id
from service.flows.people.settings.own_questions import MOST_CHARACTERS, MOST_QUESTIONS, place_of
from service.models import OwnQuestion, Subscriber


@dataclass(frozen=True, slots=True)
class BroughtQuestions:
    """Adds the questions of one chunk; they are told from each other by their words, as one of a journal is."""

    session: Session
    key: DataKey = field(repr=False)
    person: Subscriber
    import_id: int
    now: datetime
    _rows: dict[str, OwnQuestion] = field(default_factory=dict, repr=False)

    def add(self, words: str) -> bool:
        """Have a question asked in its turn; return False if there is no room for it."""
        words = one_line(words)
        row = self._known().get(words)
        if row is not None and not row.is_removed:
            return True
        asked = sum(not each.is_removed for each in self._known().values())
        if asked >= MOST_QUESTIONS or len(words) > MOST_CHARACTERS:
            return False
        if row is None:
            self._new(words, is_removed=False)
        else:
            row.is_removed = False
        return True

    def answered(self, words: str) -> str:
        """Return the prompt id of a question that an entry answers; one that is not there yet is not asked."""
        words = one_line(words)
        row = self._known().get(words) or self._new(words, is_removed=True)
        return prompt_id_of(row.id)

    def _known(self) -> dict[str, OwnQuestion]:
        if not self._rows:
            for row in OwnQuestion.of_subscriber(self.session, self.person.id, removed=True):
                words = self.key.open_text(row.sealed_words, place=place_of(row.id))
                if words not in self._rows or not row.is_removed:
                    self._rows[words] = row
        return self._rows

    def _new(self, words: str, *, is_removed: bool) -> OwnQuestion:
        row = OwnQuestion(
            id=random_id(),
            subscriber_id=self.person.id,
            import_id=self.import_id,
            is_removed=is_removed,
            created_at=self.now,
        )
        row.sealed_words = self.key.seal_text(words, place=place_of(row.id), random=os.urandom)
        self.session.add(row)
        self._known()[words] = row
        return row
