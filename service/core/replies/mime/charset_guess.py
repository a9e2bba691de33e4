"""Guessing the charset of bytes that declare none or a wrong one, from the letters that they would decode to.

Detectors that count letters need more text than a short reply has. The set of letters of a language is enough to
leave a few charsets, and charset-normalizer decides between those.
"""

from __future__ import annotations

import codecs
import re

import charset_normalizer

_SAMPLE_BYTES = 1_000
_READ_CHARACTERS = 20_000
_MOST_GUESSES = 6
_LEAST_FOREIGN = 5
_LAST_ASCII, _LAST_CONTROL = 0x7F, "\x9f"
_LEAST_FIT = 0.5
_SAME_FIT = 0.02
_BLEMISH = 0.05  # the penalty for something unlikely but possible

# The letters of languages beyond ASCII (CLDR, exemplar characters), by the charset of their mail.
_LATIN = ("àâæçéèêëîïôœùûüÿ", "äöüßé", "áéíñóúü", "àèéìíòóù", "áâãàçéêíóôõú", "åäöéàü", "æøåé", "áðéíóúýþæö")
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž")
_TURKISH = ("âçğıîöşüûİ",)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöšüž")
_CYRILLIC = (
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдеђжзијклљмнњопрстћуфхцчџш",
    "абвгдежзійклмнопрстуўфхцчшыьэюяё",
)
_GREEK = ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",)
_HEBREW = ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",)
_ARABIC = ("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئپچژگک",)
_THAI = ("".join(map(chr, (*range(0xE01, 0xE3B), *range(0xE40, 0xE4F)))),)
_ALPHABETS = {
    "cp1252": _LATIN, "cp1251": _CYRILLIC, "koi8_r": _CYRILLIC, "koi8_u": _CYRILLIC, "iso8859_5": _CYRILLIC,
    "cp1253": _GREEK, "iso8859_7": _GREEK, "cp1255": _HEBREW, "cp1256": _ARABIC, "iso8859_6": _ARABIC,
    "cp874": _THAI, "cp1250": _CENTRAL, "iso8859_2": _CENTRAL, "cp1254": _TURKISH, "cp1257": _BALTIC,
}  # fmt: skip
_LATIN_SCRIPT = frozenset({"cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257"})
# The lead bytes of common characters; a text in these charsets has few others.
_COMMON_LEADS = {
    "cp932": range(0x88, 0x99),
    "euc_jp": range(0xB0, 0xD0),
    "gb18030": range(0xB0, 0xD8),
    "big5": range(0xA4, 0xC7),
    "cp949": range(0xB0, 0xC9),
}
_EXTENDED = frozenset({"gb18030", "cp949"})
_OLD_SET_FROM = 0xA1  # lower second bytes are for rarer characters
_CHINESE = frozenset({"gb18030", "big5"})  # written without spaces between words, like Thai
_LONGEST_SPACED_WORD = 8
_JAPANESE = frozenset({"cp932", "euc_jp"})
_CHARSETS = (*list(_ALPHABETS)[:11], *_COMMON_LEADS, *list(_ALPHABETS)[11:])

_SIGNS = "«»“”‘’„–—…€°·§№¿¡•\u00a0"
_SIGN_WORTH = 0.6
_KANA = range(0x3040, 0x3100)
_IDEOGRAPHS = range(0x4E00, 0xA000)
_HANGUL = range(0xAC00, 0xD7A4)
_WIDE_SIGNS = frozenset("、。「」，！？：…〜～・（）　")
_WORD = re.compile(r"[^\W\d_]+")
_BROKEN_WORD = re.compile(
    r"(?<=[^\W\d_])[^\w\s'’\-.,;:!?…/@()“”\"«»\u0300-\u036f\u0591-\u05c7\u0e00-\u0e7f]+(?=[^\W\d_])"
)
_TAG = re.compile(r"<[^<>]{0,1000}>")
_TAG_BYTES = re.compile(rb"<[^<>]{0,1000}>")
_FORMS = {name: tuple(frozenset(letters + letters.upper()) for letters in of) for name, of in _ALPHABETS.items()}


def likely_charset(data: bytes) -> str:
    """Return the name of the most likely charset of these bytes, or "" if none fits.

    Reads a sample of 1,000 bytes from the lines that are not ASCII.
    """
    sample = _sample(data)
    is_latin = sum(map(str.isalpha, sample.decode("ascii", "ignore"))) > sum(byte > _LAST_ASCII for byte in sample)
    candidates = [name for name in _CHARSETS if not is_latin or name in _LATIN_SCRIPT]
    fits = {name: _fit(text, name) for name in candidates if (text := _decoded(sample, name))}
    best = max(fits.values(), default=0.0)
    if best < _LEAST_FIT:
        return ""
    names = [name for name in candidates if fits.get(name, 0.0) > best - _SAME_FIT]
    if is_latin or len(names) == 1 or names[0] == "cp1252":
        return names[0]
    match = charset_normalizer.from_bytes(sample, cp_isolation=names).best()
    return match.encoding if match is not None and match.encoding in names else names[0]


class CharsetGuesses:
    """The charsets of the pieces of one mail: the first few are guessed, later ones are in one of those.

    A guess costs some milliseconds, and a mail may have thousands of headers and a hundred parts.
    """

    def __init__(self) -> None:
        self._made: list[str] = []

    def __call__(self, data: bytes) -> str:
        """Return the name of the charset of these bytes, "" where none is known to make sense of them."""
        if len(self._made) < _MOST_GUESSES:
            self._made.append(likely_charset(data))
            return self._made[-1]
        sample = _sample(data)
        return next((name for name in self._made if name and _decoded(sample, name)), "")


def makes_words(text: str) -> bool:
    """Return whether text may be in a western language: most letters are ASCII, and no word has a symbol inside."""
    head = _TAG.sub(" ", text[:_READ_CHARACTERS])
    beyond = len(head) - len(head.encode("ascii", "ignore"))
    letters = sum(map(str.isalpha, head.encode("ascii", "ignore").decode()))
    is_foreign = beyond >= _LEAST_FOREIGN and beyond > letters
    return not is_foreign and _BROKEN_WORD.search(head) is None


def _sample(data: bytes) -> bytes:
    lines: list[bytes] = []
    room = _SAMPLE_BYTES
    for line in data[: 64 * _SAMPLE_BYTES].splitlines():
        if not line.isascii():
            lines.append(_TAG_BYTES.sub(b" ", line)[:room])
            room -= len(lines[-1])
        if room <= 0:
            break
    return b"\n".join(lines)


def _decoded(sample: bytes, name: str) -> str:
    """Return the sample as text, or "" if it is not valid in this charset; its last character may be incomplete."""
    try:
        return codecs.getincrementaldecoder(name)().decode(sample)
    except ValueError:
        return ""


def _fit(text: str, name: str) -> float:
    """Return how well text fits the languages of a charset, up to 1 for all of it."""
    beyond = [character for character in text if character > "\x7f"]
    if not beyond or min(beyond) <= _LAST_CONTROL:
        return 0.0
    words = _WORD.findall(text)
    if name in _COMMON_LEADS:
        fit = _ideographic_fit(beyond, name) - _mixed(words)
        return fit - _BLEMISH * (name in _CHINESE and text.count(" ") * _LONGEST_SPACED_WORD > len(beyond))
    known = max(sum(1 if c in form else _SIGN_WORTH * (c in _SIGNS) for c in beyond) for form in _FORMS[name])
    odd = sum(_has_odd_case(word) for word in words) + len(_BROKEN_WORD.findall(text))
    fit = known / len(beyond) - odd / max(len(words), 1)
    return fit if name in _LATIN_SCRIPT else fit - _mixed(words) - _BLEMISH * _is_unlikely(text, words, name)


def _ideographic_fit(beyond: list[str], name: str) -> float:
    points = [ord(character) for character in beyond]
    kana, ideographs = (sum(point in block for point in points) for block in (_KANA, _IDEOGRAPHS))
    signs = sum(character in _WIDE_SIGNS for character in beyond)
    common = sum(_is_common(c, name) for c in beyond if ord(c) in _IDEOGRAPHS or ord(c) in _HANGUL)
    fit = (signs + common + kana * (name in _JAPANESE)) / len(points)
    if name in _JAPANESE and kana * 5 < ideographs:
        return fit - 6 * _BLEMISH
    return fit - _BLEMISH / 10


def _is_common(character: str, name: str) -> bool:
    coded = character.encode(name, "replace")
    return coded[0] in _COMMON_LEADS[name] and (name not in _EXTENDED or coded[-1] >= _OLD_SET_FROM)


def _has_odd_case(word: str) -> bool:
    """Return whether a word has capitals where nobody writes them."""
    return word != word.lower() and word != word.upper() and word[1:] != word[1:].lower()


def _mixed(words: list[str]) -> float:
    """Return the share of words that mix ASCII letters with others, which only the Latin script does."""
    both = sum(not word.isascii() and any(letter.isascii() for letter in word) for word in words)
    return both / max(len(words), 1)


def _is_unlikely(text: str, words: list[str], name: str) -> bool:
    """Return whether text with cases has no capital at its start or only capitals, or is Thai with spaces."""
    if name == "cp874":
        return text.count(" ") * _LONGEST_SPACED_WORD > sum(character > "\x7f" for character in text)
    first = next((word[0] for word in words if not word.isascii()), "")
    return first.lower() != first.upper() and (not first.isupper() or (len(words) > 1 and text == text.upper()))
