"""What expressions evaluate to while a model is lowered: values made of leaves, and the storage they live in."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.types import VOID, Func, Signature, Type, Var, underlying
from verifier.program.expr import Expr
from verifier.program.program import Domain
from verifier.records import dataclass, field

Spec = Type | Domain
"""What a cell holds: a Go type with one leaf, or a domain of our own for what primitives keep."""


class Part(str):
    """A step of a path inside a primitive or a map, e.g. `held` of a mutex: no name of the user's."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One cell of a type's layout: the path to it (field names and indices) and what it holds."""

    path: tuple[str | int, ...]
    spec: Spec


@dataclass(eq=False, slots=True)
class Region:
    """Static storage with a Go type, in the block of `template`: a variable, or `blocks` heap blocks of a site.

    `sort` is the key of the object's own type. `private`: no other goroutine, pointer or clause can reach it.
    `number`: which of the template's regions it is; offsets do not tell objects without fields apart.
    """

    name: str
    template: int
    offset: int
    leaves: tuple[Leaf, ...]
    sort: str
    blocks: int = 1
    private: bool = True
    number: int = 0
    index: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = {leaf.path: i for i, leaf in enumerate(self.leaves)}

    @property
    def site(self) -> str:
        """The key of the allocation site."""
        return f"{self.template}:{self.number}"

    @property
    def size(self) -> int:
        """Cells of one block."""
        return len(self.leaves)


@dataclass(frozen=True, slots=True)
class Dyn:
    """An index known only at run time, one of `0..size-1`."""

    index: Expr
    size: int


Path = tuple[str | int | Dyn, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a place that is known now: a constant pointer. Dereferencing it costs nothing."""

    region: Region
    path: tuple[str | int, ...] = ()


@dataclass(eq=False, frozen=True, slots=True)
class Made:
    """A function that the library makes of another one: `run` emits a call, given the machine, `recv` and the place."""

    name: str
    run: Callable[..., Value]
    inner: FuncVal


@dataclass(frozen=True, slots=True)
class FuncVal:
    """A function value known now: a declared function, a literal with its environment, a bound method, a made one."""

    target: Func | ast.FuncLit | Made
    env: Env
    recv: Value | None = None


@dataclass(frozen=True, slots=True)
class Interior:
    """The address of a place inside an object that is known only at run time, e.g. `&c.mu` with a pointer `c`.

    Kept symbolic so that `c.mu.Lock()` needs no numbering of all mutexes. The pointer and the indices in it are pinned:
    they read scratch cells that keep their value while the pointer is in use.
    """

    loc: Loc


LeafValue = Expr | Address | Interior | FuncVal


@dataclass(frozen=True, slots=True)
class Value:
    """A Go value as its leaves, in layout order. Functions have one leaf, a `FuncVal`."""

    type: Type
    leaves: tuple[LeafValue, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A run-time check still to be made: fails with `kind` and `message` where `condition` holds."""

    condition: Expr
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Deref:
    """The object a pointer points to: `sort` is the object's type key, `pointer` its place number."""

    sort: str
    pointer: Expr


@dataclass(frozen=True, slots=True)
class Loc:
    """An addressable place: a base, a path inside it, and the checks that must pass before it is touched."""

    base: Region | Deref
    path: Path
    type: Type
    shared: bool
    checks: tuple[Check, ...] = ()


@dataclass(slots=True)
class Binding:
    """What a variable stands for here: a place, or a value known now (a function, a folded constant)."""

    loc: Loc | None = None
    value: Value | None = None
    assigned: bool = False


class Env:
    """Variables in scope along one inlined call path. Closures keep the Env they were made in."""

    def __init__(self, up: Env | None = None) -> None:
        self.up = up
        self.names: dict[Var, Binding] = {}

    def find(self, var: Var) -> Binding | None:
        """The binding of `var`, innermost first."""
        env: Env | None = self
        while env is not None:
            if var in env.names:
                return env.names[var]
            env = env.up
        return None


def nothing() -> Value:
    """The value of a call without results."""
    return Value(VOID, ())


def is_func(t: Type) -> bool:
    """Whether values of this type are functions, which must be known statically."""
    return isinstance(underlying(t), Signature)


def path_name(base: str, path: tuple[str | int, ...]) -> str:
    """`base` with a cell path in Go's notation: fields after dots, indices in brackets."""
    out = base
    for c in path:
        if isinstance(c, Part) and c in ("v", "present", "value", "slots", "set"):
            continue
        out += f"[{c}]" if isinstance(c, int) else f".{c}"
    return out
