"""The small print of a verdict: what it rests on, what was not shown, which statements were reached."""

from __future__ import annotations

from verifier.evidence.counts import counted
from verifier.evidence.result import Coverage, ForAnyNumber, Property
from verifier.evidence.subject import RuleUsed
from verifier.golang.clients import RANGE
from verifier.gosem import atomic, channel, cond, gomap, mutex, once, rwmutex, syncmap, timer, waitgroup
from verifier.pipeline.explore import Explored
from verifier.pipeline.load import Front
from verifier.program.program import END, Program
from verifier.source import Span
from verifier.verdict import Verdict

RULES = {
    "rwmutex": rwmutex.RULES,
    "mutex": mutex.RULES,
    "once": once.RULES,
    "waitgroup": waitgroup.RULES,
    "cond": cond.RULES,
    "atomic": atomic.RULES,
    "syncmap": syncmap.RULES,
    "channel": channel.RULES,
    "timer": timer.RULES,
    "map": gomap.RULES,
}
"""What a verdict rests on, by the kind of what the model uses."""


def coverage(run: Explored) -> Coverage:
    """Statements of the goroutines that some explored schedule ran."""
    raw = run.program.raw or run.program
    all_: dict[tuple[str, int, str], Span] = {}
    reached: set[tuple[str, int, str]] = set()
    ran = run.searches.coverage()
    for t in raw.templates:
        for i, s in enumerate(t.steps):
            if s.span is None or not s.text:
                continue
            key = (s.span.file, s.span.line, s.text)
            if (t.number, i) in ran:
                reached.add(key)
            if s.fail is None and (s.dst != END or s.updates):
                all_.setdefault(key, s.span)
    ordered = sorted(all_.items())
    missed = tuple((span, key[2]) for key, span in ordered if key not in reached)
    return Coverage(len(all_) - len(missed), len(all_), missed, tuple((span, key[2]) for key, span in ordered))


SOURCE = "1.27"
"""The Go whose source the rules quote, and with which the tests compare them."""

FAIRNESS = (
    "a goroutine whose next step is possible all the time takes it, queues of locks and channels serve those that "
    "wait (internal/sync/mutex.go:33)"
)
"""What `starvation` takes for granted."""


def rests_on(front: Front, run: Explored, properties: tuple[Property, ...] = ()) -> tuple[str, ...]:
    """The rules of Go that the model uses."""
    kinds, cites = _kinds(run), set(cited(run))
    go = front.document.go
    said = [RULES[k].rests_on(cites) for k in RULES if k in kinds]
    out = [f"Go {go} {_quoted(s, go)}" for s in said]
    if any(p.kind == "starvation" for p in properties):
        out.append(f"fairness: {FAIRNESS}")
    if any(p.kind == "ordered" for p in properties):
        out.append("happens-before: the Go memory model of June 2022, an edge only where it promises one (ref/mem)")
    return tuple(out)


def _quoted(said: str, go: str) -> str:
    # Rules quote one source: in an older one the line is another one, and often the file.
    return said if go == SOURCE or ".go:" not in said else f"{said.removesuffix(')')} of Go {SOURCE})"


def _kinds(run: Explored) -> set[str]:
    """The primitives of Go that a model uses."""
    return {v.kind for v in run.program.views} | _heap_kinds(run.program)


def rules_followed(run: Explored) -> tuple[RuleUsed, ...]:
    """The rules whose lines steps of the model stand for."""
    cites = set(cited(run))
    used = [RULES[k] for k in RULES if k in _kinds(run)]
    return tuple(RuleUsed(u.subject, r.says, r.cite) for u in used for r in u.rules if r.cite in cites)


def cited(run: Explored) -> tuple[str, ...]:
    """The lines of Go's sources that steps of the model stand for."""
    raw = run.program.raw or run.program
    return tuple(sorted({s.cite for t in raw.templates for s in t.steps if s.cite}))


def goroutines(front: Front) -> str:
    """`2 writers, 1 reader`."""
    return ", ".join(counted(n, role) for role, n in front.counts)


def _heap_kinds(program: Program) -> set[str]:
    """Kinds of what is no variable of the package with a kind of its own, by the Go lines that steps cite."""
    lines = {s.cite for t in program.templates for s in t.steps}
    cites = {line.split(":")[0] for line in lines}
    known = {
        "sync/rwmutex.go": "rwmutex",
        "internal/sync/mutex.go": "mutex",
        "sync/once.go": "once",
        "sync/cond.go": "cond",
        "sync/atomic/doc.go": "atomic",
        "runtime/chan.go": "channel",
        "runtime/select.go": "channel",
    }
    timers = {"timer"} if lines & {"runtime/chan.go:545", "runtime/select.go:187"} else set()
    return timers | {kind for file, kind in known.items() if file in cites}


def not_shown(
    front: Front, properties: tuple[Property, ...], racy: bool, proof: ForAnyNumber | None
) -> tuple[str, ...]:
    """The honest rest."""
    out = []
    if racy:
        out.append("more than interleavings: with a data race Go promises no sequential consistency")
    if any(p.verdict is Verdict.SAFE for p in properties):
        shown = proof is not None and proof.verdict is Verdict.SAFE
        lifted = f"; any-N lifts {', '.join(proof.properties)}" if proof is not None and shown else ""
        out.append(f"other numbers of goroutines than {goroutines(front)}{lifted}")
    if front.client is not None:
        ranges = "Range with several keys at a time" if RANGE in front.client.callees else "Range"
        out.append(f"other keys, values and numbers of calls; {ranges}; that every call returns (deadlock)")
    if any(p.kind == "lost-update" and p.verdict is Verdict.SAFE for p in properties):
        out.append("lost updates whose value goes through a channel, another goroutine or an object that others write")
    if front.document.go != SOURCE:
        out.append(
            f"that older Go is as {SOURCE}, which the tests run; its map is compared by hand (docs/semantics.md)"
        )
    asked = any(p.kind == "starvation" and p.verdict in (Verdict.SAFE, Verdict.UNSAFE) for p in properties)
    turns = "" if asked else "that every goroutine gets its turn (starvation); "
    out.append(f"{turns}that your Go code is this model")
    return tuple(out)


def growth_note(front: Front, run: Explored) -> tuple[str, ...]:
    """Bounds that were doubled."""
    before, after = front.document.bounds, run.bounds
    pairs = (("heap", before.heap, after.heap), ("goroutines", before.goroutines, after.goroutines))
    changed = ", ".join(f"{name} from {old} to {new}" for name, old, new in pairs if old != new)
    return (f"a bound was hit and raised: {changed}",) if changed else ()


def engine_note(run: Explored) -> tuple[str, ...]:
    """That another back end than the one asked for, or the fast one of a large model, did the work."""
    return (run.found.note,) if run.found.note else ()
