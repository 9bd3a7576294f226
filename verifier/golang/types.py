"""Types of the Go subset, the objects names stand for, and what the checker finds out (`Info`), after go/types."""

from __future__ import annotations

from enum import Enum

from verifier.golang import syntax as ast
from verifier.records import dataclass, field
from verifier.source import Span


@dataclass(frozen=True, slots=True)
class Basic:
    """A predeclared type: bool, string, an integer type, or an untyped kind ("untyped int", "untyped nil", …)."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Pointer:
    """`*elem`."""

    elem: Type

    def __str__(self) -> str:
        return f"*{self.elem}"


@dataclass(frozen=True, slots=True)
class Map:
    """`map[key]elem`."""

    key: Type
    elem: Type

    def __str__(self) -> str:
        return f"map[{self.key}]{self.elem}"


@dataclass(frozen=True, slots=True)
class Array:
    """`[length]elem`. A slice made by `make([]T, n)` with constant n or by a literal is typed `Slice`."""

    length: int
    elem: Type

    def __str__(self) -> str:
        return f"[{self.length}]{self.elem}"


@dataclass(frozen=True, slots=True)
class Slice:
    """`[]elem`: only slices whose length never changes after creation."""

    elem: Type

    def __str__(self) -> str:
        return f"[]{self.elem}"


@dataclass(frozen=True, slots=True)
class Chan:
    """`chan elem`; `direction` is "send" for `chan<- elem`, "receive" for `<-chan elem`, else empty."""

    elem: Type
    direction: str = ""

    def __str__(self) -> str:
        word = {"": "chan", "send": "chan<-", "receive": "<-chan"}[self.direction]
        inner = isinstance(self.elem, Chan) and self.elem.direction == "receive" and self.direction != "receive"
        return f"{word} ({self.elem})" if inner else f"{word} {self.elem}"


@dataclass(frozen=True, slots=True)
class StructField:
    """A field of a struct; an embedded one is named after its type."""

    name: str
    type: Type
    embedded: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    """`struct{ fields }`."""

    fields: tuple[StructField, ...]

    def __str__(self) -> str:
        return "struct{" + "; ".join(f"{f.name} {f.type}" for f in self.fields) + "}"


@dataclass(frozen=True, slots=True)
class Signature:
    """A function type: parameter and result types. No variadic parameters."""

    params: tuple[Type, ...]
    results: tuple[Type, ...]

    def __str__(self) -> str:
        inside = ", ".join(map(str, self.params))
        out = ", ".join(map(str, self.results))
        return f"func({inside})" + (f" ({out})" if len(self.results) > 1 else f" {out}" if out else "")


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface by its method set, sorted by name. `any` is the empty one.

    As a constraint it may also name the types it allows (`terms`, with whether `~` stands before each), or ask for
    types that can be compared.
    """

    methods: tuple[tuple[str, Signature], ...]
    terms: tuple[tuple[bool, Type], ...] | None = None
    comparable: bool = False

    def __str__(self) -> str:
        if self.terms is not None:
            return "|".join(("~" if tilde else "") + str(of) for tilde, of in self.terms)
        if self.comparable and not self.methods:
            return "comparable"
        return "any" if not self.methods else "interface{" + "; ".join(n for n, _ in self.methods) + "}"


@dataclass(frozen=True, slots=True)
class Tuple:
    """The types of a call with no or several results."""

    types: tuple[Type, ...]

    def __str__(self) -> str:
        return "(" + ", ".join(map(str, self.types)) + ")"


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type of sync or sync/atomic that `gosem` knows, e.g. `sync.Mutex`; `arg` is T of `atomic.Pointer[T]`."""

    name: str
    arg: Type | None = None

    def __str__(self) -> str:
        return f"{self.name}[{self.arg}]" if self.arg else self.name


@dataclass(eq=False, slots=True)
class Named:
    """A declared type. The checker fills `underlying` and `methods`, in that order, after it made the object.

    An instance of a generic type names its `origin` and type arguments; an `origin` without arguments marks the
    stand-in for a type parameter.
    """

    name: str
    span: Span
    underlying: Type = field(default_factory=lambda: Basic("invalid"))
    methods: dict[str, Func] = field(default_factory=dict)
    origin: Generic | None = None
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return self.name


Type = Basic | Pointer | Map | Array | Slice | Chan | Struct | Signature | Interface | Tuple | Primitive | Named

BOOL, STRING, INT, NIL = Basic("bool"), Basic("string"), Basic("int"), Basic("untyped nil")
UNTYPED_BOOL, UNTYPED_INT, UNTYPED_STRING = Basic("untyped bool"), Basic("untyped int"), Basic("untyped string")
ANY = Interface(())
VOID = Tuple(())
INVALID = Basic("invalid")
INTEGERS = ("int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr")


def underlying(t: Type) -> Type:
    """The underlying type: that of a named type, else the type itself."""
    while isinstance(t, Named):
        t = t.underlying
    return t


def is_integer(t: Type) -> bool:
    """An integer type, untyped constants included."""
    u = underlying(t)
    return isinstance(u, Basic) and (u.name in INTEGERS or u.name == "untyped int")


@dataclass(eq=False, slots=True)
class Var:
    """A variable: package-level, local, parameter, result, receiver. One object per *declaration*."""

    name: str
    type: Type
    span: Span
    package: bool = False


@dataclass(eq=False, slots=True)
class ConstObj:
    """A declared constant."""

    name: str
    type: Type
    value: int | str | bool
    span: Span


@dataclass(eq=False, slots=True)
class TypeName:
    """A name that stands for a type."""

    name: str
    type: Type


@dataclass(eq=False, slots=True)
class Func:
    """A declared function or method. `recv` is the receiver variable (its type tells pointer from value receiver)."""

    name: str
    signature: Signature
    decl: ast.FuncDecl
    recv: Var | None
    params: tuple[Var, ...]
    results: tuple[Var, ...]
    """Result variables; unnamed ones have the name "" and are not in any scope."""

    @property
    def full_name(self) -> str:
        """As Go prints it in a stack: `get`, `(*Cache).Get`, `Counter.Inc`."""
        if self.recv is None:
            return self.name
        t = self.recv.type
        return f"({t}).{self.name}" if isinstance(t, Pointer) else f"{t}.{self.name}"


@dataclass(eq=False, slots=True)
class Builtin:
    """A predeclared function: len, cap, make, new, delete, clear, panic, recover, append, copy, close, min, max, print.

    `at` is ours and exists in clauses only: `at(role, label)` counts the goroutines at a label.
    """

    name: str


@dataclass(eq=False, slots=True)
class PackageName:
    """An implicitly imported package, e.g. `sync`; `path` as in an import (`sync/atomic`)."""

    name: str
    path: str


@dataclass(eq=False, slots=True)
class LibraryFunc:
    """A function of an implicitly imported package, e.g. `atomic.AddInt64`, `time.Sleep`, `fmt.Println`."""

    package: str
    name: str
    signature: Signature | None
    """None for functions that take anything (`fmt.Println`)."""


@dataclass(eq=False, slots=True)
class NilObj:
    """`nil`."""


@dataclass(eq=False, slots=True)
class Generic:
    """A generic type or function: checked and lowered once for each list of type arguments it is used with."""

    name: str
    decl: ast.TypeSpec | ast.FuncDecl
    methods: list[ast.FuncDecl] = field(default_factory=list)
    instances: dict[tuple[Type, ...], Named | Func] = field(default_factory=dict)
    stand_ins: tuple[Named, ...] = ()
    """Types that stand for the type parameters while the declaration itself is checked."""


Object = Var | ConstObj | TypeName | Func | Builtin | PackageName | LibraryFunc | NilObj | Generic


class Mode(Enum):
    """What an expression is."""

    NOVALUE = "no value"
    TYPE = "type"
    CONST = "constant"
    VARIABLE = "addressable"
    MAPINDEX = "map index"
    VALUE = "value"
    COMMAOK = "comma-ok value"
    BUILTIN = "builtin"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class TypeAndValue:
    """Type and mode of an expression, and its value when it is a constant.

    The type of an untyped constant or nil is the one it was converted to by its context, as in go/types.
    """

    type: Type
    mode: Mode
    value: int | str | bool | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What `x.name` selects. `kind`: field, method (called or bound), expr (`T.Method`: not supported).

    `path` is the chain of fields from x's (dereferenced) struct to the field, or to the embedded field whose
    method it is; each link is followed with an implicit dereference where the field before it is a pointer.
    `method` is set for declared methods, `primitive` for methods of sync/atomic types, neither for interface methods.
    """

    kind: str
    path: tuple[StructField, ...]
    type: Type
    method: Func | None = None
    primitive: Primitive | None = None


@dataclass(frozen=True, slots=True)
class FuncInfo:
    """The variables a function literal or goroutine body declares in its signature."""

    signature: Signature
    params: tuple[Var, ...]
    results: tuple[Var, ...]


@dataclass(slots=True)
class Info:
    """What the checker found out, keyed by syntax node (nodes compare by identity)."""

    types: dict[ast.Expr, TypeAndValue] = field(default_factory=dict)
    uses: dict[ast.Ident, Object] = field(default_factory=dict)
    defs: dict[ast.Ident, Object] = field(default_factory=dict)
    """Identifiers that declare something. In `:=`, names that are only assigned to are in `uses` instead. The bound
    name of a type switch has one Var per clause in `implicits`."""
    implicits: dict[ast.Case, Var] = field(default_factory=dict)
    selections: dict[ast.Selector, Selection] = field(default_factory=dict)
    literals: dict[ast.FuncLit, FuncInfo] = field(default_factory=dict)
    instances: dict[ast.Index, Func] = field(default_factory=dict)
    """Expressions such as `Max[int]`, with the function they stand for."""
    boxed: dict[Type, None] = field(default_factory=dict)
    """The types whose values become an interface value somewhere."""
    lockers: dict[Type, None] = field(default_factory=dict)
    """The types whose values become a `sync.Locker` somewhere."""


@dataclass(frozen=True, slots=True)
class Body:
    """The checked body of a role."""

    role: str
    block: ast.Block
    span: Span


@dataclass(frozen=True, slots=True)
class CheckedClause:
    """A checked `always`/`sometimes`/`finally` expression."""

    name: str
    when: str
    expr: ast.Expr
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Package:
    """A checked model: everything lowering needs."""

    info: Info
    variables: tuple[tuple[tuple[Var, ...], ast.VarSpec], ...]
    """Package variables with their specs, in initialisation order (Go spec, "Package initialization"). A spec
    `var a, b = 1, 2` counts as one entry with both variables."""
    functions: tuple[Func, ...]
    types: tuple[Named, ...]
    bodies: tuple[Body, ...]
    clauses: tuple[CheckedClause, ...]
