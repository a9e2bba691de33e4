"""The pictures of drafts from feeds: fetched from the blog once, redrawn, and kept with the draft."""

from __future__ import annotations

from dataclasses import dataclass

from service.clock import Clock
from service.core.journal.photos import Picture
from service.core.letters.letter_from_html import read_html
from service.db import Database
from service.flows.outgoing.letters.letter_drafts import LetterError, add_picture
from service.mail.sandbox.pictures import PictureRedrawer
from service.mail.web_fetch import FetchError, WebFetcher
from service.models import Letter, SeenPost

MOST_PICTURES = 10  # five stand in an email, others on the page
_GOOD = 200


@dataclass(frozen=True, slots=True)
class FeedPictures:
    """Brings the pictures of new drafts. One that cannot be fetched is a line with its description, and a fault."""

    database: Database
    fetcher: WebFetcher
    clock: Clock

    def bring(self, feed_id: int) -> None:
        """Bring the pictures that the drafts of a feed lack."""
        with self.database.read() as session:
            rows = SeenPost.without_pictures(session, feed_id)
            wanted = {row.id: (row.letter_id, _addresses(session.get(Letter, row.letter_id))) for row in rows}
        redrawer = PictureRedrawer()
        try:
            for row_id, (letter_id, addresses) in wanted.items():
                self._store(row_id, letter_id, {address: self._fetch(address, redrawer) for address in addresses})
        finally:
            redrawer.close()

    def _fetch(self, address: str, redrawer: PictureRedrawer) -> Picture | None:
        try:
            fetched = self.fetcher.fetch(address, {"Accept": "image/*"})
        except FetchError:
            return None
        return next(redrawer.redraw([fetched.body])) if fetched.status == _GOOD and fetched.body else None

    def _store(self, row_id: int, letter_id: int | None, pictures: dict[str, Picture | None]) -> None:
        with self.database.write() as session:
            session.get_one(SeenPost, row_id).has_pictures = True
            for address, picture in pictures.items():
                if picture is None or letter_id is None:
                    continue
                try:
                    add_picture(session, letter_id, address, picture, self.clock())
                except LetterError:
                    return  # scheduled meanwhile: what is fixed stays as it is


def _addresses(letter: Letter | None) -> list[str]:
    if letter is None:
        return []
    return [*dict.fromkeys(picture.name for picture in read_html(letter.content).pictures())][:MOST_PICTURES]
