"""Where a place of the source is in lists of statements, and stretches of statements that can be guarded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verifier.golang import syntax as ast
from verifier.golang.walk import parts
from verifier.mutate.scan import Function, every, inside, lists
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Stretch:
    """Statements `first` to `last` (included) of a list of a function's."""

    function: Function
    list: tuple[ast.Stmt, ...]
    first: int
    last: int

    @property
    def stmts(self) -> tuple[ast.Stmt, ...]:
        """The statements."""
        return self.list[self.first : self.last + 1]

    @property
    def leaves(self) -> bool:
        """Whether a way out of the function or of a loop leads out of it: what is put behind it may not run."""
        return any(isinstance(x, ast.Return | ast.Branch) for s in self.stmts for x in _own(s))


def _own(node: object) -> Iterable[object]:
    """A node and everything below it that belongs to the same function."""
    yield node
    for child in parts(node):
        if not isinstance(child, ast.FuncLit):
            yield from _own(child)


def stretch(span: Span, functions: Sequence[Function]) -> Stretch | None:
    """The innermost statement around a place, as a stretch of one."""
    best: Stretch | None = None
    for f in functions:
        for found in lists(f.body):
            for n, stmt in enumerate(found):
                if inside(span, stmt.span) and (best is None or inside(stmt.span, best.stmts[0].span)):
                    best = Stretch(f, found, n, n)
    return best


def joined(parts: Sequence[Stretch]) -> Stretch | None:
    """The shortest stretch of one list of the function that has all of the given ones in it."""
    f = parts[0].function
    for found in reversed(list(lists(f.body))):
        numbers = [_holding(found, p) for p in parts]
        if all(n is not None for n in numbers):
            known = [n for n in numbers if n is not None]
            return Stretch(f, found, min(known), max(known))
    return None


def _holding(found: tuple[ast.Stmt, ...], part: Stretch) -> int | None:
    return next((n for n, s in enumerate(found) if all(inside(p.span, s.span) for p in part.stmts)), None)


def names(root: object) -> set[str]:
    """Every name below a node."""
    return {x.name for x in every(root) if isinstance(x, ast.Ident)}
