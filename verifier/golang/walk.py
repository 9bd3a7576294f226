"""Walking syntax trees: the parts of a node, and whose storage an expression denotes."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import Array, Info, Pointer, Var, underlying
from verifier.records import fields, is_dataclass

Node = object


def parts(node: Node) -> Iterator[Node]:
    """The syntax nodes directly under `node`."""
    if not is_dataclass(node):
        return
    for f in fields(node):
        value = getattr(node, f.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, tuple):
                yield from (x for x in item if is_dataclass(x))
            elif is_dataclass(item):
                yield item


def root_variable(x: ast.Expr, info: Info) -> Var | None:
    """The variable whose own storage `x` denotes a part of; None behind a pointer, map or slice."""
    match x:
        case ast.Ident():
            found = info.uses.get(x) or info.defs.get(x)
            return found if isinstance(found, Var) else None
        case ast.Selector() if x in info.selections:
            through = isinstance(underlying(info.types[x.x].type), Pointer)
            path = info.selections[x].path
            # An embedded pointer on the way leads out of the variable as well.
            hops = path if info.selections[x].kind != "field" else path[:-1]
            inner = any(isinstance(underlying(f.type), Pointer) for f in hops)
            return None if through or inner else root_variable(x.x, info)
        case ast.Index() if isinstance(underlying(info.types[x.x].type), Array):
            return root_variable(x.x, info)
        case _:
            return None


def received(comm: ast.Stmt | None) -> ast.Expr | None:
    """The channel that a case of a `select` receives from; None when it does not."""
    x = comm.x if isinstance(comm, ast.ExprStmt) else comm.rhs[0] if isinstance(comm, ast.Assign) else None
    return x.x if isinstance(x, ast.Unary) else None
