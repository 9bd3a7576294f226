"""What the properties mean, for somebody who knows Go and has never seen this tool."""

from __future__ import annotations

from verifier.evidence.result import Property

MEANS = {
    "race": "No two goroutines access the same location at the same time, one of them writing, with nothing that "
    "orders the two accesses: no lock, no channel, no atomic operation.",
    "fatal": "Go's runtime never kills the process, as it does with `concurrent map writes` or for unlocking what is "
    "not locked.",
    "panic": "No panic reaches the top of a goroutine: no nil map is written, no nil pointer followed, no closed "
    "channel sent on.",
    "deadlock": "No goroutine gets to where it waits for ever, not even while others go on.",
    "lost-update": "Nothing is overwritten by a value that was computed, or decided on, before somebody else "
    "changed it.",
    "starvation": "Every goroutine gets on again, provided that whoever can move all the time does get its turn.",
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

TESTS = {
    "race": "`go test -race` sees it only in a run that makes both accesses with nothing in between that happens to "
    "order them; a run in which a lock or a channel orders them by luck passes.",
    "fatal": "Tests see it only in a run whose goroutines meet just so; then the process is gone.",
    "panic": "Tests see it only in a run that takes these steps in this order.",
    "deadlock": "`-race` does not look for deadlocks. Go itself reports one only if *every* goroutine of the process "
    "is asleep; in a server some other goroutine always runs, and nothing is ever printed.",
    "lost-update": "`-race` looks at whether accesses are ordered, not at what becomes of a value: with every access "
    "under a lock it has nothing to report.",
    "starvation": "No test of Go's looks for it: the program just takes longer, on some runs for ever.",
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


def why_tests_pass(prop: Property) -> str:
    """Why a program with this mistake may pass its tests; empty where nothing is known."""
    return TESTS.get(prop.kind, "")
