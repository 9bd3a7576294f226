"""Would a test have seen it: for each failing property the share of schedules that show it, and why others do not."""

from __future__ import annotations

from verifier.evidence.odds import MILLION, Odds
from verifier.evidence.result import Property, Result
from verifier.explore.chances import NotCounted, ending, failing, passing, stuck
from verifier.explore.detect import Detected, Order, detected, meeting
from verifier.explore.search import Exploration, explore
from verifier.model.document import Document
from verifier.pipeline.explore import Budget
from verifier.pipeline.load import lowered, read_front
from verifier.pipeline.options import Options
from verifier.program.concrete import Concrete
from verifier.records import replace
from verifier.verdict import Verdict

MOST_STATES = 50_000
"""States of the largest graph looked at."""


def odds(document: Document, options: Options, result: Result) -> tuple[Odds, ...]:
    """The odds of every property that does not hold. Raises ModelError when the Go of the model is wrong."""
    counted = _Counted(document, options, result)
    return tuple(counted.of(p) for p in result.properties if p.verdict is Verdict.UNSAFE and p.kind != "sometimes")


class _Counted:
    def __init__(self, document: Document, options: Options, result: Result) -> None:
        self._options = replace(options, counts=tuple(result.explored.counts) if options.counts else options.counts)
        self._front = read_front(document, self._options)
        self._result = result
        self._known: dict[str, Exploration] = {}

    def of(self, p: Property) -> Odds:
        """The odds of a failing property, or why there are none."""
        base = Odds(p.name, p.kind, None, p.steps, others=self._outcomes(p))
        try:
            return self._counted(p, base)
        except NotCounted as reason:
            return replace(base, reason=str(reason))

    def _counted(self, p: Property, base: Odds) -> Odds:
        lowering = p.trace.lowering if p.trace is not None else "abstract"
        kind = lowering.partition(".")[0]
        if kind not in ("abstract", "lost-update"):
            raise NotCounted(_ELSEWHERE.get(kind, "it has an exploration of its own"))
        found = self._explored(lowering)
        match p.kind:
            case "race":
                return _race(found, base, self._walk(lowering))
            case "panic" | "fatal":
                return replace(base, share=failing(found, p.kind), meaning="end so")
            case "lost-update":
                share = failing(found, p.kind, whole=True)
                return replace(base, share=share, meaning="come to such a write", silent=_NO_RACE)
            case "deadlock":
                return replace(base, share=stuck(found), meaning="leave a goroutine waiting for ever", silent=_HANGS)
            case "always" | "finally":
                clause = next(c.expr for c in found.machine.program.clauses if (c.when, c.name) == (p.kind, p.name))
                share = passing(found, clause) if p.kind == "always" else ending(found, clause)
                meaning = "come to a state in which it does not hold" if p.kind == "always" else "end so"
                return replace(base, share=share, meaning=meaning, silent=_NO_RACE)
        raise NotCounted("it has an exploration of its own")

    def _explored(self, lowering: str) -> Exploration:
        """Every state, nothing reduced: one in which states stand for many has other shares."""
        if lowering not in self._known:
            options = self._options
            limits = replace(Budget(options).limits(), max_states=MOST_STATES)
            found = explore(lowered(self._front, lowering), limits, clock=options.clock)
            if "--max-states" in found.limit:
                found = replace(found, limit=f"there are more than {MOST_STATES:,} states")
            self._known[lowering] = found
        return self._known[lowering]

    def _walk(self, lowering: str) -> str:
        """The command that walks a schedule, with a place for it."""
        result = self._result
        scheme = f" --scheme {result.scheme}" if result.scheme else ""
        given = scheme + "".join(f" --count {role}={n}" for role, n in result.overrides)
        path = result.path.replace("{", "{{").replace("}", "}}")
        prefix = "" if lowering == "abstract" else f"{lowering}:"
        return f"such a schedule: verify replay {path} {prefix}{{}}{given}"

    def _outcomes(self, p: Property) -> tuple[str, ...]:
        return tuple(c.name for c in self._result.consequences) if p.kind == "race" else ()


_ELSEWHERE = {
    "runtime": "it takes the map's own steps, which are explored for what they lead to only",
    "spurious": "it takes a TryLock that fails although nobody holds the lock",
    "starvation": "starvation is about schedules that never end",
}
"""Why what another lowering shows is not counted."""

_NO_RACE = ("says nothing about this: it is no data race",)
_HANGS = ("says nothing about this; `go run` only if every goroutine is stuck, `go test` when its -timeout is over",)
"""runtime/proc.go, checkdead: who waits for a timer, as a test binary does for its timeout, is not stuck."""


def _race(found: Exploration, base: Odds, walk: str) -> Odds:
    try:
        seen = detected(found)
    except NotCounted as reason:
        meaning = "come to a moment when both accesses are next"
        unknown = f"how often it reports it is not counted: {reason}"
        return replace(base, share=meeting(found), meaning=meaning, silent=(unknown,))
    meaning = "have two of the accesses with nothing to order them"
    return replace(base, share=seen.share, meaning=meaning, silent=_silent(seen, found, walk))


def _silent(seen: Detected, found: Exploration, walk: str) -> tuple[str, ...]:
    if seen.share == MILLION:
        return ("reports it in every schedule, if it forgets nothing",)
    first = "reports it in those, if it forgets nothing; in the others it is silent"
    if seen.ordered is None:
        return (first, "in the silent ones that were looked at the accesses do not both happen")
    return (first, _sentence(seen.ordered, found), walk.format("/".join(map(str, seen.ordered.choices))))


def _sentence(order: Order, found: Exploration) -> str:
    steps = found.machine.steps
    names = [i.name for i in found.machine.program.instances]
    gave, took = steps[order.release[1]], steps[order.acquire[1]]
    by_way = "" if order.direct else ", by way of another goroutine"
    first, then = f"{names[gave.instance]}'s {_words(gave)}", f"{names[took.instance]}'s {_words(took)}"
    return f"as when {first} comes before {then}{by_way}: in such a schedule that orders the accesses"


def _words(c: Concrete) -> str:
    where = f" ({c.step.span.words})" if c.step.span is not None else ""
    return f"{c.step.text}{where}"
