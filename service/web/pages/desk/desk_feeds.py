"""The blog's feeds at the desk: how each stands, looking at one, adding one, and what becomes of its new posts."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response, redirect, request

from service.core.feeds.feed_words import NOTES, PROBLEMS
from service.flows.desk.desk_feeds import change_feed, list_feeds
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.feeds import feed_list
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.job_queue import BackgroundJob
from service.models import FeedMode
from service.web.context import get_runtime, now, page
from service.web.pages.desk.desk_browser import desk_visit

blueprint = Blueprint("desk_feeds", __name__, url_prefix="/desk/feeds")


@blueprint.get("")
def feeds() -> str:
    """List the feeds, how each stands, and what was found."""
    return _list_page("")


@blueprint.post("/look")
def look() -> str | tuple[str, int]:
    """Fetch what is to be added, and show what is in it; nothing is stored."""
    with desk_visit(writing=True) as visit:
        visit.record(DeskActionName.FEED_CHECKED)
        is_confirmed = visit.is_confirmed
    url = request.form.get("url", "").strip()
    try:
        found = get_runtime().feed_looker().preview(url)
    except LetterError as error:
        return _problem(str(error))
    if found.problem is not None or found.parsed is None:
        return _problem(f"{PROBLEMS[found.problem or 'no_feed']}.")
    return page("desk/feed_found", url=url, found=found.parsed, is_confirmed=is_confirmed, signed_in=False)


@blueprint.post("/add")
def add() -> Response | tuple[str, int]:
    """Look at a feed from now on; if its posts are to go by themselves, a code of the second factor is needed."""
    is_auto = request.form.get("mode") == FeedMode.AUTO
    try:
        with desk_visit(writing=True) as visit:
            if is_auto:
                visit.require_confirmed()
            mode = FeedMode.AUTO if is_auto else FeedMode.DRAFT
            feed_id = feed_list.add_feed(visit.session, request.form.get("url", ""), now(), mode).id
            visit.record(DeskActionName.FEED_ADDED, object_id=feed_id)
            if is_auto:
                visit.record(DeskActionName.FEED_MADE_AUTOMATIC, object_id=feed_id)
    except LetterError as error:
        return _problem(str(error))
    return _look_soon(feed_id)


@blueprint.post("/<id:feed_id>/check")
def check(feed_id: int) -> Response | tuple[str, int]:
    """Look at a feed now: a worker does."""
    try:
        with desk_visit(writing=True) as visit:
            feed_list.look_now(visit.session, feed_id, now())
            visit.record(DeskActionName.FEED_CHECKED, object_id=feed_id)
    except LetterError as error:
        return _problem(str(error))
    return _look_soon(feed_id)


@blueprint.post("/<id:feed_id>/pause")
def pause(feed_id: int) -> Response | tuple[str, int]:
    """Let a feed rest; nothing of it goes by itself."""
    return _change(feed_id, DeskActionName.FEED_PAUSED)


@blueprint.post("/<id:feed_id>/resume")
def resume(feed_id: int) -> Response | tuple[str, int]:
    """Look at a feed again; a code is needed where its posts go by themselves."""
    return _change(feed_id, DeskActionName.FEED_RESUMED)


@blueprint.post("/<id:feed_id>/remove")
def remove(feed_id: int) -> Response | tuple[str, int]:
    """Stop looking at a feed; its drafts stay."""
    return _change(feed_id, DeskActionName.FEED_REMOVED)


@blueprint.post("/<id:feed_id>/drafts")
def drafts(feed_id: int) -> Response | tuple[str, int]:
    """Let new posts become drafts."""
    return _change(feed_id, DeskActionName.FEED_MADE_DRAFTS)


@blueprint.post("/<id:feed_id>/automatic")
def automatic(feed_id: int) -> Response | tuple[str, int]:
    """Let new posts go by themselves; a code of the second factor is needed."""
    return _change(feed_id, DeskActionName.FEED_MADE_AUTOMATIC)


def _change(feed_id: int, name: DeskActionName) -> Response | tuple[str, int]:
    """Do something with a feed and log it; sending without asking needs a code of the second factor."""
    try:
        with desk_visit(writing=True) as visit:
            changed = change_feed(visit.session, feed_id, name, now())
            may_send = name in {DeskActionName.FEED_MADE_AUTOMATIC, DeskActionName.FEED_RESUMED}
            if may_send and changed.mode == FeedMode.AUTO:
                visit.require_confirmed()  # what was changed is undone with this transaction
            visit.record(name, object_id=feed_id)
    except LetterError as error:
        return _problem(str(error))
    return cast("Response", redirect("/desk/feeds", code=303))


def _look_soon(feed_id: int) -> Response:
    get_runtime().job_queue.enqueue_background(BackgroundJob.FEEDS, [feed_id])
    return cast("Response", redirect("/desk/feeds?done=checked", code=303))


def _problem(sentence: str) -> tuple[str, int]:
    return _list_page(sentence), HTTPStatus.UNPROCESSABLE_ENTITY


def _list_page(problem: str) -> str:
    with desk_visit() as visit:
        found = list_feeds(visit.session)
        done, url = request.args.get("done", ""), request.form.get("url", "")
        return page("desk/feeds", feeds=found, notes=NOTES, problem=problem, done=done, url=url, signed_in=False)
