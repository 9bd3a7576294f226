"""Small programs built by hand, and a search that is too simple to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verifier.audit.interpret import Interpreter, State
from verifier.program.expr import At, Cell, Const, Expr, Family, Fresh, Own, Read, equal, negate, op
from verifier.program.program import (
    END,
    IDLE,
    Access,
    Alloc,
    Bool,
    CellDecl,
    Clause,
    Domain,
    Fail,
    Instance,
    Kind,
    Place,
    Program,
    Range,
    Reference,
    Sort,
    Step,
    Sync,
    Template,
    View,
)

Decl = tuple[str, Domain, int]


@dataclass(frozen=True)
class Role:
    name: str
    count: int
    steps: tuple[Step, ...]
    cells: tuple[Decl, ...] = ()
    parent: int | None = None
    """Template that starts it: then `count` instances per instance of the parent."""


def build(
    package: Sequence[Decl],
    roles: Sequence[Role],
    *,
    sorts: tuple[Sort, ...] = (),
    recycled: tuple[tuple[int, int], ...] = (),
    clauses: tuple[Clause, ...] = (),
    views: tuple[View, ...] = (),
) -> Program:
    cells = [CellDecl(n, d) for n, d, _ in package]
    initial = [v for _, _, v in package]
    instances = [Instance(0, "package", 0, 0, None, ((0, 0, 0),))]
    templates = [Template(0, "package", tuple(cells), (), 2, END)]
    starts = [IDLE]
    for number, role in enumerate(roles, 1):
        parents = [instances[0]] if role.parent is None else [i for i in instances if i.template == role.parent]
        ordinal = 0
        for parent in parents:
            for _ in range(role.count):
                lineage = ((number, len(cells), ordinal), *parent.lineage)
                name = f"{role.name}{ordinal + 1}" if role.count * len(parents) > 1 else role.name
                up = None if role.parent is None else parent.number
                instances.append(Instance(len(instances), name, number, ordinal, up, lineage))
                cells += [CellDecl(n, d) for n, d, _ in role.cells]
                initial += [v for _, _, v in role.cells]
                starts.append(2 if role.parent is None else IDLE)
                ordinal += 1
        own = tuple(CellDecl(n, d) for n, d, _ in role.cells)
        top = max([s.dst for s in role.steps] + [s.src for s in role.steps] + [2]) + 1
        templates.append(Template(number, role.name, own, role.steps, top, 2, role.parent))
    return Program(
        name="test",
        templates=tuple(templates),
        instances=tuple(instances),
        cells=tuple(cells),
        initial=tuple(initial),
        starts=tuple(starts),
        sorts=sorts,
        recycled=recycled,
        clauses=clauses,
        views=views,
    )


def lock(src: int, dst: int, cell: int, text: str = "mu.Lock()") -> Step:
    ref = Own(0, cell)
    return Step(src, dst, negate(Read(ref)), ((ref, Const(1)),), kind=Kind.SYNC, text=text, sync=(Sync("lock", ref),))


def unlock(src: int, dst: int, cell: int, text: str = "mu.Unlock()") -> Step:
    ref = Own(0, cell)
    return Step(src, dst, updates=((ref, Const(0)),), kind=Kind.SYNC, text=text, sync=(Sync("unlock", ref),))


def write(src: int, dst: int, cell: int, value: Expr, text: str = "x = 1") -> Step:
    ref = Own(0, cell)
    return Step(src, dst, updates=((ref, value),), accesses=(Access(ref, True, False),), kind=Kind.PLAIN, text=text)


def read(src: int, dst: int, cell: int, template: int, into: int, text: str = "t := x") -> Step:
    ref = Own(0, cell)
    return Step(
        src,
        dst,
        updates=((Own(template, into), Read(ref)),),
        accesses=(Access(ref, False, False),),
        kind=Kind.PLAIN,
        text=text,
    )


def counter(locked: bool) -> Program:
    """Two goroutines add one to x, under a mutex or without."""
    t = Read(Own(1, 0))
    body = [read(3, 4, 1, 1, 0), write(4, 5, 1, op("+", t, Const(1)), "x = t + 1")]
    if locked:
        body = [lock(2, 3, 0), *body, unlock(5, END, 0)]
    else:
        skip = Step(2, 3, kind=Kind.LOCAL, text="skip")
        body = [skip, *body, Step(5, END, kind=Kind.LOCAL)]
    two = Clause("both counted", "finally", equal(Read(Cell(1)), Const(2)))
    return build(
        [("mu", Bool(), 0), ("x", Range(0, 3), 0)],
        [Role("inc", 2, tuple(body), (("t", Range(0, 3), 0),))],
        clauses=(two,),
        views=(View("mu", "mutex", (0,)), View("x", "value", (1,))),
    )


def two_locks() -> Program:
    """The classic: a takes p then q, b takes q then p."""

    def body(first: int, second: int) -> tuple[Step, ...]:
        return (
            lock(2, 3, first, "pq"[first] + ".Lock()"),
            lock(3, 4, second, "pq"[second] + ".Lock()"),
            unlock(4, 5, second, "pq"[second] + ".Unlock()"),
            unlock(5, END, first, "pq"[first] + ".Unlock()"),
        )

    return build(
        [("p", Bool(), 0), ("q", Bool(), 0)],
        [Role("a", 1, body(0, 1)), Role("b", 1, body(1, 0))],
        views=(View("p", "mutex", (0,)), View("q", "mutex", (1,))),
    )


def hanging(fails: bool = False) -> Program:
    """a takes the lock for ever; b toggles a flag for ever; with `fails` b may also panic."""
    flag = Own(0, 1)
    flip = Step(2, 2, updates=((flag, negate(Read(flag))),), kind=Kind.SYNC, text="flip")
    panic = Step(2, 2, kind=Kind.SYNC, text="panic", fail=Fail("panic", "boom"))
    return build(
        [("mu", Bool(), 0), ("flag", Bool(), 0)],
        [
            Role("a", 2, (lock(2, END, 0),)),
            Role("b", 1, (flip, panic) if fails else (flip,)),
        ],
        views=(View("mu", "mutex", (0,)),),
    )


def server(blocks: int) -> Program:
    """`for { p = new(T); p.x = 1; q = p }`: blocks are recycled as soon as nothing refers to them."""
    sort = Sort("T", tuple(Place(f"T#{n + 1}", 0, "new", n, (1 + n,)) for n in range(blocks)))
    family = Own(0, 0)
    places = (-1, *(1 + n for n in range(blocks)))
    fields = Family("T.x", places)
    alloc = Alloc(0, 1, (tuple(range(1, blocks + 1)),), "new(T)")
    make = Step(2, 3, updates=((Own(1, 0), Fresh()),), kind=Kind.SYNC, text="p = new(T)", alloc=alloc)
    fill = Step(3, 4, updates=((At(fields, Read(Own(1, 0))), Const(1)),), kind=Kind.SYNC, text="p.x = 1")
    keep = Step(4, 2, updates=((family, Read(Own(1, 0))), (Own(1, 0), Const(0))), kind=Kind.SYNC, text="q = p")
    return build(
        [("q", Reference(0), 0), *((f"T#{n + 1}.x", Range(0, 1), 0) for n in range(blocks))],
        [Role("srv", 1, (make, fill, keep), (("p", Reference(0), 0),))],
        sorts=(sort,),
        recycled=tuple((0, n + 1) for n in range(blocks)),
    )


def spawner(children: int) -> Program:
    """Starts three goroutines in a loop, each adds its argument to x under a lock-free atomic add."""
    i, arg = Own(1, 0), Own(2, 0)
    again = op("<", Read(i), Const(3))
    start = Step(
        2,
        3,
        again,
        ((arg, Read(i)), (i, op("+", Read(i), Const(1)))),
        kind=Kind.SYNC,
        text="go add(i)",
        spawn=2,
    )
    back = Step(3, 2, kind=Kind.LOCAL)
    done = Step(2, END, negate(again), kind=Kind.LOCAL)
    prepare = Step(2, 3, updates=((Own(2, 1), op("+", Read(arg), Const(1))),), kind=Kind.LOCAL, text="n := i + 1")
    x = Own(0, 0)
    add = Step(
        3,
        4,
        updates=((x, op("+", Read(x), Read(Own(2, 1)))), (Own(2, 1), Const(0)), (arg, Const(0))),
        accesses=(Access(x, True, True),),
        kind=Kind.SYNC,
        text="x.Add(n)",
    )
    return build(
        [("x", Range(0, 6), 0)],
        [
            Role("main", 1, (start, back, done), (("i", Range(0, 3), 0),)),
            Role("add", children, (prepare, add, Step(4, END, kind=Kind.LOCAL)), _CHILD, parent=1),
        ],
        clauses=(Clause("all added", "finally", equal(Read(Cell(0)), Const(6))),),
    )


_CHILD: tuple[Decl, ...] = (("i", Range(0, 3), 0), ("n", Range(0, 4), 0))


@dataclass(frozen=True)
class Naive:
    states: int
    transitions: int
    failures: frozenset[tuple[str, str]]
    stuck: int
    """States without an enabled step in which some goroutine has not returned."""


def naive(program: Program, most: int = 20_000) -> Naive:
    """Breadth-first search with the audit's interpreter over plain tuples."""
    interpreter = Interpreter(program)
    start = interpreter.initial()
    seen: dict[State, int] = {start: 0}
    order = [start]
    transitions = stuck = 0
    failures: set[tuple[str, str]] = set()
    for state in order:
        enabled = interpreter.enabled(state)
        if not enabled and any(at not in (END, IDLE) for at in state.locations[1:]):
            stuck += 1
        for c in enabled:
            after = interpreter.take(state, c)
            if isinstance(after, Fail):
                failures.add((after.kind, after.message))
                continue
            transitions += 1
            if after not in seen:
                seen[after] = len(seen)
                order.append(after)
        assert len(order) <= most
    return Naive(len(order), transitions, frozenset(failures), stuck)
