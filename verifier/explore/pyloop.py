"""The generated loops: breadth-first search, and the successors of one state."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.machine import Machine
from verifier.explore.pyexpr import Writer
from verifier.explore.pystep import StepWriter
from verifier.program.concrete import Concrete
from verifier.program.expr import Expr, negate
from verifier.records import dataclass

Emit = Callable[[int, list[str]], list[str]]
"""(step number, lines that compute `t`) → what to do with the successor."""


@dataclass(frozen=True)
class Watch:
    """A clause judged in every state: `label` identifies it, `expr` holds where it is to be reported."""

    label: int
    expr: Expr


class LoopWriter:
    """Writes the source of the loops over one machine."""

    def __init__(self, machine: Machine, writer: Writer, watches: tuple[Watch, ...], layered: bool) -> None:
        self._machine = machine
        self._writer = writer
        self._steps = StepWriter(machine, writer)
        self._watches = watches
        self._layered = layered
        clients = machine.program.clients
        self._covers = clients is not None and clients.covering
        self._settles = bool(machine.program.recycled or machine.program.classes)

    def search(self, race_mask: int | None) -> str:
        """`run(chunk, base, nt, back, armed)`: expand the states of `chunk`; see `reference.py` for the globals.

        It returns (base, nt, back, armed, ran, interrupted): `base` is width × states expanded, `nt` the steps
        enabled so far, `ran[k]` whether step k came to a state.
        """
        count, watched = len(self._machine.steps), range(len(self._watches))
        ran = [f"c{k}" for k in range(count)]
        armed = [f"a{n}" for n in watched]
        out = ["def run(chunk, base, nt, back, armed):", " interrupted = False"]
        if armed:
            out.append(f" {', '.join(armed)}, = armed")
        out += [f" {' = '.join(ran[i : i + 50])} = 0" for i in range(0, count, 50)]
        out += [" try:", "  for s in chunk:", "   n0 = nt"]
        if race_mask is not None:
            out += [f"   if race_get(s & {race_mask}, 1): race(base, s)"]
        for n, watch in zip(watched, self._watches, strict=True):
            out.append(f"   if a{n} and {self._writer.test(watch.expr)}: a{n} = 0; hit(base, {watch.label})")
        out += _indent(self._dispatch(self._arrive), 3)
        out += ["   if nt == n0: stuck(base, s)", f"   base += {max(count, 1)}"]
        out += [" except KeyboardInterrupt: interrupted = True"]
        tail = f"({', '.join(ran)},)" if ran else "()"
        out.append(f" return base, nt, back, ({', '.join(armed)}{',' if armed else ''}), {tail}, interrupted")
        return "\n".join(out)

    def successors(self) -> str:
        """`successors(s)`: (step number, next state or -1 for a failure) of every enabled step, in order."""
        out = ["def successors(s):", " out = []"]
        out += _indent(self._dispatch(self._collect), 1)
        out.append(" return out")
        return "\n".join(out)

    def standing(self, instance: int, location: int) -> str:
        """`standing(s, out)`: appends to `out` what `successors` has for one goroutine that stands at a location."""
        out = ["def standing(s, out):"]
        for k in self._machine.leaving[instance].get(location, ()):
            out += _indent(self._collect(k), 1)
        out.append(" return")
        return "\n".join(out)

    def _dispatch(self, emit: Callable[[int], list[str]]) -> list[str]:
        layout = self._machine.layout
        out: list[str] = []
        for i in self._machine.program.goroutines:
            leaving = self._machine.leaving[i.number]
            cases = sorted((layout.codes[i.number][loc], steps) for loc, steps in leaving.items())
            if not cases:
                continue
            out.append(f"p = {self._writer.slot(layout.pcs[i.number])}")
            out += self._tree(cases, 0, len(layout.locations[i.number]) - 1, emit)
        return out

    def _tree(
        self, cases: list[tuple[int, tuple[int, ...]]], least: int, most: int, emit: Callable[[int], list[str]]
    ) -> list[str]:
        """A binary tree of comparisons on the location code `p`, known to be within least..most."""
        if not cases:
            return []
        if len(cases) == 1:
            code, steps = cases[0]
            body = [line for k in steps for line in emit(k)]
            return body if least == most else [f"if p == {code}:", *_indent(body, 1)]
        middle = len(cases) // 2
        split = cases[middle][0]
        left = self._tree(cases[:middle], least, split - 1, emit)
        right = self._tree(cases[middle:], split, most, emit)
        return [f"if p < {split}:", *_indent(left, 1), "else:", *_indent(right, 1)]

    def _arrive(self, k: int) -> list[str]:
        c = self._machine.steps[k]
        guard = self._steps.guard(c)
        body = ["nt += 1"]
        body += [f"symptom(base, {k})"] if c.step.symptom else []
        body += self._take(k, c, [f"c{k} = 1", *self._store(k)], f"failed(base, {k})")
        return body if guard is None else [f"if {guard}:", *_indent(body, 1)]

    def _collect(self, k: int) -> list[str]:
        c = self._machine.steps[k]
        guard = self._steps.guard(c)
        body = self._take(k, c, [f"out.append(({k}, t))"], f"out.append(({k}, -1))")
        return body if guard is None else [f"if {guard}:", *_indent(body, 1)]

    def _take(self, k: int, c: Concrete, arrive: list[str], fail: str) -> list[str]:
        if c.step.fail is not None:
            return [fail]
        lines, checks = self._steps.update(c)
        first = [x for x in lines if not x.startswith("t = ")]
        last = [x for x in lines if x.startswith("t = ")]
        last += ["t = canonical(t)"] if self._settles else []
        body = [*first]
        if checks:
            body += [f"if {' and '.join(checks)}:", *_indent(last + arrive, 1), f"else: {fail}"]
        else:
            body += last + arrive
        if c.step.alloc is None:
            return body
        place = f"fresh = pick(s, {c.step.alloc.sort}, {c.candidates})"
        return [place, f"if not fresh: {fail}", "else:", *_indent(body, 1)]

    def _store(self, k: int) -> list[str]:
        keep = ["add(t)", "push(t)", f"link(base + {k})"]
        if self._covers:
            keep = ["if not covered(t):", *_indent(keep, 1)]
        if not self._layered:
            return ["if t not in seen:", *_indent(keep, 1)]
        # `layer` holds the states one step further than the one expanded; whatever else is known lies no further:
        # reaching that is the only way to close a cycle.
        return ["if t not in layer:", " if t in seen: back = 1", " else:", *_indent(keep, 2)]


def _indent(lines: list[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def watch_always(label: int, expr: Expr) -> Watch:
    """Report a state where `expr` does not hold."""
    return Watch(label, negate(expr))
