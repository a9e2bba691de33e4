"""What people are asked besides the library in its turn: their own questions, and those that they want again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from service.core.library.own_question import OwnTurn, own_id_of, prompt_id_of, whose_turn
from service.core.library.prompts import Library
from service.models import OwnQuestion, QuestionWish


@dataclass(frozen=True, slots=True)
class PersonalQuestions:
    """The own questions and the wishes of the people of one chunk, by their ids; no words are opened."""

    session: Session
    library: Library
    own: Mapping[int, list[OwnQuestion]]
    wishes: Mapping[int, list[QuestionWish]]

    @classmethod
    def load(cls, session: Session, library: Library, subscriber_ids: Iterable[int]) -> PersonalQuestions:
        """Return what these people want; the caller holds the locks on their rows."""
        ids = list(subscriber_ids)
        own = OwnQuestion.of_subscribers(session, ids) if ids else {}
        return cls(session, library, own, QuestionWish.of_subscribers(session, ids) if ids else {})

    def unwanted(self, subscriber_id: int) -> frozenset[str]:
        """Return the ids of the prompts that a person does not want again."""
        return frozenset(wish.prompt_id for wish in self.wishes.get(subscriber_id, ()) if wish.again_on is None)

    def take(self, subscriber_id: int, on: date) -> str | None:
        """Return the prompt id of what a person is asked on a local date, or None if the library has its turn.

        What they want again comes before their own questions. That it is planned is noted.
        """
        own = self.own.get(subscriber_id, [])
        asked = self._take_again(subscriber_id, on, {prompt_id_of(row.id) for row in own})
        own_id = own_id_of(asked) if asked else whose_turn((OwnTurn(row.id, row.asked_on) for row in own), on)
        for row in own:
            if row.id == own_id:
                row.asked_on = on
        return asked or (None if own_id is None else prompt_id_of(own_id))

    def _take_again(self, subscriber_id: int, on: date, own: set[str]) -> str | None:
        """Return what is due to be asked again, or None; a wish whose question is there no longer is dropped."""
        for wish in self.wishes.get(subscriber_id, ()):
            if wish.again_on is None or wish.again_on > on:
                continue
            QuestionWish.remove(self.session, subscriber_id, wish.prompt_id)
            prompt = self.library.get(wish.prompt_id)
            if wish.prompt_id in own or (prompt is not None and prompt.in_use):
                return wish.prompt_id
        return None
