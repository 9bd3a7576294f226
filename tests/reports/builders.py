"""Results built by hand, one per outcome: reports are tested without running anything."""

from __future__ import annotations

from dataclasses import replace

from verifier.evidence.result import Consequence, Coverage, Explored, Property, Result
from verifier.evidence.trace import Held, RacyAccess, Trace, TraceStep, Waiting
from verifier.program.program import Call
from verifier.source import Span
from verifier.verdict import Verdict

SAFE, UNSAFE, UNKNOWN, ERROR = Verdict.SAFE, Verdict.UNSAFE, Verdict.UNKNOWN, Verdict.ERROR


def at(line: int, file: str = "models/m.yaml") -> Span:
    return Span(file, line, 7, line, 20)


def step(number: int, goroutine: str, text: str, line: int, *objects: str, **more: object) -> TraceStep:
    plain = TraceStep(number, goroutine, text, "", at(line), (), objects)
    return replace(plain, **more)  # type: ignore[arg-type]


def explored(complete: bool = True, limit: str = "") -> Explored:
    return Explored((("reader", 1), ("writer", 1)), 412, 903, "reference", 0.21, complete, limit)


def prop(name: str, verdict: Verdict, expected: Verdict | None = None, **more: object) -> Property:
    kind = name if name in ("race", "fatal", "panic", "deadlock") else "always"
    plain = Property(name, kind, verdict, expected, f"the claim called {name}", "exhaustive", 412)
    return replace(plain, **more)  # type: ignore[arg-type]


def result(*properties: Property, **more: object) -> Result:
    plain = Result("m", "models/m.yaml", "A map behind a lock", "1.27", properties, explored(), audited="412 states")
    return replace(plain, **more)  # type: ignore[arg-type]


GET = (Call("get", None), Call("(*Cache).Get", at(40)))
PUT = (Call("put", None), Call("(*Cache).Put", at(50)))


def race_trace() -> Trace:
    """The unlocked fast path of mock-up 3."""
    return Trace(
        choices=(1, 0),
        goroutines=("put", "get"),
        columns=("mu", "m", "other"),
        start=("free", "{}", "0"),
        steps=(
            step(1, "get", "mu.Lock()", 15, "W:get", "{}", "0", stack=GET),
            step(2, "get", "n++", 16, "W:get", "{}", "0", stack=GET),
        ),
        race=(
            RacyAccess("get", False, False, 'm["a"]', '_ = m["a"]', at(17), GET, (("mu", "W", 1),)),
            RacyAccess("put", True, False, 'm["a"]', 'm["a"] = 1', at(9), PUT, ()),
        ),
    )


def deadlock_trace() -> Trace:
    """The recursive read lock of mock-up 2."""
    body, inner = Call("sum", None), Call("(*Cache).Sum", at(44))
    sum_stack = (body, inner, Call("(*Cache).Get", at(21)))
    lock, rlock = "sync.RWMutex.Lock", "sync.RWMutex.RLock"
    return Trace(
        choices=(0, 0, 1, 0),
        goroutines=("sum", "put"),
        columns=("c.mu",),
        start=("free",),
        steps=(
            step(1, "sum", "c.mu.RLock()", 20, "R:sum", stack=(body, inner)),
            step(2, "put", "c.mu.Lock()", 28, "R:sum next:put", stack=PUT, waits=True),
            step(
                3,
                "sum",
                "c.mu.RLock()",
                14,
                "R:sum next:put",
                stack=sum_stack,
                waits=True,
                cite="sync/rwmutex.go:64",
            ),
        ),
        waiting=(
            Waiting("sum", rlock, "c.mu", ("put",), 3, at(14), sum_stack),
            Waiting("put", lock, "c.mu", ("sum",), 2, at(28), PUT),
        ),
        held=(Held("c.mu", "sum", "R", 1, at(20)), Held("c.mu", "put", "next", 2, at(28))),
    )


def panic_trace() -> Trace:
    return Trace(
        choices=(0,),
        goroutines=("writer",),
        columns=("m",),
        start=("nil",),
        steps=(step(1, "writer", 'm["a"] = 1', 9, "nil"),),
        failure="assignment to entry in nil map",
        failure_kind="panic",
    )


def clause_trace() -> Trace:
    steps = (step(1, "a", "n++", 9, "1", ends=True), step(2, "b", "n++", 9, "2", ends=True))
    return Trace((0, 0), ("a", "b"), ("n",), ("0",), steps)


def wide_trace(goroutines: int, text: str = "mu.Lock()") -> Trace:
    """Many goroutines of which the first two move."""
    names = tuple(f"worker#{i}" for i in range(1, goroutines + 1))
    steps = tuple(step(i + 1, names[i], text, 9, "free") for i in range(2))
    return Trace((0, 0), names, ("mu",), ("free",), steps)


def results() -> dict[str, Result]:
    """One result per outcome a report must not embellish."""
    race = prop("race", UNSAFE, trace=race_trace())
    deadlock = prop("deadlock", UNSAFE, trace=deadlock_trace())
    low = prop("n stays low", UNSAFE, trace=clause_trace(), formula="n < 2", span=at(30))
    vacuous = prop("two inside", UNSAFE, kind="sometimes")
    seen = prop("two inside", SAFE, kind="sometimes", trace=clause_trace())
    unknown = prop("deadlock", UNKNOWN, reason="200,000 states reached (--max-states)")
    error = prop("race", ERROR, reason="step 3 is not enabled")
    safe = prop("panic", SAFE)
    consequence = Consequence("lost insert", "an insert disappears without a trace", clause_trace())
    return {
        "safe": result(safe, seen, rests_on=("the plain map of Go 1.27",), not_shown=("starvation",)),
        "race": result(race, safe, consequences=(consequence,)),
        "deadlock": result(safe, deadlock),
        "panic": result(prop("panic", UNSAFE, trace=panic_trace()), prop("race", SAFE)),
        "always": result(low, safe),
        "vacuous": result(vacuous, safe, coverage=Coverage(10, 11, ((at(14), "n--"),))),
        "unknown": result(safe, unknown, explored=explored(False, "--max-states")),
        "error": result(error, safe, audited=""),
        "mixed": result(race, unknown, safe),
        "expected": result(replace(race, expected=UNSAFE), safe),
        "fixed": result(prop("race", SAFE, expected=UNSAFE), safe),
        "open as expected": result(replace(unknown, expected=UNKNOWN), safe),
        "empty": result(),
    }
