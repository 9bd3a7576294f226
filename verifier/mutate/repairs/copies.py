"""What a pointer from inside a lock leads to, copied before the lock is let go: for those who only read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verifier.golang import syntax as ast
from verifier.golang.types import Array, Basic, Func, Info, Pointer, Primitive, Struct, Type, Var, underlying
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.files import Change
from verifier.mutate.scan import Section, bare, every, inside, sections
from verifier.mutate.trouble import Trouble
from verifier.source import Span


def copied_out(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A copy of what a pointer leads to, made under the lock where the pointer was found, or where a getter returns it.

    Only where everybody who has the pointer does nothing but read fields through it: a write through a copy would be
    lost, which no race detector says.
    """
    for f in subject.functions:
        for section in sections(f, subject.info):
            for stmt in section.inside:
                yield from _taken(subject, trouble, section, bare(stmt))
                yield from _returned(subject, trouble, section, bare(stmt))


def _taken(subject: Subject, trouble: Trouble, section: Section, stmt: ast.Stmt) -> Iterator[Edit]:
    """`u := m[k]` in a section, and `u.f` behind it."""
    var = _declared(stmt, subject.info)
    if var is None or not _copyable(var.type) or not _only_read(section.function.body, var, subject.info):
        return
    outside = [t for t in trouble.shown if _in_function(section, t.span) and not _in_section(section, t.span)]
    if not outside:
        return
    change = subject.files.after(stmt.span, _copy(var.name))
    yield _edit(subject, var.name, stmt, change)


def _returned(subject: Subject, trouble: Trouble, section: Section, stmt: ast.Stmt) -> Iterator[Edit]:
    """`return m[k]` in a section of a getter, and `u := get(k)` at those who call it."""
    func = next((f for f in subject.front.package.functions if f.decl.body is section.function.body), None)
    if func is None or not isinstance(stmt, ast.Return) or len(stmt.results) != 1 or section.deferred is None:
        return
    known = subject.info.types.get(stmt.results[0])
    if known is None or not _copyable(known.type) or not _readers_only(subject, func):
        return
    if all(_in_function(section, t.span) for t in trouble.shown):
        return
    taken = {x.name for x in every(func.decl) if isinstance(x, ast.Ident)}
    name = next((n for n in ("found", "result", "value") if n not in taken), "")
    if name:
        lines = (f"{name} := {subject.files.slice(stmt.results[0].span)}", _copy(name))
        changes = (
            subject.files.before(stmt.span, *lines),
            subject.files.replace(stmt.results[0].span, name),
        )
        yield _edit(subject, f"what {func.name} returns", stmt, *changes)


def _edit(subject: Subject, of: str, stmt: ast.Stmt, *changes: Change) -> Edit:
    what = f"a copy of {of}, made under the lock on {stmt.span.words}"
    return Edit("copy out", what, subject.words(stmt.span), stmt.span, changes)


def _copy(name: str) -> str:
    copy = "copied" if name != "copied" else "another"
    return f"if {name} != nil {{ {copy} := *{name}; {name} = &{copy} }}"


def _declared(stmt: object, info: Info) -> Var | None:
    """The first variable that a statement declares."""
    match stmt:
        case ast.Assign(lhs=(ast.Ident() as name, *_), op=":="):
            found = info.defs.get(name)
            return found if isinstance(found, Var) else None
    return None


def _copyable(of: Type) -> bool:
    """Whether it is a pointer to a struct that can be copied: with no lock and no atomic variable in it."""
    return isinstance(of, Pointer) and isinstance(underlying(of.elem), Struct) and _plain(of.elem)


def _plain(of: Type) -> bool:
    match underlying(of):
        case Primitive():
            return False
        case Struct(fields=fields):
            return all(_plain(f.type) for f in fields)
        case Array(elem=elem):
            return _plain(elem)
    return True


def _only_read(root: object, var: Var, info: Info) -> bool:
    """Whether a variable is used for nothing but reading fields through it, and comparing it with nil."""
    used = {id(x) for x in every(root) if isinstance(x, ast.Ident) and info.uses.get(x) is var}
    return used <= {id(x) for x in _reads(root, info)}


def _readers_only(subject: Subject, func: Func) -> bool:
    """Whether everybody who names a function calls it, for a variable that is only read, or for one of the fields."""
    info = subject.info
    if any(_names(x, func, info) for _, spec in subject.front.package.variables for v in spec.values for x in every(v)):
        return False
    for f in subject.functions:
        named = {id(x) for x in every(f.body) if _names(x, func, info)}
        fine = {id(x.fun) for x in _reads(f.body, info) if isinstance(x, ast.Call)}
        for x in every(f.body):
            var = _declared(x, info)
            if var is not None and isinstance(x, ast.Assign) and len(x.lhs) == len(x.rhs) == 1:
                call = x.rhs[0]
                if isinstance(call, ast.Call) and _only_read(f.body, var, info):
                    fine.add(id(call.fun))
        if not named <= fine:
            return False
    return True


def _names(x: object, func: Func, info: Info) -> bool:
    if isinstance(x, ast.Selector):
        selection = info.selections.get(x)
        if selection is None or selection.primitive is not None or x.name.name != func.name:
            return False
        # A method of an interface may be this one.
        return selection.kind != "field" and (selection.method is None or selection.method.decl is func.decl)
    used = info.uses.get(x) if isinstance(x, ast.Ident) else None
    return isinstance(used, Func) and used.decl is func.decl


def _reads(root: object, info: Info) -> Iterator[ast.Expr]:
    """Expressions of which a field is read, or which are compared with nil: nothing else is done with these."""
    written = {id(x) for x in _written(every(root))}
    for x in every(root):
        match x:
            case ast.Selector(x=of) if id(x) not in written:
                selection = info.selections.get(x)
                if selection is not None and selection.kind == "field" and _scalar(selection.type):
                    yield of
            case ast.Binary(op="==" | "!=", x=of, y=ast.Ident(name="nil")):
                yield of


def _scalar(of: Type) -> bool:
    """Whether a value of it is a copy that leads nowhere: what a map or a pointer in a copy leads to is shared."""
    return isinstance(underlying(of), Basic)


def _written(nodes: Iterable[object]) -> Iterator[object]:
    """What is assigned to or has its address taken, with all that it is part of."""
    for x in nodes:
        match x:
            case ast.Assign(lhs=lhs, op=op) if op != ":=":
                targets = lhs
            case ast.IncDec(x=one) | ast.Unary(op="&", x=one):
                targets = (one,)
            case _:
                continue
        for target in targets:
            yield target
            while isinstance(target, ast.Selector | ast.Index):
                target = target.x
                yield target


def _in_function(section: Section, span: Span) -> bool:
    return inside(span, section.function.body.span)


def _in_section(section: Section, span: Span) -> bool:
    return any(inside(span, s.span) for s in section.inside)
