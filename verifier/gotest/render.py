"""The Go file: header, the model's Go, the schedule, and the part that forces it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from verifier.evidence.result import Property
from verifier.gotest import harness
from verifier.gotest.instrument import Names, instrumented
from verifier.gotest.layout import indented, separated
from verifier.gotest.request import Request, camel
from verifier.gotest.sites import names as identifiers
from verifier.gotest.slots import Slots, roots
from verifier.gotest.turns import BEGINS, ENDS, PASSES, Plan, Turn
from verifier.pipeline.load import Front
from verifier.program.program import Program
from verifier.records import dataclass
from verifier.source import Span, fail

_PACKAGES = {
    "sync": "sync",
    "atomic": "sync/atomic",
    "time": "time",
    "rand": "math/rand",
    "fmt": "fmt",
    "errors": "errors",
    "runtime": "runtime",
    "strings": "strings",
}
_OURS = (
    "at", "pass", "choose", "turn", "runs", "begins", "ends", "passes", "goroutine", "goroutines", "schedule", "now",
    "ready", "released", "settle", "patience", "pause", "arrive", "wait", "after", "find", "self", "number", "start",
    "enter", "leave", "play", "stacks", "choices", "stuck", "standing", "holds", "finished", "rounds", "reset", "race",
    "relock",
)  # fmt: skip
_HEADER = re.compile(
    r"^[ \t]*(?:package[ \t]+\w+[ \t]*;?|import[ \t]*\([^)]*\)|import[ \t]+[^\n]*|//go:build[^\n]*|// \+build[^\n]*)"
    r"[ \t]*$",
    re.M,
)


@dataclass(frozen=True, slots=True)
class GoTest:
    """A generated test: its Go, its name, and in which of its lines the predicted accesses or operations stand."""

    text: str
    name: str
    race: bool
    lines: tuple[tuple[int, int], ...]
    loose: tuple[str, ...]


def forced(front: Front, program: Program, asked: Request, slots: Slots, plan: Plan) -> GoTest:
    """The test that forces a schedule. Raises ModelError where the model cannot be run as it is."""
    _refuse(front)
    rename = _renaming(front)
    ours = Names(rename("at"), rename("pass"), rename("choose"), rename("relock"))
    declared, bodies = instrumented(front, slots, ours)
    name = "Test" + camel(front.document.name, asked.property.name)
    functions = _functions(front)
    parts = [
        *_declarations(declared),
        *(f"func {f}() {{\n{indented(body, 1)}\n}}\n" for f, body in zip(functions.values(), bodies, strict=True)),
        _test(front, program, asked, name, functions, plan, slots, rename),
        _schedule(plan, program, slots, rename),
        *_harness(front, asked, plan, slots, rename),
    ]
    text = _file(front, _head(front, asked, name, plan), parts)
    return GoTest(text, name, asked.property.kind == "race", _lines(text, rename, slots, plan.last), plan.loose)


def _refuse(front: Front) -> None:
    for f in front.package.functions:
        if f.decl.body is None:
            raise fail(
                f"{f.decl.name.name} has no body: a Go test needs one function, not any",
                f.decl.span,
                "give it a body that leads to the same schedule, such as a switch over its argument",
            )


def _renaming(front: Front) -> Rename:
    used = {name for root in roots(front) for name in identifiers(root)}
    used |= {name for t in front.package.types for name in (t.name, *(_PACKAGES))}
    return Rename({n: _fresh(n, used) for n in _OURS})


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


def _fresh(name: str, used: set[str]) -> str:
    while name in used:
        name += "_"
    return name


def _functions(front: Front) -> dict[str, str]:
    """The Go function of every role."""
    used = {f.decl.name.name for f in front.package.functions} | set(_OURS) | set(_PACKAGES)
    used |= {v.name for variables, _ in front.package.variables for v in variables}
    used |= {t.name for t in front.package.types}
    used |= {name for root in roots(front) for name in identifiers(root)} | {"init", "main"}
    out: dict[str, str] = {}
    for role in front.document.roles:
        word = camel(role.name)
        word = word[0].lower() + word[1:] if word and word[0].isalpha() else f"role{word}"
        name = word if word not in used and word not in _KEYWORDS else _fresh(f"{word}Body", used)
        used.add(name)
        out[role.name] = name
    return out


_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "break case chan const continue default defer else fallthrough for func go goto if import interface map "
        "package range return select struct switch type var any bool byte cap clear close copy delete error false "
        "int len make max min new nil panic print println recover string true uint",
    )
)


def _declarations(texts: Iterable[str]) -> list[str]:
    return [made + "\n" for made in (separated(indented(_HEADER.sub("", text))) for text in texts) if made]


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
    del plan
    lines = [f"func {name}(t *testing.T) {{"]
    for instance in program.goroutines:
        if instance.parent is None:
            role = program.templates[instance.template].name
            lines.append(f'\t{rename("start")}("{instance.name}", {functions[role]})')
    lines.append(f"\t{rename('play')}(t)")
    lines += [f"\t{line}" for line in _verdict(asked, front, slots, rename)]
    return "\n".join([*lines, "}\n"])


def _verdict(asked: Request, front: Front, slots: Slots, rename: Rename) -> list[str]:
    prop, trace = asked.property, asked.trace
    match prop.kind:
        case "race":
            return ['t.Log("the schedule ran to its end: with -race, Go reports the two accesses above")']
        case "deadlock":
            names = ", ".join(f'"{w.goroutine}"' for w in trace.waiting)
            return [
                f"{rename('released')} = true // everybody else may go on",
                "time.Sleep(time.Second)",
                f"dump := {rename('stacks')}()",
                f"for _, name := range []string{{{names}}} {{",
                f"\tif !{rename('stuck')}(name, dump) {{",
                '\t\tt.Logf("%s does not wait any more", name)',
                "\t\treturn",
                "\t}",
                "}",
                f't.Fatalf("deadlock: {_and([w.goroutine for w in trace.waiting])} for ever\\n\\n%s", dump)',
            ]
        case "always" | "finally":
            clause = next(c for c in front.document.clauses if c.name == prop.name)
            wait = [f"{rename('finished')}.Wait()"] if prop.kind == "finally" else []
            text = _clause(front, clause.text.value, prop, slots, rename)
            return [
                *wait,
                f"if !{rename('holds')}(func() bool {{ return {text} }}) {{",
                f"\tt.Fatal({_quoted(f'{prop.name}: {prop.formula} does not hold')})",
                "}",
            ]
        case "lost-update":
            # Reading and overwriting in this order is all there is to it: no goroutine took another way.
            return [f"t.Fatal({_quoted(f'the schedule ran to its end: {prop.sentence}')})"]
        case _:
            return [f"t.Log({_quoted(f'the schedule ran to its end without {prop.kind}: {trace.failure}')})"]


def _and(names: list[str]) -> str:
    words = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    return words + (" waits" if len(names) == 1 else " wait")


def _clause(front: Front, text: str, prop: Property, slots: Slots, rename: Rename) -> str:
    from verifier.golang import syntax as ast

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
    from verifier.gotest.sites import inside

    return any(b.role == role and inside(span, b.block.span) for b in front.package.bodies)


def _quoted(text: str) -> str:
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _schedule(plan: Plan, program: Program, slots: Slots, rename: Rename) -> str:
    name = {"runs": rename("runs"), BEGINS: rename("begins"), ENDS: rename("ends"), PASSES: rename("passes")}
    lines = [f'{{"{t.goroutine}", {t.slot}, {name[t.mode]}}}, // {_words(t)}'.rstrip(" /") for t in plan.turns]
    taking_part = [i for i in program.goroutines if i.parent is None or i.name in plan.children]
    table = []
    for i in sorted(taking_part, key=lambda i: plan.children.index(i.name) if i.parent is not None else -1):
        role = program.templates[i.template].name
        child = ", child: true" if i.parent is not None else ""
        table.append(f'{{name: "{i.name}", role: "{role}"{child}, open: -1}},')
    out = [
        f"var {rename('schedule')} = []{rename('turn')}{{\n{indented(chr(10).join(lines), 1)}\n}}\n",
        f"var {rename('goroutines')} = []*{rename('goroutine')}{{\n{indented(chr(10).join(table), 1)}\n}}\n",
    ]
    if plan.choices:
        rows = [f'"{who}": {{{", ".join(map(str, values))}}},' for who, values in plan.choices]
        width = max(len(r.split(":")[0]) for r in rows)
        rows = [f"\t{r.split(': ', 1)[0] + ':':<{width + 1}} {r.split(': ', 1)[1]}" for r in rows]
        out.append(f"var {rename('choices')} = map[string][]int{{\n" + "\n".join(rows) + "\n}\n")
    return "\n".join(out)


def _words(turn: Turn) -> str:
    if turn.mode == PASSES or not turn.rows:
        return ""
    steps = f"step {turn.rows[0]}" + (f" to {turn.rows[-1]}" if len(turn.rows) > 1 else "")
    return f"{steps}: {turn.text}"


def _harness(front: Front, asked: Request, plan: Plan, slots: Slots, rename: Rename) -> list[str]:
    parts = [harness.TYPES, harness.AT]
    start = harness.START
    if asked.property.kind == "finally":
        parts.append("var finished sync.WaitGroup\n")
        start = start.replace("\tgo func() {", "\tfinished.Add(1)\n\tgo func() {").replace(
            "\t\tbody()\n", "\t\tbody()\n\t\tfinished.Done()\n"
        )
    parts.append(start)
    if any(p.kind == "cond" for p in slots.held):
        parts.append(harness.PASS)
    if slots.relock:
        parts.append(harness.RELOCK)
    if plan.choices or any("rand" in identifiers(root) for root in roots(front)):
        parts.append(harness.CHOICES)
        if not plan.choices:
            parts.append("var choices = map[string][]int{}\n")
    if asked.property.kind == "deadlock":
        parts.append(harness.STUCK)
    if asked.property.kind in ("always", "finally"):
        parts.append(harness.HOLDS)
        if re.search(r"\bat\(", asked.property.formula):
            parts.append(harness.STANDING)
    return [rename.text(part) for part in parts]


def _head(front: Front, asked: Request, name: str, plan: Plan) -> str:
    prop, trace = asked.property, asked.trace
    path = front.document.path
    lines = [f"{name} shows on the real runtime what `verify {path}` found:", ""]
    lines.append(f"    {prop.name}: {prop.sentence}")
    lines += [
        "",
        f"It runs the goroutines of that model in the order of the schedule {trace.path}: at(n) holds each of",
    ]
    lines += ["them before its n-th place until it is its turn. Put it into a directory of its own and run", ""]
    flag = "-race " if prop.kind == "race" else ""
    lines += [f"    go test {flag}-run '^{name}$' -count=1"]
    if prop.kind == "race":
        lines += ["", "Go then reports these two accesses, which nothing orders:", ""]
        for r in trace.race:
            what = "write" if r.write else "read"
            lines.append(f"    {what} of {r.location} by {r.goroutine}: {r.text} ({_place(r.span)})")
    elif prop.kind == "deadlock":
        lines += ["", "It fails with the stacks of all goroutines, when these wait for ever:", ""]
        for w in trace.waiting:
            lines.append(f"    {w.goroutine} [{w.operation}] ({_place(w.span)})")
    elif prop.kind in ("panic", "fatal"):
        lines += ["", "The process then dies with", ""]
        lines.append(f"    {'panic' if prop.kind == 'panic' else 'fatal error'}: {trace.failure}")
    if plan.loose:
        lines += ["", "What one statement does cannot be taken apart: others come before or after all of it in", ""]
        lines += [f"    {text}" for text in plan.loose]
    return "\n".join(f"// {line}".rstrip() if not line.startswith("    ") else f"//\t{line[4:]}" for line in lines)


def _place(span: Span | None) -> str:
    return f"{span.file}:{span.line}" if span is not None else "?"


def _file(front: Front, head: str, parts: list[str]) -> str:
    body = "\n".join(parts)
    code = re.sub(r'"(?:\\.|[^"\\\n])*"|//[^\n]*', "", body)
    imports = sorted(
        {path for word, path in _PACKAGES.items() if re.search(rf"(?<![\w.]){word}\.[A-Z]", code)} | {"testing"}
    )
    minor = int(front.document.go.split(".")[1])
    # The file says which Go it is: loops have one variable a round since 1.22, whatever a go.mod around it says.
    build = f"//go:build go1.{22 if minor >= 22 else 21}"
    package = re.sub(r"[^a-z0-9]", "", front.document.name.lower())
    package = package if package and package[0].isalpha() and package not in _KEYWORDS else f"model{package}"
    listed = "".join(f'\t"{path}"\n' for path in imports)
    return f"{head}\n\n{build}\n\npackage {package}\n\nimport (\n{listed})\n\n{body}"


def _lines(text: str, rename: Rename, slots: Slots, wanted: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The lines of the file that the statements behind slots take, as (first, last); (0, 0) where there is none."""
    rows = text.split("\n")
    out: list[tuple[int, int]] = []
    for n in wanted:
        call = re.compile(rf"\b(?:{rename('at')}|{rename('pass')})\({n}\)")
        found = [k for k, row in enumerate(rows, start=1) if call.search(row.split("//")[0])]
        if not n or not found:
            out.append((0, 0))
            continue
        place = slots.held[n - 1]
        size = (place.covers.end_line or place.covers.line) - place.covers.line
        after = 1 if place.kind in ("before", "elseif") else 0
        first = found[0] - (1 if place.kind == "deferred" else 0)
        out.append((first, found[0] + after + size))
    return tuple(out)
