"""Python imports this first in each process of the fault runs: it moves the clock by the seconds that a file says."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service import clock

SHIFT = Path(os.environ["FAULTS_SHIFT"])


def shifted_now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(SHIFT.read_text()))


clock.utc_now = shifted_now
