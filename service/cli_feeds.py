"""The command group `smallsteps letters feed`: the blog's feed, whose new posts become drafts of letters."""

from __future__ import annotations

import json
from typing import Any

import click

from service.cli_actions import record_command
from service.cli_settings import runtime_of, with_settings
from service.config import Settings
from service.core.feeds.feed_words import NOTES, PROBLEMS
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.feeds import feed_list
from service.flows.outgoing.feeds.feed_looker import Look
from service.flows.outgoing.letters.letter_drafts import LetterError
from service.models import Feed, FeedState, SeenPost
from service.runtime import Runtime

MOST_POSTS = 20
_FEED_ID = click.argument("feed_id", metavar="ID", type=int)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group("feed")
def feed() -> None:
    """The feed of your blog: a new post becomes a draft of a letter, once."""


@feed.command("add")
@click.argument("url", metavar="URL")
@_AS_JSON
@with_settings
def feed_add(settings: Settings, url: str, as_json: bool) -> None:
    """Look at a feed from now on. What stands in it is seen and not sent; the newest post becomes a draft."""
    runtime = runtime_of(settings)
    try:
        with runtime.database.write() as session:
            feed_id = feed_list.add_feed(session, url, runtime.clock()).id
            record_command(session, runtime, DeskActionName.FEED_ADDED, object_id=feed_id)
    except LetterError as error:
        raise click.ClickException(str(error)) from None
    _look_and_tell(runtime, [feed_id], as_json=as_json)


@feed.command("check")
@click.argument("feed_id", metavar="[ID]", type=int, required=False)
@_AS_JSON
@with_settings
def feed_check(settings: Settings, feed_id: int | None, as_json: bool) -> None:
    """Look at a feed now, or at all of them. Exit code 1 if one cannot be read."""
    runtime = runtime_of(settings)
    with runtime.database.read() as session:
        ids = [row.id for row in Feed.list_all(session) if row.state == FeedState.ACTIVE]
    if feed_id is not None and feed_id not in ids:
        raise click.ClickException("There is no feed with this id that is looked at.")
    _look_and_tell(runtime, ids if feed_id is None else [feed_id], as_json=as_json)


@feed.command("list")
@_AS_JSON
@with_settings
def feed_list_all(settings: Settings, as_json: bool) -> None:
    """List the feeds, and what was found in them."""
    with runtime_of(settings).database.read() as session:
        feeds = [_feed_row(row) for row in Feed.list_all(session)]
        posts = [_post_row(row) for row in SeenPost.newest_drafts(session, MOST_POSTS)]
    if as_json:
        click.echo(json.dumps({"feeds": feeds, "posts": posts}, default=str))
        return
    for row in feeds:
        click.echo(f"{row['id']}  {row['state']}  {row['title'] or row['url']}")
        if row["problem"]:
            click.echo(f"    {row['problem']}.", err=True)
    for row in posts:
        became = (
            f"letter {row['letter_id']}" if row["letter_id"] else f"waits until {row['waits_until']:%Y-%m-%d %H:%M}"
        )
        note = f" ({row['note']})" if row["note"] else ""
        click.echo(f"    {became}  {row['title']}{note}")
    if not feeds:
        click.echo("There are no feeds.")


@feed.command("pause")
@_FEED_ID
@with_settings
def feed_pause(settings: Settings, feed_id: int) -> None:
    """Let a feed rest: nothing is fetched until it is resumed."""
    _change(settings, feed_id, DeskActionName.FEED_PAUSED)
    click.echo("The feed is not looked at for now.")


@feed.command("resume")
@_FEED_ID
@with_settings
def feed_resume(settings: Settings, feed_id: int) -> None:
    """Look at a feed again, within a minute."""
    _change(settings, feed_id, DeskActionName.FEED_RESUMED)
    click.echo("The feed is looked at again.")


@feed.command("remove")
@_FEED_ID
@with_settings
def feed_remove(settings: Settings, feed_id: int) -> None:
    """Look at a feed no more. Its drafts stay."""
    _change(settings, feed_id, DeskActionName.FEED_REMOVED)
    click.echo("The feed is removed. Its drafts stay.")


def _change(settings: Settings, feed_id: int, name: DeskActionName) -> None:
    runtime = runtime_of(settings)
    try:
        with runtime.database.write() as session:
            match name:
                case DeskActionName.FEED_PAUSED:
                    feed_list.pause_feed(session, feed_id)
                case DeskActionName.FEED_RESUMED:
                    feed_list.resume_feed(session, feed_id, runtime.clock())
                case _:
                    feed_list.remove_feed(session, feed_id)
            record_command(session, runtime, name, object_id=feed_id)
    except LetterError as error:
        raise click.ClickException(str(error)) from None


def _look_and_tell(runtime: Runtime, ids: list[int], *, as_json: bool) -> None:
    """Look at feeds and print what was found; exit code 1 if one of them cannot be read."""
    looker = runtime.feed_looker()
    looks = {feed_id: looker.look(feed_id, at_once=True) for feed_id in ids}
    rows = [_look_row(feed_id, look) for feed_id, look in looks.items()]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for row in rows:
            _tell(row)
    if any(row["problem"] for row in rows):
        raise SystemExit(1)


def _tell(row: dict[str, Any]) -> None:
    if row["problem"]:
        click.echo(f"{row['id']}  {row['problem']}.", err=True)
        return
    drafts = row["drafts"]
    found = f"{drafts} new {'draft' if drafts == 1 else 'drafts'}" if drafts else "nothing new"
    click.echo(f"{row['id']}  {found}")


def _look_row(feed_id: int, look: Look | None) -> dict[str, Any]:
    problem = PROBLEMS[look.problem] if look is not None and look.problem is not None else None
    return {"id": feed_id, "problem": problem, "drafts": look.drafts if look is not None else 0}


def _feed_row(row: Feed) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "state": row.state,
        "looked_at": row.looked_at,
        "next_look_at": row.next_look_at,
        "problem": PROBLEMS[row.problem] if row.problem else None,
    }


def _post_row(row: SeenPost) -> dict[str, Any]:
    return {
        "letter_id": row.letter_id,
        "title": row.title,
        "link": row.link,
        "found_at": row.found_at,
        "waits_until": row.waits_until,
        "note": NOTES[row.note] if row.note else None,
    }
