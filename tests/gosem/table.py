"""A runtime map on the small machine, for tests of either kind."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import pytest

from verifier.gosem import hmap, swiss
from verifier.gosem.fragment import Fragment
from verifier.gosem.gomap import MapObject
from verifier.program.expr import Const, Read
from verifier.program.program import Bool, Range

from .machine import Memory, run, value

BOTH = pytest.mark.parametrize("rt", [swiss, hmap], ids=["swiss", "hmap"])


@dataclass
class Table:
    """A map of `keys` keys, with scratch cells to read into."""

    rt: ModuleType
    keys: int
    nil: bool = False

    def __post_init__(self) -> None:
        self.memory = Memory()
        self.cells = self.memory.place("m", self.rt.layout(self.keys))
        self.m = MapObject(
            self.cells, self.keys, Const(int(self.nil)), lambda slot: (self.cells("slots", slot, "value"),)
        )
        self.out, self.found = self.memory.cell("out"), self.memory.cell("found", Bool())
        self.seen = self.memory.cells("seen", self.keys, Bool())
        self.must = self.memory.cells("must", self.keys, Bool())
        self.key = self.memory.cell("key", Range(0, self.keys - 1))

    def assign(self, key: int, new: int) -> Fragment:
        return self.rt.assign(self.m, Const(key), (Const(new),), self.memory.temp)

    def delete(self, key: int) -> Fragment:
        return self.rt.delete(self.m, Const(key), self.memory.temp)

    def clear(self) -> Fragment:
        return self.rt.clear(self.m, self.memory.temp)

    def lookup(self, key: int, pointerlike: bool = False) -> Fragment:
        return self.rt.lookup(self.m, Const(key), (self.out,), self.found, self.memory.temp, pointerlike)

    def length(self) -> Fragment:
        return self.rt.length(self.m, self.out)

    def begin(self) -> Fragment:
        return self.rt.range_begin(self.m, self.seen, self.must)

    def next(self) -> Fragment:
        return self.rt.range_next(self.m, self.seen, self.must, self.key)

    def value(self) -> Fragment:
        return self.rt.range_value(self.m, Read(self.key), (self.out,))

    def content(self, state):
        at = {path: v for (name, path), v in zip(self.memory.names, state, strict=False) if name == "m"}
        return {
            at[("slots", i, "key")]: at[("slots", i, "value")] for i in range(self.keys) if at[("slots", i, "full")]
        }

    def get(self, state, *path):
        return state[self.cells(*path).number]

    def symptoms(self, state):
        return {name for name, _, e in self.rt.symptoms(self.m) if value(e, state)}

    def after(self, *fragments):
        """The state after the fragments have run one after the other, and the details of the last."""
        state = self.memory.zero()
        for f in fragments:
            outcome = run(self.memory, f, state)
            assert outcome.failure == ""
            state = outcome.state
        return state, outcome.details
