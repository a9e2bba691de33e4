"""The phrases of mail programs in many languages, compiled for the reader."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from service.core.replies.patterns import Pattern, phrases_pattern

_PUNCTUATION = ".,;:!?\"'()[]«»„“”‚‘*_—–-"


@dataclass(frozen=True, slots=True, eq=False)
class ClientPhrases:
    """The phrases that mail programs write around a reply; `parse` reads them once from a data file."""

    wrote: Pattern = field(repr=False)
    you_wrote: Pattern = field(repr=False)
    i_wrote: Pattern = field(repr=False)
    own_people: Pattern = field(repr=False)
    openers: frozenset[str] = field(repr=False)
    opening: tuple[str, ...] = field(repr=False)
    roles: Mapping[str, str] = field(repr=False)
    label_openings: frozenset[str] = field(repr=False)  # the first word of each label
    on_behalf: tuple[str, ...] = field(repr=False)
    original: frozenset[str] = field(repr=False)
    forwarded: frozenset[str] = field(repr=False)
    beside: frozenset[str] = field(repr=False)
    closing: frozenset[str] = field(repr=False)
    reply_above: frozenset[str] = field(repr=False)
    sent_from: Pattern = field(repr=False)
    sent_from_end: Pattern = field(repr=False)
    get: Pattern = field(repr=False)
    devices: Pattern = field(repr=False)
    footer_lines: Pattern = field(repr=False)
    openings: Pattern = field(repr=False)
    opening_words: Pattern = field(repr=False)
    products: Pattern = field(repr=False)
    fillers: frozenset[str] = field(repr=False)
    first_person: frozenset[str] = field(repr=False)
    notices: Pattern = field(repr=False)
    banners: Pattern = field(repr=False)
    lists: Pattern = field(repr=False)
    quotes: tuple[str, ...] = field(repr=False)
    attributions: tuple[str, ...] = field(repr=False)
    signatures: tuple[str, ...] = field(repr=False)
    signature_ids: frozenset[str] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the phrases in a TOML document.

        Raises:
            ValueError: the text is not TOML.
            KeyError: a table or a list is missing; the key names it.
        """
        data = tomllib.loads(text)
        attribution, dividers, footers, html = (data[table] for table in ("attribution", "dividers", "footers", "html"))
        headers = dict(data["headers"])
        on_behalf = tuple(map(str.casefold, headers.pop("on_behalf")))
        roles = {label.casefold(): role for role, labels in headers.items() for label in labels}
        return cls(
            wrote=phrases_pattern(attribution["wrote"]),
            you_wrote=phrases_pattern(attribution["you_wrote"]),
            i_wrote=phrases_pattern(attribution["i_wrote"]),
            own_people=phrases_pattern(attribution["own_people"]),
            openers=frozenset(attribution["openers"]),
            opening=tuple(
                opener if opener.endswith("-") or not opener.isascii() else f"{opener} "
                for opener in attribution["openers"]
            ),
            roles=roles,
            label_openings=frozenset(label.split()[0] for label in roles),
            on_behalf=on_behalf,
            original=frozenset(map(str.casefold, dividers["original"])),
            forwarded=frozenset(map(str.casefold, dividers["forwarded"])),
            beside=frozenset(map(str.casefold, dividers["beside"])),
            closing=frozenset(map(str.casefold, dividers["closing"])),
            reply_above=frozenset(map(str.casefold, dividers["reply_above"])),
            sent_from=phrases_pattern(footers["sent_from"], at_start=True),
            sent_from_end=phrases_pattern(footers["sent_from_end"], at_end=True),
            get=phrases_pattern(footers["get"]),
            devices=phrases_pattern(footers["devices"], stems=footers["brands"]),
            footer_lines=phrases_pattern(footers["lines"], at_start=True),
            openings=phrases_pattern(footers["openings"], at_start=True),
            opening_words=phrases_pattern(footers["opening_words"]),
            products=phrases_pattern((), stems=footers["products"]),
            fillers=frozenset(footers["fillers"]),
            first_person=frozenset(footers["first_person"]),
            notices=phrases_pattern(footers["notices"]),
            banners=phrases_pattern(footers["banners"]),
            lists=phrases_pattern(footers["lists"]),
            quotes=tuple(map(str.casefold, html["quotes"])),
            attributions=tuple(html["attributions"]),
            signatures=tuple(html["signatures"]),
            signature_ids=frozenset(html["signature_ids"]),
        )

    def is_personal(self, text: str) -> bool:
        """Return whether somebody speaks about themselves in a casefolded text."""
        words = {word.strip(_PUNCTUATION) for word in text.replace("\u2019", "'").split()}
        return not words.isdisjoint(self.first_person)
