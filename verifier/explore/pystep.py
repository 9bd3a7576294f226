"""One concrete step as lines of Python: guard, range checks, the next packed state."""

from __future__ import annotations

from verifier.explore.machine import Machine
from verifier.explore.pyexpr import Writer, facts
from verifier.program.concrete import Concrete
from verifier.program.expr import TRUE, At, Cell, Const, Expr, Op, Read
from verifier.program.intervals import Ranges
from verifier.program.layout import Slot
from verifier.program.program import high, low


class StepWriter:
    """Writes the body of steps. The lines assume `s` and, where the step allocates, `fresh`; they set `t`."""

    def __init__(self, machine: Machine, writer: Writer) -> None:
        self._machine = machine
        self._writer = writer
        self._narrowed: tuple[Concrete, Ranges] | None = None

    def guard(self, c: Concrete) -> str | None:
        """The condition of a step, None when it is always enabled at its location."""
        return None if c.step.guard == TRUE else self._writer.test(c.step.guard)

    def update(self, c: Concrete) -> tuple[list[str], list[str]]:
        """Lines that compute `t`, and conditions that must hold for every new value to be in range."""
        if any(isinstance(ref, At) for ref, _ in c.step.updates):
            return self._in_order(c)
        return self._at_once(c)

    def _at_once(self, c: Concrete) -> tuple[list[str], list[str]]:
        """All written cells have known places: one mask, one constant, and a term for each computed value."""
        clear, constant, terms = self._control(c)
        lines: list[str] = []
        checks: list[str] = []
        known = facts(c.step.guard)
        for position, (ref, value) in enumerate(c.step.updates):
            assert isinstance(ref, Cell)
            slot = self._machine.layout.cells[ref.number]
            if value == Read(ref):
                continue
            source = self._checked(c, position, ref, value, lines, checks)
            delta = _delta(ref, value, known.get(ref.number))
            if slot.width == 0:
                continue
            if delta is not None:
                constant += delta << slot.shift
                continue
            clear |= slot.mask << slot.shift
            if isinstance(value, Const):
                constant += (value.value - slot.low) << slot.shift
            else:
                terms.append(_shifted(source, slot))
        kept = f"(s & {self._everything & ~clear})" if clear else "s"
        sum_ = " + ".join([kept, *terms])
        tail = f" + {constant}" if constant > 0 else f" - {-constant}" if constant < 0 else ""
        lines.append(f"t = {sum_}{tail}")
        return lines, checks

    def _in_order(self, c: Concrete) -> tuple[list[str], list[str]]:
        """Some place is computed, so writes may meet: values first, then one masked write after the other."""
        clear, constant, terms = self._control(c)
        kept = f"(s & {self._everything & ~clear})" if clear else "s"
        start = " + ".join([kept, *terms])
        lines: list[str] = []
        checks: list[str] = []
        writes = [f"t = {start} + {constant}" if constant >= 0 else f"t = {start} - {-constant}"]
        for position, (ref, value) in enumerate(c.step.updates):
            source = self._checked(c, position, ref, value, lines, checks)
            if isinstance(ref, Cell):
                slot = self._machine.layout.cells[ref.number]
                if slot.width:
                    keep = self._everything & ~(slot.mask << slot.shift)
                    writes.append(f"t = t & {keep} | {_shifted(source, slot)}")
                continue
            assert isinstance(ref, At)
            shift, alike, tables = self._writer.shifts(ref.family, ref.index)
            lines.append(f"x{position} = {shift}")
            mask = str(alike.mask) if alike else tables["mask"]
            least = str(alike.low) if alike else tables["low"]
            lines.append(f"m{position} = {mask} << x{position}")
            lines.append(f"y{position} = ({source} - {least}) << x{position}")
            if not alike or alike.width:
                # Zero-width cells have mask 0 and hold what the range check allowed: nothing to store.
                writes.append(f"t = t & ~m{position} | y{position} & m{position}")
        return lines + writes, checks

    def _checked(
        self, c: Concrete, position: int, ref: Cell | At | object, value: Expr, lines: list[str], checks: list[str]
    ) -> str:
        """The source of a value; one that may be out of range goes to a local first and adds a check."""
        source = self._writer.value(value)
        if not isinstance(ref, Cell | At) or self._fits(c, ref, value):
            return source
        name = f"v{position}"
        lines.append(f"{name} = {source}")
        program = self._machine.program
        if isinstance(ref, Cell):
            domain = program.cells[ref.number].domain
            checks.append(f"{low(domain)} <= {name} <= {high(domain, program.sorts)}")
            return name
        bounds = {
            (low(program.cells[n].domain), high(program.cells[n].domain, program.sorts))
            for n in ref.family.cells
            if n >= 0
        }
        if len(bounds) == 1:
            ((least, most),) = bounds
            checks.append(f"{least} <= {name} <= {most}")
        else:
            table = {
                i: (low(program.cells[n].domain), high(program.cells[n].domain, program.sorts))
                for i, n in enumerate(ref.family.cells)
                if n >= 0
            }
            label = f"B{len(self._writer.names)}"
            self._writer.names[label] = table
            index = self._writer.value(ref.index)
            checks.append(f"{label}[{index}][0] <= {name} <= {label}[{index}][1]")
        return name

    def _fits(self, c: Concrete, ref: Cell | At, value: Expr) -> bool:
        """Whether the value is certain to be one of the cell's."""
        ranges = self._writer.ranges.for_alloc(c.step.alloc)
        if ranges.fits(value, ref):
            return True
        # What the guard says is worked out once a step, and only where the domains alone do not settle it.
        if self._narrowed is None or self._narrowed[0] is not c:
            self._narrowed = (c, ranges.given(c.step.guard))
        return self._narrowed[1].fits(value, ref)

    def _control(self, c: Concrete) -> tuple[int, int, list[str]]:
        """Locations: (bits to clear, constant to add, terms). A child may start from IDLE or END."""
        layout = self._machine.layout
        codes = layout.codes[c.instance]
        constant = (codes[c.step.dst] - codes[c.step.src]) << layout.pcs[c.instance].shift
        if c.partner is not None:
            # The guard has it that the partner stands there.
            there = layout.codes[c.partner.instance]
            moved = there[c.partner.step.dst] - there[c.partner.step.src]
            return 0, constant + (moved << layout.pcs[c.partner.instance].shift), []
        if c.child is None:
            return 0, constant, []
        slot = layout.pcs[c.child]
        entry = self._machine.program.templates[self._machine.program.instances[c.child].template].entry
        return slot.mask << slot.shift, constant + (layout.codes[c.child][entry] << slot.shift), []

    @property
    def _everything(self) -> int:
        return (1 << self._machine.layout.bits) - 1


def _shifted(source: str, slot: Slot) -> str:
    moved = source if slot.low == 0 else f"({source} - {slot.low})" if slot.low > 0 else f"({source} + {-slot.low})"
    return f"({moved} << {slot.shift})" if slot.shift else f"({moved})"


def _delta(ref: Cell, value: Expr, known: int | None) -> int | None:
    """By how much the stored number changes, when that does not depend on the state."""
    match value:
        case Op(name="+", args=(Read(ref=r), Const(value=v))) if r == ref:
            return v
        case Op(name="+", args=(Const(value=v), Read(ref=r))) if r == ref:
            return v
        case Op(name="-", args=(Read(ref=r), Const(value=v))) if r == ref:
            return -v
        case Const(value=v) if known is not None:
            return v - known
    return None
