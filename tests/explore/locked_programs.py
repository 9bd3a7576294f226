"""Random programs of critical sections: mutexes, two kinds of RWMutex, counters, mistakes with all of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from verifier.program.expr import (
    TRUE,
    At,
    Cell,
    Const,
    Expr,
    Family,
    Own,
    Pc,
    PerInstance,
    Read,
    Ref,
    all_of,
    any_of,
    both,
    equal,
    negate,
    op,
)
from verifier.program.program import END, Access, Bool, Clause, Fail, Kind, Program, Range, Step, Sync

from .machines import Decl, Role, build

PACKAGE: tuple[Decl, ...] = (
    ("mu", Bool(), 0),
    ("rw.readers", Range(0, 3), 0),
    ("rw.pending", Bool(), 0),
    ("rw.writer", Bool(), 0),
    ("rw2.readers", Range(0, 3), 0),
    ("rw2.waiting", Range(0, 3), 0),
    ("rw2.writer", Bool(), 0),
    ("x", Range(0, 2), 0),
    ("y", Range(0, 2), 0),
    ("n", Range(0, 3), 0),
    ("a0", Range(0, 1), 0),
    ("a1", Range(0, 1), 0),
)
MU, READERS, PENDING, WRITER, READERS2, WAITING, WRITER2, X, Y, N = (Own(0, n) for n in range(10))
ARRAY = Family("a", (10, 11))
LOCKS = Family("locks", (0, 3))
OWN: tuple[Decl, ...] = (("t", Range(0, 2), 0), ("b", Bool(), 0))

Body = tuple[Step, ...]
"""Steps from location 0 to location -1, any others in between; negative numbers are ends."""


def sync(op_: str, ref: Ref, guard: Expr = TRUE, **updates: tuple[Ref, Expr]) -> Step:
    access = (Access(ref, True, True),)
    return Step(0, -1, guard, tuple(updates.values()), access, Kind.SYNC, op_, sync=(Sync(op_, ref),))


def plus(ref: Ref, by: int) -> tuple[Ref, Expr]:
    return ref, op("+", Read(ref), Const(by))


def fatal(guard: Expr, ref: Ref, text: str) -> Step:
    return Step(0, 0, guard, (), (Access(ref, True, True),), Kind.SYNC, text, fail=Fail("fatal", text))


def lock() -> Body:
    return (sync("lock", MU, negate(Read(MU)), u=(MU, Const(1))),)


def unlock(checked: bool) -> Body:
    if not checked:
        return (sync("unlock", MU, u=(MU, Const(0))),)
    return (sync("unlock", MU, Read(MU), u=(MU, Const(0))), fatal(negate(Read(MU)), MU, "unlock of unlocked mutex"))


def try_lock(template: int) -> Body:
    got = Own(template, 1)
    taken = sync("lock", MU, negate(Read(MU)), u=(MU, Const(1)), g=(got, Const(1)))
    failed = Step(0, -1, Read(MU), ((got, Const(0)),), (Access(MU, False, True),), Kind.SYNC, "TryLock")
    return taken, failed


def rw_lock() -> Body:
    free = negate(any_of(Read(PENDING), Read(WRITER)))
    announce = replace(sync("announce", READERS, free, u=(PENDING, Const(1))), dst=1)
    ready = equal(Read(READERS), Const(0))
    return announce, replace(sync("acquire", READERS, ready, p=(PENDING, Const(0)), w=(WRITER, Const(1))), src=1)


def rw_unlock() -> Body:
    out = sync("unlock", READERS, Read(WRITER), w=(WRITER, Const(0)))
    return out, fatal(negate(Read(WRITER)), READERS, "Unlock of unlocked RWMutex")


def r_lock() -> Body:
    free = negate(any_of(Read(PENDING), Read(WRITER)))
    return (sync("rlock", READERS, free, r=plus(READERS, 1)),)


def r_unlock() -> Body:
    some = negate(equal(Read(READERS), Const(0)))
    return sync("runlock", READERS, some, r=plus(READERS, -1)), fatal(negate(some), READERS, "RUnlock")


def lock2() -> Body:
    announce = replace(sync("announce", WRITER2, u=plus(WAITING, 1)), dst=1)
    free = both(negate(Read(WRITER2)), equal(Read(READERS2), Const(0)))
    return announce, replace(sync("acquire", WRITER2, free, u=(WRITER2, Const(1)), v=plus(WAITING, -1)), src=1)


def unlock2() -> Body:
    return (sync("unlock", WRITER2, u=(WRITER2, Const(0))),)


def r_lock2() -> Body:
    open_ = both(negate(Read(WRITER2)), equal(Read(WAITING), Const(0)))
    return (sync("rlock", WRITER2, open_, u=plus(READERS2, 1)),)


def r_unlock2() -> Body:
    return (sync("runlock", WRITER2, u=plus(READERS2, -1)),)


def write(ref: Ref, value: Expr, atomic: bool = False, guard: Expr = TRUE) -> Body:
    kind = Kind.SYNC if atomic else Kind.PLAIN
    return (Step(0, -1, guard, ((ref, value),), (Access(ref, True, atomic),), kind, "write"),)


def read(ref: Ref, template: int, atomic: bool = False) -> Body:
    kind = Kind.SYNC if atomic else Kind.PLAIN
    return (Step(0, -1, TRUE, ((Own(template, 0), Read(ref)),), (Access(ref, False, atomic),), kind, "read"),)


def grow(ref: Ref) -> Body:
    """As a WaitGroup counts: an addition from zero touches one more cell."""
    accesses = (Access(ref, True, True), Access(Y, True, False, equal(Read(ref), Const(0))))
    room = op("<", Read(ref), Const(2))
    return (Step(0, -1, room, (plus(ref, 1),), accesses, Kind.SYNC, "grow"),)


def branch(guard: Expr, ref: Ref) -> Body:
    """Two ways, told apart by a shared cell, one of them a panic."""
    access = (Access(ref, False, False),)
    boom = Step(0, 0, guard, (), access, Kind.PLAIN, "branch", fail=Fail("panic", "boom"))
    return Step(0, -1, negate(guard), (), access, Kind.PLAIN, "branch"), boom


def wait(ref: Ref, value: int) -> Body:
    return (Step(0, -1, equal(Read(ref), Const(value)), (), (Access(ref, False, True),), Kind.SYNC, "wait"),)


def either(ref: Ref, template: int) -> Body:
    """A choice of steps that a third goroutine's write may make or unmake."""
    one = equal(Read(ref), Const(1))
    access = (Access(ref, False, True),)
    first = Step(0, -1, one, ((Own(template, 0), Const(1)),), access, Kind.SYNC, "either")
    return first, Step(0, -1, TRUE, ((Own(template, 0), Const(0)),), access, Kind.SYNC, "either")


def _small(template: int, draw: st.DrawFn) -> Body:
    places: list[Own | At] = [X, X, Y, At(ARRAY, Read(Own(template, 1)))]
    ref = draw(st.sampled_from(places))
    atomic = draw(st.integers(0, 3)) == 0
    values: list[Expr] = [Const(0), Const(1), Read(Own(template, 0)), PerInstance(template, (0, 1))]
    if isinstance(ref, At):
        values = values[:2]
    guards: list[Expr] = [TRUE, TRUE, TRUE, Read(Own(template, 1))]
    guard = draw(st.sampled_from(guards))
    return draw(
        st.sampled_from(
            [
                write(ref, draw(st.sampled_from(values)), atomic, guard),
                read(ref, template, atomic),
                write(*plus(N, 1), atomic=True, guard=negate(equal(Read(N), Const(3)))),
                write(*plus(N, -1), atomic=True, guard=negate(equal(Read(N), Const(0)))),
                (Step(0, -1, updates=((Own(template, 0), Const(0)),), kind=Kind.LOCAL, text="local"),),
                (Step(0, -1, updates=((Own(template, 1), negate(Read(Own(template, 1)))),), kind=Kind.LOCAL),),
                branch(equal(Read(X), Const(1)), X),
                branch(equal(Read(Y), Const(0)), Y),
                wait(N, draw(st.integers(0, 2))),
                either(X, template),
                either(N, template),
                grow(N),
            ]
        )
    )


def _odd(template: int, draw: st.DrawFn) -> Body:
    """What nobody should do with a lock."""
    return draw(
        st.sampled_from(
            [
                unlock(False),
                unlock(True),
                rw_unlock(),
                r_unlock(),
                unlock2(),
                try_lock(template),
                write(MU, Read(Own(template, 1))),
                write(READERS, Const(0), atomic=True),
                write(At(LOCKS, Read(Own(template, 1))), Const(0), atomic=True),
                lock(),
                r_lock(),
                rw_lock(),
            ]
        )
    )


@st.composite
def _section(draw: st.DrawFn, template: int) -> list[Body]:
    inside = [_small(template, draw) for _ in range(draw(st.integers(0, 3)))]
    kind = draw(st.sampled_from(["mu", "mu", "rw", "r", "rw2", "r2", "nested", "none", "odd", "odd", "try"]))
    checked = draw(st.booleans())
    match kind:
        case "mu":
            return [lock(), *inside, unlock(checked)]
        case "rw":
            return [rw_lock(), *inside, rw_unlock()]
        case "r":
            return [r_lock(), *inside, r_unlock()]
        case "rw2":
            return [lock2(), *inside, unlock2()]
        case "r2":
            return [r_lock2(), *inside, r_unlock2()]
        case "nested":
            return [lock(), *inside, r_lock(), *inside[:1], r_unlock(), unlock(checked)]
        case "try":
            return [try_lock(template), *inside]
        case "odd":
            return [_odd(template, draw), *inside]
    return inside


def assemble(bodies: list[Body], loops: int) -> Body:
    """One after the other from the entry; the last leads back to the start (`loops` 1), across (2) or to the end."""
    out: list[Step] = []
    free, at = 2 + len(bodies), 2
    for number, body in enumerate(bodies):
        last = number == len(bodies) - 1
        names = {0: at, -1: (2 if loops == 1 else END) if last else at + 1}
        for step in body:
            for location in (step.src, step.dst):
                if location not in names:
                    names[location] = free
                    free += 1
            out.append(replace(step, src=names[step.src], dst=names[step.dst]))
        at += 1
    if loops == 2 and len(bodies) > 1:
        out.append(Step(at - 1, 2, kind=Kind.LOCAL, text="back"))
    return tuple(out)


@st.composite
def _role(draw: st.DrawFn, template: int, most: int) -> Body:
    sections = draw(st.lists(_section(template), min_size=1, max_size=most))
    bodies = [b for section in sections for b in section] or [lock()]
    return assemble(bodies, draw(st.sampled_from([0, 0, 0, 1, 2])))


CLAUSES = (
    Clause("x low", "always", op("<", Read(Cell(7)), Const(2))),
    Clause("both", "sometimes", both(equal(Read(Cell(7)), Const(1)), equal(Read(Cell(8)), Const(1)))),
    Clause("array", "sometimes", all_of(Read(Cell(10)), Read(Cell(11)))),
    Clause("counted", "finally", equal(Read(Cell(9)), Const(0))),
    Clause("y at the end", "finally", equal(Read(Cell(8)), Const(1)), symptom=True),
    Clause("unlocked", "always", negate(both(Read(Cell(0)), Read(Cell(3))))),
)


@st.composite
def locked_programs(draw: st.DrawFn) -> Program:
    roles = [Role("p", draw(st.integers(1, 2)), draw(_role(1, 2)), OWN), Role("q", 1, draw(_role(2, 2)), OWN)]
    if draw(st.integers(0, 3)) == 0:
        go = Step(2, 3, updates=((Own(4, 1), Const(1)),), kind=Kind.SYNC, text="go", spawn=4)
        back = Step(3, draw(st.sampled_from([END, 2])), kind=Kind.LOCAL)
        roles.append(Role("s", 1, (go, back), OWN))
        roles.append(Role("c", draw(st.integers(1, 2)), draw(_role(4, 1)), OWN, parent=3))
    asked = [c for c in CLAUSES if draw(st.integers(0, 3)) == 0]
    if draw(st.integers(0, 3)) == 0:
        there = equal(Read(Pc(1)), Const(draw(st.integers(2, 6))))
        there = negate(there) if draw(st.booleans()) else there
        asked.append(Clause("at", "sometimes", both(there, draw(st.sampled_from([Read(Cell(0)), Read(Cell(7))])))))
    return build(PACKAGE, roles, clauses=tuple(asked))
