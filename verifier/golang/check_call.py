"""Calls: of functions, methods and function values; conversions; and `at` in clauses."""

from __future__ import annotations

from verifier.golang import library, syntax as ast, types as t
from verifier.golang.check_builtin import CLAUSE_BUILTINS, builtin
from verifier.golang.check_convert import assign, convert, settle_default
from verifier.golang.check_infer import generic_function, instance
from verifier.golang.check_lookup import Found, lookup
from verifier.golang.check_names import NO_LOOK
from verifier.golang.check_operand import Operand
from verifier.golang.check_show import describe, nearest, show
from verifier.golang.check_state import Checker
from verifier.source import Note, Span, fail


def call(c: Checker, e: ast.Call) -> Operand:
    """`f(args…)`, `T(x)` or a built-in."""
    generic = generic_function(c, e.fun)
    if generic is not None:
        return _generic_call(c, e, *generic)
    f = c.raw(e.fun)
    if f.mode is t.Mode.TYPE:
        return _conversion(c, e, f.type)
    if f.mode is t.Mode.BUILTIN:
        return _built_in(c, e)
    if f.mode in (t.Mode.PACKAGE, t.Mode.NOVALUE) or isinstance(f.type, t.Tuple):
        f = c.expr(e.fun)
    signature = t.underlying(f.type)
    if not isinstance(signature, t.Signature):
        raise fail(f"invalid operation: cannot call {describe(f)}: {f.type} is not a function", e.fun.span)
    if c.in_clause and not _only_loads(c, e.fun):
        advice = NO_LOOK if _on_sync_map(c, e.fun) else "read package variables directly, atomic ones with Load()"
        raise fail("a clause may not call functions", e.span, advice)
    match_arguments(c, e, spread(c, e.args), signature)
    return result(e, signature)


def _generic_call(c: Checker, e: ast.Call, generic: t.Generic, written: tuple[ast.Expr, ...]) -> Operand:
    if c.in_clause:
        raise fail("a clause may not call functions", e.span, "read package variables directly")
    given = spread(c, e.args)
    signature = instance(c, generic, written, e.fun, given).signature
    match_arguments(c, e, given, signature)
    return result(e, signature)


def _only_loads(c: Checker, e: ast.Expr) -> bool:
    """The method Load of a type of sync/atomic: the only way to name the value, and it changes nothing."""
    found = c.info.selections.get(e) if isinstance(e, ast.Selector) else None
    atomic = found is not None and found.primitive is not None and found.primitive.name.startswith("atomic.")
    return atomic and isinstance(e, ast.Selector) and e.name.name == "Load"


def _on_sync_map(c: Checker, e: ast.Expr) -> bool:
    found = c.info.selections.get(e) if isinstance(e, ast.Selector) else None
    return found is not None and found.primitive == t.Primitive("sync.Map")


def result(e: ast.Call, signature: t.Signature) -> Operand:
    """What a call of a function with this signature yields."""
    match signature.results:
        case ():
            return Operand(e, t.Mode.NOVALUE, t.VOID)
        case (one,):
            return Operand(e, t.Mode.VALUE, one)
        case several:
            return Operand(e, t.Mode.VALUE, t.Tuple(several))


def spread(c: Checker, args: tuple[ast.Expr, ...]) -> list[Operand]:
    """The values of an argument or result list; `f(g())` takes all of g's results."""
    if len(args) != 1:
        return [c.expr(a) for a in args]
    x = c.values(args[0])
    if isinstance(x.type, t.Tuple):
        return [Operand(x.expr, t.Mode.VALUE, of) for of in x.type.types]
    return [x]


def have_want(have: list[Operand], want: tuple[t.Type, ...]) -> tuple[str, str]:
    """The two lines gc adds to a wrong count."""
    words: dict[t.Type, str] = {t.UNTYPED_INT: "number", t.UNTYPED_STRING: "string", t.UNTYPED_BOOL: "bool"}
    shown = (words.get(x.type, str(x.type)) for x in have)
    return f"have ({', '.join(shown)})", f"want ({', '.join(map(str, want))})"


def match_arguments(c: Checker, e: ast.Call, given: list[Operand], signature: t.Signature) -> None:
    """Check the arguments of a call against the parameters."""
    want = signature.params
    if len(given) != len(want):
        few = len(given) < len(want)
        end = e.span
        close = Span(end.file, end.end_line, max(1, end.end_column - 1), end.end_line, end.end_column)
        at = close if few else given[len(want)].expr.span
        how = "not enough" if few else "too many"
        raise fail(f"{how} arguments in call to {show(e.fun)}", at, *have_want(given, want))
    for x, of in zip(given, want, strict=True):
        assign(c, x, of, f"argument to {show(e.fun)}")


def _conversion(c: Checker, e: ast.Call, to: t.Type) -> Operand:
    c.type_of(e.fun)
    if len(e.args) != 1:
        how = "missing argument" if not e.args else "too many arguments"
        raise fail(f"{how} in conversion to {to}", e.span)
    return convert(c, c.expr(e.args[0]), to, e)


def _built_in(c: Checker, e: ast.Call) -> Operand:
    name = e.fun.name if isinstance(e.fun, ast.Selector) else e.fun
    what = c.info.uses.get(name) if isinstance(name, ast.Ident) else None
    if isinstance(what, t.Builtin) and what.name == "at" and c.in_clause:
        return _at(c, e)
    if c.in_clause and not (isinstance(what, t.Builtin) and what.name in CLAUSE_BUILTINS):
        raise fail("a clause may not call functions", e.span, f"it may use {', '.join(CLAUSE_BUILTINS)} and at")
    if isinstance(what, t.Builtin):
        return builtin(c, e, what.name)
    if isinstance(what, t.LibraryFunc) and what.name in library.ONCE_VALUES:
        return _once_values(c, e, library.ONCE_VALUES[what.name])
    for arg in spread(c, e.args):
        # fmt.Print and its kin take anything; what they are given is only read.
        if arg.is_nil:
            continue
        settle_default(c, arg)
    return Operand(e, t.Mode.NOVALUE, t.VOID)


def _once_values(c: Checker, e: ast.Call, results: int) -> Operand:
    """`sync.OnceValue(f)` and `sync.OnceValues(f)`: a function like f."""
    if len(e.args) != 1:
        how = "not enough" if not e.args else "too many"
        raise fail(f"{how} arguments in call to {show(e.fun)}", e.span)
    f = c.expr(e.args[0])
    signature = t.underlying(f.type)
    if not isinstance(signature, t.Signature) or signature.params or len(signature.results) != results:
        want = "func() T" if results == 1 else "func() (T1, T2)"
        raise fail(f"in call to {show(e.fun)}, type {f.type} of {show(f.expr)} does not match {want}", f.expr.span)
    return Operand(e, t.Mode.VALUE, t.Signature((), signature.results))


def _at(c: Checker, e: ast.Call) -> Operand:
    match e.args:
        case (ast.Ident() as role, ast.Ident() as label):
            pass
        case _:
            raise fail("at takes a role and one of its labels", e.span, "for example at(reader, reading)")
    if role.name not in c.labels:
        raise fail(f"at: no role is named {role.name}", role.span, *nearest(role.name, c.labels))
    labels = c.labels[role.name]
    if label.name not in labels:
        hints: tuple[Note | str, ...] = nearest(label.name, labels)
        if not labels:
            hints = (f"write `{label.name}:` before a statement of the body",)
        raise fail(f"at: the body of {role.name} has no label {label.name}", label.span, *hints)
    return Operand(e, t.Mode.VALUE, t.INT)


def names_range(c: Checker, e: ast.Expr) -> bool:
    """Is `e` the method Range of a sync.Map?"""
    if not isinstance(e, ast.Selector) or e.name.name != "Range":
        return False
    x = c.info.types.get(e.x)
    found = lookup(x.type, "Range") if x is not None else None
    return isinstance(found, Found) and found.primitive is not None
