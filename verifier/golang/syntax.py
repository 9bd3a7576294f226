"""The syntax tree of the Go subset, shaped after go/ast. Nodes compare by identity, so that they can key tables."""

from __future__ import annotations

from verifier.golang.syntax_leaves import BasicLit as BasicLit, Branch as Branch, Empty as Empty, Ident as Ident
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, eq=False, slots=True)
class Element:
    """One element of a composite literal; `value` may be a `CompositeLit` with no type (elided)."""

    span: Span
    key: Expr | None
    value: Expr


@dataclass(frozen=True, eq=False, slots=True)
class CompositeLit:
    """`T{…}`; `type` is None where Go lets it be elided."""

    span: Span
    type: Expr | None
    elements: tuple[Element, ...]


@dataclass(frozen=True, eq=False, slots=True)
class FuncLit:
    """A function literal."""

    span: Span
    type: FuncType
    body: Block


@dataclass(frozen=True, eq=False, slots=True)
class Selector:
    """`x.name`: a field, a method, or a name of a package."""

    span: Span
    x: Expr
    name: Ident


@dataclass(frozen=True, eq=False, slots=True)
class Index:
    """`x[index]`; also an instance such as `atomic.Pointer[User]` or `Cache[string, int]`, with `more` arguments."""

    span: Span
    x: Expr
    index: Expr
    more: tuple[Expr, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Slicing:
    """`x[low:high:most]`, any bound may be missing."""

    span: Span
    x: Expr
    low: Expr | None
    high: Expr | None
    most: Expr | None


@dataclass(frozen=True, eq=False, slots=True)
class TypeAssert:
    """`x.(type)`."""

    span: Span
    x: Expr
    type: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """`fun(args…)`; also a conversion, and `make`/`new` with a type first. `spread`: the last is followed by `...`."""

    span: Span
    fun: Expr
    args: tuple[Expr, ...]
    spread: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Star:
    """`*x`: an indirection, or a pointer type."""

    span: Span
    x: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Unary:
    """`op x` with op one of + - ! ^ & <-, or ~ in a constraint."""

    span: Span
    op: str
    x: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Binary:
    """`x op y`."""

    span: Span
    op: str
    x: Expr
    y: Expr


@dataclass(frozen=True, eq=False, slots=True)
class ArrayType:
    """`[length]elem`; `length` None is a slice type, an `Ident` named `...` is `[...]elem`."""

    span: Span
    length: Expr | None
    elem: Expr


@dataclass(frozen=True, eq=False, slots=True)
class MapType:
    """`map[key]value`."""

    span: Span
    key: Expr
    value: Expr


@dataclass(frozen=True, eq=False, slots=True)
class ChanType:
    """`chan elem`; `direction` is "send" for `chan<- elem`, "receive" for `<-chan elem`, else empty."""

    span: Span
    direction: str
    elem: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """Names that share a type: struct fields, parameters, results. No names: embedded field or unnamed parameter."""

    span: Span
    names: tuple[Ident, ...]
    type: Expr


@dataclass(frozen=True, eq=False, slots=True)
class FuncType:
    """`func(params) results`."""

    span: Span
    params: tuple[Field, ...]
    results: tuple[Field, ...]


@dataclass(frozen=True, eq=False, slots=True)
class StructType:
    """`struct{…}`."""

    span: Span
    fields: tuple[Field, ...]


@dataclass(frozen=True, eq=False, slots=True)
class InterfaceType:
    """`interface{…}`: method names with their signatures, and what is embedded: interfaces, or unions like ~int|T."""

    span: Span
    methods: tuple[tuple[Ident, FuncType], ...]
    embeds: tuple[Expr, ...] = ()


Expr = (
    Ident | BasicLit | CompositeLit | FuncLit | Selector | Index | Slicing | TypeAssert | Call | Star | Unary | Binary
    | ArrayType | MapType | ChanType | FuncType | StructType | InterfaceType
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class ExprStmt:
    """A call or a receive standing alone."""

    span: Span
    x: Expr


@dataclass(frozen=True, eq=False, slots=True)
class Send:
    """`channel <- value`."""

    span: Span
    channel: Expr
    value: Expr


@dataclass(frozen=True, eq=False, slots=True)
class IncDec:
    """`x++` or `x--`; `op` is + or -."""

    span: Span
    x: Expr
    op: str


@dataclass(frozen=True, eq=False, slots=True)
class Assign:
    """`lhs op rhs` with op one of = := and the compound ones (+= …)."""

    span: Span
    lhs: tuple[Expr, ...]
    op: str
    rhs: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Go:
    """`go call`."""

    span: Span
    call: Call


@dataclass(frozen=True, eq=False, slots=True)
class Defer:
    """`defer call`."""

    span: Span
    call: Call


@dataclass(frozen=True, eq=False, slots=True)
class Return:
    """`return results…`."""

    span: Span
    results: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """`{ … }`."""

    span: Span
    stmts: tuple[Stmt, ...]


@dataclass(frozen=True, eq=False, slots=True)
class If:
    """`if init; cond { then } else other`; `other` is a Block or another If."""

    span: Span
    init: Stmt | None
    cond: Expr
    then: Block
    other: Stmt | None


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """A clause of a switch; `values` None is `default`. In a type switch the values are types (or nil)."""

    span: Span
    values: tuple[Expr, ...] | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Switch:
    """`switch init; tag { cases }`; no tag means `true`."""

    span: Span
    init: Stmt | None
    tag: Expr | None
    cases: tuple[Case, ...]


@dataclass(frozen=True, eq=False, slots=True)
class TypeSwitch:
    """`switch init; bind := x.(type) { cases }`."""

    span: Span
    init: Stmt | None
    bind: Ident | None
    x: Expr
    cases: tuple[Case, ...]


@dataclass(frozen=True, eq=False, slots=True)
class CommCase:
    """A clause of a `select`; `comm` is a `Send`, an `ExprStmt` or an `Assign` of a receive, None for `default`."""

    span: Span
    comm: Stmt | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Select:
    """`select { cases }`."""

    span: Span
    cases: tuple[CommCase, ...]


@dataclass(frozen=True, eq=False, slots=True)
class For:
    """`for init; cond; post { body }`, any part may be missing."""

    span: Span
    init: Stmt | None
    cond: Expr | None
    post: Stmt | None
    body: Block


@dataclass(frozen=True, eq=False, slots=True)
class Range:
    """`for key, value := range x { body }`; `define` tells := from =."""

    span: Span
    key: Expr | None
    value: Expr | None
    define: bool
    x: Expr
    body: Block


@dataclass(frozen=True, eq=False, slots=True)
class Labeled:
    """`label: stmt`."""

    span: Span
    label: Ident
    stmt: Stmt


@dataclass(frozen=True, eq=False, slots=True)
class DeclStmt:
    """A `var`, `const` or `type` declaration inside a function."""

    span: Span
    decls: tuple[Decl, ...]


Stmt = (
    ExprStmt | Send | IncDec | Assign | Go | Defer | Return | Branch | Block | If | Switch | TypeSwitch | Select | For
    | Range | Labeled | DeclStmt | Empty
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class VarSpec:
    """`var names type = values`."""

    span: Span
    names: tuple[Ident, ...]
    type: Expr | None
    values: tuple[Expr, ...]


@dataclass(frozen=True, eq=False, slots=True)
class ConstSpec:
    """`const names type = values`; an implicitly repeated spec already carries the repeated type and values."""

    span: Span
    names: tuple[Ident, ...]
    type: Expr | None
    values: tuple[Expr, ...]
    iota: int


@dataclass(frozen=True, eq=False, slots=True)
class TypeSpec:
    """`type name[params] type`; `alias` for `type name = type`. The type of a parameter's field is its constraint."""

    span: Span
    name: Ident
    type: Expr
    alias: bool
    params: tuple[Field, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class FuncDecl:
    """A function or, with `recv`, a method. `body` None: declared without a body. `params`: type parameters."""

    span: Span
    name: Ident
    recv: Field | None
    type: FuncType
    body: Block | None
    params: tuple[Field, ...] = ()


Decl = VarSpec | ConstSpec | TypeSpec | FuncDecl
