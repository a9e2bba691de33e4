"""Mails read in a second of processor time, from decoded bodies; what else runs on the machine counts less so."""

from collections.abc import Sequence
from time import process_time

from bench.replies.cases import Case
from bench.replies.readers import Reader

_ROUNDS = 3
_LARGEST = 100_000


def mails_per_second(reader: Reader, cases: Sequence[Case]) -> float:
    """Return the best of three rounds over all mails up to 100 kB."""
    small = [case for case in cases if _size(case) <= _LARGEST]
    return len(small) / min(_round(reader, small) for _ in range(_ROUNDS))


def _round(reader: Reader, cases: Sequence[Case]) -> float:
    start = process_time()
    for case in cases:
        reader.read(case)
    return process_time() - start


def _size(case: Case) -> int:
    return len(case.bodies.plain or "") + len(case.bodies.html or "")
