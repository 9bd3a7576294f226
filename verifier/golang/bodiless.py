"""Functions declared without a body: any function with that signature. Which values of theirs a model can tell apart.

What such a function returns is a shard number or a hash: it selects an array element or is taken modulo a constant.
From these uses follows how many values have to be explored. The values are never negative.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm

from verifier.golang import syntax as ast
from verifier.golang.facts import Node, parts
from verifier.golang.types import (
    Array,
    Basic,
    Func,
    Mode,
    Package,
    Signature,
    Slice,
    Type,
    Var,
    is_integer,
    underlying,
)
from verifier.source import Span, fail

MOST = 64
"""Values of one function that are explored at most."""

BOOL_VALUES = 2


def scalar(t: Type) -> bool:
    """A type whose values are numbers for us: bool, string, an integer."""
    u = underlying(t)
    return is_integer(t) or (isinstance(u, Basic) and u.name in ("bool", "string"))


def acceptable(signature: Signature) -> bool:
    """Whether a function of this signature may go without a body: scalars in, one integer or bool out."""
    (*results,) = signature.results
    if len(results) != 1 or not all(scalar(p) for p in signature.params):
        return False
    u = underlying(results[0])
    return is_integer(results[0]) or (isinstance(u, Basic) and u.name == "bool")


def value_counts(package: Package, longest_slice: int) -> dict[Func, int]:
    """For each function without a body: n, where 0 … n-1 are the values to explore.

    Raises ModelError for a use of the value by which the model could tell more values apart.
    """
    without = [f for f in package.functions if f.decl.body is None]
    if not without:
        return {}
    tree = _Tree(package, longest_slice)
    return {f: tree.count(f) for f in without}


class _Tree:
    """The syntax of a package with the way up, to follow where a value goes."""

    def __init__(self, package: Package, longest_slice: int) -> None:
        self.info = package.info
        self.longest_slice = longest_slice
        self.up: dict[Node, Node] = {}
        self.calls: dict[Func, list[ast.Call]] = {}
        self.reads: dict[Var, list[ast.Ident]] = {}
        methods = [m for named in package.types for m in named.methods.values()]
        self.functions = {f.decl: f for f in (*package.functions, *methods)}
        roots: list[Node] = [spec for _, spec in package.variables]
        roots += [f.decl for f in self.functions.values()]
        roots += [b.block for b in package.bodies]
        roots += [c.expr for c in package.clauses]
        for root in roots:
            self._index(root)

    def _index(self, node: Node) -> None:
        if isinstance(node, ast.Call):
            callee = self._callee(node)
            if callee is not None:
                self.calls.setdefault(callee, []).append(node)
        if isinstance(node, ast.Ident):
            used = self.info.uses.get(node)
            if isinstance(used, Var):
                self.reads.setdefault(used, []).append(node)
        for part in parts(node):
            self.up[part] = node
            self._index(part)

    def _callee(self, call: ast.Call) -> Func | None:
        if isinstance(call.fun, ast.Ident):
            used = self.info.uses.get(call.fun)
            return used if isinstance(used, Func) else None
        if isinstance(call.fun, ast.Selector) and call.fun in self.info.selections:
            return self.info.selections[call.fun].method
        return None

    def count(self, f: Func) -> int:
        """How many values of `f` to explore."""
        if underlying(f.signature.results[0]) == Basic("bool"):
            return BOOL_VALUES
        lengths: list[int] = []
        moduli: list[int] = []
        seen: set[Node] = set()
        todo: list[ast.Expr] = list(self.calls.get(f, ()))
        while todo:
            x = todo.pop()
            if x not in seen:
                seen.add(x)
                todo += self._follow(f, x, lengths, moduli)
        n = min(lengths) if lengths else lcm(*moduli)
        if n > MOST:
            raise fail(f"{n} values of {f.name} are more than the {MOST} that can be explored", f.decl.span)
        return max(n, 1)

    def _follow(self, f: Func, x: ast.Expr, lengths: list[int], moduli: list[int]) -> Iterator[ast.Expr]:
        """Where the value of `x` goes: expressions that have it, or an index or a modulus noted."""
        match self.up.get(x):
            case ast.Binary(op="%", x=left, y=right) if left is x:
                moduli.append(self._modulus(f, right))
            case ast.Index(x=container, index=index) if index is x:
                lengths.append(self._length(f, container, x.span))
            case ast.Call(fun=fun) as call if x is not fun:
                if self.info.types[fun].mode is Mode.TYPE:
                    yield call
                else:
                    yield from self._argument(f, call, x)
            case ast.Assign(lhs=lhs, op=("=" | ":="), rhs=rhs) if x in rhs and len(lhs) == len(rhs):
                yield from self._assigned(f, lhs[rhs.index(x)])
            case ast.VarSpec(names=names, values=values) if x in values and len(names) == len(values):
                yield from self._assigned(f, names[values.index(x)])
            case ast.Return(results=results) if len(results) == 1:
                yield from self._returned(f, x)
            case ast.Assign(lhs=lhs) if x in lhs:
                return
            case ast.ExprStmt():
                return
            case _:
                raise _unclear(f, x.span)

    def _modulus(self, f: Func, x: ast.Expr) -> int:
        value = self.info.types[x].value
        if isinstance(value, int) and value > 0:
            return value
        inner = x
        while isinstance(inner, ast.Call) and self.info.types[inner.fun].mode is Mode.TYPE:
            (inner,) = inner.args
        match inner:
            case ast.Call(fun=ast.Ident(name="len"), args=(of,)) if isinstance(
                underlying(self.info.types[of].type), Slice
            ):
                return max(self.longest_slice, 1)
        raise fail(f"{f.name} has no body: its values modulo this are not known", x.span, "divide by a constant")

    def _length(self, f: Func, container: ast.Expr, span: Span) -> int:
        u = underlying(self.info.types[container].type)
        if isinstance(u, Array):
            return u.length
        raise _unclear(f, span)

    def _argument(self, f: Func, call: ast.Call, x: ast.Expr) -> Iterator[ast.Expr]:
        callee = self._callee(call)
        if callee is None or x not in call.args:
            raise _unclear(f, x.span)
        yield from self.reads.get(callee.params[call.args.index(x)], ())

    def _assigned(self, f: Func, target: ast.Expr) -> Iterator[ast.Expr]:
        if not isinstance(target, ast.Ident):
            raise _unclear(f, target.span)
        if target.name == "_":
            return
        variable = self.info.defs.get(target) or self.info.uses.get(target)
        if isinstance(variable, Var):
            yield from self.reads.get(variable, ())

    def _returned(self, f: Func, x: ast.Expr) -> Iterator[ast.Expr]:
        node: Node | None = x
        while node is not None and not isinstance(node, ast.FuncDecl | ast.FuncLit):
            node = self.up.get(node)
        if not isinstance(node, ast.FuncDecl):
            raise _unclear(f, x.span)
        yield from self.calls.get(self.functions[node], ())


def _unclear(f: Func, span: Span) -> Exception:
    return fail(
        f"{f.name} has no body, and here more is asked of its value than an array element or a remainder",
        span,
        f"use it as in a[{f.name}(…)] or {f.name}(…) % N, or write its body",
    )
