"""Random programs for what `random_programs` leaves out: heaps, odd families and tables, every operator, wide states.

Written over `random.Random`, so that hypothesis can drive it and tens of thousands can be run by hand. Most indices are
protected, some are not: a few programs in a hundred are faulty, and then both back ends have to say so.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from verifier.program.concrete import concrete
from verifier.program.expr import At, Cell, Const, Expr, Family, Fresh, Op, Own, Pc, Read, Ref
from verifier.program.program import (
    END,
    Access,
    Alloc,
    Bool,
    Clause,
    Domain,
    Enum_,
    Fail,
    Kind,
    Place,
    Program,
    Range,
    Reference,
    Sort,
    Step,
    Union,
    high,
    low,
)
from verifier.program.semantics import zero

from .machines import Decl, Role, build
from .wide_values import Values

ANYTHING = Union((("int", 1, Range(-1, 1)), ("*T", 4, Reference(0)), ("*int", 8, Reference(1))))
"""With up to 3 blocks: nil, three numbers, pointers to blocks and pointers to fields, each kind with its nil."""
ODD: tuple[Domain, ...] = (
    Bool(),
    Range(0, 2),
    Range(-1, 2),
    Range(-9, -6),
    Range(5, 5),
    Enum_(("a", "b", "c")),
    Range(3, 6),
)
WIDE: tuple[Domain, ...] = (
    Range(-(1 << 61), (1 << 61) - 1),
    Range(0, (1 << 62) - 1),
    Range(-5, 1 << 40),
    Range(-(1 << 50), -3),
    Range(0, (1 << 33) - 1),
)
LOCATIONS = (2, 3, 4, 5)


class Maker(Values):
    """Makes one program."""

    def program(self) -> Program:
        r = self.r
        self._heap()
        for n in range(r.randint(2, 5)):
            self._declare(self.package, f"x{n}", r.choice(ODD))
        if self.large:
            for n in range(r.randint(1, 3)):
                self._declare(self.package, f"w{n}", r.choice(WIDE))
        self._families()
        for n in range(r.randint(1, 3)):
            self._declare(self.own, f"t{n}", r.choice(ODD))
        if self.blocks:
            self._declare(self.own, "p", ANYTHING if r.random() < 0.3 else Reference(0))
        if self.large or r.random() < 0.2:
            for n in range(r.randint(1, 2)):
                self._declare(self.own, f"v{n}", r.choice(WIDE))
        roles = [self._role("a", 1, r.randint(1, 3), None)]
        if r.random() < 0.6:
            parent = 1 if r.random() < 0.4 else None
            roles.append(self._role("b", 2, r.randint(1, 2), parent))
            if parent:
                roles[0] = replace(roles[0], steps=(*roles[0].steps, self._spawn(1, 2)))
        made = build(
            self.package,
            roles,
            sorts=self.sorts,
            recycled=tuple((0, n + 1) for n in range(self.blocks)),
        )
        self.inside = False
        asked = tuple(self._clause(n, len(made.cells), len(made.instances)) for n in range(r.randint(0, 3)))
        return replace(made, clauses=asked)

    def _declare(self, into: list[Decl], name: str, domain: Domain) -> None:
        least, most = low(domain), high(domain, self.sorts)
        start = 0 if least <= 0 <= most and self.r.random() < 0.7 else self.r.randint(least, min(most, least + 3))
        into.append((name, domain, start))

    def _heap(self) -> None:
        """Blocks of three cells: a number, the next block, anything."""
        if not self.blocks:
            return
        first = [3 * n for n in range(self.blocks)]
        objects = tuple(Place(f"T#{n + 1}", 0, "new", n, (at, at + 1, at + 2)) for n, at in enumerate(first))
        fields = tuple(Place(f"&T#{n + 1}.x", 0, "new", n, (at,)) for n, at in enumerate(first))
        self.sorts = (Sort("T", objects), Sort("T.x", fields))
        number = self.r.choice([Range(0, 1), Range(-2, -1), Range(0, 3)])
        for n in range(self.blocks):
            for name, domain in (("x", number), ("next", Reference(0)), ("any", ANYTHING)):
                self.package.append((f"T#{n + 1}.{name}", domain, zero(domain, self.sorts)))
        for offset, name in enumerate(("x", "next", "any")):
            self.families.append(Family(name, (-1, *(at + offset for at in first))))

    def _families(self) -> None:
        cells = range(3 * self.blocks, len(self.package))
        for n in range(self.r.randint(1, 3)):
            chosen = [self.r.choice([*cells, *cells, -1]) for _ in range(self.r.randint(1, 5))]
            self.families.append(Family(f"f{n}", tuple(chosen)))

    def _accesses(self, updates: tuple[tuple[Ref, Expr], ...]) -> tuple[Access, ...]:
        r = self.r
        refs = [ref for ref, _ in updates if not isinstance(ref, Own) or ref.template == 0]
        # A place that does not exist is no fault in an access: nothing is touched then. A place or condition without
        # a value is one, but the back ends notice it at different moments: when it matters, or when it is near.
        self.careful = True
        refs += [At(r.choice(self.families), self.value(1)) for _ in range(r.randint(0, 1))]
        refs += [Own(0, r.randrange(len(self.package))) for _ in range(r.randint(0, 1))]
        conditions = [self.test(1) if r.random() < 0.3 else Const(1) for _ in refs]
        self.careful = False
        return tuple(
            Access(ref, r.random() < 0.6, r.random() < 0.25, when) for ref, when in zip(refs, conditions, strict=True)
        )

    def _step(self, template: int, src: int, dst: int) -> Step:
        r = self.r
        guard = self.test(2) if r.random() < 0.4 else Const(1)
        text = f"s{r.randint(0, 9)}"
        symptom = "wrong" if r.random() < 0.1 else ""
        if r.random() < 0.06:
            fail = Fail("panic", f"at {src}")
            return Step(src, dst, guard, (), self._accesses(()), Kind.SYNC, text, fail=fail, symptom=symptom)
        targets = dict.fromkeys(self._ref() for _ in range(r.choice([0, 1, 1, 2, 3])))
        updates = tuple((ref, Read(ref) if r.random() < 0.05 else self._assigned(ref)) for ref in targets)
        step = Step(src, dst, guard, updates, self._accesses(updates), Kind.SYNC, text, symptom=symptom)
        if self.blocks and r.random() < 0.35:
            step = self._new(step, template)
        return step

    def _new(self, step: Step, template: int) -> Step:
        pointers = [n for n, (name, _, _) in enumerate(self.own) if name == "p"]
        into: Ref = Own(template, pointers[0])
        value: Expr = Fresh() if self.own[pointers[0]][1] != ANYTHING else Op("+", (Fresh(), Const(4)))
        if self.r.random() < 0.3:
            # The first block's link, whoever owns it.
            into, value = Own(0, 1), Fresh()
        kept = tuple((ref, e) for ref, e in step.updates if ref != into)
        alloc = Alloc(0, 0, (tuple(range(1, self.blocks + 1)),), "new(T)")
        fill = (At(self.families[0], Fresh()), Const(low(self._domain(0)))) if self.r.random() < 0.5 else None
        # Where no block is free the updates are not looked at, and their places as accesses may have no value.
        fixed = tuple(a for a in step.accesses if not isinstance(a.ref, At))
        return replace(step, alloc=alloc, accesses=fixed, updates=(*kept, (into, value), *([fill] if fill else [])))

    def _spawn(self, template: int, child: int) -> Step:
        argument = Own(child, 0)
        least = low(self.own[0][1])
        src, dst = self.r.choice(LOCATIONS), self.r.choice([*LOCATIONS, END])
        return Step(src, dst, Const(1), ((argument, Const(least)),), kind=Kind.SYNC, text="go", spawn=child)

    def _role(self, name: str, template: int, count: int, parent: int | None) -> Role:
        self.me = lambda n: Own(template, n)
        r = self.r
        way = [self._step(template, n, n + 1 if n < 5 else END) for n in LOCATIONS]
        more = [self._step(template, r.choice(LOCATIONS), r.choice([*LOCATIONS, END])) for _ in range(r.randint(0, 4))]
        return Role(name, count, (*way, *more), tuple(self.own), parent)

    def _clause(self, n: int, cells: int, instances: int) -> Clause:
        r = self.r
        self.me = lambda n: Cell(r.randrange(cells))
        e = self.test(2)
        if r.random() < 0.4:
            at: Expr = Read(Pc(r.randrange(instances)))
            at = Op(r.choice(["==", "!=", "<"]), (at, Const(r.randint(0, 6))))
            e = Op(r.choice(["and", "or"]), (at, e))
        return Clause(f"c{n}", r.choice(["always", "sometimes", "finally"]), e, symptom=r.random() < 0.3)


def _written_once(program: Program) -> Program:
    """Without updates of one fixed cell by one step: an index that turns out to be a constant may select it again."""
    twice: set[tuple[int, int, int]] = set()
    for i in program.goroutines:
        for c in concrete(program, i.number):
            places = [ref for ref, _ in c.step.updates]
            if not any(isinstance(ref, At) for ref in places):
                twice.update((i.template, c.index, n) for n, ref in enumerate(places) if ref in places[:n])

    def once(template: int, index: int, step: Step) -> Step:
        return replace(step, updates=tuple(u for n, u in enumerate(step.updates) if (template, index, n) not in twice))

    templates = (
        replace(t, steps=tuple(once(t.number, k, s) for k, s in enumerate(t.steps))) for t in program.templates
    )
    return replace(program, templates=tuple(templates))


def wide_program(r: Random) -> Program:
    """A program of this module."""
    return _written_once(Maker(r).program())
