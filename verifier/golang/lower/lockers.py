"""Calls through a sync.Locker: a branch for every type that becomes one somewhere in the model."""

from __future__ import annotations

from dataclasses import replace

from verifier.golang.check_lookup import Found, lookup
from verifier.golang.lower.inline import inline
from verifier.golang.lower.interfaces import from_interface, holds_type
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.objects import cells_of, target
from verifier.golang.lower.places import as_pointer, follow
from verifier.golang.lower.storage import load, scalar
from verifier.golang.lower.values import FuncVal, Loc, Value
from verifier.golang.types import Pointer, Type, underlying
from verifier.gosem import mutex, rwmutex
from verifier.program.expr import ZERO, equal
from verifier.source import Span

_NIL = "runtime error: invalid memory address or nil pointer dereference"
_FRAGMENTS = {
    ("sync.Mutex", "Lock"): mutex.lock,
    ("sync.Mutex", "Unlock"): mutex.unlock,
    ("sync.RWMutex", "Lock"): rwmutex.lock,
    ("sync.RWMutex", "Unlock"): rwmutex.unlock,
}


def lock_call(m: Machine, locker: Value, name: str, at: Span) -> None:
    """`l.Lock()` or `l.Unlock()`; calling it on nil panics."""
    e = scalar(locker.leaves[0])
    m.fail_if(equal(e, ZERO), "panic", _NIL)
    done = m.new()
    candidates = tuple(m.info.lockers)
    for t in candidates:
        this, other = m.new(), m.new()
        if t is candidates[-1]:
            # Nothing else ever becomes a Locker, and nil has been dealt with.
            m.goto(this)
        else:
            m.branch(holds_type(m, e, t), this, other)
        m.cur = this
        _call(m, from_interface(m, e, t), t, name, at)
        m.goto(done)
        m.cur = other
    m.label(done)


def _call(m: Machine, value: Value, t: Type, name: str, at: Span) -> None:
    found = lookup(t, name)
    assert isinstance(found, Found)
    base = follow(m, value, found.path)
    if found.primitive is not None and (found.primitive.name, name) in _FRAGMENTS:
        loc = target(m, _pointer(m, base))
        said = f"{name.lower()}s"
        steps = _FRAGMENTS[(found.primitive.name, name)](cells_of(m, loc))
        m.fragment(tuple(replace(p, detail=p.detail or said) for p in steps))
        return
    method = found.func
    if method is None or method.recv is None or not isinstance(underlying(method.recv.type), Pointer):
        raise m.unsupported(
            f"{t} as a sync.Locker is not supported yet", at, "use *sync.Mutex, *sync.RWMutex or pointer methods"
        )
    inline(m, FuncVal(method, m.globals, _pointer(m, base)), (), at)


def _pointer(m: Machine, base: Loc | Value) -> Value:
    if isinstance(underlying(base.type), Pointer):
        return load(m, base) if isinstance(base, Loc) else base
    assert isinstance(base, Loc)
    return as_pointer(m, base)
