"""Which locations clauses ask about, and where arriving may hide what a clause had to report."""

from __future__ import annotations

from verifier.program.expr import Const, Expr, Op, Pc, Read, children
from verifier.program.intervals import Ranges
from verifier.program.monitor import LINEARIZABLE
from verifier.program.program import Program
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """The locations of one template that clauses ask about; None: any of them.

    A goroutine must be seen at `asked`. It must also be seen before it comes to one of `hiding`, where a clause may no
    longer have to be reported: `x && at(r, L) == 0` may hold only until r comes to L.
    """

    asked: frozenset[int] | None
    hiding: frozenset[int] | None

    def passes(self, location: int) -> bool:
        """Whether no clause has to see a goroutine at `location`."""
        return self.asked is not None and location not in self.asked

    def shows(self, location: int) -> bool:
        """Whether coming to `location` hides nothing."""
        return self.hiding is not None and location not in self.hiding


def named_locations(program: Program) -> list[Named]:
    """Per template, the locations that clauses ask about."""
    ranges = Ranges(program)
    asked: list[set[int] | None] = [set() for _ in program.templates]
    hiding: list[set[int] | None] = [set() for _ in program.templates]

    def add(into: list[set[int] | None], instance: int, location: int | None) -> None:
        template = program.instances[instance].template
        known = into[template]
        if location is None:
            into[template] = None
        elif known is not None:
            known.add(location)

    def visit(e: Expr, grows: bool, shrinks: bool) -> None:
        """`grows`, `shrinks`: whether a larger, a smaller value of `e` can make something to report vanish."""
        match e:
            case Op(name="==" | "!=" as name, args=(Read(ref=Pc(instance=i)), Const(value=location))):
                add(asked, i, location)
                if grows if name == "==" else shrinks:
                    add(hiding, i, location)
            case Read(ref=Pc(instance=i)):
                add(asked, i, None)
                add(hiding, i, None)
            case Op(name="and" | "or" | "not" as name) if all(map(_is_truth, e.args)):
                for x in e.args:
                    visit(x, *((shrinks, grows) if name == "not" else (grows, shrinks)))
            case Op(name="+"):
                for x in e.args:
                    visit(x, grows, shrinks)
            case Op(name="<" | "<=" | "-" as name, args=(a, b)):
                falls, rises = (b, a) if name == "-" else (a, b)
                visit(falls, shrinks, grows)
                visit(rises, grows, shrinks)
            case Op(name="==" | "!=" as name, args=(x, Const(value=v))) if v in ranges.of(x):
                # A comparison with the most or the least there can be goes one way only.
                most, equals = ranges.of(x)[1] == v, name == "=="
                visit(x, *((grows, shrinks) if most == equals else (shrinks, grows)))
            case _:
                for x in children(e):
                    visit(x, True, True)

    if program.clients is not None:
        # Where a client is between two calls, others may call as well as return: it is seen there, always.
        for instance in program.clients.instances:
            add(asked, instance, program.templates[program.instances[instance].template].entry)
    for clause in program.clauses:
        # An `always` is reported where it does not hold, everything else where it does. At the end nothing moves.
        reported_when_false = clause.when in ("always", LINEARIZABLE) and not clause.symptom
        ends = clause.when == "finally"
        visit(clause.expr, reported_when_false and not ends, not reported_when_false and not ends)
    return [
        Named(None if a is None else frozenset(a), None if h is None else frozenset(h))
        for a, h in zip(asked, hiding, strict=True)
    ]


def _is_truth(e: Expr) -> bool:
    """Whether a larger value of `e` is a truer one: no number below zero is meant as true."""
    return not isinstance(e, Op) or e.name in ("==", "!=", "<", "<=", "and", "or", "not")
