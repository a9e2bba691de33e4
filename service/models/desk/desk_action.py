"""The table of what was done at the desk and by its commands. Rows are added, and deleted after two years."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id


class DeskAction(Base):
    """One action: when, who, what, on which object, and how many rows it changed. It holds no word and no address.

    Who is a writer, by the keyed hash of their address, or the user of the shell that a command ran in. The object is
    an id, or a person by the keyed hash of their address.
    """

    __tablename__ = "desk_actions"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    at: Mapped[datetime] = mapped_column(index=True)
    writer_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    shell_user: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    person_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    number: Mapped[int | None] = mapped_column(Integer)
    # The names of the doctor's checks over whose failure a letter goes, with commas between them.
    failed_checks: Mapped[str | None] = mapped_column(String(400))

    @classmethod
    def newest(cls, session: Session, limit: int) -> Sequence[DeskAction]:
        """Return up to `limit` actions, the newest first."""
        return session.scalars(select(cls).order_by(cls.at.desc(), cls.id).limit(limit)).all()

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete actions from before an instant."""
        session.execute(delete(cls).where(cls.at < before))
