"""sync.OnceFunc, OnceValue, OnceValues: a function around a Once and what its first call came to (sync/oncefunc.go).

The results and the panic are written by the one goroutine that runs f, and read when the Once says that f is done. So
nobody can see them change, and they move in the steps of the Once itself.
"""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang.lower.inline import inline
from verifier.golang.lower.layout import MOST_PANICS
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.objects import cells_of, target
from verifier.golang.lower.storage import allocate, function_in_data, numbers, zero
from verifier.golang.lower.values import FuncVal, Loc, Made, Part, Value, is_func, nothing
from verifier.golang.types import Named, Pointer, Primitive, Signature, Struct, StructField, Tuple, Type
from verifier.gosem import once
from verifier.gosem.fragment import DONE
from verifier.program.expr import ZERO, Const, Expr, Own, Read, Ref, equal, ite, op
from verifier.program.program import Range
from verifier.records import replace
from verifier.source import Span

Updates = tuple[tuple[Ref, Expr], ...]

PANIC = Primitive("sync.oncePanic")


def once_function(m: Machine, f: FuncVal, signature: Signature, name: str, at: Span) -> Value:
    """The function that `sync.OnceFunc(f)` and its kin return."""
    if any(is_func(t) for t in signature.results):
        raise function_in_data(m, at)
    kept = tuple(StructField(f"·r{i}", t) for i, t in enumerate(signature.results))
    whole = Struct((StructField("·once", Primitive("sync.Once")), StructField("·panic", PANIC), *kept))
    state = Named(f"sync.{name}", at, whole)
    pointer = allocate(m, Pointer(state), numbers(m, zero(m, state)), f"{name}@{at.site}")
    calls = _Calls(f, signature.results, name, [])
    made = Made(f"sync.{name}.func1", calls.run, f)
    return Value(signature, (FuncVal(made, m.globals, Value(Pointer(state), (pointer,))),))


class _Calls:
    """The calls of one such function, wherever they are: they share the list of panics that f can end in."""

    def __init__(self, f: FuncVal, results: tuple[Type, ...], name: str, panics: list[str]) -> None:
        self.f = f
        self.results = results
        self.name = name
        self.panics = panics

    def run(self, m: Machine, recv: Value | None, at: Span | None) -> Value:
        """One call: the first one runs f, later ones have its results, or panic as it did."""
        assert recv is not None
        loc = target(m, recv)
        kept = self._cells(m, loc)
        out = tuple(m.temp("once", x.spec) for t in self.results for x in m.layouts.leaves(t))
        panicked, number = m.temp("panicked", Range(0, MOST_PANICS)), m.ref(_in(loc, "·panic", Part("number")))
        cells = cells_of(m, _in(loc, "·once"))
        skip = m.new()
        again: Updates = (*((o, Read(k)) for o, k in zip(out, kept, strict=True)), (panicked, Read(number)))
        more: dict[int, Updates] = {once.SKIP: again, DONE: ((panicked, ZERO),)}
        begin = (replace(p, updates=(*p.updates, *more[p.dst])) for p in once.begin(cells))
        m.fragment(tuple(begin), {once.SKIP: skip})
        value: list[Value] = []
        first = Made("sync.(*Once).Do", _keeping(self.f, value), self.f)

        def finish() -> None:
            panic = m.frames[-1].panicking if m.frames[-1].raises else None
            new = numbers(m, value[0])
            if panic is not None:
                new = tuple(ite(equal(Read(panic), ZERO), v, ZERO) for v in new)
            ends: list[tuple[Ref, Expr]] = [*zip(kept, new, strict=True), *zip(out, new, strict=True)]
            if panic is not None:
                ends.append((number, self._number(m, panic)))
            done = (p for p in once.finish(cells) if p.fail is None)
            m.fragment(tuple(replace(p, updates=(*p.updates, *ends)) for p in done))

        inline(m, FuncVal(first, m.globals), (), at, finish=finish)
        m.label(skip)
        if self.panics and m.carried is not None and at is not None:
            raise m.unsupported(
                f"sync.{self.name} of a function that can panic, in a model that recovers, is not supported yet", at
            )
        for i, message in enumerate(self.panics):
            m.fail_if(equal(Read(panicked), Const(i + 1)), "panic", message)
        # A panic that only a call lowered later knows of: f is the same everywhere, so this is never taken.
        m.fail_if(op("<", Const(len(self.panics)), Read(panicked)), "bound", f"a panic of sync.{self.name}")
        return Value(self.results[0] if len(self.results) == 1 else Tuple(self.results), tuple(Read(o) for o in out))

    def _cells(self, m: Machine, loc: Loc) -> tuple[Ref, ...]:
        return tuple(
            m.ref(_in(loc, f"·r{i}", *x.path)) for i, t in enumerate(self.results) for x in m.layouts.leaves(t)
        )

    def _number(self, m: Machine, panic: Own) -> Expr:
        """The panic that f is left by, as a number of ours; 0 for none."""
        number: Expr = ZERO
        for place in m.frames[-1].raises:
            message = m.raised[place].message
            if message not in self.panics:
                self.panics.append(message)
            number = ite(equal(Read(panic), Const(place + 1)), Const(self.panics.index(message) + 1), number)
        if len(self.panics) > MOST_PANICS:
            assert m.where is not None
            raise m.unsupported(f"more than {MOST_PANICS} panics in a function of sync.{self.name}", m.where)
        return number


def _keeping(f: FuncVal, value: list[Value]) -> Callable[[Machine, Value | None, Span | None], Value]:
    def run(m: Machine, recv: Value | None, at: Span | None) -> Value:
        value.append(inline(m, f, (), at))
        return nothing()

    return run


def _in(loc: Loc, *path: str | int) -> Loc:
    return replace(loc, path=(*loc.path, *path))
