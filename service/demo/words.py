"""The words that the demo's person writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle

from service.core.library.prompts import Prompt

# By the kind of prompt that they answer. None means an evening without an answer.
_WORDS: Mapping[str, tuple[str | None, ...]] = {
    "words": ("tired, grateful, late", "quiet, rain, better", "heavy, Sunday, soup", "slow, clear, enough"),
    "any": (
        (
            "The kettle, mostly. I stood next to it and did nothing else until it clicked. It was the first minute "
            "of the day that nobody needed."
        ),
        (
            "Walked home the long way, past the allotments. Somebody had left a bucket of windfall apples with a note "
            "that said help yourselves. I took three.\n\nI had them with cheese and did not look at my phone."
        ),
        None,
        (
            "Priya rang while I was still in my coat. We talked about nothing for ten minutes, and it was the best "
            "part of the week."
        ),
        "I left at five. The sky was falling down, apparently, and then it did not.",
        "The dog next door has decided that I am all right now.",
        None,
        (
            "I keep saying I will rest when the list is done. The list was not done today either. I sat down anyway, "
            "with my feet on the other chair, and the flat did not fall apart."
        ),
        "Bread and tomatoes, standing at the window. Two swifts, or perhaps the same one twice.",
        "What went well: the train was late and so I read four pages.\n\n- four pages\n- a seat\n- nobody on speaker",
        "I said no to the extra shift. My voice shook a bit. I would say it again.",
        None,
        "Mum's handwriting on an old shopping list: butter, matches, patience.",
        "Cold water on my wrists before I went back in. It helped more than it should.",
    ),
}
# The small steps, and the answer when each is asked about.
_STEPS = (
    "After I lock the front door, I will stand on the step for one breath before the bus.",
    "After lunch on Thursday, I will walk round the block once.",
)
_HOW_THEY_WENT = (
    "Took it. Twice, in fact: the street smelled of rain, and the bus was late anyway.",
    "Let it go. Thursday had other ideas. The block will still be there.",
)
CLIENTS = ("gmail_web", "iphone", "apple_mail", "gmail_android", "outlook_desktop", "thunderbird")


class Evenings:
    """Gives out replies by the kind of prompt, and the mail program of each."""

    def __init__(self) -> None:
        self._words: dict[str, Iterator[str | None]] = {kind: cycle(words) for kind, words in _WORDS.items()}
        self._steps, self._told = iter(_STEPS), iter(_HOW_THEY_WENT)
        self._clients = cycle(CLIENTS)

    def answer_to(self, prompt: Prompt) -> str | None:
        """Return the answer to a prompt, or None on an evening without one."""
        if prompt.asks_for_step:
            return self.step()
        return next(self._words["words" if prompt.kind == "words" else "any"])

    def step(self) -> str | None:
        """Return the next small step, or None after two, which is enough for a month."""
        return next(self._steps, None)

    def how_it_went(self) -> str:
        """Return the answer about the next step that is asked about."""
        return next(self._told, "Not yet.")

    def client(self) -> str:
        """Return the mail program of the next reply."""
        return next(self._clients)
