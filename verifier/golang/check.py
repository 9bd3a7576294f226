"""The type checker of the Go subset: syntax trees in, a checked `types.Package` out. It follows go/types.

Rules: The Go Programming Language Specification; wording of errors: gc's, where gc has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from verifier.golang import syntax as ast, types as t
from verifier.golang.bodiless import acceptable
from verifier.golang.check_call import call
from verifier.golang.check_constraint import constraint_type
from verifier.golang.check_convert import settle_default
from verifier.golang.check_flow import check_branches, labels, terminates
from verifier.golang.check_generic import has_stand_in, naming, stands_in
from verifier.golang.check_literal import basic, composite, function
from verifier.golang.check_locker import stays
from verifier.golang.check_names import ident, index, selector
from verifier.golang.check_operand import Operand, is_boolean
from verifier.golang.check_operator import binary, star, unary
from verifier.golang.check_order import initialisation_order
from verifier.golang.check_package import declare_package
from verifier.golang.check_show import describe
from verifier.golang.check_slice import slicing
from verifier.golang.check_state import Checker, Function
from verifier.golang.check_stmt import STATEMENTS
from verifier.golang.check_switch import type_assert
from verifier.golang.check_types import TYPES
from verifier.golang.contexts import Needed, declarations
from verifier.golang.scope import NOWHERE, Scope, universe
from verifier.source import Note, Span, fail

EXPRESSIONS: dict[type, Callable[[Checker, Any], Operand]] = {
    ast.Ident: ident,
    ast.BasicLit: basic,
    ast.CompositeLit: composite,
    ast.FuncLit: function,
    ast.Selector: selector,
    ast.Index: index,
    ast.Slicing: slicing,
    ast.TypeAssert: type_assert,
    ast.Call: call,
    ast.Star: star,
    ast.Unary: unary,
    ast.Binary: binary,
    **TYPES,
}


def check(
    decls: tuple[ast.Decl, ...],
    bodies: tuple[tuple[str, ast.Block, Span], ...],
    clauses: tuple[tuple[str, str, ast.Expr, str, Span], ...],
    lang: int = 127,
) -> t.Package:
    """Check a model's declarations, bodies (role, block, span) and clauses (name, when, expression, text, span).

    `lang` is the language version, 127 for Go 1.27. Raises ModelError with up to ten errors in file order.
    """
    try:
        return _check(decls, bodies, clauses, lang)
    except Needed:
        library = declarations((*decls, *(block for _, block, _ in bodies)))
        return _check((*library, *decls), bodies, clauses, lang)


def _check(
    decls: tuple[ast.Decl, ...],
    bodies: tuple[tuple[str, ast.Block, Span], ...],
    clauses: tuple[tuple[str, str, ast.Expr, str, Span], ...],
    lang: int,
) -> t.Package:
    predeclared = universe()
    package = Scope(predeclared)
    c = Checker(lang, EXPRESSIONS, STATEMENTS, predeclared, package, package, check_function)
    c.embed = partial(constraint_type, c)
    c.labels = {role: labels(block) for role, block, _ in bodies}
    found = declare_package(c, decls)
    for func in found.functions:
        _check_declared(c, func)
    instances = list(_check_instances(c))
    for _, block, _ in bodies:
        with c.owned_by(None):
            check_function(c, t.FuncInfo(t.Signature((), ()), (), ()), None, block)
    for name, _, e, _, span in clauses:
        _check_clause(c, name, e, span)
    instances += _check_instances(c)
    variables, cycles = initialisation_order(found.units, c.depends)
    for cycle in cycles if not c.errors else ():
        with c.surviving():
            raise cycle()
    c.finish()
    for noted in (c.info.boxed, c.info.lockers):
        for of in [of for of in noted if has_stand_in(of)]:
            del noted[of]  # only the check of a generic declaration itself made it
    return t.Package(
        info=c.info,
        variables=variables,
        functions=(*found.functions, *instances),
        types=tuple(c.named),
        bodies=tuple(t.Body(*body) for body in bodies),
        clauses=tuple(t.CheckedClause(*clause) for clause in clauses),
    )


def _check_instances(c: Checker) -> Iterator[t.Func]:
    """Check the bodies of the instances made so far, and of those they make. Yields the ones that can run."""
    c.instances.sort(key=lambda made: not stands_in(made[1]))
    while c.instances:
        func, where = c.instances.pop(0)
        if where.generic in c.broken_generics:
            continue
        with naming(c, where):
            c.resolve(func, func.decl.name.span)
        before = len(c.errors)
        with naming(c, where), c.owned_by(func, where.scope):
            if func.decl.body is not None:
                check_function(c, t.FuncInfo(func.signature, func.params, func.results), func.recv, func.decl.body)
        if len(c.errors) > before and stands_in(where):
            c.broken_generics.add(where.generic)
        args = [what.type for what in where.scope.names.values() if isinstance(what, t.TypeName)]
        if not any(map(has_stand_in, args)):
            yield func


def _check_declared(c: Checker, func: t.Func) -> None:
    if func.decl.body is None:
        if func.decl.recv is not None or not acceptable(func.signature):
            hint = "without a body a function takes bools, strings and integers and returns one integer or bool"
            c.report("missing function body", func.decl.name.span, hint)
        return
    if func.decl.recv is not None and func.recv is None:
        return
    if func.recv is not None:
        with c.surviving():
            stays(func.recv.type, func.recv.span)
    info = t.FuncInfo(func.signature, func.params, func.results)
    with c.owned_by(func):
        check_function(c, info, func.recv, func.decl.body)


def check_function(c: Checker, info: t.FuncInfo, recv: t.Var | None, body: ast.Block) -> None:
    """Check the body of a function whose parameters and results are known."""
    outer, c.function = c.function, Function(info.signature, info.results)
    iota, c.iota = c.iota, None
    with c.block():
        for var in (recv, *info.params, *info.results):
            if var is None or not var.name:
                continue
            before = c.scope.declare(var.name, var, var.span)
            if before is not None:
                c.report(f"{var.name} redeclared in this block", var.span, Note("other declaration", before))
        c.stmts(body.stmts)
        check_branches(c, body)
        if info.results and not terminates(c, body):
            column = max(1, body.span.end_column - 1)
            brace = Span(body.span.file, body.span.end_line, column, body.span.end_line, column + 1)
            c.report("missing return", brace)
    c.unused(c.function)
    c.function, c.iota = outer, iota


def _check_clause(c: Checker, name: str, e: ast.Expr, span: Span) -> None:
    with c.owned_by(None), c.surviving():
        c.in_clause = True
        with c.block():
            if c.scope.lookup("at") is None:
                c.scope.declare("at", t.Builtin("at"), NOWHERE)
            x = c.expr(e)
            if not is_boolean(x.type):
                raise fail(f"the clause {name} must be a bool expression, not {describe(x)}", e.span)
            settle_default(c, x)
