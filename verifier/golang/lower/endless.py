"""Loops that nothing leaves: `for { … }` without a `break` out of it, a `return`, or a jump to a label around it."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.check_flow import parts


def endless(s: ast.For, label: str) -> bool:
    """Whether a goroutine that comes to the loop never gets behind it, unless it panics. `label` is empty for none."""
    return s.cond is None and not any(_leaves(part, label, frozenset(), True) for part in s.body.stmts)


def _leaves(s: ast.Stmt, label: str, inner: frozenset[str], own: bool) -> bool:
    """Whether a statement may lead out of the loop. `inner`: labels inside the loop; `own`: `break` leaves it."""
    if isinstance(s, ast.Return):
        return True
    if isinstance(s, ast.Branch):
        if s.label is None:
            return own and s.word == "break"
        return s.label.name not in inner and (s.word == "break" or s.label.name != label)
    if isinstance(s, ast.Labeled):
        inner = inner | {s.label.name}
    deeper = own and not isinstance(s, ast.For | ast.Range | ast.Switch | ast.TypeSwitch | ast.Select)
    return any(_leaves(part, label, inner, deeper) for part in parts(s))
