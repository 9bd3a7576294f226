"""Values: made before they are used, copied per round, shared by pointer, read atomically, checked."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import Basic, Map, Var, underlying
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.place import names, stretch
from verifier.mutate.scan import every, function, inside, lists, statements
from verifier.mutate.trouble import Trouble


def made(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A map variable with a map in it from the beginning."""
    for variables, spec in subject.front.package.variables:
        if spec.type is None or spec.values or len(variables) != 1:
            continue
        if isinstance(underlying(variables[0].type), Map):
            of = subject.files.slice(spec.type.span)
            change = subject.files.replace(spec.type.span, f"= {of}{{}}")
            what = f"make the map: {variables[0].name} = {of}{{}} on {spec.span.words}"
            yield Edit("made", what, subject.words(spec.span), spec.span, (change,))


def by_pointer(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A method with a pointer receiver: a value receiver is a copy, its lock another lock."""
    for f in subject.front.package.functions:
        recv = f.decl.recv
        if recv is None or isinstance(recv.type, ast.Star) or not subject.files.holds(recv.span):
            continue
        change = subject.files.replace(recv.type.span, f"*{subject.files.slice(recv.type.span)}")
        what = f"a pointer receiver for {f.name} on {recv.span.words}: a value is copied, its lock too"
        yield Edit("pointer", what, subject.words(recv.span), recv.span, (change,))


def copied(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A loop variable copied at the beginning of each round."""
    for f in subject.functions:
        for stmt in statements(f.body):
            match stmt:
                case ast.For(init=ast.Assign(lhs=(ast.Ident(name=name),), op=":=")) if stmt.body.stmts:
                    pass
                case ast.Range(key=ast.Ident(name=name), define=True) if stmt.body.stmts and name != "_":
                    pass
                case _:
                    continue
            change = subject.files.before(stmt.body.stmts[0].span, f"{name} := {name}")
            what = f"a copy of {name} for each round, on {stmt.span.words}"
            yield Edit("copy", what, name, stmt.span, (change,))


def atomic(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A plain access to what others access with sync/atomic, made atomic too."""
    addressed = {
        used: name[1]
        for f in subject.functions
        for x in every(f.body)
        if (name := function(x, subject.info)) is not None
        and name[0] == "atomic"
        and isinstance(x, ast.Call)
        and x.args
        if (used := _variable(subject, x.args[0])) is not None
    }
    for touch in trouble.shown:
        place = stretch(touch.span, subject.functions)
        for x in every(place.stmts[0]) if place is not None else ():
            if not isinstance(x, ast.Ident) or not inside(x.span, touch.span):
                continue
            var = subject.info.uses.get(x)
            if not isinstance(var, Var) or var not in addressed or touch.write:
                continue
            of = underlying(var.type)
            if isinstance(of, Basic):
                text = f"atomic.Load{of.name.capitalize()}(&{var.name})"
                change = subject.files.replace(x.span, text)
                yield Edit("atomic", f"{text} on {x.span.words}", subject.words(x.span), x.span, (change,))


def _variable(subject: Subject, x: ast.Expr) -> Var | None:
    inner = x.x if isinstance(x, ast.Unary) and x.op == "&" else None
    found = subject.info.uses.get(inner) if isinstance(inner, ast.Ident) else None
    return found if isinstance(found, Var) else None


def asserted(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A type assertion in the form that does not panic."""
    for f in subject.functions:
        for stmt in statements(f.body):
            match stmt:
                case ast.Assign(lhs=(ast.Ident() as name,), op=":=", rhs=(ast.TypeAssert(),)):
                    change = subject.files.replace(name.span, f"{name.name}, _")
                    what = f"a type assertion that does not panic: `{name.name}, _ :=` on {stmt.span.words}"
                    yield Edit("assert", what, subject.words(stmt.span), stmt.span, (change,))


def load_or_store(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """`LoadOrStore` for a Load that finds nothing, and a Store."""
    for f in subject.functions:
        for found in lists(f.body):
            for stmt in found:
                match stmt:
                    case ast.If(
                        init=ast.Assign(
                            lhs=(ast.Ident(name=value), ast.Ident(name=ok)),
                            rhs=(ast.Call(fun=ast.Selector(x=on, name=ast.Ident(name="Load")), args=(key,)) as load,),
                        ),
                        cond=ast.Unary(op="!", x=ast.Ident(name=asked)),
                    ) if asked == ok:
                        pass
                    case _:
                        continue
                for inner in statements(stmt.then):
                    match inner:
                        case ast.ExprStmt(
                            x=ast.Call(fun=ast.Selector(x=stored, name=ast.Ident(name="Store")), args=(other, new))
                        ) if _same(subject, on, stored) and _same(subject, key, other):
                            pass
                        case _:
                            continue
                    if value != "_" and value in names(stmt.then):
                        continue
                    text = subject.files.slice
                    call = f"{text(on.span)}.LoadOrStore({text(key.span)}, {text(new.span)})"
                    changes = (subject.files.replace(load.span, call), subject.files.remove(inner.span))
                    what = f"LoadOrStore for Load on {load.span.words} and Store on {inner.span.words}"
                    yield Edit("one operation", what, subject.words(load.span), load.span, changes)


def _same(subject: Subject, a: ast.Expr, b: ast.Expr) -> bool:
    return subject.files.slice(a.span) == subject.files.slice(b.span)
