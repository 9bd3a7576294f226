"""Expressions as Python source over the packed state `s`."""

from __future__ import annotations

from verifier.explore.machine import Machine
from verifier.program.expr import At, Cell, Const, Expr, Family, Fresh, Judge, Op, Pc, Read, Table, go_div
from verifier.program.intervals import Ranges
from verifier.program.layout import Slot
from verifier.records import dataclass, field


def go_rem(a: int, b: int) -> int:
    """Go's remainder: the sign of the dividend."""
    return a - b * go_div(a, b)


_PYTHON = {"+", "-", "*", "&", "|", "^", "<<", ">>"}
_CHAINS = {"+": " + ", "and": " and ", "or": " or "}


@dataclass
class Writer:
    """Turns expressions into source text; constant tables end up in `names`, the globals of the generated code."""

    machine: Machine
    names: dict[str, object] = field(default_factory=lambda: {"go_div": go_div, "go_rem": go_rem})
    _tables: dict[object, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ranges = Ranges(self.machine.program)

    def value(self, e: Expr) -> str:
        """Source of an integer (or bool) expression; always safe to use as an operand."""
        match e:
            case Const(value=v):
                return str(v) if v >= 0 else f"({v})"
            case Fresh():
                return "fresh"
            case Read(ref=Cell(number=n)):
                return self.slot(self.machine.layout.cells[n])
            case Read(ref=Pc(instance=i)):
                return self._location(i)
            case Read(ref=At(family=f, index=index)):
                return self._at(f, index)
            case Table(values=values, index=index):
                return self._lookup("T", values, index)
            case Op():
                return self._op(e)
            case Judge():
                return self._judge(e)
        raise TypeError(f"not an absolute expression: {e}")

    def test(self, e: Expr) -> str:
        """Source of a condition: only its truth counts."""
        match e:
            case Op(name="not", args=(a,)):
                return f"(not {self.test(a)})"
            case Op(name="and" | "or" as name, args=_):
                return "(" + _CHAINS[name].join(self.test(a) for a in flatten(name, e)) + ")"
            case Op(name="==" | "!=" as name, args=(Read(ref=Cell(number=n)), Const(value=v))):
                return self._compare(self.machine.layout.cells[n], name, v)
            case Op(name="==" | "!=" as name, args=(Read(ref=Pc(instance=i)), Const(value=v))):
                return self._compare_location(i, name, v)
            case Read(ref=Cell(number=n)):
                slot = self.machine.layout.cells[n]
                if slot.low == 0 and slot.width:
                    return f"(s & {slot.mask << slot.shift})"
        return self.value(e)

    def slot(self, slot: Slot) -> str:
        """Source of the value in a slot."""
        if slot.width == 0:
            return str(slot.low) if slot.low >= 0 else f"({slot.low})"
        if slot.shift + slot.width == self.machine.layout.bits:
            raw = f"(s >> {slot.shift})"
        elif slot.shift:
            raw = f"(s >> {slot.shift} & {slot.mask})"
        else:
            raw = f"(s & {slot.mask})"
        return raw if slot.low == 0 else f"({raw} + {slot.low})"

    def address(self, family: Family, index: Expr) -> str:
        """Source of the number of the cell that `family` selects; -1 where there is none."""
        name = self._table("A", dict(enumerate(family.cells)))
        return f"{name}.get({self.value(index)}, -1)"

    def shifts(self, family: Family, index: Expr) -> tuple[str, Slot | None, dict[str, str]]:
        """How to reach a family's cell: source of its shift, its slot if all are alike, else the tables' names."""
        slots = [None if n < 0 else self.machine.layout.cells[n] for n in family.cells]
        shapes = {(s.width, s.low) for s in slots if s is not None}
        shift = self._lookup("F", tuple(None if s is None else s.shift for s in slots), index)
        if len(shapes) == 1:
            return shift, next(s for s in slots if s is not None), {}
        parts = {
            "mask": self._lookup("M", tuple(None if s is None else s.mask for s in slots), index),
            "low": self._lookup("L", tuple(None if s is None else s.low for s in slots), index),
        }
        return shift, None, parts

    def _at(self, family: Family, index: Expr) -> str:
        shift, slot, parts = self.shifts(family, index)
        if slot is None:
            return f"((s >> {shift} & {parts['mask']}) + {parts['low']})"
        raw = f"(s >> {shift} & {slot.mask})"
        return raw if slot.low == 0 else f"({raw} + {slot.low})"

    def _lookup(self, prefix: str, values: tuple[int | None, ...], index: Expr) -> str:
        least, most = self.ranges.of(index)
        proven = least >= 0 and most < len(values)
        # A dict has no negative indices: a fault of the program raises instead of reading some other entry.
        table: object = values if proven else dict(enumerate(values))
        return f"{self._table(prefix, table)}[{self.value(index)}]"

    def _table(self, prefix: str, values: object) -> str:
        key = (prefix, tuple(values.items()) if isinstance(values, dict) else values)
        if key not in self._tables:
            name = f"{prefix}{len(self._tables)}"
            self._tables[key] = name
            self.names[name] = values
        return self._tables[key]

    def _judge(self, e: Judge) -> str:
        """A call of `judge`, a global of the generated code: (state, client, outcome, the calls all are in)."""
        clients = self.machine.program.clients
        assert clients is not None
        cells = self.machine.layout.cells
        pending = [self.slot(cells[n]) for n in clients.pending]
        pending[e.client] = self.value(e.op)
        state = self.slot(cells[clients.state])
        return f"judge({state}, {e.client}, {self.value(e.result)}, ({', '.join(pending)},))"

    def _location(self, instance: int) -> str:
        layout = self.machine.layout
        return f"{self._table('P', layout.locations[instance])}[{self.slot(layout.pcs[instance])}]"

    def _compare_location(self, instance: int, name: str, location: int) -> str:
        layout = self.machine.layout
        code = layout.codes[instance].get(location)
        if code is None:
            return "False" if name == "==" else "True"
        return self._compare(layout.pcs[instance], name, code)

    def _compare(self, slot: Slot, name: str, value: int) -> str:
        stored = value - slot.low
        if not 0 <= stored <= slot.mask:
            return "False" if name == "==" else "True"
        if slot.width == 0:
            return "True" if name == "==" else "False"
        bits = f"s & {slot.mask << slot.shift}"
        if slot.width == 1:
            return f"({bits})" if (name == "==") == bool(stored) else f"(not {bits})"
        if stored == 0:
            return f"(not {bits})" if name == "==" else f"({bits})"
        return f"({bits} {name} {stored << slot.shift})"

    def _op(self, e: Op) -> str:
        name, args = e.name, e.args
        if name in ("and", "or"):
            return f"(1 if {self.test(e)} else 0)"
        if name == "ite":
            return f"({self.value(args[1])} if {self.test(args[0])} else {self.value(args[2])})"
        if name == "not":
            return f"(1 if {self.test(e)} else 0)"
        if name == "neg":
            return f"(-{self.value(args[0])})"
        if name in ("==", "!=", "<", "<="):
            return f"({self.value(args[0])} {name} {self.value(args[1])})"
        if name == "+":
            return "(" + " + ".join(self.value(a) for a in flatten("+", e)) + ")"
        if name in _PYTHON:
            return f"({self.value(args[0])} {name} {self.value(args[1])})"
        if name in ("/", "%"):
            helper = "go_div" if name == "/" else "go_rem"
            return f"{helper}({self.value(args[0])}, {self.value(args[1])})"
        raise ValueError(f"unknown operator {name}")


def flatten(name: str, e: Expr) -> list[Expr]:
    """The operands of a chain of one associative operator, left to right (Python limits nested parentheses)."""
    out: list[Expr] = []
    todo = [e]
    while todo:
        x = todo.pop()
        if isinstance(x, Op) and x.name == name:
            todo.extend(reversed(x.args))
        else:
            out.append(x)
    return out


def facts(guard: Expr) -> dict[int, int]:
    """Values of cells that hold whenever `guard` does, read off its conjuncts."""
    known: dict[int, int] = {}
    for part in flatten("and", guard):
        match part:
            case Op(name="==", args=(Read(ref=Cell(number=n)), Const(value=v))):
                known[n] = v
            case Op(name="not", args=(Read(ref=Cell(number=n)),)):
                known[n] = 0
    return known
