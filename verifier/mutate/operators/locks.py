"""Locks: removed with their Unlocks, weakened to read locks, held for less."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import (
    Called,
    Section,
    bare,
    called,
    escapes,
    every,
    inside,
    method,
    sections,
    statements,
    words,
)
from verifier.source import Span

_JUMPS = (ast.Return, ast.Branch)


def removed(subject: Subject) -> Iterator[Edit]:
    """A critical section without its lock."""
    for section in _sections(subject):
        lock = section.lock
        spans = [lock.stmt.span, *(u.stmt.span for u in section.unlocks)]
        unlocked = f" with its {section.unlocks[0].method}" if section.unlocks else ""
        changes = tuple(subject.files.remove(s) for s in spans)
        bared = tuple(s.span for s in section.inside) if section.whole else ()
        step = subject.words(lock.stmt.span)
        yield Edit("lock removed", f"removed{unlocked}", step, lock.stmt.span, changes, bared)
    for f in subject.functions:
        for stmt in statements(f.body):
            tried = _tried(stmt, subject)
            if isinstance(stmt, ast.If) and tried is not None:
                call, on, closes = tried
                unlocks = [
                    c
                    for s in statements(stmt.then)
                    if (c := called(s, subject.info)) is not None and c.on == on and c.method == closes
                ]
                gone = tuple(subject.files.remove(u.stmt.span) for u in unlocks)
                changes = (subject.files.replace(call.span, "true"), *gone)
                what = "always succeeds, without a lock"
                bared = (stmt.then.span,) if _all_inside(stmt.then.stmts, unlocks) else ()
                yield Edit("lock removed", what, subject.words(call.span), call.span, changes, bared)
                for u, change in zip(unlocks, gone, strict=True):
                    yield Edit("unlock removed", "removed", subject.words(u.stmt.span), u.stmt.span, (change,))


def _all_inside(stmts: tuple[ast.Stmt, ...], unlocks: list[Called]) -> bool:
    """Whether a lock that is held at the first of some statements is let go before what comes after them."""
    ends = bool(stmts) and any(bare(stmts[-1]) is u.stmt and not u.deferred for u in unlocks)
    return ends and not escapes(stmts, unlocks)


def _tried(stmt: ast.Stmt, subject: Subject) -> tuple[ast.Call, str, str] | None:
    cond = stmt.cond if isinstance(stmt, ast.If) else None
    found = method(cond, subject.info)
    if isinstance(cond, ast.Call) and found is not None and found[1] in ("TryLock", "TryRLock"):
        return cond, words(found[2]), found[1].removeprefix("Try").replace("Lock", "Unlock")
    return None


def read_only(subject: Subject) -> Iterator[Edit]:
    """RLock for Lock, RUnlock for Unlock."""
    for section in _sections(subject):
        lock = section.lock
        if lock.type != "sync.RWMutex" or lock.method != "Lock":
            continue
        fun = lock.call.fun
        assert isinstance(fun, ast.Selector)
        names = [fun.name, *(u.call.fun.name for u in section.unlocks if isinstance(u.call.fun, ast.Selector))]
        changes = tuple(subject.files.replace(n.span, f"R{n.name}") for n in names)
        yield Edit("read lock", "RLock in its place", subject.words(lock.stmt.span), lock.stmt.span, changes)


def unlock_removed(subject: Subject) -> Iterator[Edit]:
    """Each Unlock that is never called."""
    for section in _sections(subject):
        for u in section.unlocks:
            change = subject.files.remove(u.stmt.span)
            yield Edit("unlock removed", "removed", subject.words(u.stmt.span), u.stmt.span, (change,))


def unlock_earlier(subject: Subject) -> Iterator[Edit]:
    """An Unlock before the last statement that was still inside."""
    for section in _sections(subject):
        last = section.inside[-1] if section.inside else None
        if last is None or (section.end is None and section.deferred is None):
            continue
        if isinstance(bare(last), _JUMPS) and not _evaluates(bare(last)):
            continue
        if section.end is not None:
            yield _earlier(subject, section, last)
        elif section.deferred is not None and section.inside:
            yield from _undeferred(subject, section, last)


def _earlier(subject: Subject, section: Section, last: ast.Stmt) -> Edit:
    assert section.end is not None
    unlock = section.end.stmt.span
    text = subject.files.slice(unlock)
    changes = (subject.files.before(last.span, text), subject.files.remove(unlock))
    what = f"moved before `{subject.words(bare(last).span)}`"
    return Edit("unlock earlier", what, text, unlock, changes, (last.span,))


def _undeferred(subject: Subject, section: Section, last: ast.Stmt) -> Iterator[Edit]:
    deferred = section.deferred
    assert deferred is not None
    call = subject.files.slice(deferred.call.span)
    returns = [s for s in statements(section.function.body) if isinstance(s, ast.Return) and s is not bare(last)]
    behind = [s for s in returns if (s.span.line, s.span.column) > (deferred.stmt.span.line, deferred.stmt.span.column)]
    changes = [subject.files.remove(deferred.stmt.span)]
    changes += [subject.files.before(s.span, call) for s in [*behind, last]]
    what = f"not deferred: `{call}` before `{subject.words(bare(last).span)}`"
    step = subject.words(deferred.stmt.span)
    bared = (last.span, *(s.span for s in behind)) if section.whole else ()
    yield Edit("unlock earlier", what, step, deferred.stmt.span, tuple(changes), bared)


def lock_later(subject: Subject) -> Iterator[Edit]:
    """A Lock behind the first statement that was inside."""
    for section in _sections(subject):
        first = section.inside[0] if section.inside else None
        if first is None or len(section.inside) < 2 or isinstance(bare(first), _JUMPS):
            continue
        if any(inside(u.stmt.span, first.span) for u in section.unlocks):
            continue
        lock = section.lock.stmt.span
        spans = [lock, *([section.deferred.stmt.span] if section.deferred else ())]
        texts = [subject.files.slice(s) for s in spans]
        changes = (*(subject.files.remove(s) for s in spans), subject.files.after(first.span, *texts))
        what = f"moved behind `{subject.words(bare(first).span)}`"
        yield Edit("lock later", what, subject.words(lock), lock, changes, (first.span,))


def _sections(subject: Subject) -> Iterator[Section]:
    for f in subject.functions:
        yield from sections(f, subject.info)


def _evaluates(stmt: ast.Stmt) -> bool:
    """Whether a `return` reads anything but constants and names."""
    known = (ast.Ident, ast.BasicLit, Span)
    return isinstance(stmt, ast.Return) and any(not isinstance(x, known) for r in stmt.results for x in every(r))
