"""What every tool is asked to explore, and what one run of one tool gave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Workload:
    """The arguments of `rwmap`: writers, readers, rounds each of them makes, and whether a lock guards the map."""

    writers: int
    readers: int
    rounds: int
    locked: bool = True

    def __str__(self) -> str:
        return f"rwmap({self.writers},{self.readers},{self.rounds}{'' if self.locked else ', unlocked'})"


@dataclass(frozen=True, slots=True)
class Run:
    """One tool on one workload, in CPU seconds (user + system) and bytes.

    `prepare` is what comes before the search: generating and compiling for SPIN and Rumur; starting Python and imports
    for us. TLC does all in one, so its `prepare` is 0. `user` is the user time of the search alone. `memory` is the
    peak of the process that searches, `floor` the least peak that can be told. `grown`, where known, is how much of it
    came after interpreter and libraries were loaded. `steps`: how long the counterexample is, 0 when there is none.
    """

    tool: str
    setting: str
    states: int
    prepare: float
    search: float
    user: float
    memory: int
    floor: int = 0
    grown: int | None = None
    steps: int = 0

    @property
    def whole(self) -> float:
        """Everything from the model to the verdict."""
        return self.prepare + self.search

    @property
    def rate(self) -> float:
        """States per CPU second of the search."""
        return self.states / max(self.search, 1e-3)

    @property
    def user_rate(self) -> float:
        """States per second of user time of the search: without the kernel's work of handing out memory."""
        return self.states / max(self.user, 1e-3)
