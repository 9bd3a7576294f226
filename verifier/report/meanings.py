"""What the properties mean, for somebody who knows Go and has never seen this tool."""

from __future__ import annotations

from verifier.evidence.result import Property
from verifier.evidence.subject import Subject
from verifier.evidence.trace import RacyAccess

MEANS = {
    "race": "No two goroutines access the same location, one of them writing and not both atomically, with nothing "
    "that orders the two accesses: no lock, no channel, no atomic operation, no `WaitGroup`, `Once`, `Cond` or "
    "`go` statement.",
    "fatal": "Go's runtime never kills the process, which no `recover` can stop, as it does with `concurrent map "
    "writes` or for unlocking what is not locked.",
    "panic": "No panic reaches the top of a goroutine: no nil map is written, no nil pointer followed, no closed "
    "channel sent on.",
    "deadlock": "No goroutine gets to where it waits for ever, not even while others go on. (One that could move "
    "and never gets its turn is starvation, another property.)",
    "lost-update": "Nothing is overwritten by a value that was computed, or decided on, before somebody else "
    "changed it.",
    "starvation": "Every goroutine gets on again and again, provided that one that is able to move all the time does "
    "get its turn. (One that can never move again is a deadlock, another property.)",
    "linearizable": "Whatever overlapping calls return, some order of the calls explains it, one in which each takes "
    "effect at a single moment between its beginning and its end, as on a map that one goroutine uses.",
    "always": "The expression is true in every state that can be reached.",
    "sometimes": "The expression is true in some state that can be reached. If it never is, the other answers say "
    "little.",
    "finally": "The expression is true whenever all goroutines have returned.",
    "ordered": "What the first goroutine did before its label happens before what the other one does after its own, in "
    "the sense of the Go memory model.",
}
"""By kind: what SAFE says."""

LOOKED = (
    "How a race is looked for: a state that can be reached in which both accesses are possible as the next step of "
    "their goroutines. That suffices for what orders by waiting or by a value that is seen, as locks, channels and "
    "atomic operations do: accesses that nothing orders stand side by side in some interleaving. `len` of a channel "
    "and `default` beside a buffer show what others did without ordering it; where a model has them, races behind them "
    "are looked for separately."
)
"""For somebody who asks what simultaneous steps have to do with happens-before (Boehm and Adve, PLDI 2008)."""

TESTS = {
    "fatal": "Tests see it only in a run whose goroutines meet just so; then the process is gone.",
    "panic": "Tests see it only in a run that takes these steps in this order.",
    "deadlock": "`-race` does not look for deadlocks. Go itself reports one only if *every* goroutine of the process "
    "is asleep; in a server some other goroutine always runs, and nothing is ever printed.",
    "lost-update": "`-race` looks at whether accesses are ordered, not at what becomes of a value: with every access "
    "under a lock it has nothing to report.",
    "starvation": "Neither `-race` nor the runtime looks for it: the program just takes longer, on some runs for ever.",
    "linearizable": "`-race` knows nothing of what calls should return. A test sees it only in a run with this "
    "overlap.",
    "always": "Tests see it only in a run that takes these steps in this order, and only if they look just then.",
    "finally": "Tests see it only in a run that takes these steps in this order.",
    "ordered": "`-race` notices only if accesses of the model itself are left unordered.",
}
"""By kind: why tests may have been green."""


def meaning(prop: Property) -> str:
    """What SAFE would say of this property."""
    return MEANS.get(prop.kind, prop.sentence or prop.name)


READING = ("sync/rwmutex.go:72", "sync/rwmutex.go:120", "sync/rwmutex.go:132")
"""Steps of an RWMutex that is never locked for writing: they order nothing."""
UNORDERED = ("map", "hmap", "swiss map", "timers")
"""Rules that are about no means of ordering."""


def why_tests_pass(prop: Property, subject: Subject | None = None) -> str:
    """Why a program with this mistake may pass its tests; empty where nothing is known. `subject` is the model."""
    if prop.kind == "race" and prop.trace is not None and prop.trace.race:
        return _race(prop.trace.race, subject)
    return TESTS.get(prop.kind, "")


def _race(accesses: tuple[RacyAccess, ...], subject: Subject | None) -> str:
    both = " and ".join(f"`{a.goroutine}`" for a in accesses)
    # Whether every run of the model makes both is another question: a test need not run all that the model does.
    said = f"`go test -race` can report it only if the test runs both {both} up to these accesses"
    cites = subject.cites if subject else ()
    if cites and all(c in READING or c.removeprefix("internal/runtime/").startswith("maps/") for c in cites):
        # Nothing in the model could order the two by luck: to say so of it would be wrong.
        said += "."
    else:
        used = dict.fromkeys(r.about for r in (subject.rules if subject else ()) if r.about not in UNORDERED)
        by = f" ({', '.join(used)})" if used else ""
        said += f"; a run in which something{by} happens to order them passes all the same."
    location = accesses[0].location
    if location.endswith("(map header)"):
        return f"{said} Without `-race`, the check that Go's maps make themselves fails only if the two overlap."
    if "(" in location:
        return said
    return f"{said} Without `-race` nothing need fail: the check that Go's maps make looks at the map itself only."
