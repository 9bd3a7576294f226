"""A small program by hand: a writer under a mutex that starts a helper, with every kind of expression in it."""

from __future__ import annotations

from verifier.program.expr import At, Cell, Const, Family, Own, Read, const, negate, op
from verifier.program.program import (
    END,
    Access,
    Alloc,
    Bool,
    Call,
    CellDecl,
    Enum_,
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
)
from verifier.source import Span

CELLS = (
    CellDecl("mu.held", Bool()),
    CellDecl("n", Range(-8, 63)),
    CellDecl("p", Reference(0)),
    CellDecl("kind", Enum_(('"low"', '"high"'))),
    CellDecl("box#1.v", Range(-8, 63)),
    CellDecl("box#2.v", Range(-8, 63)),
)
HELD, N, P, KIND = (Own(0, i) for i in range(4))
BOXES = Family("box.v", (-1, 4, 5))


def at(line: int) -> Span:
    return Span("models/m.yaml", line, 7, line, 20)


WRITER = (
    Step(
        2,
        3,
        guard=negate(Read(HELD)),
        updates=((HELD, const(1)),),
        accesses=(Access(HELD, True, True),),
        kind=Kind.SYNC,
        text="mu.Lock()",
        detail="acquire",
        span=at(9),
        cite="internal/sync/mutex.go:63",
        sync=(Sync("lock", HELD),),
    ),
    Step(
        3,
        4,
        guard=op("not", op("==", Read(P), const(0))),
        updates=((At(BOXES, Read(P)), op("*", op("+", Read(N), const(1)), const(2))),),
        accesses=(Access(At(BOXES, Read(P)), True, False), Access(N, False, False, op("<", Read(N), const(5)))),
        kind=Kind.PLAIN,
        text="p.v = (n + 1) * 2",
        span=at(10),
        stack=(Call("writer", None), Call("(*Box).Set", at(20))),
    ),
    Step(
        3,
        END,
        guard=op("==", Read(P), const(0)),
        text="p.v = (n + 1) * 2",
        span=at(10),
        fail=Fail("panic", 'nil "p"; no box'),
    ),
    Step(4, 5, updates=((KIND, const(1)),), text='kind = "high"', span=at(11), origin=(3, 4)),
    Step(5, END, text="go helper()", span=at(12), spawn=2, alloc=Alloc(0, 1, ((1, 2),), "box")),
)


def program() -> Program:
    """Two writers, each with one helper."""
    helper = (Step(2, END, text="n++", span=at(30), updates=((N, op("+", Read(N), Const(1))),)),)
    sorts = (Sort("*Box", (Place("&Box#1", 0, "box", 0, (4,)), Place("&Box#2", 0, "box", 1, (5,)))),)
    lineage = ((0, 0, 0),)
    return Program(
        name="m",
        templates=(
            Template(0, "package", CELLS, (), 0, 0),
            Template(1, "writer", (), WRITER, 6, 2, labels=(("setting", 3),)),
            Template(2, "writer.go", (), helper, 3, 2, parent=1),
        ),
        instances=(
            Instance(0, "package", 0, 0, None, lineage),
            Instance(1, "writer#1", 1, 0, None, lineage),
            Instance(2, "writer#2", 1, 1, None, lineage),
            Instance(3, "writer#1.go", 2, 0, 1, lineage),
            Instance(4, "writer#2.go", 2, 1, 2, lineage),
        ),
        cells=CELLS,
        initial=(0,) * 6,
        starts=(0, 2, 2, 1, 1),
        sorts=sorts,
    )


ABSOLUTE_N = Read(Cell(1))
