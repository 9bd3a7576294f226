"""Keeping the facts that every step keeps: Houdini in z3, over counters without limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from verifier.program.expr import Cell, Ref
from verifier.prove.counters import Counters, Rule
from verifier.prove.facts import AtMostOne, Equation, Fact, Never, Quantity
from verifier.prove.session import Session
from verifier.prove.smt import Term, condition, disjunction, equal, negated, select, term, text

PATIENCE = 1000
"""Milliseconds for one question to the solver."""


State = tuple[Sequence[Term], Sequence[Term]]
"""Terms for the goroutines in each stretch and for the value of each tracked cell."""


class OutOfTime(Exception):
    """The budget is spent, or the solver gave up on a question."""


class Houdini:
    """One solver for one abstraction: a state before a step as integers, one assumption per candidate."""

    def __init__(self, c: Counters, candidates: Sequence[Fact], out_of_time: Callable[[], bool]) -> None:
        self._c = c
        self._candidates = tuple(candidates)
        self._out_of_time = out_of_time
        self._before: State = (
            [f"count{n}" for n in range(len(c.stretches))],
            [f"cell{t.cell}" for t in c.tracked],
        )
        self._position = {t.cell: n for n, t in enumerate(c.tracked)}
        self._z3 = Session()
        self._z3.say(f"(set-option :timeout {PATIENCE})", "(set-option :smt.random_seed 0)")
        self._z3.say(*(f"(declare-const {x} Int)" for xs in self._before for x in xs))
        self._claim(*self._sane(self._before))
        self._now = {fact: self._formula(fact, self._before) for fact in self._candidates}
        for n, fact in enumerate(self._candidates):
            self._z3.say(f"(declare-const fact{n} Bool)")
            self._claim(f"(=> fact{n} {self._now[fact]})")

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
        self._z3.say("(push)")
        self._claim(*(self._said(f) for f in given), negated(self._said(fact)))
        possible = self._possible()
        self._z3.say("(pop)")
        return not possible

    def _said(self, fact: Fact) -> str:
        """A fact about the state before a step; those of the candidates have been written down already."""
        found = self._now.get(fact)
        return self._formula(fact, self._before) if found is None else found

    def _claim(self, *conditions: str) -> None:
        self._z3.say(*(f"(assert {c})" for c in conditions))

    def _initially(self) -> list[int]:
        counts, cells = self._before
        # Any number of goroutines at each start; a goroutine's own `go` functions have not been started.
        begins = [s.starting and self._c.program.templates[s.template].parent is None for s in self._c.stretches]
        self._z3.say("(push)")
        self._claim(*(equal(x, 0) for x, begun in zip(counts, begins, strict=True) if not begun))
        self._claim(*(equal(x, t.initial) for x, t in zip(cells, self._c.tracked, strict=True)))
        alive = []
        for n, fact in enumerate(self._candidates):
            self._z3.say("(push)")
            self._claim(negated(self._now[fact]))
            if not self._possible():
                alive.append(n)
            self._z3.say("(pop)")
        self._z3.say("(pop)")
        return alive

    def _kept(self, rule: Rule, alive: list[int]) -> list[int]:
        """Those of `alive` that the rule keeps, as far as all the others hold before it."""
        touched = [n for n in alive if _touches(self._c, rule, self._candidates[n])]
        if not touched:
            return alive
        z3 = self._z3
        z3.say("(push)")
        after = self._after(rule)
        for n in touched:
            z3.say(f"(define-fun later{n} () Bool {self._formula(self._candidates[n], after)})")
        self._claim(f"(>= {self._before[0][rule.src]} 1)", condition(rule.guard, self._read), *self._sane(after))
        assumed = [f"fact{n}" for n in alive]
        while touched:
            z3.say("(push)")
            self._claim(disjunction([f"(not later{n})" for n in touched]))
            broken = self._possible(assumed)
            seen = z3.values(f"later{n}" for n in touched) if broken else {}
            z3.say("(pop)")
            if not broken:
                break
            lost = {n for n in touched if seen[f"later{n}"] == "false"}
            touched = [n for n in touched if n not in lost]
            alive = [n for n in alive if n not in lost]
            assumed = [f"fact{n}" for n in alive]
        z3.say("(pop)")
        return alive

    def _possible(self, assumptions: Sequence[str] = ()) -> bool:
        """Whether what has been said has a model. Raises OutOfTime."""
        if self._out_of_time():
            raise OutOfTime
        answer = self._z3.check(assumptions)
        if answer not in ("sat", "unsat"):
            raise OutOfTime
        return answer == "sat"

    def _sane(self, state: State) -> list[str]:
        counts, cells = state
        bounds = [f"(>= {text(x)} 0)" for x in counts]
        for x, t in zip(cells, self._c.tracked, strict=True):
            bounds.append(f"(>= {text(x)} {text(t.least)})")
            if t.most is not None:
                bounds.append(f"(<= {text(x)} {text(t.most)})")
            if t.cell not in self._c.written:
                bounds.append(equal(x, t.initial))
        return bounds

    def _after(self, rule: Rule) -> State:
        """The state that a rule leads to, in terms of the one before."""
        counts, cells = self._before
        more = [(n == rule.dst) + (n == rule.spawn) - (n == rule.src) for n in range(len(counts))]
        moved = [f"(+ {x} {text(by)})" if by else x for x, by in zip(counts, more, strict=True)]
        new = dict(rule.updates)
        written: list[Term] = []
        for x, t in zip(cells, self._c.tracked, strict=True):
            value = new.get(t.cell)
            if t.cell not in new:
                written.append(x)
            elif value is None:
                self._z3.say(f"(declare-const any{t.cell} Int)")
                written.append(f"any{t.cell}")
            else:
                written.append(term(value, self._read))
        return moved, written

    def _read(self, ref: Ref) -> Term:
        assert isinstance(ref, Cell)
        return self._before[1][self._position[ref.number]]

    def _formula(self, fact: Fact, state: State) -> str:
        match fact:
            case Equation(terms=terms, constant=constant):
                numbers = [(a, text(self._quantity(q, state))) for a, q in terms]
                parts = [x if a == 1 else f"(* {text(a)} {x})" for a, x in numbers]
                return f"(= (+ {text(constant)} {' '.join(parts)}) 0)"
            case Never(quantities=quantities):
                return disjunction([negated(self._positive(q, state)) for q in quantities])
            case AtMostOne(quantity=q):
                return f"(<= {text(self._quantity(q, state))} 1)"

    def _positive(self, q: Quantity, state: State) -> str:
        if q.kind == "count":
            return f"(>= {text(state[0][q.index])} 1)"
        x = state[1][q.index]
        if q.kind == "cell":
            return f"(>= {text(x)} 1)"
        return equal(x, q.value) if q.kind == "is" else negated(equal(x, q.value))

    def _quantity(self, q: Quantity, state: State) -> Term:
        counts, cells = state
        if q.kind == "count":
            return counts[q.index]
        if q.kind == "cell":
            return cells[q.index]
        return select(self._positive(q, state), 1, 0)


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
