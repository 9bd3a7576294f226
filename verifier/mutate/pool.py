"""Many edited models judged: what is known is looked up, the rest is shared among processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from verifier.mutate.cache import Cache
from verifier.mutate.judge import Judged, Task, judged

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

FEW = 4
"""Tasks for which no process is started: they are done sooner."""

LOST = Judged(())
"""What comes of a task whose process has ended: nothing was said about any property."""

Told = Callable[[int, int], None]
"""Called with how many tasks are done, and how many there are."""


class Pool:
    """How tasks are judged: with which memory, by how many processes; after Ctrl-C (`stopped`) nothing more is."""

    def __init__(self, cache: Cache, workers: int = 1, told: Told | None = None) -> None:
        self.cache = cache
        self.workers = workers
        self.told = told
        self.stopped = False

    def judged(self, tasks: Sequence[Task]) -> list[Judged | None]:
        """The outcomes in the order of the tasks. Ctrl-C ends it: what is not known yet is None."""
        if self.stopped:
            return [None for _ in tasks]
        out: dict[int, Judged] = {}
        left: list[int] = []
        for n, task in enumerate(tasks):
            known = self.cache.get(task)
            if known is None:
                left.append(n)
            else:
                out[n] = known
        try:
            for n, found in self._run(tasks, left):
                out[n] = found
                self.cache.put(tasks[n], found)
                if self.told is not None:
                    self.told(len(out), len(tasks))
        except KeyboardInterrupt:
            self.stopped = True
        return [out.get(n) for n in range(len(tasks))]

    def _run(self, tasks: Sequence[Task], left: Sequence[int]) -> Iterator[tuple[int, Judged]]:
        workers = min(self.workers, len(left))
        if workers < 2 or len(left) <= FEW:
            for n in left:
                found = judged(tasks[n])
                if found.interrupted:
                    # The search was stopped by Ctrl-C, which it turns into a verdict: the next one would begin anew.
                    self.stopped = True
                    return
                yield n, found
            return
        yield from _shared(tasks, left, workers)


def _shared(tasks: Sequence[Task], left: Sequence[int], workers: int) -> Iterator[tuple[int, Judged]]:
    # Imported here: most runs start no process.
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed

    pool = ProcessPoolExecutor(workers, initializer=_quiet)
    done = False
    try:
        running = {pool.submit(judged, tasks[n]): n for n in left}
        for future in as_completed(running):
            try:
                yield running[future], future.result()
            except BrokenExecutor:
                # Somebody ended a process, the system for lack of memory perhaps: nothing is known of what it did.
                yield running[future], LOST
        done = True
    finally:
        _end(pool, done)


def _end(pool: ProcessPoolExecutor, done: bool) -> None:
    """Stop the processes; at once when somebody has lost patience."""
    processes = [] if done else list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=done, cancel_futures=True)
    for process in processes:
        process.terminate()


def _quiet() -> None:
    """In a worker: Ctrl-C reaches every process of a terminal, and only the first one is to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def processors() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
