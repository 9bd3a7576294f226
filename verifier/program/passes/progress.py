"""When a goroutine gets on: what `starvation` counts as progress, and which operations of Go serve who waits.

A goroutine gets on when it returns, and with every round of a loop that nothing leaves (`for { … }` without a way
out): every other loop is there to be left. Such rounds are marked by the front end (`golang/lower/endless.py`): from
locations alone `for { for !ok() {}; work() }` cannot be told from `for { if ok() { work() } }`.
"""

from __future__ import annotations

from verifier.program.concrete import Concrete
from verifier.program.program import END, Program

ROUND = "next round"
"""The `detail` of the steps that mark rounds."""

SERVED = {
    "internal/sync/mutex.go": "internal/sync/mutex.go:33",
    "sync/rwmutex.go": "sync/rwmutex.go:216",
    "sync/once.go": "sync/once.go:74",
    "sync/waitgroup.go": "sync/waitgroup.go:142",
    "sync/cond.go": "runtime/sema.go:668",
    "runtime/chan.go": "runtime/chan.go:229",
    "runtime/select.go": "runtime/select.go:192",
}
"""Files of operations that goroutines queue for, and where Go serves them: who waits is served when it can be again
and again, not only when it can be all the time. Mutex: hand-off after 1 ms. RWMutex: Unlock lets all waiting readers
in, and a Lock that waits keeps new ones out. Channels: senders and receivers are queues. `select` picks evenly among
what is ready."""

PICKS = "runtime/select.go"
"""The file whose steps are cases of a `select`."""


class Progress:
    """Which steps of a composed program get which goroutine on."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._raw = program.raw or program

    def made(self, c: Concrete, goroutine: int) -> bool:
        """Whether a goroutine gets on in a step."""
        half = c if c.instance == goroutine else c.partner
        if half is None or half.instance != goroutine:
            return False
        steps = self._raw.templates[self._program.instances[goroutine].template].steps
        taken = [steps[n] for n in half.step.origin] or [half.step]
        return half.step.dst == END or any(s.detail == ROUND for s in taken)

    def served(self, steps: list[Concrete]) -> bool:
        """Whether a goroutine that can only take these steps stands in a queue of Go's runtime."""
        return bool(steps) and all(c.step.cite.split(":")[0] in SERVED for c in steps)
