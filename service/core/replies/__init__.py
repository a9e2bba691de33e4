"""The reply reader: from a raw mail to the words a person wrote, and what was left out."""

from service.core.replies.bodies import Attachment, Bodies, decode_bodies
from service.core.replies.phrases import Phrases
from service.core.replies.reader import read_words
from service.core.replies.words import Reason, Sent, Trimmed, Words

__all__ = [
    "Attachment",
    "Bodies",
    "Phrases",
    "Reason",
    "Sent",
    "Trimmed",
    "Words",
    "decode_bodies",
    "read_words",
]
