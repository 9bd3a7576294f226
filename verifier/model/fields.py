"""The one definition of the model file: every key, what it may hold, what it means.

The reader checks files against this table and the JSON Schema is printed from it, so the two cannot disagree.
"""

from __future__ import annotations

from verifier.model.document import BUILTIN, CHECKS, METHODS, Bounds
from verifier.records import dataclass

CLAUSES = ("always", "sometimes", "finally")
"""The keys under which users write properties of their own, as expressions."""

EDGES = "ordered"
"""The key under which users write edges of happens-before."""

GO_VERSIONS = ("1.18", "1.19", "1.20", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27")

BODY = "Go statements"
"""What the body of a goroutine must be."""

MAX_COUNT = 100
"""Goroutines of one role; far above what an exhaustive exploration can finish."""

VERDICT_WORDS = ("safe", "unsafe", "unknown")

IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"

GO_KEYWORDS = frozenset(
    ("break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough",
     "for", "func", "go", "goto", "if", "import", "interface", "map", "package",
     "range", "return", "select", "struct", "switch", "type", "var")
)  # fmt: skip

_DEFAULTS = Bounds()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. `pattern` (a whole match; empty: anything) is described to the user by `what`."""

    what: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """Text of any length, for people."""


@dataclass(frozen=True, slots=True)
class Code:
    """Go text: `what` it must be; an `expression` may look like a YAML boolean, other Go text may not."""

    what: str
    expression: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`, or `word` when it is not empty."""

    least: int
    most: int
    word: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """One of `choices`; `any_case` accepts capitals too, `number` accepts it unquoted although YAML sees a number."""

    choices: tuple[str, ...]
    any_case: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """A list of two whole numbers, first at most 0, second at least 1, both within 32 bits."""

    least: int = -(2**31)
    most: int = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping with names of the user's choice. `what` says what is named."""

    key: Line
    value: Shape
    what: str


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """Either a mapping, `full`, or what stands for it on one line: the one essential field of a record, say."""

    short: Code | Word
    full: Record | Named


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """One of `item`, or a list of them that is not empty. `what` says what a list is of."""

    item: Line
    what: str


Shape = Line | Prose | Code | Whole | Word | Interval | Items | Named | Record | Brief | OneOrMore


@dataclass(frozen=True, slots=True)
class Field:
    """A known key: `doc` is shown in the schema, `default` too when it is not None."""

    name: str
    shape: Shape
    doc: str
    required: bool = False
    unless: str = ""
    """A key that stands in for this one where it is required."""
    default: str | int | tuple[str, ...] | tuple[int, int] | None = None


ROLE = Record(
    (
        Field(
            "count", Whole(1, MAX_COUNT, "any"), "How many goroutines run this body; `any` asks for a proof.", default=1
        ),
        Field("body", Code(BODY), "What each of these goroutines runs, as Go statements.", required=True),
    )
)

_NAMES = Line("free text on one line")
_VERDICT = Word(VERDICT_WORDS, any_case=True)
_EXPRESSION = Code("a Go bool expression", expression=True)


def _clause(doc: str) -> Named:
    return Named(_NAMES, _EXPRESSION, doc)


def _bound(name: str, least: int, most: int, default: int, doc: str) -> Field:
    return Field(name, Whole(least, most), doc, default=default)


BOUNDS = Record(
    (
        _bound("heap", 1, 64, _DEFAULTS.heap, "Blocks per allocation site that can run again."),
        Field(
            "int",
            Interval(),
            "Least and greatest value of an integer variable, as a list of two.",
            default=_DEFAULTS.int,
        ),
        _bound("goroutines", 1, 64, _DEFAULTS.goroutines, "Goroutines per `go` statement that can run again."),
        _bound("keys", 1, 64, _DEFAULTS.keys, "Integer map keys are 0 to keys-1."),
        _bound("recursion", 1, 64, _DEFAULTS.recursion, "Frames of one function on a stack."),
        _bound("defer", 1, 64, _DEFAULTS.defer, "Deferred calls of one function in a loop."),
        _bound("slice", 1, 64, _DEFAULTS.slice, "Elements of a slice that grows, or is a part of another."),
    )
)

_POINT = Line("a role and one of its labels, such as `writer.stored`", rf"{IDENTIFIER}\.{IDENTIFIER}")

ORDERED = Record(
    (
        Field("before", _POINT, "The label up to which the goroutine's doings are meant.", required=True),
        Field("finished", _POINT, "The label it has come to when the question arises. By default `before`."),
        Field("start", _POINT, "Only who leaves this label later has to know. By default that of `after`."),
        Field("after", _POINT, "The label where everything up to `before` must have happened before.", required=True),
    )
)

LINEARIZABLE = Record(
    (
        Field(
            "type", Line("the name of a declared type", IDENTIFIER), "The type whose calls are judged.", required=True
        ),
        Field("as", Word(("map",)), "What it must be like: a sequential map.", default="map"),
        Field("keys", Whole(1, 3), "Keys that calls use.", default=2),
        Field("values", Whole(1, 3), "Values that calls use.", default=2),
        Field("goroutines", Whole(1, 4), "Goroutines that call.", default=2),
        Field("calls", Whole(1, 4), "Calls that each of them makes.", default=2),
        Field(
            "operations",
            Items(Word((*METHODS, "Range"))),
            "The methods called, each with every key and value.",
            required=True,
        ),
    )
)

_PROSE = Line("text on one line")

DECISION = Record(
    (
        Field("question", _PROSE, "What has to be decided."),
        Field("record", _PROSE, "The architecture decision record it belongs to: an id or a link."),
        Field("chosen", _PROSE, "The option that was taken."),
        Field("considered", OneOrMore(_PROSE, "options"), "The options there were."),
    )
)

_START = "initialise variables in `declare:`, where they are declared or by a function: `var _ = setup()`"

ELSEWHERE = dict.fromkeys(("init", "setup", "before", "start"), _START)
"""Keys that people look for, and where what they want is written."""

MODEL = Record(
    (
        Field(
            "model",
            Line("a name of letters, digits, `-`, `_` and `.`", "[A-Za-z0-9][A-Za-z0-9._-]*"),
            "The model's name, as reports show it.",
            required=True,
        ),
        Field("title", Line("text on one line"), "One line that says what is modelled."),
        Field("about", Prose(), "What the model stands for, in prose."),
        Field("decision", DECISION, "What the verdict is wanted for; evidence and decision records quote it."),
        Field(
            "go",
            Word(GO_VERSIONS, number=True),
            "Whose rules apply: from 1.24 the swiss map, before it hmap; up to 1.21 one variable a loop. "
            "The tests compare the rules of 1.27 with Go; those of hmap are compared by hand (docs/semantics.md).",
            default="1.27",
        ),
        Field("declare", Code("Go declarations"), "Package-level Go: types, vars, consts, funcs and methods."),
        Field(
            "source",
            OneOrMore(Line("the path of a Go file"), "paths of Go files"),
            "Go files with more of the same package; paths count from the model file.",
        ),
        Field(
            "schemes",
            OneOrMore(Line("a protection scheme"), "protection schemes"),
            "Makes the file a workload, judged under each of these protection schemes: names, paths or `all`.",
        ),
        Field(
            "goroutines",
            Named(Line("a Go identifier", IDENTIFIER), Brief(Code(BODY), ROLE), "role"),
            "The goroutines: a role's name, and its body or its count and body. Beside clients, those they need.",
            required=True,
            unless="linearizable",
        ),
        Field(
            "linearizable",
            LINEARIZABLE,
            "Judge every history of calls of a type against a sequential map: the goroutines are clients of it.",
        ),
        Field("always", _clause("property"), "Go bool expressions that hold in every reachable state."),
        Field("sometimes", _clause("property"), "Go bool expressions that hold in some reachable state."),
        Field("finally", _clause("property"), "Go bool expressions that hold once all goroutines have returned."),
        Field(
            "ordered",
            Named(_NAMES, ORDERED, "property"),
            "Edges of happens-before: what one goroutine did before a label comes before a label of another one.",
        ),
        Field(
            "check",
            Items(Word(BUILTIN + CLAUSES + (EDGES,))),
            "Which of the built-in properties are judged; the user's own always are.",
            default=CHECKS,
        ),
        Field(
            "expect",
            Named(_NAMES, Brief(_VERDICT, Named(_NAMES, _VERDICT, "property")), "property"),
            "The verdict each property should have, or a scheme's name and that; makes the file its own test.",
        ),
        Field("bounds", BOUNDS, "Limits that keep the model finite. Hitting one is UNKNOWN, never SAFE."),
    )
)
