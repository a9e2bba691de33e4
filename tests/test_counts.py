"""What a process counts reaches the database once, whatever happens on the way."""

from __future__ import annotations

import pytest

from service.counts import Counts


def fail_to_write(counts: Counts) -> None:
    with counts.to_write() as counted:
        assert counted == {("calls", "sent"): 1}
        counts.add("calls", "sent")  # by another thread, meanwhile
        raise OSError("full")


def test_counts_that_could_not_be_written_are_there_the_next_time() -> None:
    counts = Counts()
    counts.add("calls", "sent")
    with pytest.raises(OSError, match="full"):
        fail_to_write(counts)
    with counts.to_write() as counted:
        assert counted == {("calls", "sent"): 2}
    with counts.to_write() as counted:
        assert counted == {}
