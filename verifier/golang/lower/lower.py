"""The driver: a checked model in, a raw `Program` out."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.bodiless import value_counts
from verifier.golang.contents import facts_of
from verifier.golang.facts import Facts
from verifier.golang.lower import assign, channels, flow, loops, postponed, returns, switches
from verifier.golang.lower.arrange import Arrangement, arrange
from verifier.golang.lower.clients import Made, clients, judged
from verifier.golang.lower.close import close
from verifier.golang.lower.dead import zero_dead_cells
from verifier.golang.lower.dispatch import refuse_unknown
from verifier.golang.lower.expressions import condition, evaluate
from verifier.golang.lower.growth import largest
from verifier.golang.lower.initial import run_initialisers
from verifier.golang.lower.inline import inline
from verifier.golang.lower.layout import Layouts
from verifier.golang.lower.link import Linker, cell_name
from verifier.golang.lower.machine import Machine, Settings
from verifier.golang.lower.observe import symptom_clauses, views
from verifier.golang.lower.recovery import carry_values
from verifier.golang.lower.share import share_cells
from verifier.golang.lower.storage import Observed, numbers, zero
from verifier.golang.lower.templates import Builder
from verifier.golang.lower.values import (
    Address,
    Binding,
    FuncVal,
    Leaf,
    Loc,
    Made as MadeFunction,
    Region,
    Value,
    is_func,
)
from verifier.golang.text import Files
from verifier.golang.types import Chan, FuncInfo, Interface, Map, Package, Pointer, Signature, Slice, Var, underlying
from verifier.model.document import CLIENT
from verifier.program.expr import Cell as CellRef, Const, Expr, Own, Read, all_of, equal, negate, rewrite
from verifier.program.monitor import LINEARIZABLE, REFUTED
from verifier.program.program import (
    END,
    IDLE,
    Bool,
    CellDecl,
    Clause,
    Enum_,
    Program,
    Range,
    Reference,
    Template,
    Union,
)
from verifier.records import dataclass, replace

STATEMENTS: dict[type, Callable[[Machine, ast.Stmt], None]] = {
    ast.ExprStmt: flow.expression_statement,
    ast.Send: channels.send_statement,
    ast.Select: channels.select,
    ast.IncDec: assign.inc_dec,
    ast.Assign: assign.assign_statement,
    ast.Go: postponed.go_statement,
    ast.Defer: postponed.defer_statement,
    ast.Return: returns.return_statement,
    ast.Branch: flow.branch_statement,
    ast.Block: flow.block,
    ast.If: flow.if_statement,
    ast.Switch: switches.switch,
    ast.TypeSwitch: switches.type_switch,
    ast.For: loops.for_statement,
    ast.Range: loops.range_statement,
    ast.Labeled: flow.labeled,
    ast.DeclStmt: assign.declaration,
    ast.Empty: flow.empty,
}


@dataclass(frozen=True, slots=True)
class Roles:
    """How many goroutines of each role to build, in model order."""

    counts: tuple[tuple[str, int], ...]


MOST_INITIAL_BLOCKS = 64
"""Objects that one allocation in a loop of an initialiser may make."""


def lower(
    package: Package, name: str, roles: Roles, settings: Settings, files: Files, facts: Facts | None = None
) -> Program:
    """Lower a checked model. Raises ModelError, located, for what is outside the subset."""
    facts = facts or facts_of(package)
    while True:
        try:
            made, again = _lower(package, name, roles, settings, files, facts)
        except Observed as where:
            facts = replace(facts, contents=facts.contents - {where.type})
            continue
        if settings.client is not None and not settings.pooled and again:
            # What clients allocate comes from pools, and what initialisers allocate of the same types as well.
            settings = replace(settings, pooled=again)
            continue
        short = made.init_fail is not None and "bounds: heap" in made.init_fail.message
        if not short or settings.initial_blocks >= MOST_INITIAL_BLOCKS:
            return made
        # Initialisers run once, here: what they allocate is known, so there is no bound to choose.
        settings = replace(settings, initial_blocks=2 * settings.initial_blocks)


def _lower(
    package: Package, name: str, roles: Roles, settings: Settings, files: Files, facts: Facts
) -> tuple[Program, frozenset[str]]:
    """The program, and the sorts of objects that goroutines allocate again and again."""
    if settings.lang < 122:
        # One variable for all rounds of a loop: every round assigns it.
        facts = replace(facts, assigned=facts.assigned | facts.ranged)
    if facts.growing:
        facts = replace(facts, longest_slice=max(facts.longest_slice, settings.bounds.slice))
    layouts = Layouts(
        facts.strings,
        settings.bounds.keys,
        facts.longest_slice,
        settings.runtime,
        facts.channels,
        facts.contents,
        facts.growing,
        largest(facts.growing, facts.longest_slice, facts.most_capacity),
    )
    m = Machine(package.info, facts, layouts, settings, files)
    m.evaluate = evaluate
    m.stmt_table = dict(STATEMENTS)
    carry_values(m)
    m.free_values = value_counts(package, facts.longest_slice)
    if settings.runtime:
        m.odd = m.cell("a symptom was seen", Bool())
        m.tm.frame[m.odd] = False
    bindings = _package_variables(m, package)
    templates = _roles(m, package)
    called = None if settings.client is None else clients(m, settings.client)
    if called is not None:
        templates[CLIENT] = called.template
    clauses = [(c, *_clause(m, c.expr)) for c in package.clauses]
    _refuse_uncomparable(m)
    refuse_unknown(m)
    symptoms = symptom_clauses(m)
    m.size_panic_cells()
    locations = close(m.builders)
    share_cells(m)
    init = m.builders[0].steps
    zero_dead_cells(m.builders)
    counts = dict(roles.counts)
    at = arrange(m, [(templates[r], r, counts[r]) for r in templates])
    linker = Linker(m, at, locations)
    linker.make_sorts()
    linker.union()
    linked = [linker.step(s) for s in init]
    started = run_initialisers(m, linker, linked)
    _name_regions(m, linker, started.state)
    linker.make_sorts()
    cells = _cells(m, at, linker)
    program = Program(
        name=name,
        templates=tuple(_template(linker, b) for b in m.builders),
        instances=tuple(at.instances),
        cells=tuple(cells),
        initial=tuple(started.state),
        starts=tuple(_start(m, i.template, i.parent) for i in at.instances),
        sorts=linker.sorts,
        recycled=linker.recycled(),
        clauses=tuple(
            Clause(c.name, c.when, _absolute(linker, e), c.text, c.span) for c, e in ((c, e) for c, e in clauses)
        )
        + tuple(Clause(n, "finally", _absolute(linker, e), sentence, None, True) for n, sentence, e in symptoms)
        + (() if called is None else (_judgement(called),)),
        views=views(m, at, linker, bindings, started.state),
        init_fail=started.fail,
        init_span=started.span,
        notes=tuple(m.notes),
        clients=None if called is None else judged(called, at),
        pools=linker.pools(),
    )
    return program, frozenset(m.allocated)


def _judgement(made: Made) -> Clause:
    """Some order of the calls fits."""
    fits = negate(equal(Read(CellRef(made.state)), Const(REFUTED)))
    return Clause(LINEARIZABLE, LINEARIZABLE, fits, "", made.client.asked.span)


def _refuse_uncomparable(m: Machine) -> None:
    """Go panics when two interface values that hold maps or slices are compared; models cannot tell yet which do."""
    held = [t for t in m.segments.values() if isinstance(underlying(t), Map | Slice)]
    if m.any_compared is not None and held:
        raise m.unsupported(
            f"comparing interface values in a model that puts a {held[0]} into one is not supported yet",
            m.any_compared,
            "Go panics when both hold one: compare what a type assertion takes out, or store pointers",
        )


def _package_variables(m: Machine, package: Package) -> tuple[tuple[Var, Binding], ...]:
    """Lower the initialisers into template 0; constants are bound to their value."""
    out: list[tuple[Var, Binding]] = []
    m.where = None
    for variables, spec in package.variables:
        m.where = spec.span
        if spec.values:
            wants = tuple(v.type for v in variables)
            values = assign.right_sides(m, spec.values, wants)
        else:
            values = [zero(m, v.type) for v in variables]
        for var, value in zip(variables, values, strict=True):
            binding = _bind(m, var, value)
            m.globals.names[var] = binding
            out.append((var, binding))
    m.goto(END)
    return tuple(out)


def _bind(m: Machine, var: Var, value: Value) -> Binding:
    if is_func(var.type):
        _name_made(var, value)
        return Binding(value=value)
    known = m.facts.constant(var) and len(value.leaves) == 1
    if known and all(isinstance(x, Address | Const) for x in value.leaves):
        first = value.leaves[0]
        if isinstance(first, Address) and not first.path and "@" in first.region.name:
            first.region.name = var.name
        return Binding(value=value)
    leaves = m.layouts.leaves(var.type)
    region = m.region(var.name, leaves, m.layouts.key(var.type), private=False)
    # What is only written here can be read at any time, without a step of its own.
    loc = Loc(region, (), var.type, shared=not m.facts.constant(var))
    if leaves:
        refs = [m.ref(loc, x.path) for x in leaves]
        m.step(updates=tuple(zip(refs, numbers(m, value), strict=True)))
    return Binding(loc)


def _name_made(var: Var, value: Value) -> None:
    """What a function of `sync.OnceFunc` keeps is named after the variable."""
    f = value.leaves[0] if value.leaves else None
    held = (
        f.recv.leaves[0]
        if isinstance(f, FuncVal) and isinstance(f.target, MadeFunction) and f.recv is not None
        else None
    )
    if isinstance(held, Address) and "@" in held.region.name:
        held.region.name = var.name


def _roles(m: Machine, package: Package) -> dict[str, int]:
    """Lower every role into a template of its own; role name → template."""
    out: dict[str, int] = {}
    for body in package.bodies:
        b = Builder(len(m.builders), body.role, None)
        m.builders.append(b)
        out[body.role] = b.number
        m.tm, m.cur, m.frames, m.loops, m.loop_depth, m.env = b, 2, [], [], 0, m.globals
        literal = ast.FuncLit(body.span, ast.FuncType(body.span, (), ()), body.block)
        m.info.literals[literal] = FuncInfo(Signature((), ()), (), ())
        inline(m, FuncVal(literal, m.globals), (), None, name=body.role)
        m.goto(END)
    return out


def _clause(m: Machine, x: ast.Expr) -> tuple[Expr]:
    """A clause as one expression over the state; where it cannot be evaluated (nil), it does not hold."""
    m.tm, m.cur, m.frames, m.env, m.pure, m.defined = m.builders[0], END, [], m.globals, True, []
    m.where = x.span
    e = condition(m, x)
    e = all_of(*m.defined, e)
    m.pure = False
    return (e,)


def _absolute(linker: Linker, e: Expr) -> Expr:
    def leaf(x: Expr) -> Expr | None:
        if isinstance(x, Read) and isinstance(x.ref, Own):
            return Read(CellRef(x.ref.offset))
        return None

    return rewrite(linker.expr(e), leaf)


def _start(m: Machine, template: int, parent: int | None) -> int:
    if template == 0:
        return END
    return IDLE if parent is not None else 2


def _template(linker: Linker, b: Builder) -> Template:
    steps = () if b.number == 0 else tuple(linker.step(s) for s in b.steps)
    size = 1 + max((max(s.src, s.dst) for s in steps), default=2)
    cells = tuple(CellDecl(name, linker.domain(spec)) for name, spec in b.cells)
    return Template(b.number, b.name, cells, steps, max(size, 3), 2, b.parent, tuple(sorted(b.labels.items())))


def _name_regions(m: Machine, linker: Linker, state: list[int]) -> None:
    """Name an object of the package after the variable or field that refers to it at the start, e.g. `c.m`."""
    named = [r for r in m.builders[0].regions if "@" not in r.name and not r.private]
    for r in named:  # grows: an object that gets its name here names what it refers to
        for leaf in r.leaves:
            spot = _referent(m, linker, leaf, state[r.offset + r.index[leaf.path]])
            if spot is not None and "@" in spot.name:
                spot.name = cell_name(m, r, leaf.path)
                named.append(spot)


def _referent(m: Machine, linker: Linker, leaf: Leaf, value: int) -> Region | None:
    """The whole object of the package that a cell refers to at the start."""
    spec = leaf.spec
    if isinstance(spec, Bool | Range | Enum_ | Reference | Union) or value == 0:
        return None
    if isinstance(underlying(spec), Interface):
        spec, value = linker.dynamic(value)
    if not isinstance(underlying(spec), Pointer | Map | Slice | Chan):
        return None
    places = linker.at.places.get(m.layouts.object_key(spec), [])
    spot = places[value - 1] if places else None
    return spot.region if spot is not None and spot.instance == 0 and not spot.path else None


def _cells(m: Machine, at: Arrangement, linker: Linker) -> list[CellDecl]:
    """One declaration per cell, with names a report can print."""
    out: list[CellDecl] = []
    # Blocks of a pool are renumbered all the time: which one it is says nothing.
    pooled = list(m.pools.values())
    for i in at.instances:
        b = m.builders[i.template]
        names = [name for name, _ in b.cells]
        for r in b.regions:
            for block in range(r.blocks):
                for k, leaf in enumerate(r.leaves):
                    base = cell_name(m, r, leaf.path)
                    alone = r.blocks == 1 or r in pooled
                    names[r.offset + block * r.size + k] = base if alone else f"{base} (#{block + 1})"
        prefix = "" if i.number == 0 else f"{i.name}: "
        for (_, spec), name in zip(b.cells, names, strict=True):
            out.append(CellDecl(prefix + name, linker.domain(spec)))
    return out
