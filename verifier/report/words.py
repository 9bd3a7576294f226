"""Expressions and references of a `Program` in Go's words: cells by their names, constants by their domains."""

from __future__ import annotations

from verifier.program.expr import (
    At,
    Cell,
    Const,
    Expr,
    Fresh,
    Judge,
    Me,
    Op,
    Own,
    Pc,
    PerInstance,
    Read,
    Received,
    Ref,
    Table,
)
from verifier.program.program import END, IDLE, Access, Bool, CellDecl, Domain, Program, show
from verifier.records import dataclass

_BINDS = {"or": 1, "and": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, "+": 4, "-": 4, "|": 4, "^": 4}
"""How tightly a binary operator binds, as in Go; those not named are multiplicative."""
_TIGHTEST = 5
_UNARY = 6
_WORD = {"and": "&&", "or": "||"}
_LONG = 8
"""Constant tables with more entries are not spelled out."""


@dataclass(frozen=True, slots=True)
class Words:
    """Names for one program, seen from the goroutines of one template."""

    program: Program

    def ref(self, ref: Ref) -> str:
        """A cell by name: `mu.held`, `User.Age[p]`; `pc(writer#1)` for where a goroutine stands."""
        match ref:
            case At(family=family, index=index):
                return f"{family.name}[{self.expr(index)}]"
            case Pc(instance=number):
                return f"pc({self.program.instances[number].name})"
            case _:
                declared = self._declared(ref)
                return declared.name if declared else f"cell({ref})"

    def expr(self, expr: Expr, domain: Domain | None = None) -> str:
        """An expression; `domain` is that of the place it is compared with or stored in, if any."""
        return self._text(expr, domain, 0)

    def update(self, ref: Ref, value: Expr) -> str:
        """`mu.held = true`."""
        return f"{self.ref(ref)} = {self.expr(value, self._domain(ref))}"

    def access(self, access: Access) -> str:
        """`w users["alice"]`, `r n (atomic)`, with the condition when there is one."""
        atomic = " (atomic)" if access.atomic else ""
        when = "" if access.when == Const(1) else f" if {self.expr(access.when)}"
        return f"{'w' if access.write else 'r'} {self.ref(access.ref)}{atomic}{when}"

    def _text(self, expr: Expr, domain: Domain | None, outer: int) -> str:
        match expr:
            case Const(value=value):
                return self._constant(value, domain)
            case Read(ref=ref):
                return self.ref(ref)
            case Op(name="ite", args=(condition, then, other)):
                parts = (self._text(condition, Bool(), 0), self._text(then, domain, 0), self._text(other, domain, 0))
                return "(if {} then {} else {})".format(*parts)
            case Op(name=name, args=(operand,)):
                return ("!" if name == "not" else "-") + self._text(operand, None, _UNARY)
            case Op():
                return self._binary(expr, domain, outer)
            case Table(values=values, index=index):
                shown = " ".join(map(str, values)) if len(values) <= _LONG else f"{len(values)} entries"
                return f"table({shown})[{self.expr(index)}]"
            case PerInstance(values=values):
                return self._per_instance(values, domain)
            case Me():
                return "me"
            case Fresh():
                return "fresh"
            case Received(index=index):
                return "received" if index == 0 else f"received.{index}"
            case Judge(op=call, result=result):
                return f"judged(call {self.expr(call)} gave {self.expr(result)})"

    def _binary(self, expr: Op, domain: Domain | None, outer: int) -> str:
        left, right = expr.args
        binds = _BINDS.get(expr.name, _TIGHTEST)
        inner = self._shared(left, right) if binds == 3 else Bool() if binds < 3 else domain
        text = (
            f"{self._text(left, inner, binds)} {_WORD.get(expr.name, expr.name)} {self._text(right, inner, binds + 1)}"
        )
        return f"({text})" if binds < outer else text

    def _shared(self, left: Expr, right: Expr) -> Domain | None:
        """The domain two compared operands share: that of the one that is a cell."""
        found = [self._domain(e.ref) for e in (left, right) if isinstance(e, Read)]
        if any(isinstance(e, Read) and isinstance(e.ref, Pc) for e in (left, right)):
            return None
        return found[0] if found else None

    def _constant(self, value: int, domain: Domain | None) -> str:
        try:
            return str(value) if domain is None else show(value, domain, self.program.sorts)
        except IndexError:  # a value outside its domain is shown as it is, not hidden
            return str(value)

    def _per_instance(self, values: tuple[int, ...], domain: Domain | None) -> str:
        shown = [self._constant(v, domain) for v in dict.fromkeys(values)]
        return shown[0] if len(shown) == 1 else f"each({', '.join(shown)})"

    def _domain(self, ref: Ref) -> Domain | None:
        declared = self._declared(ref)
        return declared.domain if declared else None

    def _declared(self, ref: Ref) -> CellDecl | None:
        match ref:
            case Own(template=template, offset=offset):
                return self.program.templates[template].cells[offset]
            case Cell(number=number):
                return self.program.cells[number]
            case At(family=family):
                first = next((c for c in family.cells if c >= 0), None)
                return None if first is None else self.program.cells[first]
            case Pc():
                return None


def location(number: int) -> str:
    """The name of a location of a template: `L3`, `end`, `idle`."""
    return {END: "end", IDLE: "idle"}.get(number, f"L{number}")
