"""One concrete step as LLVM: its guard, its range checks, and the words of the state it leads to."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.expressions import Caller, Expressions, Place
from verifier.explore.kernel.words import Words, signed
from verifier.explore.machine import Machine
from verifier.program.concrete import Concrete
from verifier.program.expr import TRUE, At, Cell, Expr, Read, Ref
from verifier.program.intervals import Ranges
from verifier.program.layout import WORD, Slot
from verifier.program.program import high, low
from verifier.records import dataclass


@dataclass(frozen=True)
class Edit:
    """Bits to clear in a word of the successor, and what to put there: a constant and computed values."""

    clear: int = 0
    constant: int = 0
    terms: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Target:
    """Where an update goes, and the new value. `place` is there for a computed index."""

    ref: Ref
    place: Place | None
    value: Value


class StepCode:
    """Emits steps into one function. `out` is where the words of the successor go."""

    def __init__(
        self,
        machine: Machine,
        words: Words,
        constants: Constants,
        out: Callable[[], Value],
        caller: Caller | None = None,
    ) -> None:
        self._caller = caller
        self._machine = machine
        self._words = words
        self._f: Function = words.within
        self._constants = constants
        self._out = out
        self._ranges = Ranges(machine.program)

    def guard(self, c: Concrete) -> Value | None:
        """The condition of a step, None when it is always enabled at its location."""
        return None if c.step.guard == TRUE else self.expressions(self._ranges).test(c.step.guard)

    def expressions(self, ranges: Ranges | None = None, fresh: Value | None = None) -> Expressions:
        """A writer of expressions over the state the function looks at."""
        machine = self._machine
        ranges = ranges or self._ranges
        clients = machine.program.clients
        return Expressions(self._words, machine.layout, ranges, self._constants, fresh, clients, self._caller)

    def take(
        self, c: Concrete, fresh: Value | None, failed: Callable[[], None], arrive: Callable[[Value], None]
    ) -> None:
        """Write the successor and call `arrive` with its address; `failed` where a value is out of range."""
        ranges = self._ranges.for_alloc(c.step.alloc).given(c.step.guard)
        expressions = self.expressions(ranges, fresh)
        # Where two updates may meet, one that keeps a value undoes what an earlier one has written.
        computed = any(isinstance(ref, At) for ref, _ in c.step.updates)
        kept = [(ref, e) for ref, e in c.step.updates if computed or e != Read(ref)]
        # The reference does not look at a value either that needs neither a check nor a bit.
        kept = [(ref, e) for ref, e in kept if not (self._is_bitless(ref) and ranges.fits(e, ref))]
        unsure = [not ranges.fits(e, ref) for ref, e in kept]
        # What can be no reason to fail is looked at only where the step does not fail, as the reference does.
        early = {
            n: self._target(expressions, ref, e)
            for n, (ref, e) in enumerate(kept)
            if unsure[n] or not isinstance(ref, Cell)
        }
        checks = [self._in_range(target) for n, target in early.items() if unsure[n]]

        def store() -> None:
            out = self._out()
            late = (early.get(n) or self._target(expressions, ref, e) for n, (ref, e) in enumerate(kept))
            self._store(c, out, list(late))
            arrive(out)

        if not checks:
            store()
            return
        good = checks[0]
        for check in checks[1:]:
            good = good & check
        self._f.either(good, store, failed)

    def _is_bitless(self, ref: Ref) -> bool:
        return isinstance(ref, Cell) and not self._machine.layout.cells[ref.number].width

    def _target(self, expressions: Expressions, ref: Ref, e: Expr) -> Target:
        """A place that does not exist is a fault even if some value is out of range: it is looked up before that."""
        value = expressions.value(e)
        return Target(ref, expressions.place(ref.family, ref.index) if isinstance(ref, At) else None, value)

    def _in_range(self, target: Target) -> Value:
        program, ref, value = self._machine.program, target.ref, target.value
        cells = ref.family.cells if isinstance(ref, At) else (ref.number,) if isinstance(ref, Cell) else ()
        domains = [None if n < 0 else program.cells[n].domain for n in cells]
        bounds = [(0, 0) if d is None else (low(d), high(d, program.sorts)) for d in domains]
        distinct = {b for b, d in zip(bounds, domains, strict=True) if d is not None}
        if len(distinct) == 1:
            least, most = distinct.pop()
            return self._f.constant(least, value.type).at_most(value) & value.at_most(most)
        assert target.place is not None
        index = target.place.index
        tables = (self._constants.array(self._f, ends) for ends in zip(*bounds, strict=True))
        first, last = (self._f.load(table, index).extended(value.type, True) for table in tables)
        return first.at_most(value) & value.at_most(last)

    def _store(self, c: Concrete, out: Value, targets: list[Target]) -> None:
        """The old words with the new locations and values in them."""
        edits: dict[int, Edit] = {}
        for slot, code in self._locations(c):
            self._edit(edits, slot, code)
        computed = any(t.place is not None for t in targets)
        if not computed:
            for t in targets:
                assert isinstance(t.ref, Cell)
                self._edit(edits, self._machine.layout.cells[t.ref.number], t.value)
        for n, word in enumerate(self._words.words):
            self._f.store(out, n, self._edited(word, edits.get(n, Edit())))
        if computed:
            # Some place is computed, so writes may meet: one after the other, in memory.
            for t in targets:
                self._write(out, t)

    def _edit(self, edits: dict[int, Edit], slot: Slot, value: Value | int) -> None:
        if not slot.width:
            return
        word, shift = divmod(slot.shift, WORD)
        old = edits.get(word, Edit())
        clear = old.clear | slot.mask << shift
        if isinstance(value, Value) and not _is_number(value):
            term = (value.truncated("i64") - slot.low) << shift
            edits[word] = Edit(clear, old.constant, (*old.terms, term))
            return
        number = int(value.text) if isinstance(value, Value) else value + slot.low
        edits[word] = Edit(clear, old.constant | (number - slot.low) << shift, old.terms)

    def _edited(self, word: Value, edit: Edit) -> Value:
        if edit.clear:
            word = word & signed(~edit.clear)
        for term in edit.terms:
            word = word | term
        return word | signed(edit.constant) if edit.constant else word

    def _write(self, out: Value, target: Target) -> None:
        f, ref, place = self._f, target.ref, target.place
        value = target.value.truncated("i64")
        if place is None:
            assert isinstance(ref, Cell)
            slot = self._machine.layout.cells[ref.number]
            if slot.width:
                word, shift = divmod(slot.shift, WORD)
                kept = f.load(out, word) & signed(~(slot.mask << shift))
                f.store(out, word, kept | ((value - slot.low) << shift))
            return
        where = f.address(out, place.position >> 6)
        shift_ = place.position & WORD - 1
        new = ((value - place.low) & place.mask) << shift_
        f.store(where, 0, (f.load(where) & ~(place.mask << shift_)) | new)

    def _locations(self, c: Concrete) -> list[tuple[Slot, int]]:
        """The location slots a step changes, with their new codes."""
        layout = self._machine.layout
        moved = [(layout.pcs[c.instance], layout.codes[c.instance][c.step.dst])]
        if c.partner is not None:
            partner = c.partner
            moved.append((layout.pcs[partner.instance], layout.codes[partner.instance][partner.step.dst]))
        if c.child is not None:
            program = self._machine.program
            entry = program.templates[program.instances[c.child].template].entry
            moved.append((layout.pcs[c.child], layout.codes[c.child][entry]))
        return moved


def _is_number(value: Value) -> bool:
    return not value.text.startswith(("%", "@"))
