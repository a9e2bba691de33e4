"""The command group `smallsteps letters feed`: the blog's feed, whose new posts become drafts of letters."""

from __future__ import annotations

import json
from typing import Any

import click

from service.cli.command_log import record_command
from service.cli.command_options import ask_as_json, with_sentences
from service.cli.command_settings import runtime_of, with_settings
from service.config import Settings
from service.core.feeds.feed_words import NOTES, PROBLEMS
from service.flows.desk.desk_feeds import MOST_POSTS, change_feed
from service.flows.desk.desk_log import DeskActionName
from service.flows.outgoing.feeds import feed_list
from service.flows.outgoing.feeds.feed_looker import Look
from service.models import Feed, FeedMode, FeedState, SeenPost
from service.runtime import Runtime

_FEED_ID = click.argument("feed_id", metavar="ID", type=int)
_MODE = click.Choice([mode.value for mode in FeedMode])


@click.group("feed")
def feed() -> None:
    """The feed of your blog: a new post becomes a draft of a letter, once."""


@feed.command("add")
@click.argument("url", metavar="URL")
@click.option(
    "--mode",
    type=_MODE,
    default=FeedMode.DRAFT.value,
    show_default=True,
    help="What becomes of new posts: a draft, or a letter that goes by itself an hour later.",
)
@ask_as_json
@with_settings
@with_sentences
def feed_add(settings: Settings, url: str, mode: str, as_json: bool) -> None:
    """Look at a feed from now on. What stands in it is seen and not sent; the newest post becomes a draft."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        feed_id = feed_list.add_feed(session, url, runtime.clock(), FeedMode(mode)).id
        record_command(session, runtime, DeskActionName.FEED_ADDED, object_id=feed_id)
        if mode == FeedMode.AUTO:
            record_command(session, runtime, DeskActionName.FEED_MADE_AUTOMATIC, object_id=feed_id)
    _look_and_tell(runtime, [feed_id], as_json=as_json)


@feed.command("check")
@click.argument("feed_id", metavar="[ID]", type=int, required=False)
@ask_as_json
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
@ask_as_json
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
        click.echo(f"{row['id']}  {row['state']}  {row['mode']}  {row['title'] or row['url']}")
        if row["problem"]:
            click.echo(f"    {row['problem']}.", err=True)
    for row in posts:
        click.echo(f"    {_became(row)}  {row['title']}" + (f" ({row['note']})" if row["note"] else ""))
    if not feeds:
        click.echo("There are no feeds.")


@feed.command("mode")
@_FEED_ID
@click.argument("mode", metavar="draft|auto", type=_MODE)
@ask_as_json
@with_settings
@with_sentences
def feed_mode(settings: Settings, feed_id: int, mode: str, as_json: bool) -> None:
    """Let new posts become drafts (`draft`), or go by themselves an hour after their last change (`auto`)."""
    is_auto = mode == FeedMode.AUTO
    name = DeskActionName.FEED_MADE_AUTOMATIC if is_auto else DeskActionName.FEED_MADE_DRAFTS
    said = "New posts go by themselves from now on." if is_auto else "New posts become drafts. Nothing goes by itself."
    _change(settings, feed_id, name, said, as_json=as_json)


@feed.command("pause")
@_FEED_ID
@ask_as_json
@with_settings
@with_sentences
def feed_pause(settings: Settings, feed_id: int, as_json: bool) -> None:
    """Let a feed rest: nothing is fetched until it is resumed, and nothing of it goes by itself."""
    _change(settings, feed_id, DeskActionName.FEED_PAUSED, "The feed is not looked at for now.", as_json=as_json)


@feed.command("resume")
@_FEED_ID
@ask_as_json
@with_settings
@with_sentences
def feed_resume(settings: Settings, feed_id: int, as_json: bool) -> None:
    """Look at a feed again, within a minute."""
    _change(settings, feed_id, DeskActionName.FEED_RESUMED, "The feed is looked at again.", as_json=as_json)


@feed.command("remove")
@_FEED_ID
@ask_as_json
@with_settings
@with_sentences
def feed_remove(settings: Settings, feed_id: int, as_json: bool) -> None:
    """Stop looking at a feed. Its drafts stay."""
    _change(settings, feed_id, DeskActionName.FEED_REMOVED, "The feed is removed. Its drafts stay.", as_json=as_json)


def _change(settings: Settings, feed_id: int, name: DeskActionName, said: str, *, as_json: bool) -> None:
    """Change a feed, log it, and print how it stands then."""
    runtime = runtime_of(settings)
    with runtime.database.write() as session:
        row = _feed_row(change_feed(session, feed_id, name, runtime.clock()))
        record_command(session, runtime, name, object_id=feed_id)
    click.echo(json.dumps(row, default=str) if as_json else said)


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
    drafts, going = row["drafts"], row["going"]
    found = [f"{drafts} new {'draft' if drafts == 1 else 'drafts'}"] if drafts else []
    found += [f"{going} {'goes by itself' if going == 1 else 'go by themselves'}"] if going else []
    click.echo(f"{row['id']}  {', '.join(found) or 'nothing new'}")


def _look_row(feed_id: int, look: Look | None) -> dict[str, Any]:
    problem = PROBLEMS[look.problem] if look is not None and look.problem is not None else None
    drafts, going = (look.drafts, look.going) if look is not None else (0, 0)
    return {"id": feed_id, "problem": problem, "drafts": drafts, "going": going}


def _became(row: dict[str, Any]) -> str:
    """Return what became of a post: a letter, and when it goes if it goes by itself, or the date that it waits for."""
    if not row["letter_id"]:
        return f"waits until {row['waits_until']:%Y-%m-%d %H:%M}"
    return f"letter {row['letter_id']}" + (f", by itself at {row['goes_at']:%Y-%m-%d %H:%M}" if row["goes_at"] else "")


def _feed_row(row: Feed) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "state": row.state,
        "mode": row.mode,
        "paused_because": row.paused_because,
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
        "goes_at": row.goes_at,
        "note": NOTES[row.note] if row.note else None,
    }
