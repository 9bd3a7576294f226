"""Closing templates: merged locations resolved, unreachable code dropped, locations numbered in textual order."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.golang.lower.templates import Builder
from verifier.program.program import END, IDLE, Step
from verifier.records import replace

ENTRY = 2
"""The entry location of every template that is lowered from Go."""


def close(builders: Sequence[Builder]) -> dict[tuple[int, int], int]:
    """Close every template; the new number of (template, old location). Labels are renumbered too."""
    numbers: dict[tuple[int, int], int] = {}
    for b in builders:
        mapping = _close(b)
        numbers.update({(b.number, old): new for old, new in mapping.items()})
    return numbers


def _close(b: Builder) -> dict[int, int]:
    steps = [replace(s, src=b.find(s.src), dst=b.find(s.dst)) for s in b.steps]
    out: dict[int, list[Step]] = {}
    for s in steps:
        out.setdefault(s.src, []).append(s)
    entry = b.find(ENTRY)
    mapping = {END: END, IDLE: IDLE}
    mapping.setdefault(entry, ENTRY)
    todo = [entry]
    while todo:
        location = todo.pop()
        for s in reversed(out.get(location, [])):
            if s.fail is None and s.dst not in mapping:
                mapping[s.dst] = -1
                todo.append(s.dst)
    for i, location in enumerate(sorted(k for k, v in mapping.items() if v == -1)):
        mapping[location] = ENTRY + 1 + i
    b.steps = [
        replace(s, src=mapping[s.src], dst=END if s.fail is not None else mapping[s.dst])
        for s in steps
        if s.src in mapping and s.src != END
    ]
    b.labels = {name: mapping[b.find(at)] for name, at in b.labels.items() if b.find(at) in mapping}
    return {old: mapping[b.find(old)] for old in range(len(b.alias)) if b.find(old) in mapping}
