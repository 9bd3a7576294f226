"""Holding a lock for longer, or for writing, or in another order."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.scan import Section, bare, called, lists, sections, statements
from verifier.mutate.trouble import Trouble


def for_writing(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """Lock for RLock; a Lock inside of it, which then is one too many, goes."""
    for section in _sections(subject, "RLock"):
        names = [c.call.fun.name for c in (section.lock, *section.unlocks) if isinstance(c.call.fun, ast.Selector)]
        changes = [subject.files.replace(n.span, n.name.removeprefix("R")) for n in names]
        on, line = section.lock.on, section.lock.stmt.span
        yield Edit("lock for writing", f"Lock for RLock on {line.words}", on, line, tuple(changes))
        inner = [
            c.stmt.span
            for s in section.inside
            for below in statements(ast.Block(s.span, (s,)))
            if (c := called(below, subject.info)) is not None and c.on == on and c.method in ("Lock", "Unlock")
        ]
        if inner:
            gone = [subject.files.remove(s) for s in inner]
            what = f"Lock for RLock on {line.words}, and no second Lock inside"
            yield Edit("lock for writing", what, on, line, (*changes, *gone))


def longer(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """An Unlock behind statements that come after it; or deferred, so that no way out misses it."""
    for section in (*_sections(subject, "Lock"), *_sections(subject, "RLock")):
        yield from _later(subject, section)
        yield from _deferred(subject, section)


def _later(subject: Subject, section: Section) -> Iterator[Edit]:
    if section.end is None:
        return
    unlock = section.end.stmt.span
    text = subject.files.slice(unlock)
    for stmt in _behind(section):
        changes = (subject.files.remove(unlock), subject.files.after(stmt.span, text))
        yield Edit("unlock later", f"{text} behind {stmt.span.words}", text, unlock, changes)


def _behind(section: Section) -> list[ast.Stmt]:
    """The statements of its list that come after the Unlock that ends a section."""
    assert section.end is not None
    for found in lists(section.function.body):
        at = next((n for n, s in enumerate(found) if bare(s) is section.end.stmt), None)
        if at is not None:
            return [s for s in found[at + 1 :] if not isinstance(bare(s), ast.Return)]
    return []


def _deferred(subject: Subject, section: Section) -> Iterator[Edit]:
    if section.deferred is not None:
        return
    fun = section.lock.call.fun
    assert isinstance(fun, ast.Selector)
    on = subject.files.slice(fun.x.span)
    text = f"defer {on}.{section.lock.method.replace('Lock', 'Unlock')}()"
    gone = [subject.files.remove(u.stmt.span) for u in section.unlocks]
    lock = section.lock.stmt.span
    changes = (subject.files.after(lock, text), *gone)
    yield Edit("defer", f"{text} right behind {lock.words}", subject.words(lock), lock, changes)


def swapped(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """Two locks taken in the other order."""
    for f in subject.functions:
        found = list(sections(f, subject.info))
        for a in found:
            inner = called(a.inside[0], subject.info) if a.inside else None
            if inner is None or inner.method not in ("Lock", "RLock") or inner.on == a.lock.on:
                continue
            one, two = a.lock.stmt.span, inner.stmt.span
            changes = (
                subject.files.replace(one, subject.files.slice(two)),
                subject.files.replace(two, subject.files.slice(one)),
            )
            yield Edit("order", f"{inner.on} before {a.lock.on} on {one.words}", subject.words(one), one, changes)


def _sections(subject: Subject, method: str) -> Iterator[Section]:
    for f in subject.functions:
        yield from (s for s in sections(f, subject.info) if s.lock.method == method)
