"""The rules of our SARIF reports. Their ids never change: alerts are followed from run to run by them."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.records import dataclass

Json = object


@dataclass(frozen=True, slots=True)
class Rule:
    """What can be found: `short` names it, `full` says when, `help` what to do; all are sentences for people."""

    id: str
    name: str
    short: str
    full: str
    help: str
    level: str = "error"


INCONCLUSIVE = Rule(
    "inconclusive",
    "Inconclusive",
    "The check did not finish",
    "A limit was hit or something could not be decided, so nothing is established about this property.",
    "Read the reason in the message. `--max-states`, `--timeout` and `--max-memory` raise limits, `bounds:` in the "
    "model the sizes of integers, heap and keys. Do not read this as safe.",
    "warning",
)
UNEXPECTED = Rule(
    "not-as-expected",
    "NotAsExpected",
    "The verdict is not the one the model expects",
    "The model says in `expect:` that this property fails, and it holds: it no longer shows what it is there to show.",
    "If the design was mended, change `expect:`. If not, find out what the model has lost.",
)
MODEL_ERROR = Rule(
    "model-error",
    "ModelError",
    "The model cannot be read",
    "The file is no model that can be checked, so nothing was checked.",
    "Run `verify` on the file: it shows the line and what would work instead.",
)
INTERNAL_ERROR = Rule(
    "internal-error",
    "InternalError",
    "verify failed",
    "Something went wrong in verify, or what an engine found did not survive its audit. No verdict was reached.",
    "Please report it together with the model.",
)

_BY_KIND = {
    "race": Rule(
        "map-race",
        "DataRace",
        "Data race",
        "Two goroutines access one location, one of them writes, and nothing orders the two accesses.",
        "Hold one lock around both accesses, or make them atomic, or give the data to one goroutine.",
    ),
    "fatal": Rule(
        "fatal-error",
        "FatalError",
        "The Go runtime kills the process",
        "A schedule ends in a fatal error of the runtime, such as `concurrent map writes`, which nothing recovers.",
        "Look for the data race behind it, or for the unlock of a lock that is not held.",
    ),
    "panic": Rule(
        "panic",
        "Panic",
        "A goroutine panics",
        "A schedule ends in a panic that reaches the top of a goroutine.",
        "Walk the schedule: the last step is the one that panics, and the steps of others before it say why.",
    ),
    "deadlock": Rule(
        "deadlock",
        "Deadlock",
        "A goroutine waits for ever",
        "A schedule leads to a state from which some goroutine never moves again, although others may go on.",
        "Take locks in one order, do not lock what is already held, and see that every path sends, closes or unlocks.",
    ),
    "lost-update": Rule(
        "lost-update",
        "LostUpdate",
        "An update is lost",
        "A location is written from a value that was read before another goroutine changed it.",
        "Read and write in one critical section, or use CompareAndSwap or LoadOrStore.",
    ),
    "starvation": Rule(
        "starvation",
        "Starvation",
        "A goroutine never gets on",
        "A fair schedule goes round in a loop in which one goroutine never gets on.",
        "Use a primitive that serves who waits, such as sync.RWMutex.",
    ),
    "linearizable": Rule(
        "not-linearizable",
        "NotLinearizable",
        "Calls that no sequential map explains",
        "The results of concurrent calls are those of no order of the calls on a plain map.",
        "Find the step at which each call should take effect, and make it one atomic step.",
    ),
    "always": Rule(
        "always",
        "AlwaysViolated",
        "An `always:` clause is false in a reachable state",
        "What the model says of every state is false in one of them.",
        "Walk the schedule to the state in which the clause is false.",
    ),
    "sometimes": Rule(
        "sometimes",
        "NeverReached",
        "A `sometimes:` clause is never true",
        "What must be reachable is not, so whatever holds of it holds of nothing.",
        "Check counts, labels and conditions: the situation that the model is about does not occur.",
    ),
    "finally": Rule(
        "finally",
        "FinallyViolated",
        "A `finally:` clause is false at the end",
        "When all goroutines have returned, what the model says of the end is false.",
        "Walk the schedule: the state after its last step is the one in which the clause is false.",
    ),
    "ordered": Rule(
        "not-ordered",
        "NotOrdered",
        "Nothing orders two operations",
        "The one was over before the other began, but no edge of the Go memory model leads from one to the other.",
        "Order them with a lock, a channel or an atomic operation.",
    ),
}
_SPECIAL = (INCONCLUSIVE, UNEXPECTED, MODEL_ERROR, INTERNAL_ERROR)
RULES = (*_BY_KIND.values(), *_SPECIAL)
"""All of them, in the order in which reports list them."""


def rule(kind: str) -> Rule:
    """The rule of a kind of property. Raises KeyError for a kind that nobody has thought of here."""
    return _BY_KIND[kind]


def kinds() -> Iterable[str]:
    """The kinds of properties that have a rule."""
    return _BY_KIND


def descriptors() -> list[Json]:
    """Every rule as a `reportingDescriptor`."""
    return [
        {
            "id": r.id,
            "name": r.name,
            "shortDescription": {"text": r.short},
            "fullDescription": {"text": r.full},
            "help": {"text": r.help, "markdown": f"{r.full}\n\n{r.help}"},
            "defaultConfiguration": {"level": r.level},
            "properties": {
                "tags": ["concurrency", "go"],
                "precision": "very-high",
                "problem.severity": r.level,
            },
        }
        for r in RULES
    ]
