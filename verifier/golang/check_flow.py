"""Control flow without types: labels, break and continue, and which statements are terminating."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_show import nearest
from verifier.golang.check_state import Checker
from verifier.records import dataclass, replace
from verifier.source import Note, Span, fail

_BREAKABLE = (ast.For, ast.Range, ast.Switch, ast.TypeSwitch, ast.Select)
_LOOPS = (ast.For, ast.Range)


def parts(s: ast.Stmt) -> Iterator[ast.Stmt]:
    """The statements directly inside `s`; function literals are other functions."""
    match s:
        case ast.Block():
            yield from s.stmts
        case ast.If():
            yield s.then
            if s.other is not None:
                yield s.other
        case ast.For() | ast.Range():
            yield s.body
        case ast.Switch() | ast.TypeSwitch() | ast.Select():
            for case in s.cases:
                yield from case.body
        case ast.Labeled():
            yield s.stmt
        case _:
            pass


def labels(block: ast.Stmt) -> dict[str, Span]:
    """Every label of a function body, with the place of its first declaration."""
    found: dict[str, Span] = {}
    for s in parts(block):
        if isinstance(s, ast.Labeled):
            found.setdefault(s.label.name, s.label.span)
        for name, place in labels(s).items():
            found.setdefault(name, place)
    return found


@dataclass(frozen=True, slots=True)
class _Around:
    """What encloses a statement: labels with the statements they name, and whether break and continue have a target."""

    labels: tuple[tuple[str, ast.Stmt], ...] = ()
    breakable: bool = False
    loop: bool = False


def check_branches(c: Checker, body: ast.Block) -> None:
    """Report duplicate and unknown labels, and break, continue, goto, fallthrough where they may not stand."""
    declared = labels(body)
    _duplicates(c, body, declared)
    _walk(c, body, _Around(), declared)


def _duplicates(c: Checker, s: ast.Stmt, declared: dict[str, Span]) -> None:
    for part in parts(s):
        if isinstance(part, ast.Labeled) and declared[part.label.name] != part.label.span:
            name = part.label.name
            c.report(f"label {name} already defined", part.label.span, Note("previous definition", declared[name]))
        _duplicates(c, part, declared)


def _walk(c: Checker, s: ast.Stmt, around: _Around, declared: dict[str, Span]) -> None:
    if isinstance(s, ast.Branch):
        with c.surviving():
            _branch(s, around, declared)
        return
    if isinstance(s, ast.Labeled):
        around = replace(around, labels=(*around.labels, (s.label.name, s.stmt)))
    inside = replace(around, breakable=True, loop=around.loop or isinstance(s, _LOOPS))
    for part in parts(s):
        astray = isinstance(part, ast.Branch) and part.word == "fallthrough"
        if astray and not isinstance(s, ast.Switch | ast.TypeSwitch):
            c.report("fallthrough statement out of place", part.span)
        _walk(c, part, inside if isinstance(s, _BREAKABLE) else around, declared)
    if isinstance(s, ast.Switch | ast.TypeSwitch):
        _fallthroughs(c, s)


def _branch(s: ast.Branch, around: _Around, declared: dict[str, Span]) -> None:
    if s.word == "goto":
        raise fail("goto is not supported", s.span, "use a for loop with break or continue")
    if s.word == "fallthrough":
        return
    if s.label is None:
        if s.word == "break" and not around.breakable:
            raise fail("break is not in a loop, switch, or select", s.span)
        if s.word == "continue" and not around.loop:
            raise fail("continue is not in a loop", s.span)
        return
    name = s.label.name
    if name not in declared:
        raise fail(f"{s.word} label not defined: {name}", s.label.span, *nearest(name, declared))
    named = dict(around.labels).get(name)
    wanted = _BREAKABLE if s.word == "break" else _LOOPS
    if not isinstance(named, wanted):
        note = Note(f"{name} is defined here", declared[name])
        raise fail(f"invalid {s.word} label {name}", s.label.span, note)


def _fallthroughs(c: Checker, s: ast.Switch | ast.TypeSwitch) -> None:
    for i, case in enumerate(s.cases):
        for j, part in enumerate(case.body):
            if not (isinstance(part, ast.Branch) and part.word == "fallthrough"):
                continue
            if isinstance(s, ast.TypeSwitch):
                c.report("cannot fallthrough in type switch", part.span)
            elif j < len(case.body) - 1:
                c.report("fallthrough statement out of place", part.span)
            elif i == len(s.cases) - 1:
                c.report("cannot fallthrough final case in switch", part.span)


def terminates(c: Checker, s: ast.Stmt | None, label: str | None = None) -> bool:
    """Does control never reach the end of `s`? `label` is the label of `s`, if it has one."""
    match s:
        case ast.Return():
            return True
        case ast.Branch():
            return s.word == "goto"
        case ast.ExprStmt(x=ast.Call(fun=ast.Ident() as fun)):
            what = c.info.uses.get(fun)
            return isinstance(what, t.Builtin) and what.name == "panic"
        case ast.Block():
            return _ends(c, s.stmts)
        case ast.If():
            return s.other is not None and terminates(c, s.then) and terminates(c, s.other)
        case ast.For():
            return s.cond is None and not _breaks(s.body, label, True)
        case ast.Switch() | ast.TypeSwitch():
            return _switch_ends(c, s, label)
        case ast.Select():
            inside = [part for case in s.cases for part in case.body]
            return all(_ends(c, case.body) for case in s.cases) and not any(_breaks(p, label, True) for p in inside)
        case ast.Labeled():
            return terminates(c, s.stmt, s.label.name)
        case _:
            return False


def _ends(c: Checker, body: tuple[ast.Stmt, ...]) -> bool:
    real = [s for s in body if not isinstance(s, ast.Empty)]
    return bool(real) and terminates(c, real[-1])


def _switch_ends(c: Checker, s: ast.Switch | ast.TypeSwitch, label: str | None) -> bool:
    def ends(case: ast.Case) -> bool:
        last = case.body[-1] if case.body else None
        falls = isinstance(last, ast.Branch) and last.word == "fallthrough"
        return falls or _ends(c, case.body)

    if not any(case.values is None for case in s.cases):
        return False
    broken = any(_breaks(part, label, True) for case in s.cases for part in case.body)
    return not broken and all(map(ends, s.cases))


def _breaks(s: ast.Stmt, label: str | None, implicit: bool) -> bool:
    """Is there a break out of the enclosing statement inside `s`? `implicit`: one without a label would mean it."""
    if isinstance(s, ast.Branch) and s.word == "break":
        return implicit if s.label is None else s.label.name == label
    deeper = implicit and not isinstance(s, _BREAKABLE)
    return any(_breaks(part, label, deeper) for part in parts(s))
