"""The loop inside a child process of `child_process`, limited in time and memory."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import IO, BinaryIO

CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
LENGTH_BYTES = 8
READY = b"ready\n"


def serve(
    questions: BinaryIO,
    answers: BinaryIO,
    answer_to: Callable[[bytes], bytes],
    *,
    cpu_seconds: int = CPU_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> None:
    """Answer questions until the pipe closes, with `cpu_seconds` for each; import all modules before."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    answers.write(READY)
    answers.flush()
    while (asked := receive(questions)) is not None:
        _allow(cpu_seconds)
        send(answers, answer_to(asked))


def receive(pipe: BinaryIO) -> bytes | None:
    """Read something that `send` wrote; None at the end."""
    head = pipe.read(LENGTH_BYTES)
    return pipe.read(int.from_bytes(head, "big")) if head else None


def send(pipe: IO[bytes], content: bytes) -> None:
    """Write the length of the content, then the content."""
    pipe.write(len(content).to_bytes(LENGTH_BYTES, "big") + content)
    pipe.flush()


def _allow(seconds: int) -> None:
    """Set the CPU limit so that this process may use that many more seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
