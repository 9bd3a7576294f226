"""The machine under construction: templates, locations, steps, frames, storage, and what only linking can number."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.facts import Facts
from verifier.golang.lower.layout import Layouts
from verifier.golang.lower.pending import FamilyKey, OrdinalKey, Pending, PlaceKey, TableKey
from verifier.golang.lower.settings import Settings as Settings
from verifier.golang.lower.templates import Builder, Capture, Frame, Loop, Raise
from verifier.golang.lower.values import Address, Check, Dyn, Env, Leaf, Loc, Path, Region, Spec, Value, path_name
from verifier.golang.text import Files, snippet
from verifier.golang.types import Func, Info, Type
from verifier.gosem.fragment import DONE, ENTRY, Fragment
from verifier.program.expr import At, Const, Expr, Family, Own, PerInstance, Ref, Table, negate, op
from verifier.program.program import END, IDLE, Access, Call, Fail, Kind, Range, Step
from verifier.source import LIBRARY, ModelError, Span, fail


class Machine:
    """The state of one lowering run. Construct handlers receive it and add steps at `cur`, the current location."""

    def __init__(self, info: Info, facts: Facts, layouts: Layouts, settings: Settings, files: Files) -> None:
        self.info = info
        self.facts = facts
        self.layouts = layouts
        self.settings = settings
        self.files = files
        self.builders: list[Builder] = [Builder(0, "package", None)]
        self.tm = self.builders[0]
        self.cur: int | None = 2
        self.frames: list[Frame] = []
        self.outer: tuple[Frame, ...] = ()
        """Frames of the goroutines that started the one under construction."""
        self.loops: list[Loop] = []
        self.loop_depth = 0
        self.globals = Env()
        self.env = self.globals
        self._where: Span | None = None
        self.label_hint = ""
        self.pending: list[Pending] = []
        self._pending_ids: dict[Pending, int] = {}
        self.sort_types: dict[str, Type] = {}
        self.sort_entries: dict[str, dict[tuple[Region, tuple[str | int, ...]], None]] = {}
        self.slice_lengths: dict[Region, int] = {}
        self.segments: dict[str, Type] = {}
        self.raised: list[Raise] = []
        self.notes: dict[str, None] = {}
        self.captures: dict[int, dict[int, Capture]] = {}
        """For each started goroutine: what it takes along, by the identity of the binding."""
        self.hoisted: dict[object, Value] = {}
        """Results of parts of the running statement that were carried out early (see `order`)."""
        self.pools: dict[tuple[str, tuple[Leaf, ...]], Region] = {}
        self.allocated: dict[str, None] = {}
        """Sorts of objects that goroutines allocate again and again."""
        self.free_values: dict[Func, int] = {}
        """Functions without a body, and how many values of each are explored."""
        self.raise_cells: list[Own] = []
        self.carried: Callable[[str], Expr] | None = None
        """The value of a panic with this message, in models that recover (see `recovery`)."""
        self.texts: dict[str, int] = {}
        self.deferring: Frame | None = None
        """The frame whose deferred call is about to be made."""
        self.odd: int | None = None
        """Cell that remembers that some step showed a symptom (runtime lowering only)."""
        self.any_compared: Span | None = None
        """Where two interface values are compared that can hold anything: maps and slices would panic there."""
        self.dispatched: dict[Type, Span] = {}
        """Interface types that methods are called through, and where first."""
        self.wrappers: dict[tuple[Type, str], object] = {}
        """Methods promoted from embedded interfaces, by type and name."""
        self.pure = False
        self.sync_keys = max(len(layouts.strings), layouts.int_keys)
        self.sync_key_type = ""
        self.sync_key_go: Type | None = None
        self.defined: list[Expr] = []
        self.evaluate: Callable[[Machine, ast.Expr, Type | None], Value] | None = None
        self.stmt_table: dict[type, Callable[..., None]] = {}

    @property
    def where(self) -> Span | None:
        """Where in the model the construct at work stands: inside Go's own library, where that was called."""
        return self._where

    @where.setter
    def where(self, span: Span | None) -> None:
        if span is None or span.file != LIBRARY:
            self._where = span

    # ---- constructs: handlers call each other only through these two

    def value(self, x: ast.Expr, want: Type | None = None) -> Value:
        """Lower an expression; with `want`, converted to that type."""
        assert self.evaluate is not None
        return self.evaluate(self, x, want)

    def statement(self, s: ast.Stmt) -> None:
        """Lower a statement."""
        before, self.where = self.where, s.span
        self.stmt_table[type(s)](self, s)
        self.where = before

    # ---- diagnostics

    def unsupported(self, what: str, span: Span, *notes: str) -> ModelError:
        """A located error that names a construct outside the subset and what works instead."""
        return fail(what, span, *notes)

    def text(self, span: Span | None) -> str:
        """The Go text at `span`, shortened to one line."""
        return snippet(span, self.files) if span else ""

    # ---- control

    def new(self) -> int:
        """A fresh location of the current template."""
        self.tm.alias.append(len(self.tm.alias))
        return len(self.tm.alias) - 1

    def here(self) -> int:
        """The current location; an unreachable one gets a location of its own, dropped later."""
        if self.cur is None:
            self.cur = self.new()
        return self.cur

    def goto(self, location: int) -> None:
        """Continue at `location` and leave the current position unreachable."""
        if self.cur is not None:
            a, b = self.tm.find(self.cur), self.tm.find(location)
            if a != b:
                if a in self.tm.pinned or (a in (END, IDLE, 2) and b in (END, IDLE, 2)):
                    self.edge(a, b)
                elif a in (END, IDLE, 2):
                    self.tm.alias[b] = a
                    if b in self.tm.pinned:
                        self.tm.pinned.add(a)
                else:
                    self.tm.alias[a] = b
        self.cur = None

    def label(self, location: int) -> None:
        """Continue at `location`, which may also be reached from elsewhere."""
        self.goto(location)
        self.cur = location

    def stack(self) -> tuple[Call, ...]:
        """The frames at this point, outermost first; those of Go's own library only where there are no others."""
        shown = [f for f in self.frames if not f.library] or self.frames
        return tuple(Call(f.name, f.called_at) for f in shown)

    def edge(self, src: int, dst: int, **what: object) -> None:
        """Add a step between two locations. Guards that are constantly false add nothing."""
        step = Step(src, dst, span=self.where, text=self.text(self.where), stack=self.stack(), **what)  # type: ignore[arg-type]
        if step.guard != Const(0):
            self.tm.steps.append(step)

    def step(self, **what: object) -> None:
        """Add a step from the current location to a fresh one and continue there."""
        src = self.here()
        self.cur = self.new()
        self.edge(src, self.cur, **what)

    def branch(self, condition: Expr, then: int, other: int) -> None:
        """Two local steps, by a condition over private cells."""
        src = self.here()
        self.cur = None
        if isinstance(condition, Const):
            self.cur = src
            self.goto(then if condition.value else other)
            return
        self.edge(src, then, guard=condition)
        self.edge(src, other, guard=negate(condition))

    def settle_checks(self, checks: tuple[Check, ...]) -> None:
        """Make pending run-time checks now."""
        for c in checks:
            self.fail_if(c.condition, c.kind, c.message)

    def fail_if(self, condition: Expr, kind: str, message: str) -> None:
        """Continue where `condition` is false; where it holds, panic or end in a failure."""
        if condition == Const(0):
            return
        if self.pure:
            self.defined.append(negate(condition))
            return
        src = self.here()
        self.cur = self.new()
        self.edge(src, self.cur, guard=negate(condition))
        self.fail_edge(src, condition, kind, message)

    def fail_edge(
        self,
        src: int,
        condition: Expr,
        kind: str,
        message: str,
        accesses: tuple[Access, ...] = (),
        cite: str = "",
        detail: str = "",
        kind_of_step: Kind = Kind.LOCAL,
        carried: Expr | None = None,
    ) -> None:
        """A failing step; a panic goes to the nearest frame that has deferred calls, if there is one.

        `carried`: the value of `panic(value)`, for `recover`.
        """
        if kind == "panic":
            for f in reversed(self.frames):
                if f.unwind is not None:
                    number = self.raise_number(message)
                    assert f.panicking is not None
                    f.raises.setdefault(number)
                    updates: tuple[tuple[Ref, Expr], ...] = ((f.panicking, Const(1 + number)),)
                    if f.carried is not None and self.carried is not None:
                        updates += ((f.carried, self.carried(message) if carried is None else carried),)
                    self.edge(
                        src,
                        f.unwind,
                        guard=condition,
                        updates=updates,
                        accesses=accesses,
                        kind=kind_of_step,
                        detail=detail or f"panic: {message}",
                        cite=cite,
                    )
                    return
        self.edge(
            src,
            END,
            guard=condition,
            accesses=accesses,
            kind=kind_of_step,
            fail=Fail(kind, message),
            detail=detail,
            cite=cite,
        )

    def raise_number(self, text: str) -> int:
        """The number of a panic raised here: reports show this place, not the deferred call it unwinds through."""
        raised = Raise(text, self.tm.number, self.where, self.text(self.where), self.stack())
        if raised not in self.raised:
            self.raised.append(raised)
        return self.raised.index(raised)

    def panic_cell(self) -> Own:
        """A cell that says whether a frame is left by a panic: 0, or 1 + the number of the place where it started.

        Each frame has its own: a call made by a deferred function returns normally although its caller panics.
        """
        self.raise_cells.append(self.temp("panicking", Range(0, 0)))
        return self.raise_cells[-1]

    def size_panic_cells(self) -> None:
        """All places where a panic can start are known now: give the cells their range."""
        for ref in self.raise_cells:
            name, _ = self.builders[ref.template].cells[ref.offset]
            self.builders[ref.template].cells[ref.offset] = (name, Range(0, len(self.raised)))

    def depth(self, function: object) -> int:
        """How many frames of a function are open, those of the goroutines that lead here included."""
        return sum(f.function is function for f in (*self.outer, *self.frames))

    # ---- storage

    def cell(self, name: str, spec: Spec) -> int:
        """A new private cell of the current template; its offset."""
        self.tm.cells.append((name, spec))
        self.tm.frame.append(True)
        return len(self.tm.cells) - 1

    def temp(self, name: str, spec: Spec) -> Own:
        """A private scratch cell, dead (zero) after its last use."""
        return Own(self.tm.number, self.cell(name, spec))

    def temps(self, t: Type, name: str) -> tuple[Own, ...]:
        """Scratch cells for the leaves of a type."""
        return tuple(self.temp(path_name(name, x.path), x.spec) for x in self.layouts.leaves(t))

    def blocks(self) -> int:
        """Blocks of an allocation site that can run again."""
        # One block would be taken for a site that runs once: its address would not change from round to round.
        return max(self.settings.bounds.heap, 2) if self.tm.number else self.settings.initial_blocks

    def region(self, name: str, leaves: tuple[Leaf, ...], sort: str, private: bool, blocks: int = 1) -> Region:
        """Static storage in the current template's block."""
        r = Region(name, self.tm.number, len(self.tm.cells), leaves, sort, blocks, private, len(self.tm.regions))
        for b in range(blocks):
            shown = name if blocks == 1 else f"{name}#{b + 1}"
            for leaf in leaves:
                self.tm.cells.append((path_name(shown, leaf.path), leaf.spec))
                self.tm.frame.append(private)
        self.tm.regions.append(r)
        return r

    def expose(self, r: Region) -> None:
        """The region is reached through a pointer or a computed index from now on: no liveness for its cells."""
        r.private = False
        frame = self.builders[r.template].frame
        for o in range(r.offset, r.offset + r.size * r.blocks):
            frame[o] = False

    def ref(self, loc: Loc, leaf: tuple[str | int, ...] = ()) -> Ref:
        """The cell of `loc` at a leaf path."""
        path: Path = (*loc.path, *leaf)
        dynamic = [c for c in path if isinstance(c, Dyn)]
        base = loc.base
        if isinstance(base, Region) and not dynamic:
            return Own(base.template, base.offset + base.index[_static(path)])
        holes = tuple(("*", c.size) if isinstance(c, Dyn) else c for c in path)
        if isinstance(base, Region):
            self.expose(base)
            index: Expr = PerInstance(base.template, (self.pend(OrdinalKey()),))
            key = FamilyKey(base, holes)
        else:
            index = base.pointer
            key = FamilyKey(base.sort, holes)
        for c in dynamic:
            index = op("+", op("*", index, Const(c.size)), c.index)
        return At(Family(f"?{self.pend(key)}", ()), index)

    def pend(self, key: Pending) -> int:
        """The number under which linking will find `key`."""
        if key not in self._pending_ids:
            self._pending_ids[key] = len(self.pending)
            self.pending.append(key)
        return self._pending_ids[key]

    def enter(self, sort: str, region: Region, path: tuple[str | int, ...]) -> None:
        """Make a place of a region a possible target of references of `sort`."""
        self.expose(region)
        self.sort_entries.setdefault(sort, {}).setdefault((region, path))

    def number(self, address: Address, sort: str) -> Expr:
        """The place number of a constant pointer, as an expression linking will fill in."""
        self.enter(sort, address.region, address.path)
        return PerInstance(address.region.template, (self.pend(PlaceKey(address, sort)),))

    def address(self, loc: Loc, sort: str) -> Expr | Address:
        """The address of a place: constant if nothing about it is computed."""
        dynamic = [c for c in loc.path if isinstance(c, Dyn)]
        if isinstance(loc.base, Region) and not dynamic:
            return Address(loc.base, _static(loc.path))
        if not isinstance(loc.base, Region) and not loc.path:
            return loc.base.pointer
        holes = tuple(("*", c.size) if isinstance(c, Dyn) else c for c in loc.path)
        if isinstance(loc.base, Region):
            self.expose(loc.base)
            index: Expr = PerInstance(loc.base.template, (self.pend(OrdinalKey()),))
            key = TableKey(loc.base, holes, sort)
        else:
            index = loc.base.pointer
            key = TableKey(loc.base.sort, holes, sort)
        for c in dynamic:
            index = op("+", op("*", index, Const(c.size)), c.index)
        self.sort_entries.setdefault(sort, {})
        return Table((self.pend(key),), index)

    # ---- fragments of primitives

    def fragment(self, pieces: Fragment, ends: dict[int, int] | None = None) -> None:
        """Splice the steps of a primitive in at the current location; `ends` maps further ends to locations."""
        if not pieces:
            return
        start, done = self.here(), self.new()
        inner: dict[int, int] = {ENTRY: start, DONE: done, **(ends or {})}
        for p in pieces:
            for n in (p.src, p.dst):
                if n not in inner:
                    inner[n] = self.new()
            if p.fail is not None:
                self.fail_edge(inner[p.src], p.guard, p.fail.kind, p.fail.message, p.accesses, p.cite, p.detail, p.kind)
                continue
            shown = ((Own(0, self.odd), Const(1)),) if p.symptom and self.odd is not None else ()
            self.edge(
                inner[p.src],
                inner[p.dst],
                guard=p.guard,
                updates=(*p.updates, *shown),
                accesses=p.accesses,
                kind=p.kind,
                detail=p.detail,
                cite=p.cite,
                sync=p.sync,
                offer=p.offer,
                symptom=p.symptom,
            )
        self.cur = done

    def note(self, text: str) -> None:
        """Something the report must tell the user."""
        self.notes.setdefault(text)


def _static(path: Path) -> tuple[str | int, ...]:
    return tuple(c for c in path if not isinstance(c, Dyn))
