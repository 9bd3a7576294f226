"""Exchanging goroutines the slow way: on open states, by every permutation; and programs that store identities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

from hypothesis import strategies as st

from verifier.audit.interpret import Interpreter, State
from verifier.program.expr import At, Const, Expr, Family, Fresh, Own, PerInstance, Read, Table, both, equal, negate, op
from verifier.program.program import (
    END,
    Access,
    Alloc,
    Bool,
    Domain,
    Fail,
    Kind,
    Place,
    Program,
    Range,
    Reference,
    Sort,
    Step,
)

from .machines import Decl, Role, build

Renaming = dict[int, int]


def reachable(program: Program, most: int = 20_000) -> list[State]:
    """Every reachable state, in the open."""
    interpreter = Interpreter(program)
    seen = {interpreter.initial(): None}
    for state in (order := list(seen)):
        for c in interpreter.enabled(state):
            after = interpreter.take(state, c)
            if isinstance(after, State) and after not in seen:
                seen[after] = None
                order.append(after)
        assert len(order) <= most
    return order


def renamings(program: Program) -> Iterator[Renaming]:
    """Instance → instance, for every way to permute the classes; children go with the goroutine that starts them."""
    for images in product(*(permutations(c) for c in program.classes)):
        out = {i.number: i.number for i in program.instances}
        for members, image in zip(program.classes, images, strict=True):
            out |= dict(zip(members, image, strict=True))
        for i in program.goroutines:
            if i.parent is not None:
                siblings = [k.number for k in program.instances if k.parent == i.parent]
                others = [k.number for k in program.instances if k.parent == out[i.parent]]
                out[i.number] = others[siblings.index(i.number)]
        yield out


def renamed(program: Program, renaming: Renaming, state: State) -> State:
    """The state in which `renaming[i]` is what i was."""
    locations, cells = list(state.locations), list(state.cells)
    for i in program.goroutines:
        locations[renaming[i.number]] = state.locations[i.number]
    for i in program.instances:
        other = program.instances[renaming[i.number]]
        for n in range(len(program.templates[i.template].cells)):
            at = i.lineage[0][1] + n
            cells[other.lineage[0][1] + n] = _value(program, renaming, program.cells[at].domain, state.cells[at])
    return State(tuple(locations), tuple(cells))


def _value(program: Program, renaming: Renaming, domain: Domain, value: int) -> int:
    if not isinstance(domain, Reference) or value == 0:
        return value
    places = program.sorts[domain.sort].places
    was = places[value - 1]
    key = (renaming[was.owner], was.site, was.block)
    return next(n for n, p in enumerate(places, 1) if (p.owner, p.site, p.block) == key)


def orbit(program: Program, state: State) -> frozenset[State]:
    """All that exchanging goroutines makes of a state."""
    return frozenset(renamed(program, r, state) for r in renamings(program))


# ---- random programs with objects: one of the package, and of every p one that stays and two that are recycled

PACKAGE: tuple[Decl, ...] = (
    ("mu", Bool(), 0),
    ("x", Range(-1, 1), 0),
    ("q", Reference(0), 0),
    ("g.f", Range(0, 1), 0),
    ("q2", Reference(0), 0),
)
OWN: tuple[Decl, ...] = (
    ("t", Range(0, 1), 0),
    ("r", Reference(0), 0),
    ("s.f", Range(0, 1), 0),
    ("s.next", Reference(0), 0),
    ("new1.f", Range(0, 1), 0),
    ("new2.f", Range(0, 1), 0),
)
GUEST: tuple[Decl, ...] = (("t", Range(0, 1), 0), ("r", Reference(0), 0))
_MU, _X, _Q, _Q2 = Own(0, 0), Own(0, 1), Own(0, 2), Own(0, 4)


def _sort(count: int) -> tuple[Sort, tuple[tuple[int, int], ...]]:
    places = [Place("g", 0, "g", 0, (3,))]
    for k in range(count):
        base = len(PACKAGE) + k * len(OWN)
        places.append(Place(f"s{k + 1}", k + 1, "s", 0, (base + 2, base + 3)))
        places += [Place(f"new{k + 1}#{b}", k + 1, "new", b, (base + 4 + b,)) for b in range(2)]
    recycled = tuple((0, n) for n, p in enumerate(places, 1) if p.site == "new")
    return Sort("T", tuple(places)), recycled


def _families(count: int) -> tuple[Family, Family, tuple[int, ...]]:
    """The fields f and next of all objects by reference, and which objects have the latter."""
    f, following, has = [-1, 3], [-1, -1], [0, 0]
    for k in range(count):
        base = len(PACKAGE) + k * len(OWN)
        f += [base + 2, base + 4, base + 5]
        following += [base + 3, -1, -1]
        has += [1, 0, 0]
    return Family("T.f", tuple(f)), Family("T.next", tuple(following)), tuple(has)


@st.composite
def _step(draw: st.DrawFn, template: int, count: int, starts: bool) -> Step:
    """One step; `odd` ones tell goroutines apart by number and must not count as interchangeable."""
    f, following, has = _families(count)
    t, r = Own(template, 0), Own(template, 1)
    holder = draw(st.sampled_from([_Q, _Q2, r]))
    into = draw(st.sampled_from([_Q, _Q2, r]))
    mine = PerInstance(1, tuple(2 + 3 * k for k in range(count)))
    kinds = ["copy", "copy", "nil", "compare", "field", "field", "set", "next", "link", "lock", "unlock", "fail", "t"]
    if template == 1:
        kinds += ["mine", "mine", "new", "new", "isme", *(["go"] * 3 if starts else [])]
    kinds += ["odd"] if draw(st.integers(0, 9)) == 0 else []
    kind = draw(st.sampled_from(kinds))
    text = f"{kind} {draw(st.integers(0, 99))}"
    held: Expr = Read(holder)
    there = negate(equal(held, Const(0)))
    linked = both(there, equal(Table(has, held), Const(1)))
    touch = draw(st.booleans())
    sync, plain = Kind.SYNC, Kind.PLAIN
    match kind:
        case "copy":
            accesses = (Access(into, True, False),) if touch and into != r else ()
            return Step(2, 3, updates=((into, held),), accesses=accesses, kind=sync, text=text)
        case "nil":
            return Step(2, 3, updates=((into, Const(0)),), kind=sync, text=text)
        case "compare":
            same = equal(Read(r), Read(draw(st.sampled_from([_Q, _Q2]))))
            return Step(2, 3, draw(st.sampled_from([same, negate(same), there])), kind=sync, text=text)
        case "field":
            access = (Access(At(f, held), False, False),) if touch else ()
            return Step(2, 3, there, ((t, Read(At(f, held))),), access, plain, text)
        case "set":
            access = (Access(At(f, held), True, False),) if touch else ()
            return Step(2, 3, there, ((At(f, held), Const(1)),), access, plain, text)
        case "next":
            return Step(2, 3, linked, ((into, Read(At(following, held))),), kind=sync, text=text)
        case "link":
            return Step(2, 3, linked, ((At(following, held), Read(into)),), kind=sync, text=text)
        case "lock":
            return Step(2, 3, negate(Read(_MU)), ((_MU, Const(1)),), kind=sync, text=text)
        case "unlock":
            return Step(2, 3, updates=((_MU, Const(0)),), kind=sync, text=text)
        case "fail":
            return Step(2, 3, both(there, Read(_MU)), kind=sync, text=text, fail=Fail("panic", text))
        case "t":
            return Step(2, 3, updates=((t, negate(Read(t))), (_X, op("-", Read(t), Read(_X)))), kind=sync, text=text)
        case "mine":
            return Step(2, 3, updates=((into, mine),), kind=sync, text=text)
        case "isme":
            return Step(2, 3, equal(Read(_Q), mine), kind=sync, text=text)
        case "new":
            alloc = Alloc(0, 1, tuple((3 + 3 * k, 4 + 3 * k) for k in range(count)), "new")
            return Step(2, 3, updates=((into, Fresh()),), kind=sync, text=text, alloc=alloc)
        case "go":
            updates = ((Own(3, 1), draw(st.sampled_from([mine, held]))),)
            return Step(2, 3, updates=updates, kind=sync, text=text, spawn=3)
    odd = [op("<", held, Const(3)), equal(held, Const(2))]
    odd += [equal(PerInstance(1, (1, 2, 3)), Const(2))] if template == 1 else []
    return Step(2, 3, draw(st.sampled_from(odd)), kind=sync, text=text)


@st.composite
def _steps(draw: st.DrawFn, template: int, count: int, starts: bool, most: int) -> tuple[Step, ...]:
    length = draw(st.integers(1, most))
    way = [
        replace(draw(_step(template, count, starts)), src=n, dst=n + 1 if n < length + 1 else END)
        for n in range(2, length + 2)
    ]
    places = st.integers(2, length + 1)
    across = [
        replace(draw(_step(template, count, starts)), src=draw(places), dst=draw(places | st.just(END)))
        for _ in range(draw(st.integers(0, 2)))
    ]
    return (*way, *across)


@st.composite
def naming_programs(draw: st.DrawFn) -> Program:
    """Two or three goroutines that store references to each other's objects, and perhaps guests or children."""
    count = draw(st.integers(2, 3))
    sort, recycled = _sort(count)
    starts = draw(st.booleans())
    roles = [Role("p", count, draw(_steps(1, count, starts, 4 if count == 2 else 3)), OWN)]
    if draw(st.booleans()) or starts:
        guests = 1 if starts else draw(st.integers(1, 2))
        roles.append(Role("guest", guests, draw(_steps(2, count, False, 2)), GUEST))
    if starts:
        roles.append(Role("child", 1, draw(_steps(3, count, False, 2)), GUEST, parent=1))
    return build(PACKAGE, roles, sorts=(sort,), recycled=recycled)
