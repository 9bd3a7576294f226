"""Tests of `ordered:`: a variable of the test's own, written at the first label and read at the last.

The edge that the model demands is one between these two labels. Where nothing orders them, the race detector says so.
"""

from __future__ import annotations

from verifier.evidence.result import Property
from verifier.golang import syntax as ast
from verifier.gotest.edits import Edits
from verifier.gotest.naming import Rename
from verifier.gotest.sites import below
from verifier.model.document import OrderText, PointText
from verifier.pipeline.load import Front

HARNESS = """\
// A write and a read that nothing orders but the model.
var probe int

//go:noinline
func learn(int) {}
"""


def edge(front: Front, prop: Property) -> OrderText:
    """The edge of the model that a property is about."""
    return next(o for o in front.document.orders if o.name == prop.name)


def write(texts: list[Edits], front: Front, prop: Property, rename: Rename) -> None:
    """Put the write and the read where the labels are."""
    asked = edge(front, prop)
    for point, go in ((asked.before, f"{rename('probe')} = 1"), (asked.after, f"{rename('learn')}({rename('probe')})")):
        node = _labeled(front, point)
        edits = next(t for t in texts if t.holds(node.span))
        edits.own_line(edits.start(node.span))
        edits.insert(edits.start(node.span), f"{go}\n")


def lines(text: str, rename: Rename) -> tuple[tuple[int, int], ...]:
    """The lines of a test with the write and the read."""
    probe = rename("probe")
    rows = [row.strip() for row in text.split("\n")]
    found = (rows.index(f"{probe} = 1") + 1, rows.index(f"{rename('learn')}({probe})") + 1)
    return tuple((n, n) for n in found)


def _labeled(front: Front, point: PointText) -> ast.Labeled:
    block = next(b.block for b in front.package.bodies if b.role == point.role)
    return next(n for n in below(block) if isinstance(n, ast.Labeled) and n.label.name == point.label)
