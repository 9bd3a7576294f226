"""Static acyclicity: when no goroutine can come back to a location, the state graph has no cycle."""

from __future__ import annotations

from verifier.program.program import Program, Template


def locations_acyclic(program: Program) -> bool:
    """Whether every template's locations form a graph without cycles.

    Then each step brings one goroutine forward for good, and each `go` statement runs at most once.
    """
    return all(_acyclic(t) for t in program.templates)


def _acyclic(template: Template) -> bool:
    after: dict[int, set[int]] = {}
    entering: dict[int, int] = {}
    for step in template.steps:
        if step.fail is None and step.dst not in after.setdefault(step.src, set()):
            after[step.src].add(step.dst)
            entering[step.dst] = entering.get(step.dst, 0) + 1
    nodes = set(after) | set(entering)
    ready = [n for n in nodes if not entering.get(n)]
    removed = 0
    while ready:
        node = ready.pop()
        removed += 1
        for target in after.get(node, ()):
            entering[target] -= 1
            if not entering[target]:
                ready.append(target)
    return removed == len(nodes)
