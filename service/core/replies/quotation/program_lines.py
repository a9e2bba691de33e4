"""Lines that devices, mail programs and companies put under mails, each told by itself."""

from collections.abc import Sequence

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.quotation.line_matching import without_links

_DEVICE_LETTERS = 100
_SENT_FROM_WORDS, _SENT_FROM_END_WORDS, _GET_WORDS = 14, 6, 7
_UNKNOWN_WORDS, _UNKNOWN_WORDS_BESIDE_A_PRODUCT = 1, 2
_NOT_OF_A_DEVICE = frozenset(",;?!…")
_SYSTEMS = frozenset({"ios", "android", "mac", "windows", "mobile"})
_AROUND = " -_*<>()[]|\t\u200b\ufeff\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u2014"


def program_line(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line is one that devices, programs and companies put under mails, in any language."""
    bare = _bare(text)
    return _is_of_a_device(bare.rstrip(".。"), phrases) or _is_footer(bare, phrases)


def device_line(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a device or a program wrote a line ("Sent from my iPhone"), in any language."""
    return _is_of_a_device(_bare(text).rstrip(".。"), phrases)


def known_device_line(text: str, phrases: ClientPhrases) -> bool:
    """Return whether a line names a known product and has no word that a person may have typed."""
    words = _bare(text).rstrip(".。").split()
    line = " ".join(words)
    if not phrases.products.is_in(line):
        return False
    return _is_of_a_device(line, phrases) and not _unknown_words(words, phrases)


def _is_of_a_device(bare: str, phrases: ClientPhrases) -> bool:
    """Return whether a folded line is a device's or a program's own."""
    if not 0 < len(bare) <= _DEVICE_LETTERS or not _NOT_OF_A_DEVICE.isdisjoint(bare) or ". " in bare:
        return False
    is_named = phrases.devices.is_in(bare)
    words = bare.split()
    is_of_a_system = any(map(bare.__contains__, _SYSTEMS)) and not _SYSTEMS.isdisjoint(
        word.partition("'")[0] for word in words
    )
    if is_of_a_system and phrases.get.is_in(bare):
        return len(words) <= _GET_WORDS
    if not is_named:
        return False
    most_unknown = _UNKNOWN_WORDS if not phrases.products.is_in(bare) else _UNKNOWN_WORDS_BESIDE_A_PRODUCT
    if _unknown_words(words, phrases) > most_unknown:
        return False
    if phrases.sent_from.is_in(bare) and len(words) <= _SENT_FROM_WORDS:
        return True
    return len(words) <= _SENT_FROM_END_WORDS and phrases.sent_from_end.is_in(bare)


def _unknown_words(words: Sequence[str], phrases: ClientPhrases) -> int:
    """Return how many words of a line are in no phrase of devices, so that a person may have typed them."""
    line = " ".join(words)
    if found := phrases.sent_from.search(line):
        line = line[found.end :]
    if found := phrases.sent_from_end.search(line):
        line = line[: found.start]
    return sum(
        not (word in phrases.fillers or any(map(str.isdigit, word)) or phrases.devices.is_in(word))
        for word in line.split()
    )


def _is_footer(bare: str, phrases: ClientPhrases) -> bool:
    """Return whether a line is a program's or a company's, and no sentence that begins like it."""
    is_known = phrases.footer_lines.is_in(bare)
    found = None if is_known else phrases.openings.search(bare)
    if not (is_known or found) or phrases.is_personal(bare):
        return False
    if found is None:
        return True
    rest = bare[found.end :]
    return len(rest.split()) <= 1 or phrases.opening_words.is_in(rest)


def _bare(text: str) -> str:
    """Return a line prepared for comparison: no links, no symbols around it, one kind of apostrophe."""
    if "://" in text or "@" in text:
        text = without_links(text)
    return text.replace("\u2019", "'").replace("\u00a0", " ").strip(_AROUND).casefold()
