"""Words about feeds that the pages of the desk, the commands and the mails to the writers say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NO_ANSWER: Final = "The server didn’t answer"
# By the problem that is stored with a feed.
PROBLEMS: Final[Mapping[str, str]] = {
    "html": (
        "A web page answered, not a feed. If this is the feed’s address and not the blog’s, it may be a bot check: let"
        " our User-Agent, SmallSteps, through"
    ),
    "no_feed": "What answered is not a feed",
    "entities": "The feed defines entities, and is not read for safety",
    "too_much": "Reading the feed takes too long",
    "bad_url": "The address, or one that it leads to, is not a web address",
    "not_public": "The address leads into a private network",
    "no_host": "The name of the server is not known",
    "no_answer": _NO_ANSWER,
    "too_late": "The server didn’t answer within 20 seconds",
    "too_large": "The feed is larger than 5 MB",
    "bad_packing": "What the server sent is damaged: it can’t be unpacked",
    "too_many_hops": "The address leads on more than five times",
    "less_safe": "The address leads from https to http",
    "forbidden": "The server refuses (403). A bot check answered: let our User-Agent, SmallSteps, through",
    "not_found": "There is nothing at this address (404)",
    "busy": "The server asks to be left alone for a while (429)",
    "refused": "The server refuses the request",
    "server_error": "The server has an error",
    "gone": "The server says that the feed is gone for good (410)",
}
# By the note that is stored with a post.
NOTES: Final[Mapping[str, str]] = {
    "newest": "the newest when the feed was added, or moved",
    "many": "one of more than three new posts at once",
    "no_date": "without a date",
    "bad_date": "its date cannot be read",
    "old": "from before the feed was added",
    "empty": "without words",
    "repeat": "a repeat?",
    "old_id": "a new post under an old id?",
    "broken": "the feed is broken, so something may be missing",
    "excerpt": "the beginning alone, with a link to the rest",
    "too_long": "too long for a letter",
    "late": "more than a day late",
    "ahead": "its date was put ahead",
    "deleted": "no longer in the feed",
    "changing": "changed again and again",
    "check_fails": "a check of the doctor fails",
}
