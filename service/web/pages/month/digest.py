"""The web copy of a month's digest, without what its owner has removed since."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from service.core.access.tokens import Action
from service.core.month.resurfacing import Passage
from service.flows.people.journal.digest_reading import frozen_digest
from service.flows.people.journal.photos.entry_photos import OpenPhoto, open_by_entry
from service.models import Delivery, Subscriber
from service.web import browser
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page
from service.web.security.security import allow_photos

blueprint = Blueprint("digest", __name__)


@blueprint.get("/digest/<token>")
def show(token: str) -> Response | str:
    """Show a digest; in discreet mode only after a sign-in, since the email quotes nothing."""
    link = read_act_token(token)
    if link is None or link.action is not Action.DIGEST:
        return error_page(404)
    if link.has_expired(now()):
        return error_page(410, again="/journal")
    runtime = get_runtime()
    with runtime.database.read() as session:
        person = session.get(Subscriber, link.subscriber_id)
        if person is not None and person.is_discreet:
            with browser.visit() as visit:
                person = person if visit.person.id == person.id else None
        delivery = Delivery.find_by_id(session, link.subscriber_id, link.object_id)
        if person is None or delivery is None:
            return error_page(404)
        frozen = frozen_digest(runtime.keyring, delivery, person)
        digest = runtime.digests().without_removed_entries(session, person, frozen) if frozen else None
        photos = photos_of(session, person, digest.quoted) if digest and _is_read_by(session, person) else {}
    if digest is None:
        return error_page(404)
    return page("digest", digest=digest, photos=photos)


def photos_of(session: Session, person: Subscriber, quoted: Sequence[Passage]) -> dict[int, list[OpenPhoto]]:
    """Return these passages' photos by entry id, and allow the page to show them."""
    found = open_by_entry(session, get_runtime().keyring, person, [passage.entry_id for passage in quoted])
    if found:
        allow_photos()
    return found


def _is_read_by(session: Session, person: Subscriber) -> bool:
    """Return whether the digest's owner is signed in here; the link alone shows words, but no photos."""
    return browser.signed_in_id(session) == person.id
