"""A structured emitter of LLVM text: values with operators, functions with `when`, `loop` and `switch`.

Text, because building the same module with `llvmlite.ir` costs more than the search of a small model. Variables are
stack slots and values never flow round a join: without any pass that is what LLVM's fast instruction selection likes,
and its SROA pass makes registers of the slots when a search is worth the passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """An operand of LLVM type `type`: a register, or a constant's text. Operators append instructions."""

    within: Function
    text: str
    type: str = "i64"

    def _binary(self, operation: str, other: Operand) -> Value:
        right = self.within.operand(other)
        return self.within.result(f"{operation} {self.type} {self.text}, {right}", self.type)

    def _compare(self, condition: str, other: Operand) -> Value:
        return self.within.result(f"icmp {condition} {self.type} {self.text}, {self.within.operand(other)}", "i1")

    def __add__(self, other: Operand) -> Value:
        return self if other == 0 else self._binary("add", other)

    def __sub__(self, other: Operand) -> Value:
        return self if other == 0 else self._binary("sub", other)

    def __mul__(self, other: Operand) -> Value:
        return self._binary("mul", other)

    def __and__(self, other: Operand) -> Value:
        return self._binary("and", other)

    def __or__(self, other: Operand) -> Value:
        return self if other == 0 else self._binary("or", other)

    def __xor__(self, other: Operand) -> Value:
        return self._binary("xor", other)

    def __lshift__(self, other: Operand) -> Value:
        return self if other == 0 else self._binary("shl", other)

    def __rshift__(self, other: Operand) -> Value:
        """Shifted right, zeros coming in."""
        return self if other == 0 else self._binary("lshr", other)

    def __invert__(self) -> Value:
        return self._binary("xor", -1 if self.type != "i1" else 1)

    def arithmetic_shift(self, other: Operand) -> Value:
        """Shifted right, the sign coming in."""
        return self._binary("ashr", other)

    def quotient(self, other: Operand) -> Value:
        """Signed division truncated toward zero, as in Go; the divisor is not 0."""
        return self._binary("sdiv", other)

    def remainder(self, other: Operand) -> Value:
        """The remainder with the sign of the dividend; the divisor is not 0."""
        return self._binary("srem", other)

    def equals(self, other: Operand) -> Value:
        """Whether both are the same number."""
        return self._compare("eq", other)

    def differs(self, other: Operand) -> Value:
        """Whether the numbers differ."""
        return self._compare("ne", other)

    def below(self, other: Operand) -> Value:
        """Signed less than."""
        return self._compare("slt", other)

    def at_most(self, other: Operand) -> Value:
        """Signed less or equal."""
        return self._compare("sle", other)

    def at_least(self, other: Operand) -> Value:
        """Signed greater or equal."""
        return self._compare("sge", other)

    def unsigned_below(self, other: Operand) -> Value:
        """Unsigned less than."""
        return self._compare("ult", other)

    def unsigned_above(self, other: Operand) -> Value:
        """Unsigned greater than."""
        return self._compare("ugt", other)

    def extended(self, to: str = "i64", signed: bool = False) -> Value:
        """The same number in a wider type."""
        if self.type == to:
            return self
        return self.within.result(f"{'sext' if signed else 'zext'} {self.type} {self.text} to {to}", to)

    def truncated(self, to: str) -> Value:
        """The low bits as a narrower type."""
        if self.type == to:
            return self
        return self.within.result(f"trunc {self.type} {self.text} to {to}", to)

    def choose(self, then: Value, other: Value) -> Value:
        """`then` if this truth value holds, else `other`; both have been computed."""
        return self.within.result(
            f"select i1 {self.text}, {then.type} {then.text}, {other.type} {other.text}", then.type
        )


Operand = Value | int


@dataclass(frozen=True, slots=True)
class Variable:
    """A number on the stack of a function."""

    within: Function
    text: str
    type: str

    def get(self) -> Value:
        """What it holds now."""
        return self.within.result(f"load {self.type}, ptr {self.text}", self.type)

    def set(self, value: Operand) -> None:
        """Let it hold `value`."""
        self.within.do(f"store {self.type} {self.within.operand(value)}, ptr {self.text}")


class Function:
    """One function under construction. It returns an i64; parameters are i64 or ptr."""

    def __init__(self, name: str, parameters: Sequence[tuple[str, str]], attributes: str = "") -> None:
        self.name = name
        self._count = 0
        self._slots: list[str] = []
        self._body: list[str] = []
        inside = ", ".join(f"{t} %{n}" for n, t in parameters)
        self._head = f"define i64 @{name}({inside}) {attributes}{{"
        self.parameters = tuple(Value(self, f"%{n}", t) for n, t in parameters)

    def operand(self, x: Operand) -> str:
        """The text of an operand."""
        return x.text if isinstance(x, Value) else str(x)

    def constant(self, value: int, type: str = "i64") -> Value:
        """A number as a value."""
        return Value(self, str(value), type)

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self._body.append(f"  {instruction}")

    def result(self, instruction: str, type: str) -> Value:
        """Append an instruction; its result."""
        name = self._fresh("%t")
        self._body.append(f"  {name} = {instruction}")
        return Value(self, name, type)

    def variable(self, initial: Operand = 0, type: str = "i64") -> Variable:
        """A new variable that holds `initial` from here on."""
        name = self._fresh("%v")
        self._slots.append(f"  {name} = alloca {type}")
        made = Variable(self, name, type)
        made.set(initial)
        return made

    def array(self, count: int, type: str = "i64") -> Value:
        """The address of `count` numbers on the stack, not initialised."""
        name = self._fresh("%a")
        self._slots.append(f"  {name} = alloca {type}, i64 {count}")
        return Value(self, name, "ptr")

    def address(self, pointer: Value, index: Operand, type: str = "i64") -> Value:
        """The address of element `index`."""
        if index == 0:
            return pointer
        return self.result(f"getelementptr {type}, ptr {pointer.text}, i64 {self.operand(index)}", "ptr")

    def load(self, pointer: Value, index: Operand = 0, type: str = "i64", wide: str = "i64") -> Value:
        """Element `index`, zero-extended to `wide`."""
        where = self.address(pointer, index, type)
        return self.result(f"load {type}, ptr {where.text}", type).extended(max(type, wide, key=lambda t: int(t[1:])))

    def store(self, pointer: Value, index: Operand, value: Operand, type: str = "i64") -> None:
        """Set element `index`; a wider value is cut to `type`."""
        where = self.address(pointer, index, type)
        if isinstance(value, Value) and value.type != type:
            value = value.extended(type) if int(value.type[1:]) < int(type[1:]) else value.truncated(type)
        self.do(f"store {type} {self.operand(value)}, ptr {where.text}")

    def call(self, name: str, *arguments: Operand) -> Value:
        """Call a function of the same module."""
        given = ", ".join(f"{a.type} {a.text}" if isinstance(a, Value) else f"i64 {a}" for a in arguments)
        return self.result(f"call i64 @{name}({given})", "i64")

    def give(self, value: Operand) -> None:
        """Return from the function; what follows is never reached from here."""
        self.do(f"ret i64 {self.operand(value)}")
        self._label(self._fresh("dead"))

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """What is emitted inside runs only if the condition holds."""
        inside, after = self._fresh("then"), self._fresh("after")
        self.do(f"br i1 {condition.text}, label %{inside}, label %{after}")
        self._label(inside)
        yield
        self._jump(after)
        self._label(after)

    def either(self, condition: Value, then: Callable[[], None], other: Callable[[], None]) -> None:
        """One of two pieces of code."""
        first, second, after = self._fresh("then"), self._fresh("else"), self._fresh("after")
        self.do(f"br i1 {condition.text}, label %{first}, label %{second}")
        for label, body in ((first, then), (second, other)):
            self._label(label)
            body()
            self._jump(after)
        self._label(after)

    @contextmanager
    def loop(self, condition: Callable[[], Value]) -> Iterator[None]:
        """What is emitted inside is repeated as long as the condition, evaluated before each round, holds."""
        head, inside, after = self._fresh("head"), self._fresh("body"), self._fresh("after")
        self._jump(head)
        self._label(head)
        self.do(f"br i1 {condition().text}, label %{inside}, label %{after}")
        self._label(inside)
        yield
        self._jump(head)
        self._label(after)

    def switch(self, value: Value, cases: Mapping[int, Callable[[], None]]) -> None:
        """Run the case of a number; nothing where there is none."""
        after = self._fresh("after")
        labels = {number: self._fresh("case") for number in cases}
        table = " ".join(f"{value.type} {number}, label %{label}" for number, label in labels.items())
        self.do(f"switch {value.type} {value.text}, label %{after} [{table}]")
        for number, label in labels.items():
            self._label(label)
            cases[number]()
            self._jump(after)
        self._label(after)

    def source(self) -> str:
        """The text of the function."""
        return "\n".join([self._head, *self._slots, *self._body, "  unreachable", "}"])

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _jump(self, label: str) -> None:
        self.do(f"br label %{label}")

    def _label(self, label: str) -> None:
        self._body.append(f"{label}:")


class Constants:
    """Constant arrays of a module, each distinct one once."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, tuple[int, ...]], str] = {}

    def array(self, within: Function, values: Sequence[int], type: str = "i64") -> Value:
        """The address of a constant array."""
        key = (type, tuple(values))
        name = self._names.setdefault(key, f"@k{len(self._names)}")
        return Value(within, name, "ptr")

    def source(self) -> str:
        """The definitions."""
        return "\n".join(
            f"{name} = internal constant [{len(values)} x {type}] [{', '.join(f'{type} {v}' for v in values)}]"
            for (type, values), name in self._names.items()
        )
