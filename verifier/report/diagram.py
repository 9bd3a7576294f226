"""State machines as Mermaid and DOT text. Locations are nodes, steps are labelled edges, failures are leaves."""

from __future__ import annotations

from collections.abc import Callable

from verifier.program.expr import TRUE
from verifier.program.program import END, Program, Step, Template
from verifier.report.words import Words, location

# Mermaid reads these as syntax inside a label; its own way out is the character's number as an entity.
_MERMAID_SYNTAX = frozenset('#;:{}<>"\\|')


def mermaid(program: Program, chosen: tuple[Template, ...]) -> str:
    """A `stateDiagram-v2` with one composite state per template."""
    lines = ["stateDiagram-v2"]
    for template in chosen:
        prefix = f"t{template.number}"
        lines.append(f'    state "{_entity(template.name)}" as {prefix} {{')
        lines.append(f"        [*] --> {prefix}_{location(template.entry)}")
        lines += [
            f"        {line}" for i, s in enumerate(template.steps) for line in _mermaid_step(program, prefix, i, s)
        ]
        lines.append("    }")
    return "\n".join(lines) + "\n"


def _mermaid_step(program: Program, prefix: str, index: int, step: Step) -> list[str]:
    source, label = f"{prefix}_{location(step.src)}", _entity(_label(program, step))
    if step.fail:
        leaf = f"{prefix}_fail{index}"
        return [
            f'state "{_entity(f"{step.fail.kind}: {step.fail.message}")}" as {leaf}',
            f"{source} --> {leaf} : {label}",
        ]
    return [f"{source} --> {'[*]' if step.dst == END else f'{prefix}_{location(step.dst)}'} : {label}"]


def _entity(text: str) -> str:
    return "".join(f"#{ord(c)};" if c in _MERMAID_SYNTAX else " " if c in "\r\n\t" else c for c in text)


def dot(program: Program, chosen: tuple[Template, ...]) -> str:
    """A `digraph` with one cluster per template."""
    lines = ["digraph machines {", "  node [shape=box, fontname=monospace];", "  edge [fontname=monospace];"]
    for template in chosen:
        lines += [f"  subgraph cluster_{template.number} {{", f"    label={quoted(template.name)};"]
        lines += [f"    {line}" for line in _dot_nodes(template)]
        lines += [f"    {line}" for line in _dot_edges(program, template)]
        lines.append("  }")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_nodes(template: Template) -> list[str]:
    ends = {s.dst for s in template.steps if not s.fail}
    used = sorted({template.entry, *(s.src for s in template.steps), *ends})
    name = _namer(template)
    nodes = [f"{name(n)} [label={quoted(location(n))}{_shape(template, n)}];" for n in used]
    failures = [(i, s.fail) for i, s in enumerate(template.steps) if s.fail]
    return nodes + [
        f"{name(i, 'fail')} [label={quoted(f'{fail.kind}: {fail.message}')}, shape=octagon];" for i, fail in failures
    ]


def _shape(template: Template, number: int) -> str:
    if number == END:
        return ", shape=oval"
    return ", style=bold" if number == template.entry else ""


def _dot_edges(program: Program, template: Template) -> list[str]:
    name = _namer(template)
    return [
        f"{name(s.src)} -> {name(i, 'fail') if s.fail else name(s.dst)} [label={quoted(_label(program, s))}];"
        for i, s in enumerate(template.steps)
    ]


def _namer(template: Template) -> Callable[..., str]:
    return lambda number, kind="l": f"t{template.number}_{kind}{number}"


def quoted(text: str) -> str:
    """A DOT string.

    >>> quoted('users["a"]')
    '"users[\\\\"a\\\\"]"'
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _label(program: Program, step: Step) -> str:
    line = f"{step.span.brief} " if step.span else ""
    detail = f" [{step.detail}]" if step.detail else ""
    guard = "" if step.guard == TRUE else f" when {Words(program).expr(step.guard)}"
    return f"{line}{step.text}{detail}{guard}"
