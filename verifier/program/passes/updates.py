"""Which writes depend on earlier reads of the same location: what a lost update needs, found without running anything.

A write depends on a read when the value written was computed from the value read (`data`), or when the value read
decided that there is a write at all (`control`, check-then-act). Both are followed through local variables, fields and
objects only this goroutine writes, not through memory that others write too and not from one goroutine to another.
"""

from __future__ import annotations

from collections.abc import Iterable

from verifier.program.expr import At, Cell, Op, Read, Ref, refs
from verifier.program.passes.footprint import Footprint, conjuncts, numbers, touched
from verifier.program.passes.reach import Flow, Followed, Sites, bound
from verifier.program.program import Instance, Program, Step
from verifier.records import dataclass

ORDERING = (
    "sync/rwmutex.go",
    "internal/sync/mutex.go",
    "sync/once.go",
    "sync/oncefunc.go",
    "sync/waitgroup.go",
    "sync/cond.go",
    "runtime/sema.go",
    "runtime/chan.go",
    "runtime/select.go",
)
"""Files whose steps work on cells of locks and channels: no locations a program updates."""


@dataclass(frozen=True, slots=True)
class Use:
    """A write that depends on a read of the same location.

    `step` is the writing step of template `template`, `site` where it was read. `control`: the read only decided that
    there is a write, or the write checks the location against what was read; then a newer read, at one of `renewed`,
    makes it good. `cells` are those of one instance's view: absolute numbers for `instance`.
    """

    template: int
    step: int
    site: int
    control: bool
    renewed: Sites
    cells: frozenset[int]
    instance: int


def dependent_writes(program: Program) -> tuple[dict[int, Flow], list[Use]]:
    """The flow of every goroutine of a raw program, and every write that depends on a read of the same location."""
    flows = flows_of(program)
    return flows, [u for i in program.goroutines for u in _uses(flows[i.number], i)]


def flows_of(program: Program) -> dict[int, Flow]:
    """How values flow in every goroutine. Twice: where references can point says who writes what."""
    whole = _writers(program, None)
    first = {i.number: Flow(program, i, _followed(program, whole, i)) for i in program.goroutines}
    narrow = _writers(program, first)
    return {i.number: Flow(program, i, _followed(program, narrow, i)) for i in program.goroutines}


def _writers(program: Program, flows: dict[int, Flow] | None) -> dict[int, frozenset[int]]:
    """The cells every goroutine may write: wherever a reference may point, or where its flow says that it can."""
    out: dict[int, frozenset[int]] = {}
    for i in program.goroutines:
        found: set[int] = set()
        for n, s in enumerate(program.templates[i.template].steps):
            if s.fail is not None or (flows is not None and s.src not in flows[i.number].at):
                continue
            step = bound(s, i)
            for ref, _ in step.updates:
                if flows is not None:
                    found |= flows[i.number].cells(ref, flows[i.number].steps[n])
                elif isinstance(ref, At):
                    found |= {c for c in ref.family.cells if c >= 0}
                elif isinstance(ref, Cell):
                    found.add(ref.number)
        out[i.number] = frozenset(found)
    return out


def _followed(program: Program, writers: dict[int, frozenset[int]], i: Instance) -> Followed:
    others = frozenset().union(*(cells for n, cells in writers.items() if n != i.number))
    first = i.lineage[0][1]
    block = frozenset(range(first, first + len(program.templates[i.template].cells)))
    return Followed((block | writers[i.number]) - others, others - _of_locks(program))


def _of_locks(program: Program) -> frozenset[int]:
    """The cells of locks, channels and the like, as far as the steps that work on them name them."""
    footprint = Footprint(program)
    found = plain = 0
    for t in program.templates:
        for s in t.steps:
            reached = touched(footprint, s)
            if s.cite.split(":")[0] in ORDERING:
                found |= reached.reads | reached.writes
            elif s.accesses:
                for a in s.accesses:
                    plain |= footprint.cells(a.ref)
    # What a receive delivers into a variable is a location like any other.
    return frozenset(numbers(found & ~plain))


def writes_location(s: Step) -> bool:
    """Whether a step writes memory that a program can see: not only what the model keeps for itself."""
    return s.fail is None and any(a.write for a in s.accesses) and s.cite.split(":")[0] not in ORDERING


def _uses(flow: Flow, i: Instance) -> Iterable[Use]:
    template = flow.program.templates[i.template]
    for n, s in enumerate(flow.steps):
        if s.src in flow.at and writes_location(s):
            yield from _of_write(flow, i, template.number, n, s)


def _of_write(flow: Flow, i: Instance, template: int, n: int, s: Step) -> Iterable[Use]:
    shared = {r: flow.cells(r, s) & flow.followed.contended for r, _ in s.updates}
    written = frozenset().union(*shared.values())
    if _touches(flow, s, refs(s.guard), written):
        # It looks at the location in the very step: CompareAndSwap, LoadOrStore.
        return
    decided = flow.decided(s.src) | flow.guards.get(s.src, frozenset())
    tells = any(_touches(flow, s, refs(v), written) for r, v in s.updates if not shared[r])
    compared = _compared(flow, s.src)
    data: dict[int, set[int]] = {}
    control: dict[int, set[int]] = {}
    for ref, value in s.updates:
        if not shared[ref] or _touches(flow, s, refs(value), written):
            # Add and the like: what is written is made of what is there now.
            continue
        o = flow.origin(value, s)
        domain = flow.program.cells[min(shared[ref])].domain
        o = o.joined(flow.behind(domain, o.values, s))
        index = flow.origin(ref.index, s) if isinstance(ref, At) else flow.origin(value, s)
        for site in o.data:
            into = control if site in compared else data
            into.setdefault(site, set()).update(shared[ref])
        for site in o.control | decided | (index.data if isinstance(ref, At) else frozenset()) | index.control:
            if not tells:
                control.setdefault(site, set()).update(shared[ref])
    sites = frozenset((*data, *control))
    for kind, found in ((False, data), (True, control)):
        for site, cells in found.items():
            both = frozenset(cells) & flow.sites.get(site, frozenset())
            if both and not (kind and site in data and both <= data[site]):
                renewed = frozenset(x for x in sites if x != site and flow.sites.get(x, frozenset()) & both)
                yield Use(template, n, site, kind, renewed, both, i.number)


def _touches(flow: Flow, s: Step, read: Iterable[Ref], cells: frozenset[int]) -> bool:
    return any(flow.cells(r, s) & cells for r in read)


def _compared(flow: Flow, location: int) -> Sites:
    """Reads whose value was found to be equal to that of another read, on the way to a location.

    `if m[k] == n { m[k] = n + 1 }` under one lock is a compare-and-swap: n may be old, as long as it is still right.
    """
    found: set[int] = set()
    for branch in flow.deciding.get(location, ()):
        for s in flow.steps:
            if s.src != branch or s.fail is not None or branch not in flow.at:
                continue
            if not _only_by(flow, s, location):
                continue
            for c in conjuncts(s.guard):
                if isinstance(c, Op) and c.name == "==" and all(isinstance(a, Read) for a in c.args):
                    a, b = (flow.origin(x, s).data for x in c.args)
                    for x in a:
                        for y in b:
                            if x != y and flow.sites.get(x, frozenset()) & flow.sites.get(y, frozenset()):
                                found |= {x, y}
    return frozenset(found)


def _only_by(flow: Flow, s: Step, location: int) -> bool:
    """Whether, once at the branch that `s` leaves, only `s` leads to a location without coming back."""
    others = [x.dst for x in flow.steps if x.src == s.src and x.fail is None and x is not s]
    seen = {s.src}
    todo = others
    while todo:
        n = todo.pop()
        if n == location:
            return False
        if n not in seen:
            seen.add(n)
            todo += [x.dst for x in flow.steps if x.src == n and x.fail is None]
    return True
