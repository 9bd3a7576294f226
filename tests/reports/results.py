"""One `Result` for every kind of answer there is, with all that a report can be asked to show.

Every format is tested against this table: `for name, result in TABLE.items()`. No format may be greener than the
verdict and none may drop a property: the tests of each format say what that means there.
"""

from __future__ import annotations

from dataclasses import replace

from verifier.evidence.history import Called, History, Misfit
from verifier.evidence.mutant import Mutant
from verifier.evidence.proof import Certificate
from verifier.evidence.result import (
    AnyNumber,
    Consequence,
    Coverage,
    Explored,
    ForAnyNumber,
    Property,
    Result,
)
from verifier.evidence.subject import Crew, File, Part, RuleUsed, Subject
from verifier.evidence.trace import LostUpdate, Trace, Waiting
from verifier.model.document import Decision

from .builders import (
    ERROR,
    PUT,
    SAFE,
    UNKNOWN,
    UNSAFE,
    at,
    clause_trace,
    deadlock_trace,
    panic_trace,
    prop,
    race_trace,
    result,
    step,
)

MODEL = File("models/m.yaml", tuple(f"line {n}: mu.Lock() | m[k] = v; x < 3 # <b>&" for n in range(1, 61)))
"""Text with everything that Markdown, HTML or Mermaid could take for syntax."""

SUBJECT = Subject(
    about="Two goroutines and a map.\nNothing else.",
    files=(MODEL,),
    parts=(Part("declarations", MODEL.path, 5, 12), Part("goroutine put", MODEL.path, 20, 24)),
    crews=(Crew("get", 1, at(14)), Crew("put", None, at(20))),
    bounds=(("int", "-8 to 63"), ("heap", "2")),
    shared=("mu sync.Mutex", "m map[string]int"),
    cites=("internal/sync/mutex.go:63", "maps/runtime.go:63"),
    rules=(RuleUsed("Mutex", "no owner, not reentrant", "internal/sync/mutex.go:63"),),
    decision=Decision("Which lock guards the cache?", "ADR-7", "Mutex", ("Mutex", "sync.Map")),
)


def starvation_trace() -> Trace:
    """A reader that never gets its turn: rows 2 and 3 for ever."""
    return Trace(
        choices=(0, 1, 1),
        goroutines=("put", "get"),
        columns=("mu",),
        start=("free",),
        steps=(
            step(1, "get", "mu.Lock()", 15, "W:put", waits=True),
            step(2, "put", "mu.Unlock()", 22, "free"),
            step(3, "put", "mu.Lock()", 21, "W:put"),
        ),
        waiting=(Waiting("get", "sync.Mutex.Lock", "mu", ("put",), 1, at(15), ()),),
        loop=2,
        lowering="starvation",
    )


def linearizable_trace() -> Trace:
    """A Load that misses what a finished Store has stored."""
    calls = (
        Called("client", 'Store("a", 1)', "", 2, 3),
        Called("client#2", 'Load("a")', "0, false", 4, 5),
    )
    names = ('c.Store("a", 1)', 'return from Store("a", 1)', 'c.Load("a")', 'return from Load("a")')
    steps = tuple(step(n, "client" if n < 4 else "client#2", names[n - 2], 10 + n, "{a:1}") for n in range(2, 6))
    first = step(1, "client", "the map is empty", 10, "{}")
    misfit = Misfit(('Store("a", 1)', 'Load("a")'), "1, true", "0, false")
    return Trace(
        (0, 0, 0, 1, 1),
        ("client", "client#2"),
        ("m",),
        ("{}",),
        (first, *steps),
        history=History(1, (), calls, (misfit,)),
    )


def lost_trace() -> Trace:
    """An update computed from what somebody else has overtaken."""
    steps = (
        step(1, "get", 'n := m["a"]', 15, "{a:0}"),
        step(2, "put", 'm["a"] = 7', 21, "{a:7}", stack=PUT),
        step(3, "get", 'm["a"] = n + 1', 16, "{a:1}"),
    )
    return Trace(
        (0, 1, 0),
        ("get", "put"),
        ("m",),
        ("{a:0}",),
        steps,
        lost=LostUpdate('m["a"]', 1, 2),
        failure='m["a"]',
        failure_kind="lost-update",
        lowering="lost-update",
    )


def whole(*properties: Property, **more: object) -> Result:
    """A result with nothing left out."""
    full = result(
        *properties,
        rests_on=("Go 1.27 Mutex: no owner, not reentrant (internal/sync/mutex.go:63)",),
        not_shown=("other numbers of goroutines than 1 get, 1 put", "that your Go code is this model"),
        sha256="0" * 64,
        subject=SUBJECT,
        coverage=Coverage(
            2, 3, ((at(22), "delete(m, k)"),), ((at(15), "mu.Lock()"), (at(21), "m[k] = v"), (at(22), "delete(m, k)"))
        ),
    )
    return replace(full, **more)  # type: ignore[arg-type]


def _kinds(kind: str, name: str | None = None, **more: object) -> Property:
    return prop(name or kind, UNSAFE, kind=kind, **more)


SAFE_PROPS = (
    prop("race", SAFE, any_number=AnyNumber(SAFE, "views", 1)),
    prop("deadlock", SAFE),
    prop("two inside", SAFE, kind="sometimes", trace=clause_trace(), formula="at(get, in) == 2", span=at(30)),
    prop("stored", SAFE, kind="finally", formula='m["a"] == 1', span=at(31)),
)
PROOF = ForAnyNumber(
    SAFE,
    ("race", "fatal", "panic"),
    "any number of gets and puts",
    1,
    48,
    ("mu is held exactly when one put is between lines 21 and 22",),
    certificate=Certificate(1, ("get", "put"), (), 2, 1, 1, 48, "(define-fun view.get.0 () Bool true)"),
)
OPEN = prop("deadlock", UNKNOWN, reason="200,000 states reached (--max-states)")
RACE = prop("race", UNSAFE, trace=race_trace())
STOPPED = Explored((("get", 1), ("put", 1)), 200_000, 412_000, "kernel", 3.5, False, "--max-states", ("symmetry",))

TABLE: dict[str, Result] = {
    "safe": whole(
        *SAFE_PROPS,
        any_number=PROOF,
        mutants=(
            Mutant("mu.Lock() removed", at(21), UNSAFE, ("race",), 4),
            Mutant("mu.Unlock() moved up", at(22), SAFE),
        ),
    ),
    "race": whole(
        RACE, prop("panic", SAFE), consequences=(Consequence("lost insert", "an insert disappears", clause_trace()),)
    ),
    "deadlock": whole(prop("race", SAFE), prop("deadlock", UNSAFE, trace=deadlock_trace())),
    "panic": whole(prop("panic", UNSAFE, trace=panic_trace()), prop("race", SAFE)),
    "starvation": whole(_kinds("starvation", trace=starvation_trace()), prop("race", SAFE)),
    "linearizable": whole(_kinds("linearizable", trace=linearizable_trace(), span=at(5)), prop("race", SAFE)),
    "lost-update": whole(_kinds("lost-update", trace=lost_trace()), prop("race", SAFE)),
    "always": whole(_kinds("always", "n stays low", trace=clause_trace(), formula="n < 2", span=at(30))),
    "vacuous": whole(_kinds("sometimes", "two inside", formula="at(get, in) == 2", span=at(30)), prop("race", SAFE)),
    "unknown": whole(prop("race", SAFE), OPEN, explored=STOPPED),
    "error": whole(prop("race", ERROR, reason="step 3 is not enabled"), prop("deadlock", SAFE), audited=""),
    "mixed": whole(RACE, OPEN, prop("panic", SAFE), explored=STOPPED),
    "expected": whole(replace(RACE, expected=UNSAFE), prop("panic", SAFE)),
    "fixed": whole(prop("race", SAFE, expected=UNSAFE), prop("deadlock", SAFE)),
    "open as expected": whole(replace(OPEN, expected=UNKNOWN), prop("race", SAFE), explored=STOPPED),
    "bare": result(prop("race", SAFE)),
    "half proved": whole(
        prop("race", SAFE, states=0, method="proved", any_number=AnyNumber(SAFE, "views", 1)),
        OPEN,
        _kinds("lost-update", trace=lost_trace()),
        any_number=PROOF,
        explored=STOPPED,
    ),
    "empty": result(),
}
"""By what they are an example of. `bare` and `empty` have no more than a result must have."""
