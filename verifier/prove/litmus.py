"""Litmus questions: which outcomes sequential consistency, x86-TSO and the Go memory model allow (docs/litmus.md).

The outcome asked about is that a `finally` clause does not hold when all goroutines have returned; failures that a
path can run into are asked about without being mentioned. Everything is decided by z3 over all executions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

from verifier.evidence.litmus import MODELS, LitmusResult, Outcome, Saw
from verifier.program.expr import At, Cell, Ref
from verifier.program.program import Clause, Program, show
from verifier.prove.events import Memory, Path, finals, memory
from verifier.prove.execution import INITIAL, Execution, execution, final_value
from verifier.prove.memorymodels import constrain, races
from verifier.prove.paths import paths
from verifier.prove.shape import NotCovered
from verifier.prove.smt import NotExpressible, Term, condition, equal, negated, select, term
from verifier.records import dataclass

MOST = 512
"""Combinations of one path per goroutine."""


@dataclass(frozen=True)
class _Question:
    """An outcome: the failure `end` happens, or all return and `clause` is false."""

    name: str
    clause: Clause | None
    end: str
    cells: tuple[int, ...]
    wanted: str


def litmus(program: Program, title: str = "") -> LitmusResult:
    """Ask every question of a raw program; `reason` says why when the program is none that can be asked about."""
    try:
        found = memory(program)
        ways = tuple(paths(found, i.number) for i in program.goroutines)
        if prod(map(len, ways)) > MOST:
            raise NotCovered(f"more than {MOST} combinations of paths")
        questions = [*_asked(program, found), *_failures(ways)]
        race = any(_sat(x, [races(x)]) is not None for x in _candidates(found, ways, ()))
        outcomes = tuple(_answer(found, ways, q) for q in questions)
    except (NotCovered, NotExpressible) as reason:
        return LitmusResult(program.name, title, reason=str(reason))
    kept = tuple(o for q, o in zip(questions, outcomes, strict=True) if q.clause or any(o.allowed))
    return LitmusResult(program.name, title, kept, race)


def _asked(program: Program, found: Memory) -> Iterator[_Question]:
    for clause in program.clauses:
        if clause.when == "finally" and not clause.symptom:
            wanted = negated(condition(clause.expr, _final))
            yield _Question(clause.name, clause, "", finals(found, clause.expr), wanted)


def _final(ref: Ref) -> Term:
    """What a reference of a clause reads at the end."""
    match ref:
        case Cell(number=n):
            return final_value(n)
        case At(family=family, index=index):
            return _chosen(family.cells, term(index, _final))
        case _:
            raise NotCovered("a clause asks where goroutines stand")


def _chosen(cells: tuple[int, ...], index: Term) -> Term:
    if isinstance(index, int):
        return final_value(cells[index])
    out: Term = 0
    for position, cell in enumerate(cells):
        if cell >= 0:
            out = select(equal(index, position), final_value(cell), out)
    return out


def _failures(ways: tuple[tuple[Path, ...], ...]) -> Iterator[_Question]:
    for end in dict.fromkeys(p.end for way in ways for p in way if p.end):
        yield _Question(end, None, end, (), "true")


def _candidates(
    found: Memory, ways: tuple[tuple[Path, ...], ...], cells: tuple[int, ...], question: _Question | None = None
) -> Iterator[Execution]:
    for chosen in product(*ways):
        ends = [p.end for p in chosen if p.end]
        if question is None or (question.end in ends if question.end else not ends):
            yield execution(found, chosen, cells)


def _answer(found: Memory, ways: tuple[tuple[Path, ...], ...], question: _Question) -> Outcome:
    allowed: list[bool] = []
    witness: tuple[Saw, ...] | None = None
    for model in MODELS:
        seen = None
        for x in _candidates(found, ways, question.cells, question):
            constrain(x, model)
            seen = _sat(x, [question.wanted])
            if seen is not None:
                break
        allowed.append(seen is not None)
        witness = witness if witness is not None else seen
    text = question.clause.text if question.clause else question.end
    span = question.clause.span if question.clause else None
    return Outcome(question.name, text, tuple(allowed), witness or (), span)


def _sat(x: Execution, facts: list[str]) -> tuple[Saw, ...] | None:
    """What the reads see in an execution with these facts; None when there is none. z3 must answer."""
    import z3

    if "false" in facts:
        return None
    solver = z3.Solver()
    solver.from_string("\n".join([*x.lines, *(f"(assert {fact})" for fact in facts)]))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    if answer != z3.sat:
        raise NotCovered(f"z3 does not answer: {solver.reason_unknown()}")
    model = solver.model()

    def integer(name: str) -> int:
        return int(model.eval(z3.Int(name), model_completion=True).as_long())

    seen: list[Saw] = []
    for (w, r), name in x.rf.items():
        event = x.events[r]
        if event.goroutine > 0 and z3.is_true(model.eval(z3.Bool(name), model_completion=True)):
            place = event.place if isinstance(event.place, int) else integer(f"p{r}")
            seen.append(_saw(x, w, r, place, integer(event.seen)))
    return tuple(seen)


def _saw(x: Execution, w: int, r: int, place: int, value: int) -> Saw:
    program = x.memory.program
    read, write = x.events[r], x.events[w]
    initial = write.goroutine == INITIAL
    return Saw(
        program.instances[read.goroutine].name,
        read.step.text,
        x.memory.name(place),
        show(value, program.cells[place].domain, program.sorts),
        "" if initial else program.instances[write.goroutine].name,
        "" if initial else write.step.text,
        read.step.span,
    )
