"""Names in a generated test: ours step aside where the model uses them itself."""

from __future__ import annotations

import re

from verifier.gotest.request import camel
from verifier.gotest.sites import fresh, names as identifiers
from verifier.gotest.slots import roots
from verifier.pipeline.load import Front

PACKAGES = {
    "sync": "sync",
    "atomic": "sync/atomic",
    "time": "time",
    "rand": "math/rand",
    "fmt": "fmt",
    "errors": "errors",
    "context": "context",
    "runtime": "runtime",
    "strings": "strings",
    "os": "os",
    "exec": "os/exec",
}
"""What generated Go may use: the name in the text, the path to import."""
_OURS = (
    "at", "pass", "choose", "turn", "runs", "begins", "ends", "passes", "goroutine", "goroutines", "schedule", "now",
    "ready", "released", "settle", "patience", "pause", "arrive", "wait", "after", "find", "self", "number", "start",
    "enter", "leave", "play", "stacks", "picks", "only", "stuck", "standing", "holds", "finished", "rounds", "reset",
    "race", "relock", "then", "round", "gather", "gathered", "expected", "missing", "together",
    "returned", "budget", "variant", "times",
    "probe", "learn", "playing", "arrived",
)  # fmt: skip
_OF_CLIENTS = (
    "event", "history", "call", "clock", "explained", "sequential", "word", "listed", "found", "stored", "said",
    "ranged", "keyA", "keyB", "keyC", "value1", "value2", "value3", "operation", "operations", "looks", "made",
    "begun", "client", "client1", "client2", "client3", "client4",
)  # fmt: skip


def renaming(front: Front) -> Rename:
    """Our names for a model."""
    used = {name for root in roots(front) for name in identifiers(root)}
    used |= {name for t in front.package.types for name in (t.name, *(PACKAGES))}
    return Rename({n: fresh(n, used) for n in (*_OURS, *(_OF_CLIENTS if front.client is not None else ()))})


class Rename:
    """Our names that the model uses itself, and what they become."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = {a: b for a, b in names.items() if a != b}

    def __call__(self, name: str) -> str:
        """One name."""
        return self._names.get(name, name)

    def text(self, go: str) -> str:
        """A piece of our own Go."""
        for old, new in self._names.items():
            # Where a column follows, one of its spaces makes room: gofmt wants it where it is.
            room = " " * (len(new) - len(old))
            go = re.sub(rf'(?<![\w."]){old}\b(?!:)(?:{room}(?=  *\S))?', new, go)
        return go


def functions(front: Front) -> dict[str, str]:
    """The Go function of every role."""
    used = {f.decl.name.name for f in front.package.functions} | set(_OURS) | set(PACKAGES)
    used |= {v.name for variables, _ in front.package.variables for v in variables}
    used |= {t.name for t in front.package.types}
    used |= {name for root in roots(front) for name in identifiers(root)} | {"init", "main"}
    out: dict[str, str] = {}
    for role in front.document.roles:
        word = camel(role.name)
        word = word[0].lower() + word[1:] if word and word[0].isalpha() else f"role{word}"
        name = word if word not in used and word not in KEYWORDS else fresh(f"{word}Body", used)
        used.add(name)
        out[role.name] = name
    return out


KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "break case chan const continue default defer else fallthrough for func go goto if import interface map "
        "package range return select struct switch type var any bool byte cap clear close copy delete error false "
        "int len make max min new nil panic print println recover string true uint",
    )
)
