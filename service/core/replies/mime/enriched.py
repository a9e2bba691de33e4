"""Text in `text/enriched` (RFC 1896) without its commands."""

from service.core.replies.patterns import pattern

_HIDDEN = pattern(r"(?is)<param>.*?</param>")
_COMMAND = pattern(r"(?i)</?[a-z0-9-]{1,60}>")
_ONE_BREAK = pattern(r"([^\n])\n([^\n])")
_BREAKS = pattern(r"\n(\n+)")
_BRACKET = "\ufffe"  # a noncharacter, which stands for `<<` while the commands go


def unenriched(text: str) -> str:
    """Return the text without commands and their parameters: one line break is a space, and of more one goes."""
    text = text.replace("\r\n", "\n").replace(_BRACKET, "\ufffd").replace("<<", _BRACKET)
    text = _COMMAND.sub("", _HIDDEN.sub("", text)).rstrip("\n")
    for _ in range(2):  # letters that two matches share
        text = _ONE_BREAK.sub(r"\1 \2", text)
    return _BREAKS.sub(r"\1", text).replace(_BRACKET, "<")
