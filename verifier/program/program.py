"""`Program`: cells, places, templates with their steps, instances and clauses. See `docs/program.md`."""

from __future__ import annotations

from enum import Enum

from verifier.program.expr import TRUE, Expr, Ref
from verifier.program.monitor import Clients
from verifier.records import dataclass, field
from verifier.source import Span

END = 0
"""Location of a goroutine that has returned, in every template."""
IDLE = 1
"""Location of a goroutine that has not been started yet, in every template."""

PACKAGE = 0
"""Number of the package template and of its only instance: it owns the shared cells and never runs."""


@dataclass(frozen=True, slots=True)
class Bool:
    """0 = false, 1 = true."""


@dataclass(frozen=True, slots=True)
class Range:
    """Integers `low..high`, both included. `low == high` takes no bits: a location that only races are about."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Enum_:
    """Values `0..len(names)-1` that are only compared and copied, e.g. the string constants of a model."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference: 0 is nil, n is the n-th place of the sort `Program.sorts[sort]`."""

    sort: int


@dataclass(frozen=True, slots=True)
class Union:
    """An interface value as one number: 0 is nil, then one segment per dynamic type.

    Each alternative is (Go type, first value, domain); its values are `first + (v - low(domain))`.
    """

    alternatives: tuple[tuple[str, int, Domain], ...]


Domain = Bool | Range | Enum_ | Reference | Union


@dataclass(frozen=True, slots=True)
class CellDecl:
    """A cell of a template's block. `name` is for reports, e.g. `users["alice"].Age` or `u`."""

    name: str
    domain: Domain


@dataclass(frozen=True, slots=True)
class Place:
    """Something a reference can point to. `owner` is the instance whose block holds it (0: the package).

    `site` names the variable or allocation it is, equal for corresponding places of interchangeable instances;
    `block` counts the recycled blocks of one site. `cells` are all cells of the object, for reachability.
    """

    name: str
    owner: int
    site: str
    block: int
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """The places a reference type can point to: reference n means `places[n - 1]`."""

    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """A memory access the Go memory model sees. `when` limits it to states where it really happens."""

    ref: Ref
    write: bool
    atomic: bool
    when: Expr = TRUE


@dataclass(frozen=True, slots=True)
class Fail:
    """The step does not end in a state but in a failure: `kind` is panic, fatal, bound or assert.

    A `bound` failure is a limit of the model, never of the user's program: it makes verdicts UNKNOWN.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Sync:
    """What a step does to a lock. `op`: lock, announce, acquire, unlock, rlock, runlock (a try that got it counts);
    begin and finish for the running call of a Once.

    `ref` is the lock's first cell; proofs and reports recognise locks by this mark only.
    """

    op: str
    ref: Ref


@dataclass(frozen=True, slots=True)
class Alloc:
    """Pick the lowest block of a recyclable site that no live reference reaches; `Fresh()` is its place number.

    `candidates[ordinal of the instance of `template`]` lists the place numbers (in `sort`) of that instance's
    blocks, in order. No free block: the step is a `bound` failure that names the site.
    """

    sort: int
    template: int
    candidates: tuple[tuple[int, ...], ...]
    site: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Half of a paired step: an unbuffered send (`sends`) or receive, taken only together with the other half.

    Both halves name a channel, a place of one sort; `kind` is the type of the channels, so that only halves that can
    meet are tried. A sender hands `values` over, which the receiver's updates call `Received`. A half that `polls`, in
    a `select` with `default`, never waits: two of them never meet.
    """

    sends: bool
    channel: Expr
    kind: str
    values: tuple[Expr, ...] = ()
    polls: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One frame of a Go stack: the function, and the span of the call that entered it (None: goroutine body)."""

    function: str
    called_at: Span | None


class Kind(Enum):
    """How a step can be seen. LOCAL steps touch nothing another goroutine, clause or collector can see."""

    LOCAL = "local"
    PLAIN = "plain"
    SYNC = "sync"


@dataclass(frozen=True, slots=True)
class Step:
    """A guarded atomic step. Updates are simultaneous: guard, right sides and indices read the state before.

    `text` is the Go statement in the user's words, `detail` what this step of it does ("announce"), `stack` the
    inlined frames from the goroutine body inwards. `origin` lists the raw steps (indices into the raw template's
    `steps`) that a composed step stands for; a raw step has ().
    """

    src: int
    dst: int
    guard: Expr = TRUE
    updates: tuple[tuple[Ref, Expr], ...] = ()
    accesses: tuple[Access, ...] = ()
    kind: Kind = Kind.LOCAL
    text: str = ""
    detail: str = ""
    span: Span | None = None
    stack: tuple[Call, ...] = ()
    cite: str = ""
    fail: Fail | None = None
    sync: tuple[Sync, ...] = ()
    alloc: Alloc | None = None
    spawn: int | None = None
    offer: Offer | None = None
    symptom: str = ""
    origin: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """The machine of a role or of a `go` statement. `parent` is the template that starts it, None for a role.

    `cells` are laid out in the block of each instance. `labels` maps Go labels to the locations they name.
    """

    number: int
    name: str
    cells: tuple[CellDecl, ...]
    steps: tuple[Step, ...]
    locations: int
    entry: int
    parent: int | None = None
    labels: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """A goroutine that can exist. `ordinal` counts the instances of its template program-wide.

    `lineage` holds (template, first cell, ordinal) for itself, its ancestors and the package.
    """

    number: int
    name: str
    template: int
    ordinal: int
    parent: int | None
    lineage: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """A user's property over the state. `when`: always, sometimes, finally (all goroutines have returned).

    `expr` reads absolute cells and `Pc`. `symptom` clauses are not the user's: they name consequences of a race.
    """

    name: str
    when: str
    expr: Expr
    text: str = ""
    span: Span | None = None
    symptom: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A shared object worth a column in a timeline: a lock, a map, a variable.

    `kind`: mutex, rwmutex, once, waitgroup, cond, atomic, map, syncmap, channel, pointer, value. `cells` by kind:
    mutex (held); rwmutex (readers, pending, writer); once (state); waitgroup (count); atomic and value: the cells
    of the value; map and syncmap: present bit then value cells, for each key of `keys`; channel: closed and, where it
    has a buffer, the length and the values; pointer, one kept by content: whether it is set, then the fields.
    """

    name: str
    kind: str
    cells: tuple[int, ...]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A transition system. `initial[c]` is the first value of cell c, `starts[i]` the first location of instance i.

    Cell numbers: the package's block, then one block per instance, in order. `init_fail` is set when a package
    initialiser fails: then no goroutine ever runs. `raw` is the program before composition (None in a raw one).
    """

    name: str
    templates: tuple[Template, ...]
    instances: tuple[Instance, ...]
    cells: tuple[CellDecl, ...]
    initial: tuple[int, ...]
    starts: tuple[int, ...]
    sorts: tuple[Sort, ...] = ()
    recycled: tuple[tuple[int, int], ...] = ()
    """Recyclable blocks as (sort, place number): zeroed in every new state no live reference reaches them."""
    clauses: tuple[Clause, ...] = ()
    views: tuple[View, ...] = ()
    init_fail: Fail | None = None
    init_span: Span | None = None
    notes: tuple[str, ...] = ()
    raw: Program | None = field(default=None, repr=False)
    prelude: tuple[tuple[int, ...], ...] = ()
    """In a composed program: for each instance, the raw steps already taken in the initial state."""
    classes: tuple[tuple[int, ...], ...] = ()
    """Groups of goroutines (root instances) shown to be interchangeable: engines then keep one state of each orbit."""

    clients: Clients | None = None
    """The most general client whose calls are judged against a sequential map; None in most programs."""
    pools: tuple[tuple[int, ...], ...] = ()
    """Groups of `recycled` blocks (their positions) that are alike and belong to nobody: allocations anywhere take
    from them, and engines renumber them in the order in which they are reached."""

    @property
    def goroutines(self) -> tuple[Instance, ...]:
        """Every instance that can run: all but the package."""
        return self.instances[1:]


def low(domain: Domain) -> int:
    """The least value of a domain."""
    return domain.low if isinstance(domain, Range) else 0


def high(domain: Domain, sorts: tuple[Sort, ...]) -> int:
    """The greatest value of a domain; references need the sorts to know how many places there are."""
    match domain:
        case Bool():
            return 1
        case Range():
            return domain.high
        case Enum_():
            return max(len(domain.names) - 1, 0)
        case Reference():
            return len(sorts[domain.sort].places)
        case Union():
            return sum(high(d, sorts) - low(d) + 1 for _, _, d in domain.alternatives)


def show(value: int, domain: Domain, sorts: tuple[Sort, ...]) -> str:
    """A value in Go words: `true`, `-3`, `"alice"`, `nil`, `&User#1`."""
    match domain:
        case Bool():
            return "true" if value else "false"
        case Range():
            return str(value)
        case Enum_():
            return domain.names[value] if 0 <= value < len(domain.names) else f"?{value}"
        case Reference():
            return "nil" if value == 0 else sorts[domain.sort].places[value - 1].name
        case Union():
            for name, first, inner in domain.alternatives:
                if first <= value <= first + high(inner, sorts) - low(inner):
                    shown = show(value - first + low(inner), inner, sorts)
                    return f"(*{name[1:]})(nil)" if name.startswith("*") and shown == "nil" else shown
            return "nil"


def base(instance: Instance, template: int) -> int:
    """First cell of the block of `template` seen from `instance`. Raises KeyError when it is not in its lineage."""
    for number, first, _ in instance.lineage:
        if number == template:
            return first
    raise KeyError(template)
