"""Calls through interfaces: a branch for every type that becomes an interface value somewhere and has the method."""

from __future__ import annotations

from verifier.golang.check_lookup import Found, lookup, why_not_implements
from verifier.golang.library import ERROR, LOCKER
from verifier.golang.lower.errors import ERROR_STRING, makes_errors
from verifier.golang.lower.inline import inline
from verifier.golang.lower.interfaces import from_interface, holds_type, is_held
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.objects import cells_of, target
from verifier.golang.lower.places import as_pointer, follow, through
from verifier.golang.lower.recovery import RUNTIME_ERROR
from verifier.golang.lower.storage import load, numbers, scalar, snapshot, zero
from verifier.golang.lower.templates import Frame
from verifier.golang.lower.values import FuncVal, Loc, Value, is_func, nothing
from verifier.golang.types import Interface, Pointer, Signature, Tuple, Type, underlying
from verifier.gosem import mutex, rwmutex
from verifier.program.expr import TRUE, ZERO, Expr, Read, any_of, equal
from verifier.records import replace
from verifier.source import Span

_NIL = "runtime error: invalid memory address or nil pointer dereference"
_FRAGMENTS = {
    ("sync.Mutex", "Lock"): mutex.lock,
    ("sync.Mutex", "Unlock"): mutex.unlock,
    ("sync.RWMutex", "Lock"): rwmutex.lock,
    ("sync.RWMutex", "Unlock"): rwmutex.unlock,
    ("sync.RWMutex", "RLock"): rwmutex.rlock,
    ("sync.RWMutex", "RUnlock"): rwmutex.runlock,
}


def implementers(m: Machine, t: Type) -> tuple[Type, ...]:
    """The types that become interface values somewhere in the model and implement the interface `t`.

    Values that have no place in an interface here are left out: the conversion itself is an error where it stands.
    """
    if t is LOCKER:
        return tuple(m.info.lockers)
    want = underlying(t)
    assert isinstance(want, Interface)
    fitting = (of for of in m.info.boxed if why_not_implements(of, want) is None)
    return tuple(of for of in fitting if is_held(m, of))


def implements(m: Machine, value: Expr, t: Type) -> Expr:
    """Whether the dynamic type of an interface value implements the interface `t`."""
    types = implementers(m, t)
    if makes_errors(m) and why_not_implements(ERROR, underlying(t)) is None:  # type: ignore[arg-type]
        types = (*types, Pointer(ERROR_STRING))
    if m.facts.recovers and why_not_implements(ERROR, underlying(t)) is None:  # type: ignore[arg-type]
        types = (*types, RUNTIME_ERROR)
    return any_of(*(holds_type(m, value, of) for of in types))


def interface_call(
    m: Machine, value: Value, name: str, args: tuple[Value, ...], at: Span, deferred_by: Frame | None = None
) -> Value:
    """`value.name(args)` with an interface value; calling a method of nil panics."""
    signature = _signature(value.type, name)
    if value.type is ERROR and (makes_errors(m) or m.facts.recovers):
        raise m.unsupported(
            "calling Error through an interface is not supported in a model that uses errors.New or recover",
            at,
            "strings are opaque constants here: compare errors with == or != nil, or pass the error to fmt.Println",
        )
    if any(map(is_func, signature.results)):
        raise m.unsupported(f"calling {name} through an interface is not supported: it returns a function", at)
    e = scalar(value.leaves[0])
    m.fail_if(equal(e, ZERO), "panic", _NIL)
    t = signature.results[0] if len(signature.results) == 1 else Tuple(signature.results)
    out = m.temps(t, "result")
    done = m.new()
    m.dispatched.setdefault(value.type, at)
    candidates = implementers(m, value.type)
    for of in candidates:
        this, other = m.new(), m.new()
        if of is candidates[-1]:
            # Nothing else is ever in such an interface (see `refuse_unknown`), and nil has been dealt with.
            m.goto(this)
        else:
            m.branch(holds_type(m, e, of), this, other)
        m.cur = this
        got = method_call(m, from_interface(m, e, of), name, args, at, deferred_by)
        if out and m.cur is not None:
            m.step(updates=tuple(zip(out, numbers(m, got), strict=True)))
        m.goto(done)
        m.cur = other
    m.cur = None
    m.label(done)
    return Value(t, tuple(Read(o) for o in out))


def refuse_unknown(m: Machine) -> None:
    """Hold what the checker noted against what was lowered: a type that it missed would be called as another one."""
    for t, at in m.dispatched.items():
        want = underlying(t)
        assert isinstance(want, Interface)
        known = implementers(m, t)
        for of in m.segments.values():
            if of not in known and t is not LOCKER and why_not_implements(of, want) is None:
                raise m.unsupported(f"a call through {t} on a value of type {of} is not supported", at)


def _signature(t: Type, name: str) -> Signature:
    u = underlying(t)
    assert isinstance(u, Interface)
    return dict(u.methods)[name]


def method_call(
    m: Machine, value: Value, name: str, args: tuple[Value, ...], at: Span, deferred_by: Frame | None = None
) -> Value:
    """A method of a value that came out of an interface, promoted ones included."""
    found = lookup(value.type, name)
    assert isinstance(found, Found)
    base = follow(m, value, found.path)
    if found.abstract is not None:
        return _through_embedded(m, base, value.type, name, args, at)
    if found.func is not None:
        return inline(m, FuncVal(found.func, m.globals, _receiver(m, base, found)), args, at, deferred_by=deferred_by)
    assert found.primitive is not None
    make = _FRAGMENTS.get((found.primitive.name, name))
    if make is None:
        raise m.unsupported(
            f"calling {found.primitive}.{name} through an interface is not supported yet",
            at,
            f"give {value.type} a method {name} of its own",
        )
    steps = make(cells_of(m, target(m, _pointer(m, base))))
    said = f"{name.lower()}s"
    m.fragment(tuple(replace(p, detail=p.detail or said) for p in steps))
    return nothing()


def _through_embedded(m: Machine, base: Loc | Value, t: Type, name: str, args: tuple[Value, ...], at: Span) -> Value:
    """The method that the compiler writes for an embedded interface: it calls the one inside, which may embed again."""
    wrapper = m.wrappers.setdefault((t, name), object())
    signature = _signature(base.type, name)
    if m.depth(wrapper) >= m.settings.bounds.recursion:
        m.fail_edge(m.here(), TRUE, "bound", f"recursion of ({t}).{name} (bounds: recursion)")
        m.cur = None
        return zero(m, signature.results[0] if len(signature.results) == 1 else Tuple(signature.results))
    m.frames.append(Frame(f"({t}).{name}", at, ret=m.here(), function=wrapper))
    held = load(m, base) if isinstance(base, Loc) else base
    got = interface_call(m, held, name, args, at)
    m.frames.pop()
    return got


def _receiver(m: Machine, base: Loc | Value, found: Found) -> Value:
    if found.needs_pointer:
        return _pointer(m, base)
    held = through(m, base)
    return snapshot(m, load(m, held)) if isinstance(held, Loc) else held


def _pointer(m: Machine, base: Loc | Value) -> Value:
    if isinstance(underlying(base.type), Pointer):
        return load(m, base) if isinstance(base, Loc) else base
    assert isinstance(base, Loc)
    return as_pointer(m, base)
