"""The model file as the user wrote it: typed, located, nothing interpreted yet."""

from __future__ import annotations

from verifier.records import dataclass, field
from verifier.source import Span
from verifier.verdict import Verdict

CHECKS = ("race", "fatal", "panic", "deadlock")
"""The properties judged when a model does not say `check:`."""

METHODS = (
    "Load",
    "Store",
    "LoadOrStore",
    "LoadAndDelete",
    "Delete",
    "Swap",
    "CompareAndSwap",
    "CompareAndDelete",
    "Clear",
)
"""The methods of sync.Map whose calls are judged (sync/map.go:60)."""

LINEARIZABLE = "linearizable"
"""The name of the property that `linearizable:` asks for."""

CLIENT = "client"
"""The role of the goroutines that `linearizable:` makes."""

ON_DEMAND = ("lost-update", "starvation")
"""The built-in properties that are judged only where `check:` names them."""

BUILTIN = (*CHECKS, *ON_DEMAND)
"""Every built-in property, in the order of reports."""


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of Go in the model file.

    Line k (from 0) of `value` stands in line `line + k` of the file; `columns[k]` is the file column of its first
    character. For a block scalar that is the first content line and the block's indentation plus one.
    """

    value: str
    file: str
    line: int
    columns: tuple[int, ...]

    def span(self, row: int, column: int, end_row: int, end_column: int) -> Span:
        """The file span of rows and columns of `value`, all counted from 0."""
        last = len(self.columns) - 1

        def at(r: int, c: int) -> tuple[int, int]:
            return self.line + min(r, max(last, 0)), (self.columns[min(r, last)] if last >= 0 else 1) + c

        line, col = at(row, column)
        end_line, end_col = at(end_row, end_column)
        return Span(self.file, line, col, end_line, end_col)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Go file that the model names under `source:`; `name` is the path as written there, `text.file` the real one."""

    name: str
    text: Text
    span: Span


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of goroutine: how many (None means `any`) and what each of them runs."""

    name: str
    count: int | None
    body: Text
    span: Span


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A user's property: `when` is always, sometimes or finally."""

    name: str
    when: str
    text: Text
    span: Span


@dataclass(frozen=True, slots=True)
class Linearizable:
    """`linearizable:`: a type whose calls are judged against a sequential map, and the clients that call.

    Every one of `goroutines` makes up to `calls` calls of any of `operations` with any of `keys` keys and `values`
    values. `operation_spans` say where each operation stands, `type_span` where the type does.
    """

    type: str
    as_: str
    keys: int
    values: int
    goroutines: int
    calls: int
    operations: tuple[str, ...]
    span: Span
    type_span: Span
    operation_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody has to decide, in the words of the model file; what it leaves out is empty.

    `record` is the architecture decision record, an id or a link; `considered` are schemes, other models, or prose.
    """

    question: str = ""
    record: str = ""
    chosen: str = ""
    considered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemeEntry:
    """An entry of `schemes:` as written: a name, the path of a Go file or of a model with `source:`, or `all`."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Under:
    """The verdicts expected under one scheme, by property; they go before those of the whole workload."""

    scheme: str
    verdicts: tuple[tuple[str, Verdict], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class PointText:
    """A label of a role, as `role.label`."""

    role: str
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class OrderText:
    """An edge of happens-before that the user demands."""

    name: str
    before: PointText
    finished: PointText
    start: PointText
    after: PointText
    span: Span

    @property
    def formula(self) -> str:
        """The edge in one line."""
        end = "" if self.finished == self.before else f" .. {self.finished.role}.{self.finished.label}"
        begin = "" if self.start == self.after else f"{self.start.role}.{self.start.label} .. "
        return f"{self.before.role}.{self.before.label}{end} -> {begin}{self.after.role}.{self.after.label}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits that keep the model finite. Hitting one is UNKNOWN, never SAFE."""

    heap: int = 2
    """Blocks per allocation site that can run again."""
    goroutines: int = 2
    """Goroutines per `go` statement that can run again."""
    keys: int = 4
    """Integer map keys are 0 … keys-1."""
    recursion: int = 3
    """Frames of one function on a stack."""
    defer: int = 4
    """Deferred calls of one function in a loop."""
    slice: int = 8
    """Elements of a slice that grows, or is a part of another."""
    int: tuple[int, int] = (-8, 63)
    """Least and greatest value of an integer variable."""


@dataclass(frozen=True, slots=True)
class Document:
    """A model file."""

    path: str
    name: str
    title: str
    about: str
    go: str
    """Whose rules apply: "1.27" (1.24 and later: swiss map), "1.23" (1.22, 1.23: hmap) or "1.21" (1.18 to 1.21: hmap,
    one variable for all rounds of a loop)."""
    declare: Text | None
    roles: tuple[Role, ...]
    clauses: tuple[ClauseText, ...]
    checks: tuple[str, ...]
    expect: tuple[tuple[str, Verdict], ...]
    """Expected verdict per property: a check or the name of a clause."""
    bounds: Bounds
    lines: tuple[str, ...] = field(repr=False, default=())
    """The file's lines, for excerpts."""
    sources: tuple[SourceFile, ...] = ()
    """Go files that belong to the package as `declare` does, in the order given."""
    schemes: tuple[SchemeEntry, ...] = ()
    """The protection schemes of a workload: a file that is judged once under each, see `model.schemes`."""
    expect_under: tuple[Under, ...] = ()
    orders: tuple[OrderText, ...] = ()
    """Edges of happens-before that the user demands."""
    scheme: str = ""
    """The scheme this workload is taken under, as `--scheme` names it."""
    scheme_files: int = 0
    """How many of `sources`, the last ones, are that scheme."""

    linearizable: Linearizable | None = None
    """What makes the goroutines of a model that has none of its own: clients of a type."""
    decision: Decision | None = None
    """What the verdict is wanted for."""

    @property
    def argument(self) -> str:
        """How a command line names this model: the path, and the scheme of a workload."""
        return f"{self.path} --scheme {self.scheme}" if self.scheme else self.path

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """The lines of every file the model is made of, by the path that spans name."""
        return {self.path: self.lines, **{s.text.file: tuple(s.text.value.split("\n")) for s in self.sources}}

    @property
    def sha256(self) -> str:
        """The digest of everything the model says: its own text, and that of its Go files with their names."""
        return digest("\n".join(self.lines), tuple((s.name, s.text.value) for s in self.sources))


def digest(text: str, sources: tuple[tuple[str, str], ...]) -> str:
    """SHA-256 of a model's text and of its Go files (name, text); without Go files that of the text alone."""
    import hashlib

    whole = hashlib.sha256(text.encode())
    for name, go in sources:
        whole.update(f"\0{name}\0{len(go)}\0{go}".encode())
    return whole.hexdigest()
