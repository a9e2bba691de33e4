"""The OpenPGP armour around a signed text (RFC 9580, sections 6 and 7), whose lines are not the person's words."""

from collections.abc import Sequence

from service.core.replies.lines import Line, blank

_BEGIN = "-----BEGIN PGP "
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_BLOCKS = ("-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP PUBLIC KEY BLOCK-----")
_END = "-----END PGP "
_ESCAPE = "- "
_LONGEST_BLOCK = 500


def mark_armour(lines: Sequence[Line]) -> None:
    """Mark the lines of armour, and remove the escapes from a signed text; an encrypted text is not changed."""
    if not any(_BEGIN in line.text for line in lines):
        return
    is_signed = False
    index = 0
    while index < len(lines):
        text = lines[index].text.strip()
        if text == _SIGNED:
            is_signed = True
            index = _mark_until(lines, index, _blank_after(lines, index))
        elif text in _BLOCKS:
            is_signed = False
            index = _mark_until(lines, index, _end_after(lines, index))
        else:
            if is_signed and text.startswith(_ESCAPE + "-"):
                _unescape(lines[index])
            index += 1


def _blank_after(lines: Sequence[Line], index: int) -> int:
    """Return the line after the headers of a signed text ("Hash: SHA512"), which end with a blank line."""
    after = index + 1
    while after < len(lines) and ": " in lines[after].text:
        after += 1
    return after


def _end_after(lines: Sequence[Line], index: int) -> int:
    """Return the line after the end of a block; if the end is missing, after its last line of base64."""
    for after in range(index + 1, min(index + _LONGEST_BLOCK, len(lines))):
        text = lines[after].text.strip()
        if text.startswith(_END):
            return after + 1
        if text.startswith(_BEGIN):
            break
    after = index + 1
    while after < len(lines) and (blank(lines[after]) or _is_code(lines[after].text)):
        after += 1
    return after


def _is_code(text: str) -> bool:
    words = text.split(": ") if ": " in text else text.split()
    return len(words) == 1 and len(text) > 1 and text.isascii() and not text.rstrip().endswith((".", "!", "?", ","))


def _mark_until(lines: Sequence[Line], first: int, after: int) -> int:
    for line in lines[first:after]:
        line.reason = "footer"
    return after


def _unescape(line: Line) -> None:
    line.text = line.text.strip().removeprefix(_ESCAPE)
    line.raw = line.raw.replace(_ESCAPE, "", 1)
