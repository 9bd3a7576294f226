"""Evaluating a step in a configuration: reads of what is not tracked give any value, and every choice is explored."""

from __future__ import annotations

from typing import NamedTuple

from verifier.prove.shape import NotCovered, Shape
from verifier.prove.values import HALF, NAME as NAME, OUTSIDE, Value, anonymous, is_lost, local, owned, template_of, who


class Member(NamedTuple):
    """A goroutine of a configuration: its template, location, own cells, and three ghosts.

    `reads`: locks it holds for reading (once per hold). `published`: its regions that others may refer to. `held`:
    locks in heap objects it holds exclusively. Locks are named by the reference-like number of their first cell.
    """

    template: int
    location: int
    cells: tuple[Value, ...]
    reads: tuple[int, ...] = ()
    published: tuple[int, ...] = ()
    held: tuple[int, ...] = ()


class Configuration(NamedTuple):
    """Package cells and some goroutines; identity n in a value is `members[n - 1]`."""

    package: tuple[Value, ...]
    members: tuple[Member, ...]


class Context:
    """One evaluation of one step. Choices are scripted: `again` moves on to the next combination."""

    def __init__(self, shape: Shape, c: Configuration, j: int) -> None:
        self.shape = shape
        self.c = c
        self.j = j
        self.me = c.members[j]
        self.fresh = 0
        self.own_reads = False
        self._script: list[int] = []
        self.reset()

    def reset(self) -> None:
        """Start the next evaluation with the current script."""
        self._position = 0
        self._arity: list[int] = []
        self.outside: set[int] = set()
        """Tracked owners outside the configuration that this step went through."""
        self.others: set[int] = set()
        """Other members whose cells this step went through."""
        self.lost: set[int] = set()
        """Index expressions (their numbers) through which it looked at blocks that are not tracked."""

    def choose(self, n: int = 2) -> int:
        """One of 0..n-1; all of them are explored."""
        if self._position == len(self._script):
            self._script.append(0)
        self._arity.append(n)
        self._position += 1
        return self._script[self._position - 1]

    def again(self) -> bool:
        """Prepare the next combination of choices; False when all were tried."""
        script = self._script[: self._position]
        while script:
            script[-1] += 1
            if script[-1] < self._arity[len(script) - 1]:
                break
            script.pop()
        self._script = script
        return bool(script)

    def script_of(self, other: Context) -> None:
        """Go on with another context's choices (after the references of a recycled block were renamed)."""
        self._script, self._position, self._arity = other._script, other._position, other._arity
        self.outside, self.others, self.lost = other.outside, other.others, other.lost

    # ---- cells

    def own_readers(self, absolute: int) -> Value:
        """The reader count of an own lock."""
        return self._readers(owned(absolute, self.j + 1), self.j + 1)

    def package_readers(self, cell: int) -> Value:
        """The reader count of a package lock."""
        return self._readers(cell, 0)

    def locate(self, cells: tuple[int, ...], stride: int, index: Value) -> tuple[int, int]:
        """(owner's identity, absolute cell) selected by an index."""
        if index is None:
            raise NotCovered("a dereference of a reference that is not known")
        at = local(index)
        if not 0 <= at < len(cells) or cells[at] < 0:
            raise NotCovered("a place outside its family")
        if cells[at] < self.shape.size:
            return 0, cells[at]
        owner = who(index) // stride
        if owner == 0:
            raise NotCovered("an object whose owner is not known")
        return owner, cells[at]

    def at(self, cells: tuple[int, ...], stride: int, index: Value, number: int) -> Value:
        """The value of a computed cell; `number` tells index expressions apart."""
        owner, cell = self.locate(cells, stride, index)
        if owner == 0:
            if self.shape.lock_cells.get(cell) == "readers":
                return self._readers(cell, 0)
            return self.c.package[cell]
        if owner <= len(self.c.members):
            if owner != self.j + 1:
                self.others.add(owner)
            if self.shape.lock_cells.get(cell) == "readers":
                return self._readers(owned(cell, owner), owner)
            member = self.c.members[owner - 1]
            return member.cells[cell - self.shape.role(member.template).first]
        return self._outside(owner, cell, number)

    def _outside(self, owner: int, cell: int, number: int) -> Value:
        kind = self.shape.lock_cells.get(cell)
        if anonymous(owner):
            self.outside.add(owner)
            if kind in ("held", "writer", "pending"):
                # A member that holds this lock knows it, wherever the lock is.
                address = owned(cell, owner)
                for n, member in enumerate(self.c.members):
                    if address in member.held:
                        return owned(NAME, n + 1)
        else:
            self.lost.add(number)
        if kind == "readers":
            return self._readers(owned(cell, owner), owner)
        return None

    def _readers(self, lock: int, owner: int) -> Value:
        """The number of readers is not kept: it is positive where a member holds the lock, else anything goes.

        A release asks for the goroutine's own hold: what others hold is theirs to release.
        """
        lost = is_lost(owner)
        if self.own_reads:
            return 1 if lock in self.me.reads else self.choose() if lost else 0
        if not lost and any(lock in m.reads for m in self.c.members):
            return 1
        return self.choose()

    # ---- operators

    def mine(self, value: int) -> int:
        """A reference to an own place."""
        return owned(value, self.j + 1)

    def table(self, values: tuple[int, ...], sort: int, stride: int, index: Value) -> Value:
        """A table look-up; the place found belongs to the owner of the place asked for, or to the package."""
        if index is None:
            raise NotCovered("an address computed from a reference that is not known")
        at = local(index)
        if not 0 <= at < len(values):
            raise NotCovered("a place outside its table")
        found = values[at]
        if sort < 0 or found == 0 or self.shape.owner[sort][found] == 0:
            return found
        return owned(found, who(index) // stride)

    def truth(self, value: Value) -> bool:
        """A condition; any value can be true and false."""
        return bool(self.choose()) if value is None else value != 0

    def equal(self, a: Value, b: Value) -> bool:
        """Equality; two references to untracked blocks may be equal or not. A holder's name stands for a 1."""
        if a is None or b is None:
            return bool(self.choose())
        if a >= HALF and local(a) == NAME:
            a = 1
        elif b >= HALF and local(b) == NAME:
            b = 1
        if a == b and a >= HALF and is_lost(who(a)):
            self.lost |= {-1, -2}
            return bool(self.choose())
        return a == b

    def less(self, a: Value, b: Value, or_equal: bool) -> bool:
        """Order of numbers; of interface values, of their position in the list of dynamic types."""
        if a is None or b is None:
            return bool(self.choose())
        return local(a) <= local(b) if or_equal else local(a) < local(b)


def outside_template(identity: int, c: Configuration) -> int:
    """The template of any identity but 0."""
    return c.members[identity - 1].template if identity < OUTSIDE else template_of(identity)
