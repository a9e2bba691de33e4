"""The tables of the writers' own prompts, and of the changes in when prompts come. Nothing in them is private."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import SmallInteger, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.library.prompt_timing import PromptTiming
from service.core.library.prompts import Prompt
from service.db import Base, Id, random_id

_IN_USE = "active"


class OwnPrompt(Base):
    """A prompt that a writer made at the desk: a draft until `added_at`, and never edited after that."""

    __tablename__ = "own_prompts"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    prompt_id: Mapped[str] = mapped_column(String(64), unique=True)
    locale: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    theme: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int] = mapped_column(SmallInteger)
    depth: Mapped[int] = mapped_column(SmallInteger)
    lighter: Mapped[str | None] = mapped_column(String(64))
    resurface: Mapped[bool]
    gratitude: Mapped[bool]
    asks_for_step: Mapped[bool]
    evidence: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    added_at: Mapped[datetime | None]

    @property
    def prompt(self) -> Prompt:
        """Return the prompt as the library has it."""
        return Prompt(
            id=self.prompt_id,
            locale=self.locale,
            subject=self.subject,
            theme=self.theme,
            kind=self.kind,
            minutes=self.minutes,
            depth=self.depth,
            resurface=self.resurface,
            lighter=self.lighter,
            evidence=self.evidence,
            status=_IN_USE,
            body=self.body,
            gratitude=self.gratitude,
            asks_for_step=self.asks_for_step,
        )

    def take(self, prompt: Prompt, prompt_id: str) -> None:
        """Hold what a prompt says and how it is sorted, under an id."""
        self.prompt_id, self.locale, self.subject, self.body = prompt_id, prompt.locale, prompt.subject, prompt.body
        self.theme, self.kind, self.minutes, self.depth = prompt.theme, prompt.kind, prompt.minutes, prompt.depth
        self.lighter, self.resurface, self.gratitude = prompt.lighter, prompt.resurface, prompt.gratitude
        self.asks_for_step, self.evidence = prompt.asks_for_step, prompt.evidence

    @classmethod
    def locked(cls, session: Session, prompt_id: str) -> OwnPrompt | None:
        """Return the draft or prompt with this id, with its row locked, or None."""
        return session.scalar(select(cls).where(cls.prompt_id == prompt_id).with_for_update())

    @classmethod
    def find(cls, session: Session, prompt_id: str) -> OwnPrompt | None:
        """Return the draft or prompt with this id, or None."""
        return session.scalar(select(cls).where(cls.prompt_id == prompt_id))

    @classmethod
    def ids(cls, session: Session) -> set[str]:
        """Return the ids of all drafts and prompts."""
        return set(session.scalars(select(cls.prompt_id)))

    @classmethod
    def drafts(cls, session: Session) -> Sequence[OwnPrompt]:
        """Return those that were not added yet, the newest first."""
        return session.scalars(select(cls).where(cls.added_at.is_(None)).order_by(cls.created_at.desc(), cls.id)).all()

    @classmethod
    def added(cls, session: Session) -> Sequence[OwnPrompt]:
        """Return those that were added, retired or not, in the order in which they were."""
        return session.scalars(select(cls).where(cls.added_at.is_not(None)).order_by(cls.added_at, cls.id)).all()


class PromptChange(Base):
    """When a prompt of the library or an own one comes from a local date on; the last one of a date holds."""

    __tablename__ = "prompt_changes"
    __table_args__ = (UniqueConstraint("prompt_id", "valid_from"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    prompt_id: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date]
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    is_retired: Mapped[bool]
    created_at: Mapped[datetime]

    @classmethod
    def put(cls, session: Session, prompt_id: str, timing: PromptTiming, now: datetime) -> None:
        """Add a change; one for the same date, which has not begun, gives way to it."""
        session.execute(delete(cls).where(cls.prompt_id == prompt_id, cls.valid_from == timing.valid_from))
        row = cls(
            prompt_id=prompt_id,
            valid_from=timing.valid_from,
            first_on=timing.first_on,
            last_on=timing.last_on,
            is_retired=timing.is_retired,
            created_at=now,
        )
        session.add(row)
        session.flush()

    @classmethod
    def timings(cls, session: Session) -> dict[str, list[PromptTiming]]:
        """Return what was decided about each prompt, by its id, in the order of the dates."""
        found: dict[str, list[PromptTiming]] = {}
        for row in session.scalars(select(cls).order_by(cls.valid_from)):
            timing = PromptTiming(row.valid_from, row.first_on, row.last_on, row.is_retired)
            found.setdefault(row.prompt_id, []).append(timing)
        return found
