"""The test that forces a schedule: the model's Go with slots in it, the turns, the verdict at the end."""

from __future__ import annotations

import re
from collections.abc import Callable

from verifier.evidence.result import Property
from verifier.golang import syntax as ast
from verifier.golang.text import snippet
from verifier.golang.types import Func
from verifier.gotest import harness, probe
from verifier.gotest.edits import Edits
from verifier.gotest.gofile import GoTest, declarations, file, quoted, role_functions
from verifier.gotest.head import head
from verifier.gotest.histories import functions as client_functions, parts as history, shared, verdict
from verifier.gotest.instrument import Names, instrumented
from verifier.gotest.layout import indented
from verifier.gotest.naming import Rename, functions as functions_of, renaming
from verifier.gotest.request import Request, camel
from verifier.gotest.sites import below, inside, names as identifiers
from verifier.gotest.slots import Slots, roots
from verifier.gotest.turns import BEGINS, ENDS, PASSES, Plan, Turn
from verifier.pipeline.load import Front
from verifier.program.program import Program
from verifier.source import Span, fail


def forced(
    front: Front, program: Program, asked: Request, slots: Slots, plan: Plan, bodies: Callable[[list[Edits]], None]
) -> GoTest:
    """The test that forces a schedule; `bodies` gives functions without a body one. Raises ModelError."""
    rename = renaming(front)
    only = rename("only") if any(t.pick for t in plan.turns) else ""
    ours = Names(rename("at"), rename("pass"), rename("choose"), rename("relock"), rename("then"), only)

    def edited(pieces: list[Edits]) -> None:
        bodies(pieces)
        if asked.property.kind == "ordered":
            probe.write(pieces, front, asked.property, rename)

    declared, texts = instrumented(front, slots, ours, edited)
    name = "Test" + camel(front.document.name, asked.property.name)
    functions = functions_of(front)
    histories: list[str] = []
    if front.client is not None:
        declared = (*declared, shared(front, front.client, rename))
        histories = history(front, front.client, plan.made, rename)
    parts = [
        *declarations(declared),
        *role_functions(functions, texts),
        _test(front, program, asked, name, functions, plan, slots, rename),
        *histories,
        _schedule(plan, program, slots, rename),
        *_harness(front, asked, plan, slots, rename),
    ]
    text = file(front, head(front.document.argument, asked, name, plan.loose, _two(front, slots)), parts)
    ordered = asked.property.kind == "ordered"
    lines = probe.lines(text, rename) if ordered else _lines(text, rename, slots, plan.last)
    return GoTest(text, name, asked.race(), lines, plan.loose)


def _two(front: Front, slots: Slots) -> tuple[str, ...]:
    return tuple(
        f"{snippet(p.covers, front.document.files)} ({p.covers.file}:{p.covers.line})" for p, _ in slots.splits
    )


def _test(
    front: Front,
    program: Program,
    asked: Request,
    name: str,
    functions: dict[str, str],
    plan: Plan,
    slots: Slots,
    rename: Rename,
) -> str:
    clients = client_functions(plan.made, rename)
    lines = [f"func {name}(t *testing.T) {{"]
    for instance in program.goroutines:
        if front.client is not None and instance.name in clients:
            lines.append(f'\t{rename("start")}("{instance.name}", {clients[instance.name]})')
        elif front.client is None and instance.parent is None:
            role = program.templates[instance.template].name
            lines.append(f'\t{rename("start")}("{instance.name}", {functions[role]})')
    lines.append(f"\t{rename('play')}(t)")
    lines += [f"\t{line}" for line in _verdict(asked, front, dict(plan.names), slots, rename)]
    return "\n".join([*lines, "}\n"])


def _verdict(asked: Request, front: Front, called: dict[str, str], slots: Slots, rename: Rename) -> list[str]:
    """What comes after the schedule. `called`: the goroutines of the trace by the names they have in the test."""
    prop, trace = asked.property, asked.trace
    waiting = [called[w.goroutine] for w in trace.waiting]
    match prop.kind:
        case "race":
            return ['t.Log("the schedule ran to its end: with -race, Go reports the two accesses above")']
        case "ordered":
            return ['t.Log("the schedule ran to its end: with -race, Go reports what nothing orders")']
        case "deadlock":
            names = ", ".join(f'"{who}"' for who in waiting)
            return [
                f"{rename('released')} = true // everybody else may go on",
                "time.Sleep(time.Second)",
                f'dump, shown := string({rename("stacks")}()), ""',
                f"for _, name := range []string{{{names}}} {{",
                f"\tstack := {rename('stuck')}(name, dump)",
                '\tif stack == "" {',
                '\t\tt.Logf("%s does not wait any more", name)',
                "\t\treturn",
                "\t}",
                '\tshown += "\\n\\n" + name + " is " + stack',
                "}",
                f't.Fatalf("deadlock: {_and(waiting)} for ever%s", shown)',
            ]
        case "always" | "finally":
            clause = next(c for c in front.document.clauses if c.name == prop.name)
            wait = [f"{rename('finished')}.Wait()"] if prop.kind == "finally" else []
            text = _clause(front, clause.text.value, prop, slots, rename)
            return [
                *wait,
                f"if !{rename('holds')}(func() bool {{ return {text} }}) {{",
                f"\tt.Fatal({quoted(f'{prop.name}: {prop.formula} does not hold')})",
                "}",
            ]
        case "starvation":
            (starved,) = waiting
            moves = any(called[s.goroutine] == starved for s in trace.steps[-trace.loop :])
            what = f"starvation: {starved} got no further in %d rounds of the loop"
            if moves:
                # Every round led it back to where it had been.
                return [f't.Fatalf("{what}", {rename("times")})']
            return [
                f'stack := {rename("stuck")}("{starved}", string({rename("stacks")}()))',
                'if stack == "" {',
                f'\tt.Log("{starved} does not wait any more")',
                "\treturn",
                "}",
                f't.Fatalf("{what}\\n\\n%s", {rename("times")}, stack)',
            ]
        case "linearizable":
            return verdict(rename)
        case "lost-update":
            # Reading and overwriting in this order is all there is to it: no goroutine took another way.
            return [f"t.Fatal({quoted(f'the schedule ran to its end: {prop.sentence}')})"]
        case _:
            late = "time.Sleep(time.Second) // it may come after the last turn"
            return [late, f"t.Log({quoted(f'the schedule ran to its end without {prop.kind}: {trace.failure}')})"]


def _and(names: list[str]) -> str:
    words = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return words + (" waits" if len(names) == 1 else " wait")


def _clause(front: Front, text: str, prop: Property, slots: Slots, rename: Rename) -> str:
    def count(match: re.Match[str]) -> str:
        role, label = match[1], match[2]
        for place in slots.held:
            node = place.node
            if isinstance(node, ast.Labeled) and node.label.name == label and _in_role(front, role, place.covers):
                return f'{rename("standing")}("{role}", {slots.numbers[place]})'
        assert prop.span is not None
        raise fail(f"no slot stands for the label {label} of {role}", prop.span)

    return " ".join(re.sub(r"\bat\(\s*([\w-]+)\s*,\s*(\w+)\s*\)", count, text).split())


def _in_role(front: Front, role: str, span: Span) -> bool:
    return any(b.role == role and inside(span, b.block.span) for b in front.package.bodies)


def _schedule(plan: Plan, program: Program, slots: Slots, rename: Rename) -> str:
    name = {"runs": rename("runs"), BEGINS: rename("begins"), ENDS: rename("ends"), PASSES: rename("passes")}
    pick = any(t.pick for t in plan.turns)
    entries = [f'"{t.goroutine}", {t.slot}, {name[t.mode]}' + (f", {t.pick}" if pick else "") for t in plan.turns]
    lines = [f"{{{v}}}, // {_words(t)}".rstrip(" /") for t, v in zip(plan.turns, entries, strict=True)]
    table = []
    own = [(i.name, i.template) for i in program.goroutines if i.parent is None]
    for n, (who, template) in enumerate((*own, *plan.children)):
        role = program.templates[template].name
        values = ", ".join(map(str, dict(plan.choices).get(who, ())))
        chosen = f", choices: []int{{{values}}}" if values else ""
        child = ", child: true" if n >= len(own) else ""
        table.append(f'{{name: "{who}", role: "{role}"{child}, open: -1{chosen}}},')
    listed = f"\n{indented(chr(10).join(lines), 1)}\n" if lines else ""
    out = [
        f"var {rename('schedule')} = []{rename('turn')}{{{listed}}}\n",
        f"var {rename('goroutines')} = []*{rename('goroutine')}{{\n{indented(chr(10).join(table), 1)}\n}}\n",
    ]
    if plan.loop:
        first = len(plan.turns) - plan.loop
        out.append(f"const {rename('times')} = 20 // of the loop, the turns from schedule[{first}] on\n")
        out.append(
            f"func init() {{\n\tfor loop, n := {rename('schedule')}[{first}:], 1; n < {rename('times')}; n++ {{\n"
            f"\t\t{rename('schedule')} = append({rename('schedule')}, loop...)\n\t}}\n}}\n"
        )
    return "\n".join(out)


def _words(turn: Turn) -> str:
    if turn.mode == PASSES or not turn.rows:
        return ""
    steps = f"step {turn.rows[0]}" + (f" to {turn.rows[-1]}" if len(turn.rows) > 1 else "")
    return f"{steps}: {turn.text}"


def _without(go: str, words: list[str]) -> str:
    """A part of the harness without the lines about what this test does not need."""
    rows = [row for row in go.split("\n") if not any(re.search(rf"\b{w}\b", row) for w in words)]
    return re.sub(r"\n\n+(?=\}|\n)", "\n", "\n".join(rows))


def _harness(front: Front, asked: Request, plan: Plan, slots: Slots, rename: Rename) -> list[str]:
    chooses = bool(plan.choices) or any("rand" in identifiers(root) for root in roots(front))
    unused = [w for w, used in (("pick", any(t.pick for t in plan.turns)), ("choices", chooses)) if not used]
    at = harness.AT
    if _initialises(front):
        # What the initialisers call has slots as well, and nobody takes its turn in them yet.
        at = at.replace("\tg := self(n)\n", "\tif !playing {\n\t\treturn\n\t}\n\tg := self(n)\n", 1)
    else:
        unused.append("playing")
    parts = [harness.SAME, _without(harness.TYPES, unused), _without(at, unused)]
    start = _without(harness.START, unused)
    if asked.property.kind == "finally":
        parts.append("var finished sync.WaitGroup\n")
        start = start.replace("\tgo func() {", "\tfinished.Add(1)\n\tgo func() {").replace(
            "\t\tbody()\n", "\t\tbody()\n\t\tfinished.Done()\n"
        )
    parts.append(start)
    if any(p.kind == "cond" for p in slots.held):
        parts.append(harness.PASS)
    if slots.calls:
        parts.append(harness.THEN)
    if slots.relock:
        parts.append(harness.RELOCK)
    if asked.property.kind == "ordered":
        parts.append(probe.HARNESS)
    if chooses:
        parts.append(harness.CHOICES)
    if any(t.pick for t in plan.turns):
        parts.append(harness.ONLY)
    if asked.property.kind in ("deadlock", "starvation"):
        parts.append(harness.STUCK)
    if asked.property.kind in ("always", "finally"):
        parts.append(harness.HOLDS)
        if re.search(r"\bat\(", asked.property.formula):
            parts.append(harness.STANDING)
    return [rename.text(part) for part in parts]


def _initialises(front: Front) -> bool:
    """Whether a package variable is what a function of the model returns."""
    uses, methods = front.package.info.uses, front.package.info.selections
    values = [value for _, spec in front.package.variables for value in spec.values]
    called = [node.fun for value in values for node in below(value) if isinstance(node, ast.Call)]
    return any(f in methods or (isinstance(f, ast.Ident) and isinstance(uses.get(f), Func)) for f in called)


def _lines(text: str, rename: Rename, slots: Slots, wanted: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The lines of the file that the statements behind slots take, as (first, last); (0, 0) where there is none."""
    rows = text.split("\n")
    out: list[tuple[int, int]] = []
    for n in wanted:
        call = re.compile(rf"\b(?:(?:{rename('at')}|{rename('pass')})\({n}\)|{rename('then')}\({n}, )")
        found = [k for k, row in enumerate(rows, start=1) if call.search(row.split("//")[0])]
        if not n or not found:
            out.append((0, 0))
            continue
        place = slots.place(n)
        size = (place.covers.end_line or place.covers.line) - place.covers.line
        after = 1 if place.kind in ("before", "elseif") else 0
        if n in slots.writes:
            # Of a statement that is written as two, both halves.
            size += 3
        first = found[0] - (1 if place.kind == "deferred" else 0)
        out.append((first, found[0] + after + size))
    return tuple(out)
