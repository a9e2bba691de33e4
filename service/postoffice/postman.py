"""Posting to the service's webhooks, signed, with retries until a post is accepted."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import urllib3

from service.postoffice.mailbox.files import read_all, unique_name, write_atomically

# The provider's schedules are 10, 15, 30 minutes, 1, 2, 4 hours for routes and 5, 10, 15 minutes,
# 1, 2, 4 hours for events (documentation.mailgun.com); here a minute is a second.
SCHEDULES: Mapping[str, tuple[float, ...]] = {
    "route": (10, 15, 30, 60, 120, 240),
    "event": (5, 10, 15, 60, 120, 240),
    "delivered": (),
}
TAKEN = frozenset({200, 201, 202, 204, 406})
NO_ANSWER = 0
_TIMEOUT_SECONDS = 30.0
_REST_SECONDS = 0.5
_TAKEN_KEPT = 200


@dataclass(frozen=True, slots=True)
class WebPost:
    """One post to a webhook: its bytes, the same in every try, and the results so far.

    `answers` are the status codes so far, 0 for no response; `next_at` is seconds since the
    epoch, None when the post was accepted or abandoned.
    """

    post_id: str
    kind: str
    about: str = field(repr=False)
    url: str
    content_type: str
    body: bytes = field(repr=False)
    answers: tuple[int, ...] = ()
    next_at: float | None = None

    @property
    def is_taken(self) -> bool:
        """Return whether the webhook accepted it, or refused it permanently."""
        return bool(self.answers) and self.answers[-1] in TAKEN

    def as_json(self) -> dict[str, Any]:
        """Return the post as a JSON object."""
        return asdict(self) | {"body": base64.b64encode(self.body).decode(), "answers": self.answers}


def new_post(kind: str, about: str, url: str, content_type: str, body: bytes) -> WebPost:
    """Return a post that has not been tried."""
    return WebPost(f"{time.time_ns()}-{unique_name()}", kind, about, url, content_type, body)


class Postman:
    """Makes posts, in the background or at once; posts not accepted yet are stored in `folder`."""

    def __init__(self, folder: Path, schedules: Mapping[str, Sequence[float]] = SCHEDULES) -> None:
        self._folder = folder
        self._schedules = schedules
        self._pool = urllib3.PoolManager(retries=False, maxsize=8, timeout=_TIMEOUT_SECONDS)
        self._changed = threading.Condition()
        self._posts = {post.post_id: post for post in map(_from_json, read_all(folder))}
        self._in_hand: set[str] = set()
        self._is_walking = False
        self._is_closed = False

    def post_later(self, post: WebPost) -> None:
        """Post it in the background, soon."""
        with self._changed:
            self._keep(replace(post, next_at=time.time()))
            self._start_walking()
            self._changed.notify_all()

    def post_now(self, post: WebPost) -> WebPost:
        """Post it and return the post with its result; if it was not accepted, it is tried again later."""
        with self._changed:
            self._in_hand.add(post.post_id)
        try:
            tried = self._tried(post)
        finally:
            with self._changed:
                self._in_hand.discard(post.post_id)
        with self._changed:
            self._keep(tried)
            self._start_walking()
            self._changed.notify_all()
        return tried

    def try_again(self, post_id: str) -> WebPost | None:
        """Retry a post that was not accepted, at once; return None if there is none with this id."""
        post = self._posts.get(post_id)
        return self.post_now(post) if post else None

    def newest_first(self) -> list[WebPost]:
        """Return every post of this run and the stored ones of earlier runs."""
        with self._changed:
            return sorted(self._posts.values(), key=lambda post: post.post_id, reverse=True)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no post is due or in progress; return False if that took too long."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._in_hand or self._due():
                self._changed.wait(max(0.0, min(_REST_SECONDS, end - time.monotonic())))
                if time.monotonic() >= end:
                    return False
            return True

    def close(self) -> None:
        """Stop the background work and close the connections."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._pool.clear()

    def _start_walking(self) -> None:
        if not self._is_walking and not self._is_closed:
            self._is_walking = True
            threading.Thread(target=self._walk, name="postman", daemon=True).start()

    def _walk(self) -> None:
        while True:
            with self._changed:
                post = self._due()
                while post is None and not self._is_closed:
                    self._changed.wait(_REST_SECONDS)
                    post = self._due()
                if self._is_closed or post is None:
                    return
                self._in_hand.add(post.post_id)
            tried = self._tried(post)
            with self._changed:
                self._in_hand.discard(post.post_id)
                self._keep(tried)
                self._changed.notify_all()

    def _due(self) -> WebPost | None:
        now = time.time()
        due = (
            post
            for post in self._posts.values()
            if post.next_at is not None and post.next_at <= now and post.post_id not in self._in_hand
        )
        return min(due, key=lambda post: (post.next_at or 0.0, post.post_id), default=None)

    def _tried(self, post: WebPost) -> WebPost:
        try:
            answer = self._pool.request(
                "POST",
                post.url,
                body=post.body,
                headers={"Content-Type": post.content_type, "User-Agent": "mailgun/treq-24.9.1"},
            )
            status = answer.status
        except urllib3.exceptions.HTTPError:
            status = NO_ANSWER
        answers = (*post.answers, status)
        schedule = self._schedules[post.kind]
        is_over = status in TAKEN or len(answers) > len(schedule)
        next_at = None if is_over else time.time() + schedule[len(answers) - 1]
        return replace(post, answers=answers, next_at=next_at)

    def _keep(self, post: WebPost) -> None:
        self._posts[post.post_id] = post
        path = self._folder / f"{post.post_id}.json"
        if not post.is_taken:
            write_atomically(path, post.as_json())
            return
        path.unlink(missing_ok=True)
        taken = [other.post_id for other in self._posts.values() if other.is_taken]
        for post_id in sorted(taken)[:-_TAKEN_KEPT]:
            del self._posts[post_id]


def _from_json(text: str) -> WebPost:
    found = json.loads(text)
    return WebPost(**found | {"body": base64.b64decode(found["body"]), "answers": tuple(found["answers"])})
