"""What a step does to the state of a few goroutines, ghosts included: the auditor's own semantics of a step.

Ghosts change nothing that a goroutine can do; they only record: who holds a lock, which locks a goroutine holds, which
objects others may refer to, and which of the objects of a repeated allocation is the one that is followed.
"""

from __future__ import annotations

from verifier.audit.smt import bits, conj, disj, equals, ite, neg
from verifier.audit.terms import NONE, Scope, Target, Term
from verifier.audit.vocabulary import CellInfo, Kind, NotCovered, Role, cells_of
from verifier.evidence.proof import EMPTY, NUMBER, PLACE
from verifier.program.expr import Const, Expr, Op, Read, Ref
from verifier.program.program import Domain, Range, Step, Union, high
from verifier.program.semantics import zero
from verifier.records import dataclass

State = dict[str, str]


@dataclass(frozen=True)
class Write:
    """A value on its way into a cell. `chosen`: the conditions under which it is which cell."""

    target: Target
    chosen: tuple[tuple[str, int, int, int], ...]
    value: Term


@dataclass(frozen=True)
class Move:
    """A step of the mover: when it is possible, what it leaves, what may not happen, whose cells it went through."""

    guard: str
    after: State
    wrong: str
    through: tuple[str, ...]
    unknown: str
    plain: bool
    """Whether it writes no reference and no lock and allocates nothing: nothing between two others can change."""
    in_use: bool
    """Whether it makes a lock new: then nobody may hold it."""


def move(scope: Scope, step: Step) -> Move:
    """Translate a step in the scope's state. Raises NotCovered."""
    guard = scope.name("Bool", scope.truth(step.guard))
    before = dict(scope.state)
    reset: State = {}
    if step.alloc is not None:
        reset = _allocate(scope, step)
        scope.state = {**before, **reset}
        scope.cache.clear()
    writes = _writes(scope, step)
    wrong = [_zeroed_in_use(scope, step), *_out_of_range(scope, writes)]
    after = {**scope.state, **_stored(scope, writes)}
    wrong.append(_read_holds(scope, step, after))
    overflow = _exclusive(scope, writes, after)
    _publish(scope, writes, after)
    scope.state = before
    scope.cache.clear()
    if overflow != "false":
        after["overflow"] = overflow
    plain = step.alloc is None and not any(_matters(scope, w) for w in writes)
    unknown = disj(sorted({equals(w, "unknown") for w in scope.selectors if w not in (NONE, scope.me())}))
    return Move(
        guard, after, disj(wrong), tuple(dict.fromkeys(scope.through)), unknown, plain, _makes_lock(scope, step)
    )


def _matters(scope: Scope, w: Write) -> bool:
    return any(scope.info(t, o).owned for _, _, t, o in w.chosen) or any(
        scope.info(*home).owned for home in (scope.homes(w.target.family) if w.target.family else {})
    )


def _writes(scope: Scope, step: Step) -> list[Write]:
    out = []
    for ref, e in step.updates:
        if _counts_readers(scope, ref, scope.role):
            _check_readers(step, e)
            continue
        value = scope.term(e)
        target = scope.target(ref)
        out.append(Write(target, tuple(scope.selected(target)), value))
    return out


def _counts_readers(scope: Scope, ref: Ref, role: Role) -> bool:
    cells = cells_of(ref, role)
    return any(c in scope.voc.cells and scope.voc.cells[c].kind is Kind.READERS for c in cells)


def _check_readers(step: Step, e: Expr) -> None:
    """The number of readers may change by one in a marked step, or become 0 when its object is new."""
    marked = any(m.op in ("rlock", "runlock") for m in step.sync)
    match e:
        case Const(value=0):
            return
        case Op(name="+", args=(Read(), Const(value=n))) if marked and n in (1, -1):
            return
    raise NotCovered("a step that writes the number of readers of a lock")


def _makes_lock(scope: Scope, step: Step) -> bool:
    return any(e == Const(0) and _counts_readers(scope, ref, scope.role) for ref, e in step.updates)


def _zeroed_in_use(scope: Scope, step: Step) -> str:
    """A lock is made new although somebody present holds it for reading."""
    out = []
    for ref, e in step.updates:
        if e == Const(0) and _counts_readers(scope, ref, scope.role):
            who, cell = scope.address(scope.target(ref))
            out += [scope.slot_is(f"r{j}.{n}", who, cell) for j in scope.present for n in range(scope.voc.reads)]
    return disj(out)


def _out_of_range(scope: Scope, writes: list[Write]) -> list[str]:
    """An interface value may not leave its domain: it would look like one of another type."""
    out = []
    for w in writes:
        if w.value.value is None and w.value.sort == "n":
            for c, _, t, o in w.chosen:
                domain = scope.info(t, o).domain
                if isinstance(domain, Union):
                    top = bits(high(domain, scope.voc.program.sorts), NUMBER)
                    out.append(conj([c, f"(not (bvule {w.value.text} {top}))"]))
    return out


# ---- cells


def _stored(scope: Scope, writes: list[Write]) -> State:
    out: State = {}

    def now(symbol: str) -> str:
        return out.get(symbol, scope.now(symbol))

    for w in writes:
        for c, j, t, o in w.chosen:
            info, symbol = scope.info(t, o), scope.symbol(j, t, o)
            if info.kind is Kind.FIXED:
                continue
            if not info.refers and w.value.who != NONE:
                raise NotCovered("a reference stored as a number")
            out[symbol] = scope.name(info.sort, ite(c, _as(scope, w.value, info), now(symbol)))
            if info.refers:
                out[f"{symbol}.who"] = scope.name("Id", ite(c, w.value.who, now(f"{symbol}.who")))
            elif info.lock:
                holder = ite(_taken(scope, w), scope.me(), NONE)
                out[f"{symbol}.who"] = scope.name("Id", ite(c, holder, now(f"{symbol}.who")))
    return out


def _as(scope: Scope, value: Term, info: CellInfo) -> str:
    kind = info.kind
    if kind is Kind.BOOL:
        return scope.true(value)
    wide = scope.wide(value)
    if kind is Kind.NUMBER:
        return wide if value.value is not None else _fitted(scope, wide, info.domain)
    if kind is Kind.VALUE:
        return wide
    return bits(value.value, PLACE) if value.value is not None else f"((_ extract {PLACE - 1} 0) {wide})"


def _fitted(scope: Scope, text: str, domain: Domain) -> str:
    """A number that its type cannot hold overflows; here it becomes any number of the type."""
    if not isinstance(domain, Range):
        return text
    least, most = bits(domain.low, NUMBER), bits(domain.high, NUMBER)
    some = scope.any(Kind.NUMBER.value)
    scope.require(f"(and (bvsle {least} {some}) (bvsle {some} {most}))")
    return ite(f"(and (bvsle {least} {text}) (bvsle {text} {most}))", text, some)


def _taken(scope: Scope, w: Write) -> str:
    """That the write takes an exclusive lock: its value is 1."""
    if w.value.sort == "b":
        return w.value.text
    return scope.equal(w.value, Term("n", bits(1, NUMBER), NONE, 1))


# ---- locks held


def _read_holds(scope: Scope, step: Step, after: State) -> str:
    """Record what a goroutine holds for reading; the answer is what may not be: giving back what it does not hold."""
    wrong = []
    slots = [f"r{scope.mover}.{n}" for n in range(scope.voc.reads)]
    for mark in step.sync:
        if mark.op not in ("rlock", "runlock"):
            continue
        who, cell = scope.address(scope.target(mark.ref))
        if mark.op == "rlock":
            followed = "true" if who in (NONE, scope.me()) else neg(f"(lost {who})")
            full = _insert(scope, after, slots, who, cell, followed)
            after["overflow"] = disj([after.get("overflow", "false"), full])
            continue
        done = "false"
        for s in slots:
            mine = scope.slot_is(s, who, cell)
            _set(scope, after, s, conj([neg(done), mine]), NONE, bits(EMPTY, PLACE))
            done = disj([done, mine])
        wrong.append(conj([neg(done), neg(f"(lost {who})") if who != NONE else "true"]))
    return disj(wrong)


def _insert(scope: Scope, after: State, slots: list[str], who: str, cell: str, when: str) -> str:
    """Put a lock into the first empty slot; the answer is that there is none."""
    todo = when
    for s in slots:
        free = scope.name("Bool", equals(after.get(s, scope.now(s)), bits(EMPTY, PLACE)))
        _set(scope, after, s, conj([todo, free]), who, cell)
        todo = conj([todo, neg(free)])
    return scope.name("Bool", todo)


def _set(scope: Scope, after: State, slot: str, when: str, who: str, cell: str) -> None:
    for symbol, value, sort in ((slot, cell, "(_ BitVec 16)"), (f"{slot}.who", who, "Id")):
        after[symbol] = scope.name(sort, ite(when, value, after.get(symbol, scope.now(symbol))))


def _exclusive(scope: Scope, writes: list[Write], after: State) -> str:
    """Who writes 1 into a lock of an object holds it; any other write to it ends that for whoever held it."""
    overflow = after.pop("overflow", "false")
    for w in writes:
        homes = [w.target.key] if w.target.key else list(scope.homes(w.target.family)) if w.target.family else []
        if not any(scope.info(*h).lock for h in homes) or all(h[0] == 0 for h in homes):
            continue
        who, cell = scope.address(w.target)
        for j in scope.present:
            for n in range(scope.voc.holds):
                s = f"h{j}.{n}"
                here = conj(
                    [
                        equals(after.get(s, scope.now(s)), cell),
                        equals(after.get(f"{s}.who", scope.now(f"{s}.who")), who),
                    ]
                )
                _set(scope, after, s, here, NONE, bits(EMPTY, PLACE))
        taken = conj([_taken(scope, w), neg(f"(lost {who})"), neg(equals(who, NONE))])
        slots = [f"h{scope.mover}.{n}" for n in range(scope.voc.holds)]
        overflow = disj([overflow, _insert(scope, after, slots, who, cell, taken)])
    return overflow


# ---- published objects


def _publish(scope: Scope, writes: list[Write], after: State) -> None:
    """Objects of the mover a reference to which is written anywhere but into its own unpublished objects."""
    role, j = scope.role, scope.mover
    regions = role.regions
    if not regions:
        return
    start = {q: after.get(f"e{j}.{role.template}.{q}", scope.now(f"e{j}.{role.template}.{q}")) for q in regions}
    known = dict(start)
    for _ in range(len(regions)):
        grown = {
            q: disj([known[q], *_shown(scope, writes, known, q), *_reached(scope, after, known, q)]) for q in regions
        }
        grown = {q: scope.name("Bool", text) for q, text in grown.items()}
        if grown == known:
            break
        known = grown
    for q in regions:
        after[f"e{j}.{role.template}.{q}"] = known[q]


def _shown(scope: Scope, writes: list[Write], published: dict[int, str], q: int) -> list[str]:
    """Writes of a reference to object q that others may see."""
    role = scope.role
    cells = frozenset(o for o in range(role.size) if role.region[o] == q)
    out = []
    for w in writes:
        if w.value.sort != "p":
            continue
        homes = [w.target.key] if w.target.key else list(scope.homes(w.target.family)) if w.target.family else []
        values = sorted({v for h in homes for v in scope.voc.places(scope.info(*h).domain, role.template, cells)})
        refers = conj(
            [equals(w.value.who, scope.me()), disj(equals(scope.wide(w.value), bits(v, NUMBER)) for v in values)]
        )
        if not values or refers == "false":
            continue
        private = [
            conj([c, neg(published[role.region[o]]) if role.region[o] >= 0 else "true"])
            for c, k, t, o in w.chosen
            if t == role.template and k == scope.mover
        ]
        out.append(conj([refers, neg(disj(private))]))
    return out


def _reached(scope: Scope, after: State, published: dict[int, str], q: int) -> list[str]:
    """Published objects of the mover that refer to its object q."""
    role = scope.role
    cells = frozenset(o for o in range(role.size) if role.region[o] == q)
    out = []
    for o in range(role.size):
        holder = role.region[o]
        info = scope.info(role.template, o)
        if holder < 0 or holder == q or not info.refers:
            continue
        symbol = scope.symbol(scope.mover, role.template, o)
        values = scope.voc.places(info.domain, role.template, cells)
        if values:
            who = after.get(f"{symbol}.who", scope.now(f"{symbol}.who"))
            place = after.get(symbol, scope.now(symbol))
            refers = disj(equals(place, bits(v, info.width)) for v in values)
            out.append(conj([published[holder], equals(who, scope.me()), refers]))
    return out


# ---- allocation that can run again


def _allocate(scope: Scope, step: Step) -> State:
    """The new object is followed from now on, and nobody follows the old one; or the new one is not followed."""
    assert step.alloc is not None
    role, voc, j = scope.role, scope.voc, scope.mover
    place = step.alloc.candidates[0][0]
    cells = role.blocks.get((step.alloc.sort, place))
    if cells is None or step.alloc.template != role.template:
        raise NotCovered("an allocation without a block")
    follow, gone = scope.any("Bool"), scope.any("Id")
    scope.require(f"(lost {gone})")
    scope.fresh = Term("p", bits(place, NUMBER), scope.name("Id", ite(follow, scope.me(), gone)))
    out: State = {}
    inside = frozenset(cells)
    for symbol, info in _symbols(scope):
        if info.refers:
            values = voc.places(info.domain, role.template, inside)
            who = f"{symbol}.who"
            refers = disj(equals(symbol, bits(v, info.width)) for v in values)
            out[who] = ite(conj([follow, equals(who, scope.me()), refers]), gone, who)
    absolute = [role.first + o for o in cells]
    for slot in (s for k in scope.present for s in voc.slots(k)):
        of_it = conj([follow, equals(f"{slot}.who", scope.me()), disj(equals(slot, bits(a, PLACE)) for a in absolute)])
        # What is held of an object that nobody follows is not recorded.
        out[f"{slot}.who"] = ite(of_it, NONE, f"{slot}.who")
        out[slot] = ite(of_it, bits(EMPTY, PLACE), slot)
    for o in cells:
        _zero(scope, out, o, follow)
    for q in {role.region[o] for o in cells} - {-1}:
        e = f"e{j}.{role.template}.{q}"
        out[e] = conj([e, neg(follow)])
    return {k: scope.name(_sort(scope, k), v) for k, v in out.items() if v != k}


def _zero(scope: Scope, out: State, offset: int, when: str) -> None:
    """A new object is zero."""
    role = scope.role
    info = scope.info(role.template, offset)
    symbol = scope.symbol(scope.mover, role.template, offset)
    value = zero(info.domain, scope.voc.program.sorts)
    match info.kind:
        case Kind.BOOL:
            out[symbol] = conj([neg(when), symbol])
        case Kind.NUMBER:
            out[symbol] = ite(when, bits(value, NUMBER), symbol)
        case Kind.PLACE | Kind.VALUE:
            out[symbol] = ite(when, bits(value, info.width), symbol)
        case _:
            return
    if info.owned:
        out[f"{symbol}.who"] = ite(when, NONE, f"{symbol}.who")


def _symbols(scope: Scope) -> list[tuple[str, CellInfo]]:
    out = list(scope.voc.package_symbols())
    for k in scope.present:
        for r in scope.voc.roles:
            if k != scope.mover or r.template == scope.role.template:
                out += scope.voc.own_symbols(k, r.template)
    return out


def _sort(scope: Scope, symbol: str) -> str:
    if symbol.endswith(".who"):
        return "Id"
    if symbol[0] in "rh":
        return Kind.PLACE.value
    if symbol[0] == "e":
        return "Bool"
    return dict(_symbols(scope))[symbol].sort
