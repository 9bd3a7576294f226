"""Rules of Go: one sentence each, the line of the Go source it is read off, and the steps of the model that follow it.

Every module of `gosem` states its own as `RULES`. The `rests on` lines of reports, `docs/semantics.md` and the
conformance programs that compare each rule with the real toolchain all use these records.
"""

from __future__ import annotations

from collections.abc import Container
from functools import cached_property

from verifier.records import dataclass

MEMORY_MODEL, SPEC = "ref/mem", "ref/spec"
"""Stand for a line of source where a rule is one of the Go memory model or of the language (go.dev/ref)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `name` is unique in its module; `cite` is `file:line` of Go 1.27, below `src`, and `line` what it says.

    `steps` names pieces of the module's fragments: `function`, or `function: detail` for a piece with a detail, the
    kind of its failure, or `meets` for half of a paired step; `function: *` means all pieces of the function.
    """

    name: str
    says: str
    cite: str
    line: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """The rules of a module about one subject; the first one is what reports say a verdict rests on.

    `text` has three lines for each: `name: sentence`, then `file:line  what stands there`, then `steps  a, b: c`.
    `untested`: why no program compares them with the toolchain that the tests use; empty where one does.
    `needs`: lines that steps of a model have to stand for if anything in it is to rest on the first rule.
    """

    subject: str
    text: str
    untested: str = ""
    needs: tuple[str, ...] = ()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in order. Raises ValueError where the text is not as it should be."""
        lines = [line.strip() for line in self.text.strip().splitlines()]
        return tuple(_rule(*lines[n : n + 3]) for n in range(0, len(lines), 3))

    def rests_on(self, cites: Container[str]) -> str:
        """`RWMutex: a waiting Lock keeps new readers out (sync/rwmutex.go:64)`. `cites`: the lines of all steps."""
        first = self.rules[0]
        if any(line not in cites for line in self.needs):
            first = next((r for r in self.rules if r.cite in cites), first)
        return f"{self.subject}: {first.says} ({first.cite.removeprefix('internal/runtime/')})"


def _rule(first: str, second: str, third: str) -> Rule:
    name, _, says = first.partition(": ")
    cite, _, line = second.partition("  ")
    word, _, steps = third.partition("  ")
    if word != "steps" or not says:
        raise ValueError(f"no rule: {first!r}, {second!r}, {third!r}")
    return Rule(name, says, cite, line, tuple(steps.split(", ")))
