"""The reply reader: from a raw mail to the words that a person wrote, and what was left out."""

from service.core.replies.client_phrases import ClientPhrases
from service.core.replies.mime.bodies import Attachment, Bodies, decode_bodies
from service.core.replies.reader import read_words
from service.core.replies.values import Reason, ReplyWords, SentEmail, TrimmedPiece

__all__ = [
    "Attachment",
    "Bodies",
    "ClientPhrases",
    "Reason",
    "ReplyWords",
    "SentEmail",
    "TrimmedPiece",
    "decode_bodies",
    "read_words",
]
