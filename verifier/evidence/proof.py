"""A proof for any number of goroutines, as the engine hands it out: an invariant, and what it is an invariant of.

The invariant is SMT-LIB2 text: one `(define-fun view.T.L () Bool BODY)` for each location L of each template T a
goroutine can be at. BODY says what such a goroutine sees. It may use

* `gN`: cell N of the package; `cN`: own cell N; each with `gN.who` or `cN.who` where the cell holds a reference (the
  goroutine that owns what it refers to) or is an exclusive lock (its holder);
* `rN`, `rN.who`: a lock held for reading, the number of its first cell and its owner; `hN`, `hN.who`: a lock in another
  goroutine's or its own object held exclusively; the number is `EMPTY` where no lock is;
* `eN`: whether the object that starts at own cell N may be referred to by others (it is published);
* `me`: the goroutine itself; `none`: nobody, the owner of nil and of package variables; `(other.T x me)`: x is another
  goroutine, of template T; `(lost x)`: x is an object that is no longer followed.

Booleans are `Bool`; references are 16 bits (the number of a place), numbers and interface values 72 bits, signed. What
is a step, what has to be shown and whether it holds is none of the engine's business: `audit/` builds the obligations
from the model.
"""

from __future__ import annotations

import hashlib

from verifier.records import dataclass

EMPTY = 0xFFFF
"""The cell number in a slot for a lock that holds none."""

NUMBER = 72
"""Bits of an integer: every integer type of Go, and sums of many of them, without overflow."""

INT = (-(1 << 63), (1 << 64) - 1)
"""`bounds.int` of a program that certificates are about: all of Go's integer types."""

PLACE = 16
"""Bits of the number of a place."""

PROVABLE = ("race", "fatal", "panic")
"""What views decide. Deadlock is about what can never happen again, which a view of a few goroutines cannot say."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """An invariant of goroutines of `roles`, any number of each but those in `exactly` (role, how many).

    `heap` is the bound on repeated allocations the model was lowered with. `reads` and `holds` are the slots there are
    for locks held. `views` counts the alternatives in `invariant`, each the view of `k` goroutines.
    """

    k: int
    roles: tuple[str, ...]
    exactly: tuple[tuple[str, int], ...]
    heap: int
    reads: int
    holds: int
    views: int
    invariant: str

    @property
    def sha256(self) -> str:
        """Digest of everything a checker reads, in hexadecimal."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """The certificate as one text, equal for equal certificates."""
        fixed = ",".join(f"{role}={n}" for role, n in self.exactly)
        head = f"k={self.k} roles={','.join(self.roles)} exactly={fixed} heap={self.heap}"
        return f"{head} reads={self.reads} holds={self.holds} views={self.views}\n{self.invariant}"
