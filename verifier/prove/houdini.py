"""Keeping the facts that every step keeps: Houdini in z3, over counters without limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from verifier.program.expr import Cell, Const, Expr, Op, Read
from verifier.prove.counters import Counters, Rule
from verifier.prove.facts import AtMostOne, Equation, Fact, Never, Quantity

PATIENCE = 1000
"""Milliseconds for one question to the solver."""


State = tuple[list[Any], list[Any]]
"""Terms for the goroutines in each stretch and for the value of each tracked cell."""


class OutOfTime(Exception):
    """The budget is spent, or the solver gave up on a question."""


class Houdini:
    """One solver for one abstraction: a state before a step as integers, one assumption per candidate."""

    def __init__(self, c: Counters, candidates: Sequence[Fact], out_of_time: Callable[[], bool]) -> None:
        import z3

        self._z3 = z3
        self._c = c
        self._candidates = tuple(candidates)
        self._out_of_time = out_of_time
        self._before: State = (
            [z3.Int(f"count{n}") for n in range(len(c.stretches))],
            [z3.Int(f"cell{t.cell}") for t in c.tracked],
        )
        self._solver = z3.Solver()
        self._solver.set("timeout", PATIENCE)
        self._solver.set("random_seed", 0)
        self._solver.add(*self._sane(self._before))
        self._assumed = [z3.Bool(f"fact{n}") for n in range(len(self._candidates))]
        self._now = {fact: self._formula(fact, self._before) for fact in self._candidates}
        for name, fact in zip(self._assumed, self._candidates, strict=True):
            self._solver.add(z3.Implies(name, self._now[fact]))

    def inductive(self) -> tuple[int, ...]:
        """The numbers of the candidates that hold initially and together survive every rule. Raises OutOfTime."""
        alive = self._initially()
        rules = deque(self._c.rules)
        # Rules that keep all that is alive; one candidate less, and each has to be asked again.
        settled = 0
        while settled < len(rules):
            kept = self._kept(rules[0], alive)
            settled = settled + 1 if len(kept) == len(alive) else 1
            alive = kept
            rules.rotate(-1)
        return tuple(alive)

    def follows(self, fact: Fact, given: Sequence[Fact]) -> bool:
        """Whether a fact says nothing new."""
        z3 = self._z3
        self._solver.push()
        self._solver.add(*(self._said(f) for f in given), z3.Not(self._said(fact)))
        answer = self._check()
        self._solver.pop()
        return bool(answer == z3.unsat)

    def _said(self, fact: Fact) -> Any:
        """A fact about the state before a step; those of the candidates have been written down already."""
        found = self._now.get(fact)
        return self._formula(fact, self._before) if found is None else found

    def _initially(self) -> list[int]:
        z3 = self._z3
        counts, cells = self._before
        self._solver.push()
        # Any number of goroutines at each start; a goroutine's own `go` functions have not been started.
        begins = [s.starting and self._c.program.templates[s.template].parent is None for s in self._c.stretches]
        self._solver.add(*(x == 0 for x, begun in zip(counts, begins, strict=True) if not begun))
        self._solver.add(*(x == t.initial for x, t in zip(cells, self._c.tracked, strict=True)))
        alive = []
        for n, fact in enumerate(self._candidates):
            self._solver.push()
            self._solver.add(z3.Not(self._now[fact]))
            if self._check() == z3.unsat:
                alive.append(n)
            self._solver.pop()
        self._solver.pop()
        return alive

    def _kept(self, rule: Rule, alive: list[int]) -> list[int]:
        """Those of `alive` that the rule keeps, as far as all the others hold before it."""
        z3 = self._z3
        touched = [n for n in alive if _touches(self._c, rule, self._candidates[n])]
        if not touched:
            return alive
        after = self._after(rule)
        later = {n: self._formula(self._candidates[n], after) for n in touched}
        self._solver.push()
        self._solver.add(self._before[0][rule.src] >= 1, self._condition(rule.guard), *self._sane(after))
        while later:
            self._solver.push()
            self._solver.add(z3.Or(*(z3.Not(f) for f in later.values())))
            answer = self._check(*(self._assumed[n] for n in alive))
            model = self._solver.model() if answer == z3.sat else None
            self._solver.pop()
            if model is None:
                break
            lost = {n for n, f in later.items() if z3.is_false(model.eval(f, model_completion=True))}
            later = {n: f for n, f in later.items() if n not in lost}
            alive = [n for n in alive if n not in lost]
        self._solver.pop()
        return alive

    def _check(self, *assumptions: Any) -> Any:
        if self._out_of_time():
            raise OutOfTime
        answer = self._solver.check(*assumptions)
        if answer == self._z3.unknown:
            raise OutOfTime
        return answer

    def _sane(self, state: State) -> list[Any]:
        counts, cells = state
        bounds = [x >= 0 for x in counts]
        for x, t in zip(cells, self._c.tracked, strict=True):
            bounds.append(x >= t.least)
            if t.most is not None:
                bounds.append(x <= t.most)
            if t.cell not in self._c.written:
                bounds.append(x == t.initial)
        return bounds

    def _after(self, rule: Rule) -> State:
        """The state that a rule leads to, in terms of the one before."""
        counts, cells = self._before
        more = [(n == rule.dst) + (n == rule.spawn) - (n == rule.src) for n in range(len(counts))]
        moved = [x + by if by else x for x, by in zip(counts, more, strict=True)]
        new = dict(rule.updates)
        written = []
        for x, t in zip(cells, self._c.tracked, strict=True):
            value = new.get(t.cell)
            anything = self._z3.Int(f"any{t.cell}")
            written.append(x if t.cell not in new else anything if value is None else self._number(value))
        return moved, written

    def _formula(self, fact: Fact, state: State) -> Any:
        z3 = self._z3
        match fact:
            case Equation(terms=terms, constant=constant):
                numbers = [(a, self._quantity(q, state)) for a, q in terms]
                return z3.Sum(constant, *(x if a == 1 else a * x for a, x in numbers)) == 0
            case Never(quantities=quantities):
                return z3.Or(*(z3.Not(self._positive(q, state)) for q in quantities))
            case AtMostOne(quantity=q):
                return self._quantity(q, state) <= 1

    def _positive(self, q: Quantity, state: State) -> Any:
        _, cells = state
        if q.kind == "is":
            return cells[q.index] == q.value
        if q.kind == "isnot":
            return cells[q.index] != q.value
        return self._quantity(q, state) >= 1

    def _quantity(self, q: Quantity, state: State) -> Any:
        counts, cells = state
        if q.kind == "count":
            return counts[q.index]
        if q.kind == "cell":
            return cells[q.index]
        return self._z3.If(self._positive(q, state), 1, 0)

    def _condition(self, e: Expr) -> Any:
        z3 = self._z3
        match e:
            case Const(value=v):
                return z3.BoolVal(bool(v))
            case Op(name="not", args=(a,)):
                return z3.Not(self._condition(a))
            case Op(name="and", args=args):
                return z3.And(*(self._condition(a) for a in args))
            case Op(name="or", args=args):
                return z3.Or(*(self._condition(a) for a in args))
            case Op(name="==" | "!=" | "<" | "<=" as name, args=(a, b)):
                x, y = self._number(a), self._number(b)
                return {"==": x == y, "!=": x != y, "<": x < y, "<=": x <= y}[name]
        return self._number(e) != 0

    def _number(self, e: Expr) -> Any:
        z3 = self._z3
        match e:
            case Const(value=v):
                return z3.IntVal(v)
            case Read(ref=Cell(number=n)):
                return next(x for x, t in zip(self._before[1], self._c.tracked, strict=True) if t.cell == n)
            case Op(name="+", args=(a, b)):
                return self._number(a) + self._number(b)
            case Op(name="-", args=(a, b)):
                return self._number(a) - self._number(b)
            case Op(name="neg", args=(a,)):
                return -self._number(a)
            case Op(name="ite", args=(a, b, d)):
                return z3.If(self._condition(a), self._number(b), self._number(d))
        return z3.If(self._condition(e), z3.IntVal(1), z3.IntVal(0))


def _touches(c: Counters, rule: Rule, fact: Fact) -> bool:
    """Whether a rule changes something a fact is about."""
    moved = {rule.src, rule.dst, rule.spawn}
    written = {cell for cell, _ in rule.updates}
    match fact:
        case Equation(terms=terms):
            quantities: tuple[Quantity, ...] = tuple(q for _, q in terms)
        case Never(quantities=quantities):
            pass
        case AtMostOne(quantity=q):
            quantities = (q,)
    return any(q.index in moved if q.kind == "count" else c.tracked[q.index].cell in written for q in quantities)
