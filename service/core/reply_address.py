"""Reply addresses: a prefix that says their kind, a token, and the reply domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from service.core.sealing import IndexKey
from service.core.tokens import FrequencyToken, ReplyToken

REPLY_PREFIX: Final = "r-"
STOP_PREFIX: Final = "s-"


def tokens_at(addresses: Iterable[str], domain: str, key: IndexKey) -> Iterator[ReplyToken | FrequencyToken | None]:
    """Yield the token of each address at the domain, or None for a token that we did not make."""
    for address in addresses:
        local, _, at = address.strip().lower().rpartition("@")
        if at == domain.lower():
            yield _token(local, key)


def _token(local: str, key: IndexKey) -> ReplyToken | FrequencyToken | None:
    if local.startswith(REPLY_PREFIX):
        return ReplyToken.decode(local.removeprefix(REPLY_PREFIX), key)
    if local.startswith(STOP_PREFIX):
        return FrequencyToken.decode(local.removeprefix(STOP_PREFIX), key)
    return None
