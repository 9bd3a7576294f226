"""Random small programs: locals, shared cells, arrays, locks, failures, children, clauses."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from verifier.program.expr import At, Cell, Const, Expr, Family, Own, Pc, Read, both, equal, ite, negate, op
from verifier.program.program import END, Access, Bool, Clause, Fail, Kind, Program, Range, Step, Sync

from .machines import Decl, Role, build

PACKAGE: tuple[Decl, ...] = (("mu", Bool(), 0), ("x", Range(-1, 1), 0), ("a0", Range(0, 2), 0), ("a1", Range(0, 2), 1))
OWN: tuple[Decl, ...] = (
    ("i", Range(0, 1), 0),
    ("t", Range(-1, 2), 0),
    ("b0", Range(-1, 2), 0),
    ("b1", Range(-1, 2), 1),
)
ARRAY = Family("a", (2, 3))
_SHARED = (Own(0, 1), Own(0, 2), At(ARRAY, Const(1)))


def _own_values(template: int) -> st.SearchStrategy[Expr]:
    i, t, b0, b1 = (Read(Own(template, n)) for n in range(4))
    leaves = st.sampled_from([Const(0), Const(1), i, t, b0, b1, ite(i, b1, b0)])
    return st.recursive(leaves, lambda x: st.builds(op, st.sampled_from(["+", "-", "==", "<"]), x, x), max_leaves=3)


def _guards(template: int) -> st.SearchStrategy[Expr]:
    i, t = Read(Own(template, 0)), Read(Own(template, 1))
    return st.sampled_from(
        [Const(1), Const(1), Const(1), Const(1), Const(1), i, negate(i), equal(t, Const(1)), negate(equal(t, Const(1)))]
    )


def _indexed(template: int) -> st.SearchStrategy[At]:
    return st.just(At(ARRAY, Read(Own(template, 0))))


@st.composite
def _step(draw: st.DrawFn, template: int, children: bool) -> Step:
    src, dst = draw(st.integers(2, 6)), draw(st.sampled_from([END, 2, 3, 4, 5, 6]))
    kind = draw(st.sampled_from(["local", "local", "local", "write", "read", "lock", "unlock", "fail", "go"]))
    text = f"{kind} {src}->{dst}"
    guard = draw(_guards(template))
    t = Own(template, draw(st.integers(0, 3)))
    if kind == "local":
        updates = ((t, draw(_own_values(template))),) if draw(st.booleans()) else ()
        fail = Fail("panic", f"local {src}") if draw(st.integers(0, 15)) == 15 else None
        return Step(src, dst, guard, updates, kind=Kind.LOCAL, text=text, fail=fail)
    if kind == "go" and children:
        child = Own(template + 1, 1)
        return Step(src, dst, guard, ((child, draw(_own_values(template))),), kind=Kind.SYNC, text=text, spawn=3)
    if kind in ("write", "read", "go"):
        ref = draw(st.sampled_from([Own(0, 1), Own(0, 2), Own(0, 3)]) | _indexed(template))
        access = (Access(ref, kind == "write", draw(st.integers(0, 3)) == 0),)
        updates = ((ref, draw(_own_values(template))),) if kind == "write" else ((t, Read(ref)),)
        return Step(src, dst, guard, updates, access, Kind.PLAIN, text)
    mu = Own(0, 0)
    if kind == "lock":
        free = both(guard, negate(Read(mu)))
        return Step(src, dst, free, ((mu, Const(1)),), kind=Kind.SYNC, text=text, sync=(Sync("lock", mu),))
    if kind == "unlock":
        return Step(src, dst, guard, ((mu, Const(0)),), kind=Kind.SYNC, text=text, sync=(Sync("unlock", mu),))
    return Step(src, dst, both(guard, Read(mu)), kind=Kind.SYNC, text=text, fail=Fail("panic", f"visible {src}"))


@st.composite
def _steps(draw: st.DrawFn, template: int, children: bool = False) -> tuple[Step, ...]:
    """A way from the entry to the end, so that programs get somewhere, and a few steps across."""
    length = draw(st.integers(2, 5))
    way = [
        replace(draw(_step(template, children)), src=n, dst=n + 1 if n < length + 1 else END)
        for n in range(2, length + 2)
    ]
    return (*way, *draw(st.lists(_step(template, children), max_size=4)))


@st.composite
def small_programs(draw: st.DrawFn) -> Program:
    roles = [Role("p", draw(st.integers(1, 2)), draw(_steps(1)), OWN)]
    spawns = draw(st.booleans())
    roles.append(Role("q", 1, draw(_steps(2, spawns)), OWN))
    if spawns:
        roles.append(Role("r", draw(st.integers(1, 2)), draw(_steps(3)), OWN, parent=2))
    asked = [
        Clause("x low", "always", op("<", Read(Cell(1)), Const(1))),
        Clause("a full", "sometimes", both(equal(Read(Cell(2)), Const(2)), equal(Read(Cell(3)), Const(0)))),
        Clause("unlocked", "finally", negate(Read(Cell(0)))),
        Clause("shown", "finally", equal(Read(Cell(1)), Const(1)), symptom=True),
    ]
    if draw(st.booleans()):
        there = equal(Read(Pc(1)), Const(draw(st.integers(2, 6))))
        asked.append(Clause("at", "sometimes", both(there, Read(Cell(0)))))
    return build(PACKAGE, roles, clauses=tuple(asked))
