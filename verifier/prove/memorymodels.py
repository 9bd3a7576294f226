"""Three memory models as constraints on an execution: sequential consistency, x86-TSO, Go's.

* SC: one order of all events contains program order, rf, co and fr (L. Lamport, 1979).
* x86-TSO: per cell the same; globally without the order from a write to a later read of another cell, unless a fence
  lies between, and without reads of one's own buffered writes (S. Owens, S. Sarkar, P. Sewell, TPHOLs 2009). On
  amd64 gc makes an atomic store an XCHG and a read-modify-write a LOCKed instruction: both are fences. The compiler
  is taken to reorder nothing, so this column speaks about the machine only.
* Go: the memory model of June 2022 (go.dev/ref/mem). Happens-before is the transitive closure of sequenced before
  and synchronized before; atomics are in one total order; a read, racy or not, sees a write that does not happen
  after it and that no other write overwrote before it. "Out of thin air" is excluded as: no cycle of reads-from and
  dependencies.
"""

from __future__ import annotations

from itertools import combinations

from verifier.prove.execution import FINAL, INITIAL, Execution
from verifier.prove.smt import conjunction, disjunction


def constrain(x: Execution, model: str) -> None:
    """Add the axioms of a model (one of `evidence.litmus.MODELS`)."""
    {"SC": _sc, "TSO": _tso, "Go": _go}[model](x)


def races(x: Execution) -> str:
    """Make `x` sequentially consistent with happens-before beside it; the condition that it contains a race.

    A failing goroutine stops the program: both accesses come before that.
    """
    _sc(x)
    happens = _HappensBefore(x)
    found: list[str] = []
    failing = [end - 1 for path, end in zip(x.paths, x.ends, strict=True) if path.end and path.events]
    for a, b in combinations(range(len(x.events)), 2):
        e, f = x.events[a], x.events[b]
        inside = e.goroutine != f.goroutine and {e.goroutine, f.goroutine}.isdisjoint({INITIAL, FINAL})
        if not inside or not (e.writes or f.writes) or (e.atomic and f.atomic) or e.silent or f.silent:
            continue
        if e.lock or f.lock:
            continue
        in_time = [f"(<= o{event} o{last})" for last in failing for event in (a, b) if event != last]
        unordered = [f"(not {happens[a, b]})", f"(not {happens[b, a]})"]
        same = x.same(a, b)
        if same != "false":
            found.append(conjunction([same, *unordered, *in_time]))
    return disjunction(found)


def _order(x: Execution, name: str) -> None:
    for e in range(len(x.events)):
        x.say("Int", f"{name}{e}")


def _edges(x: Execution, name: str, atomic_only: bool = False, own_reads: bool = True) -> None:
    """rf, co and fr lead forward in the order `name`."""

    def counts(a: int, b: int) -> bool:
        return not atomic_only or (x.events[a].atomic and x.events[b].atomic)

    for (w, r), seen in x.rf.items():
        if counts(w, r) and (own_reads or x.events[w].goroutine != x.events[r].goroutine):
            x.implies(seen, f"(< {name}{w} {name}{r})")
    for a in x.writes:
        for b in x.writes:
            if a != b and counts(a, b):
                x.implies(x.same(a, b), f"(< k{a} k{b})", f"(< {name}{a} {name}{b})")
    for r in x.reads:
        for w in x.writes:
            if r != w and counts(r, w) and x.same(r, w) != "false":
                x.implies(x.from_read(r, w), f"(< {name}{r} {name}{w})")


def _sc(x: Execution) -> None:
    _order(x, "o")
    for a in range(len(x.events)):
        for b in range(len(x.events)):
            if x.before(a, b):
                x.add(f"(< o{a} o{b})")
    _edges(x, "o")
    for choice, unlock, lock in x.handovers():
        x.implies(choice, f"(< o{unlock} o{lock})")


def _tso(x: Execution) -> None:
    _order(x, "u")
    _order(x, "o")
    for a in range(len(x.events)):
        for b in range(len(x.events)):
            if not x.before(a, b):
                continue
            x.implies(x.same(a, b), f"(< u{a} u{b})")
            if not _may_overtake(x, a, b):
                x.add(f"(< o{a} o{b})")
    _edges(x, "u")
    _edges(x, "o", own_reads=False)
    for choice, unlock, lock in x.handovers():
        x.implies(choice, f"(< o{unlock} o{lock})")


def _may_overtake(x: Execution, a: int, b: int) -> bool:
    """Whether the read `b` may be done while the write `a` of the same goroutine still waits in the store buffer."""
    e, f = x.events[a], x.events[b]
    if e.goroutine != f.goroutine or not e.writes or not f.reads or f.writes:
        return False
    fences = [x.events[i] for i in range(a, b)]
    return not any(i.atomic and i.writes for i in fences)


def _go(x: Execution) -> None:
    happens = _HappensBefore(x)
    _order(x, "o")
    synchronising = [e for e, event in enumerate(x.events) if event.atomic]
    for a in synchronising:
        for b in synchronising:
            if a != b:
                x.implies(happens[a, b], f"(< o{a} o{b})")
    _edges(x, "o", atomic_only=True)
    _visible(x, happens)
    _no_thin_air(x)


def _visible(x: Execution, happens: _HappensBefore) -> None:
    """A read sees a write that does not happen after it and was not overwritten before it."""
    for (w, r), seen in x.rf.items():
        x.implies(seen, f"(not {happens[r, w]})")
        for other in x.writes:
            if other not in (w, r) and x.same(other, r) != "false":
                between = conjunction([happens[w, other], happens[other, r]])
                x.implies(seen, x.same(other, r), f"(not {between})")


def _no_thin_air(x: Execution) -> None:
    _order(x, "d")
    for e, event in enumerate(x.events):
        for r in event.depends:
            x.add(f"(< d{r} d{e})")
    for (w, r), seen in x.rf.items():
        x.implies(seen, f"(< d{w} d{r})")


class _HappensBefore:
    """`self[a, b]` is the text of "a happens before b".

    The relation asserted is transitive and contains what it must; nothing asks for more pairs and every question is
    whether a pair is absent, so the solver finds the least one whenever any will do.
    """

    def __init__(self, x: Execution) -> None:
        self.x = x
        n = range(len(x.events))
        for a in n:
            for b in n:
                if self[a, b] not in ("true", "false"):
                    x.say("Bool", self[a, b])
        for (w, r), seen in x.rf.items():
            if x.events[w].atomic and x.events[r].atomic and x.events[w].goroutine != INITIAL:
                x.implies(seen, self[w, r])
        for choice, unlock, lock in x.handovers():
            x.implies(choice, self[unlock, lock])
        for a in n:
            for b in n:
                for c in n:
                    if len({a, b, c}) == 3:
                        x.implies(self[a, b], self[b, c], self[a, c])
                x.add(f"(not (and {self[a, b]} {self[b, a]}))" if a < b and not x.before(a, b) else "true")

    def __getitem__(self, pair: tuple[int, int]) -> str:
        a, b = pair
        if a == b or self.x.before(b, a):
            return "false"
        return "true" if self.x.before(a, b) else f"h{a}_{b}"
