"""Functions that a model leaves without a body: in Go each gets one, which leads to the schedule or is any at all.

A model with such a function is judged for every function there could be. A counterexample has chosen values for some
arguments: the body gives those, and anything for others. For a SAFE model any function will do.
"""

from __future__ import annotations

import json

from verifier.audit.walk import Walk, by_goroutine, raw_step
from verifier.golang.bodiless import value_counts
from verifier.golang.lower.uninterpreted import arguments, table_name
from verifier.golang.types import Basic, Func, Type, is_integer, underlying
from verifier.gotest.edits import Edits
from verifier.gotest.sites import fresh
from verifier.pipeline.load import Front
from verifier.program.concrete import Concrete
from verifier.program.program import Fail, Program
from verifier.records import dataclass

Arguments = tuple[int | str | bool, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The values a schedule has chosen for a function: for which arguments, which value."""

    function: Func
    values: tuple[tuple[Arguments, int], ...]


def without_body(front: Front) -> tuple[Func, ...]:
    """The functions of a model that have none."""
    return tuple(f for f in front.package.functions if f.decl.body is None)


def chosen(front: Front, walked: Walk) -> tuple[Chosen, ...]:
    """What a walked schedule says about the functions without a body."""
    functions = without_body(front)
    if not functions:
        return ()
    program, cells = walked.raw.program, _last(walked)
    strings, ints = front.facts.strings, front.document.bounds.int
    out: list[Chosen] = []
    for f in functions:
        known = [
            (arguments(f, n, strings, ints), cells[cell] - 1)
            for n, cell in enumerate(_table(program, f))
            if cells[cell]
        ]
        out.append(Chosen(f, tuple(known)))
    return tuple(out)


def _table(program: Program, f: Func) -> list[int]:
    name = table_name(f)
    return [n for n, c in enumerate(program.cells) if c.name == name or c.name.startswith(f"{name}[")]


def _last(walked: Walk) -> tuple[int, ...]:
    """The cells when the schedule is over: also what the step that fails has chosen before it does."""
    state = walked.raw_states[-1]
    c: Concrete | None = walked.taken[-1] if walked.failure is not None else None
    for who, index in by_goroutine(walked.raw, c) if c is not None else ():
        after = walked.raw.take(state, raw_step(walked.raw, state, who, index))
        if isinstance(after, Fail):
            break
        state = after
    return tuple(state.cells)


def write(texts: list[Edits], values: tuple[Chosen, ...]) -> None:
    """Give each function the body that leads to a schedule."""
    for one in values:
        f = one.function
        result = f.signature.results[0]
        names = [f"a{n}" if p.name in ("", "_") else p.name for n, p in enumerate(f.params)]
        rows = ["// In the model this function has no body. Of those that it may have, this one leads to the schedule."]
        told = [(args, value) for args, value in one.values if value]
        if told:
            single = len(names) == 1
            rows.append(f"switch {names[0]} {{" if single else "switch {")
            for args, value in told:
                tests = [_literal(a) if single else f"{n} == {_literal(a)}" for n, a in zip(names, args, strict=True)]
                rows += [f"case {' && '.join(tests) or 'true'}:", f"return {_result(result, value)}"]
            rows.append("}")
        rows.append(f"return {_result(result, 0)}")
        _insert(texts, f, names, rows)


def write_any(texts: list[Edits], front: Front, variant: str) -> None:
    """Give each function a body that the variable `variant` makes another one."""
    counts = value_counts(front.package, max(front.facts.longest_slice, front.document.bounds.slice))
    for number, (f, n) in enumerate(counts.items(), start=1):
        result = f.signature.results[0]
        names = [f"a{n}" if p.name in ("", "_") else p.name for n, p in enumerate(f.params)]
        mixed = fresh("mixed", names)
        rows = ["// In the model this function has no body: it may be any. This is another one in every round."]
        rows.append(f"{mixed} := {variant} * {2 * number + 1}")
        for name, p in zip(names, f.signature.params, strict=True):
            rows += _mix(mixed, name, is_integer(p), underlying(p) == Basic("bool"))
        if is_integer(result):
            rows.append(f"return {result}({mixed} >> 7 % {n})")
        else:
            rows.append(f"return {mixed}>>7%2 == 1")
        _insert(texts, f, names, rows)


def _mix(mixed: str, name: str, number: bool, boolean: bool) -> list[str]:
    """One argument as a part of a hash (FNV-1a)."""
    if number:
        return [f"{mixed} = ({mixed} ^ uint32({name})) * 16777619"]
    if boolean:
        return [f"if {name} {{", f"{mixed} = ({mixed} ^ 1) * 16777619", "}"]
    i = fresh("i", [mixed, name])
    return [
        f"for {i} := 0; {i} < len({name}); {i}++ {{",
        f"{mixed} = ({mixed} ^ uint32({name}[{i}])) * 16777619",
        "}",
    ]


def _insert(texts: list[Edits], f: Func, names: list[str], rows: list[str]) -> None:
    decl = f.decl
    edits = next(t for t in texts if t.holds(decl.span))
    plain = [p.name for p in f.params]
    if names != plain and decl.type.params:
        # A parameter that is used now needs a name.
        types = [field.type for field in decl.type.params for _ in field.names or (None,)]
        listed = ", ".join(f"{n} {edits.slice(t.span)}" for n, t in zip(names, types, strict=True))
        first, last = decl.type.params[0].span, decl.type.params[-1].span
        edits.replace(edits.start(first), edits.end(last), listed)
    edits.insert(edits.end(decl.span), " {\n" + "\n".join(rows) + "\n}")


def _literal(value: int | str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


def _result(t: Type, value: int) -> str:
    return str(value) if is_integer(t) else "true" if value else "false"
