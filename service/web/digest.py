"""A month in somebody's own words, on a page: the digest as it was sent, less what they have taken back since."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from service.core.tokens import Action
from service.flows.digests import still_standing
from service.flows.contents import frozen_digest
from service.models import Delivery, Subscriber
from service.web import browser
from service.web.context import get_runtime, now, page, read_act_token
from service.web.errors import error_page

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
    if digest is None:
        return error_page(404)
    return page("digest", digest=digest)
