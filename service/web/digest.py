"""A month in somebody's own words, on a page: the digest as it was sent, less what they have taken back since."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from service.core.digest import Digest
from service.core.tokens import Action
from service.flows.contents import frozen_digest
from service.flows.digests import still_standing
from service.flows.photos import by_entry
from service.models import BrowserSession, Delivery, Subscriber
from service.web import browser
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page
from service.web.security import allow_photos

blueprint = Blueprint("digest", __name__)


@blueprint.get("/digest/<token>")
def show(token: str) -> Response | str:
    """Show a digest; of somebody discreet only once they have signed in, since their email quotes nothing."""
    act = read_act_token(token)
    if act is None or act.action is not Action.DIGEST:
        return error_page(404)
    if act.has_expired(now()):
        return error_page(410, again="/journal")
    runtime = get_runtime()
    with runtime.database.read() as rows:
        person = rows.get(Subscriber, act.subscriber_id)
        if person is not None and person.is_discreet:
            with browser.visit() as visit:
                person = person if visit.person.id == person.id else None
        delivery = Delivery.one_of(rows, act.subscriber_id, act.object_id)
        if person is None or delivery is None:
            return error_page(404)
        frozen = frozen_digest(runtime.keyring, delivery, person)
        digest = still_standing(rows, runtime.keyring, runtime.library, person, frozen) if frozen else None
        photos = _photos(rows, person, digest) if digest and _is_read_by(rows, person) else {}
    if digest is None:
        return error_page(404)
    return page("digest", digest=digest, photos=photos)


def _is_read_by(rows: Session, person: Subscriber) -> bool:
    """Say whether the one whose month it is has signed in here; the link alone shows words, but no photo."""
    secret = browser.secret_hash()
    return secret is not None and BrowserSession.owner(rows, secret, now()) == person.id


def _photos(rows: Session, person: Subscriber, digest: Digest) -> dict[int, list[str]]:
    """Return the addresses of the photos of what the digest shows, by entry id."""
    passages = [*digest.passages, *([digest.then_and_now] if digest.then_and_now else [])]
    found = by_entry(rows, person, [passage.entry_id for passage in passages])
    if found:
        allow_photos()
    return {entry_id: [f"/journal/photo/{photo.id}" for photo in some] for entry_id, some in found.items()}
