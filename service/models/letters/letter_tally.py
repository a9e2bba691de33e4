"""The table of what became of each letter's emails since it began or was resumed."""

from __future__ import annotations

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.letters.letter_results import LetterResults
from service.db import Base, Id, insert_into


class LetterTally(Base):
    """How many of a letter's emails have ended, and how; begun anew when the letter is resumed."""

    __tablename__ = "letter_tallies"

    letter_id: Mapped[int] = mapped_column(Id, ForeignKey("letters.id", ondelete="CASCADE"), primary_key=True)
    results: Mapped[int]
    refusals: Mapped[int]
    addresses: Mapped[int]
    complaints: Mapped[int]

    @classmethod
    def add(cls, session: Session, letter_id: int, found: LetterResults) -> LetterResults:
        """Count more results, and return all of them. The row stays locked until the end of the transaction."""
        counts = {
            "results": found.results,
            "refusals": found.refusals,
            "addresses": found.addresses,
            "complaints": found.complaints,
        }
        insert = insert_into(session, cls).values(letter_id=letter_id, **counts)
        query = insert.on_conflict_do_update(
            index_elements=["letter_id"],
            set_={name: getattr(cls, name) + number for name, number in counts.items()},
        ).returning(cls.results, cls.refusals, cls.addresses, cls.complaints)
        return LetterResults(*session.execute(query).one())

    @classmethod
    def forget(cls, session: Session, letter_id: int) -> None:
        """Begin to count a letter's results anew."""
        session.execute(delete(cls).where(cls.letter_id == letter_id))
