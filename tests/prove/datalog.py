"""Views of two goroutines once more, by z3's datalog engine: rules made from the program's steps, nothing shared.

For programs without references: package variables, locks, locals. Locks keep their plain bits; a goroutine remembers
which RWMutexes it holds for reading. No holder's names: that is why two goroutines are followed where the views of the
product need one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import z3

from verifier.program.expr import Const, Expr, Op, Own, Read
from verifier.program.program import Bool, Domain, Program, Range, Step

WIDTH = 8
"""Bits of everything: locations and the numbers of these small programs."""

Env = dict[tuple[int, int], Any]
"""(template, cell) → term; template 0 is the package."""


@dataclass(frozen=True)
class Goroutine:
    """The variables of one goroutine: its location (template and place in one number), own cells, read holds."""

    at: Any
    cells: tuple[Any, ...]
    holds: tuple[Any, ...]

    def flat(self) -> list[Any]:
        return [self.at, *self.cells, *self.holds]


class Rules:
    """The rules of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.size = len(program.templates[0].cells)
        self.own = max(len(t.cells) for t in program.templates[1:])
        self.locks = sorted({m.ref.offset for _, s in self._steps() for m in s.sync if m.op in ("rlock", "runlock")})  # type: ignore[union-attr]
        self.engine = z3.Fixedpoint()
        self.engine.set("engine", "datalog")
        self.engine.set("datalog.generate_explanations", False)
        each = 1 + self.own + len(self.locks)
        self.sort = z3.BitVecSort(WIDTH)
        self.pair = z3.Function("pair", *[self.sort] * (self.size + 2 * each), z3.BoolSort())
        self.bad = z3.Function("bad", z3.BoolSort())
        self.engine.register_relation(self.pair, self.bad)
        self.package = self._variables("g", self.size)
        self.a, self.b, self.c = (self._goroutine(n) for n in "abc")
        self._rules()

    def violated(self) -> bool:
        """Whether a race or a failure could not be excluded."""
        answer = self.engine.query(self.bad())
        assert answer in (z3.sat, z3.unsat)
        return bool(answer == z3.sat)

    def _steps(self) -> list[tuple[int, Step]]:
        return [(t.number, s) for t in self.program.templates[1:] for s in t.steps]

    def _variables(self, name: str, count: int) -> tuple[Any, ...]:
        out = tuple(z3.Const(f"{name}{n}", self.sort) for n in range(count))
        self.engine.declare_var(*out)
        return out

    def _goroutine(self, name: str) -> Goroutine:
        parts = self._variables(name, 1 + self.own + len(self.locks))
        return Goroutine(parts[0], parts[1 : 1 + self.own], parts[1 + self.own :])

    def _place(self, template: int, location: int) -> Any:
        return z3.BitVecVal(location * (len(self.program.templates)) + template, self.sort)

    def _known(self, g: tuple[Any, ...], *who: Goroutine) -> Any:
        return self.pair(*g, *(x for w in who for x in w.flat()))

    # ---- rules

    def _rules(self) -> None:
        rule, g, a, b, c = self.engine.rule, self.package, self.a, self.b, self.c
        starts = [self._start(t.number) for t in self.program.templates[1:]]
        first = tuple(z3.BitVecVal(v, self.sort) for v in self.program.initial[: self.size])
        for x in starts:
            for y in starts:
                rule(self._known(first, x, y))
        rule(self._known(g, b, a), [self._known(g, a, b)])
        for template, s in self._steps():
            guard, after, moved, wrong = self._move(template, s, a, (a, b))
            rule(self.bad(), [self._known(g, a, b), *guard, wrong])
            if s.fail is not None:
                rule(self.bad(), [self._known(g, a, b), *guard])
                continue
            rule(self._known(after, moved, b), [self._known(g, a, b), *guard])
            guard, after, _, _ = self._move(template, s, c, (a, b, c))
            rule(self._known(after, a, b), [self._known(g, a, b), self._known(g, a, c), self._known(g, b, c), *guard])
        self._races()

    def _start(self, template: int) -> Goroutine:
        instance = next(i for i in self.program.instances if i.template == template)
        first = next(f for t, f, _ in instance.lineage if t == template)
        count = len(self.program.templates[template].cells)
        values = [*self.program.initial[first : first + count], *[0] * (self.own - count)]
        number = lambda v: z3.BitVecVal(v, self.sort)  # noqa: E731
        at = self._place(template, self.program.starts[instance.number])
        return Goroutine(at, tuple(map(number, values)), tuple(number(0) for _ in self.locks))

    def _move(
        self, template: int, s: Step, who: Goroutine, present: tuple[Goroutine, ...]
    ) -> tuple[list[Any], tuple[Any, ...], Goroutine, Any]:
        """Guard, package after, goroutine after, and what may not be the case."""
        env: Env = {(0, n): v for n, v in enumerate(self.package)}
        env |= {(template, n): v for n, v in enumerate(who.cells)}
        # The number of readers: 0 only if nobody present holds the lock; a release asks for the own hold.
        release = any(m.op == "runlock" for m in s.sync) or (s.fail is not None and "RUnlock" in s.fail.message)
        for n, lock in enumerate(self.locks):
            counted = [who] if release else present
            held = z3.Or([p.holds[n] != 0 for p in counted])
            env[0, lock] = z3.If(held, z3.BitVecVal(1, self.sort), z3.BitVecVal(0, self.sort))
        guard = [who.at == self._place(template, s.src), self._truth(s.guard, env)]
        after, cells, holds = list(self.package), list(who.cells), list(who.holds)
        for ref, e in s.updates:
            assert isinstance(ref, Own), "only programs without references"
            if ref.template == 0 and ref.offset in self.locks:
                continue
            (after if ref.template == 0 else cells)[ref.offset] = self._term(e, env)
        wrong: Any = z3.BoolVal(False)
        for m in s.sync:
            if m.op in ("rlock", "runlock"):
                assert isinstance(m.ref, Own)
                n = self.locks.index(m.ref.offset)
                holds[n] = z3.BitVecVal(m.op == "rlock", self.sort)
                # Holding twice is more than one bit can tell.
                wrong = who.holds[n] != 0 if m.op == "rlock" else who.holds[n] == 0
        moved = Goroutine(self._place(template, s.dst), tuple(cells), tuple(holds))
        return guard, tuple(after), moved, wrong

    def _races(self) -> None:
        found = [(t, s, x) for t, s in self._steps() for x in s.accesses]
        for t, s, x in found:
            for u, r, y in found:
                clash = x.ref == y.ref and (x.write or y.write) and not (x.atomic and y.atomic)
                if clash and isinstance(x.ref, Own) and x.ref.template == 0:
                    one, *_ = self._move(t, s, self.a, (self.a, self.b))
                    two, *_ = self._move(u, r, self.b, (self.a, self.b))
                    self.engine.rule(self.bad(), [self._known(self.package, self.a, self.b), *one, *two])

    # ---- expressions

    def _truth(self, e: Expr, env: Env) -> Any:
        return self._term(e, env) != 0

    def _term(self, e: Expr, env: Env) -> Any:
        one, zero = z3.BitVecVal(1, self.sort), z3.BitVecVal(0, self.sort)
        match e:
            case Const(value=v):
                return z3.BitVecVal(v, self.sort)
            case Read(ref=Own(template=t, offset=o)):
                return env[t, o]
            case Op(name="ite", args=(c, x, y)):
                return z3.If(self._truth(c, env), self._term(x, env), self._term(y, env))
            case Op(name="not", args=(x,)):
                return z3.If(self._truth(x, env), zero, one)
            case Op(name="and" | "or" as name, args=(x, y)):
                parts = [self._truth(x, env), self._truth(y, env)]
                return z3.If(z3.And(parts) if name == "and" else z3.Or(parts), one, zero)
            case Op(name="==" | "!=" as name, args=(x, y)):
                same = self._term(x, env) == self._term(y, env)
                return z3.If(same if name == "==" else z3.Not(same), one, zero)
            case Op(name="<" | "<=" as name, args=(x, y)):
                p, q = self._term(x, env), self._term(y, env)
                return z3.If(p < q if name == "<" else p <= q, one, zero)
            case Op(name="+", args=(x, y)):
                return self._term(x, env) + self._term(y, env)
        raise AssertionError(f"no rule for {e}")


def small(domain: Domain) -> bool:
    """Whether a cell's values fit."""
    return isinstance(domain, Bool) or (isinstance(domain, Range) and domain.high < 1 << (WIDTH - 1))
