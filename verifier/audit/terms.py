"""Expressions of a program as SMT-LIB2 terms over the state of a few goroutines.

A reference is an identity and the number of a place; arithmetic on it keeps the identity, so that an index computed
from a reference still says whose cell it selects. What lies with a goroutine that is not written down is arbitrary, but
obeys what holds of every two goroutines; what lies in an object that is no longer followed is entirely unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from verifier.audit.smt import bits, conj, disj, equals, ite, neg
from verifier.audit.vocabulary import CellInfo, Kind, NotCovered, Role, Vocabulary
from verifier.evidence.proof import NUMBER, PLACE
from verifier.program.expr import At, Cell, Const, Expr, Family, Fresh, Op, Own, PerInstance, Read, Ref, Table
from verifier.records import dataclass, field

NONE = "none"
BITS = Kind.NUMBER.value


@dataclass(frozen=True, slots=True)
class Term:
    """A value: `b` a Boolean, `n` a number, `p` a reference (`text` its place, `who` its owner)."""

    sort: str
    text: str
    who: str = NONE
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A cell that a step reads or writes: a fixed one (`key`), or one of a family at an index."""

    key: tuple[int, int] | None
    family: Family | None = None
    index: Term | None = None


@dataclass
class Scope:
    """One translation: a goroutine that moves, those present, the state, and the text written on the way."""

    voc: Vocabulary
    role: Role
    mover: int
    present: tuple[int, ...]
    secret_of: Callable[[str, CellInfo, str], str]
    """(place, domain, who) → that it refers to nothing unpublished of those present."""
    state: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    through: list[str] = field(default_factory=list)
    """Owners of the cells that were selected by a reference, where it may be another goroutine's."""
    selectors: list[str] = field(default_factory=list)
    """Owners of everything that selected a cell."""
    fresh: Term | None = None
    prefix: str = "x"
    cache: dict[Expr, Term] = field(default_factory=dict)
    """Expressions translated in the current state: one step reads a cell once."""

    def name(self, sort: str, text: str) -> str:
        """A short name for a term."""
        if len(text) < 40:
            return text
        name = f"{self.prefix}{len(self.lines)}"
        self.lines.append(f"(define-fun {name} () {sort} {text})")
        return name

    def any(self, sort: str) -> str:
        """An arbitrary value."""
        name = f"{self.prefix}{len(self.lines)}"
        self.lines.append(f"(declare-const {name} {sort})")
        return name

    def require(self, fact: str) -> None:
        """What an arbitrary value obeys."""
        if fact != "true":
            self.lines.append(f"(assert {fact})")

    def me(self, j: int | None = None) -> str:
        """The identity of a goroutine."""
        return f"id{j or self.mover}"

    # ---- cells

    def symbol(self, j: int, template: int, offset: int) -> str:
        """The symbol of an own cell of goroutine j, or of a package cell (template 0)."""
        return f"g{offset}" if template == 0 else f"c{j}.{template}.{offset}"

    def now(self, symbol: str) -> str:
        """The term that a symbol stands for in the current state."""
        return self.state.get(symbol, symbol)

    def info(self, template: int, offset: int) -> CellInfo:
        """What is known of a cell."""
        return self.voc.cells[offset if template == 0 else self.voc.role(template).first + offset]

    def load(self, j: int, template: int, offset: int) -> Term:
        """The value of a cell."""
        info = self.info(template, offset)
        name = self.symbol(j, template, offset)
        match info.kind:
            case Kind.BOOL:
                return Term("b", self.now(name))
            case Kind.NUMBER:
                return Term("n", self.now(name))
            case Kind.PLACE:
                wide = f"((_ zero_extend {NUMBER - PLACE}) {self.now(name)})"
                return Term("p", wide, self.now(f"{name}.who"))
            case Kind.VALUE:
                return Term("p", self.now(name), self.now(f"{name}.who"))
            case Kind.FIXED:
                return number(getattr(info.domain, "low", 0))
            case Kind.READERS:
                cell = offset if template == 0 else self.voc.role(template).first + offset
                return self.readers(NONE if template == 0 else self.me(j), bits(cell, PLACE))

    def target(self, ref: Ref) -> Target:
        """The cell a reference of the step stands for."""
        match ref:
            case Own(template=0, offset=o):
                return Target((0, o))
            case Own(template=t, offset=o) if t == self.role.template:
                return Target((t, o))
            case Cell(number=n) if n < self.voc.size:
                return Target((0, n))
            case At(family=f, index=i):
                index = self.term(i)
                index = Term("p", self.wide(index), index.who)
                self.selectors.append(index.who)
                if any((self.voc.home(c) or (0, 0))[0] for c in f.cells if c >= 0):
                    self.through.append(index.who)
                return Target(None, f, index)
        raise NotCovered("a step that names another goroutine's cell")

    def selected(self, target: Target) -> list[tuple[str, int, int, int]]:
        """(condition, goroutine, template, own cell) for every cell written down that the target may be."""
        if target.key is not None:
            return [("true", self.mover, *target.key)]
        assert target.family is not None and target.index is not None
        out: list[tuple[str, int, int, int]] = []
        for home, values in self.homes(target.family).items():
            here = disj(equals(target.index.text, bits(v, NUMBER)) for v in values)
            if home[0] == 0:
                out.append((here, 0, *home))
                continue
            for j in self.present:
                if j != self.mover or home[0] == self.role.template:
                    out.append((conj([equals(target.index.who, self.me(j)), here]), j, *home))
        return out

    def homes(self, family: Family) -> dict[tuple[int, int], list[int]]:
        """Each cell of a family, of the package and of first goroutines, with the indices that select it."""
        out: dict[tuple[int, int], list[int]] = {}
        for value, cell in enumerate(family.cells):
            home = self.voc.home(cell) if cell >= 0 else None
            if home is not None:
                out.setdefault(home, []).append(value)
        return out

    def address(self, target: Target) -> tuple[str, str]:
        """(owner, absolute cell on 16 bits) of a target."""
        if target.key is not None:
            template, offset = target.key
            cell = offset if template == 0 else self.role.first + offset
            return (NONE if template == 0 else self.me()), bits(cell, PLACE)
        assert target.family is not None and target.index is not None
        text, owned = bits(0xFFFE, PLACE), "false"
        for (template, offset), values in self.homes(target.family).items():
            here = disj(equals(target.index.text, bits(v, NUMBER)) for v in values)
            cell = offset if template == 0 else self.voc.role(template).first + offset
            text = ite(here, bits(cell, PLACE), text)
            if template:
                owned = disj([owned, here])
        who = target.index.who if owned == "true" else ite(owned, target.index.who, NONE)
        return self.name("Id", who), self.name("(_ BitVec 16)", text)

    def read(self, target: Target) -> Term:
        """The value of a target in the current state."""
        chosen = self.selected(target)
        if target.key is not None:
            _, j, template, offset = chosen[0]
            return self.load(j, template, offset)
        assert target.family is not None and target.index is not None
        infos = [self.info(t, o) for t, o in self.homes(target.family)]
        if not infos:
            raise NotCovered("a family without cells")
        if any(i.kind is Kind.READERS for i in infos):
            return self.readers(*self.address(target))
        loaded = [(c, self.load(j, t, o)) for c, j, t, o in chosen]
        return self._chosen(target, loaded, infos[0])

    def _chosen(self, target: Target, loaded: list[tuple[str, Term]], info: CellInfo) -> Term:
        assert target.index is not None
        if info.kind is Kind.FIXED:
            return number(getattr(info.domain, "low", 0))
        if info.refers:
            place, who = self.any(info.sort), self.any("Id")
            self.require(f"(sound {who})")
            self.require(f"(=> (lost {target.index.who}) (= {who} unknown))")
            self.require(self.secret_of(place, info, who))
            text, owner = f"((_ zero_extend {NUMBER - PLACE}) {place})" if info.width == PLACE else place, who
            for c, t in loaded:
                text, owner = ite(c, t.text, text), ite(c, t.who, owner)
            return Term("p", self.name(BITS, text), self.name("Id", owner))
        if info.kind is Kind.BOOL:
            text = self.any("Bool")
            if info.lock:
                # Who holds a lock of somebody not written down knows it.
                self.require(f"(=> {self.held_by_somebody(target)} {text})")
            for c, t in loaded:
                text = ite(c, t.text, text)
            return Term("b", self.name("Bool", text))
        text = self.any(BITS)
        if info.lock:
            self.require(f"(=> {self.held_by_somebody(target)} {equals(text, bits(1, NUMBER))})")
        for c, t in loaded:
            text = ite(c, self.wide(t), text)
        return Term("n", self.name(BITS, text))

    def held_by_somebody(self, target: Target) -> str:
        """That one of those present records this lock as held exclusively."""
        who, cell = self.address(target)
        return disj(self.slot_is(f"h{j}.{n}", who, cell) for j in self.present for n in range(self.voc.holds))

    def slot_is(self, slot: str, who: str, cell: str) -> str:
        """That a slot names a lock."""
        return conj([equals(self.now(slot), cell), equals(self.now(f"{slot}.who"), who)])

    def readers(self, who: str, cell: str) -> Term:
        """How many hold a lock for reading: 0 only if none of those present does, else 1. Nobody counts further."""
        some = self.any("Bool")
        for j in self.present:
            for n in range(self.voc.reads):
                self.require(f"(=> {self.slot_is(f'r{j}.{n}', who, cell)} {some})")
        return Term("n", ite(some, bits(1, NUMBER), bits(0, NUMBER)))

    # ---- expressions

    def wide(self, t: Term) -> str:
        """A value as a number."""
        return ite(t.text, bits(1, NUMBER), bits(0, NUMBER)) if t.sort == "b" else t.text

    def truth(self, e: Expr) -> str:
        """A condition."""
        return self.true(self.term(e))

    def true(self, t: Term) -> str:
        """That a value is not 0."""
        if t.sort == "b":
            return t.text
        if t.value is not None:
            return "true" if t.value else "false"
        return neg(self.equal(t, number(0)))

    def equal(self, a: Term, b: Term) -> str:
        """That two values are equal; anything when one of them is not known."""
        if a.value is not None and b.value is not None:
            return "true" if a.value == b.value and a.who == b.who else "false"
        for x, y in ((a, b), (b, a)):
            if x.sort == "b" and y.value in (0, 1):
                return x.text if y.value else neg(x.text)
        if "b" in (a.sort, b.sort) and a.sort == b.sort:
            return equals(a.text, b.text)
        same = conj([equals(self.wide(a), self.wide(b)), equals(a.who, b.who)])
        return self._unless_unknown(a, b, same)

    def _unless_unknown(self, a: Term, b: Term, fact: str) -> str:
        unknown = disj(equals(t.who, "unknown") for t in (a, b) if t.who not in (NONE, self.me()))
        return fact if unknown == "false" else ite(unknown, self.any("Bool"), fact)

    def term(self, e: Expr) -> Term:
        """An expression."""
        if e not in self.cache:
            self.cache[e] = self._term(e)
        return self.cache[e]

    def _term(self, e: Expr) -> Term:
        match e:
            case Const(value=v):
                return number(v)
            case Read(ref=r):
                return self.read(self.target(r))
            case PerInstance(template=0, values=values):
                return number(values[0])
            case PerInstance(template=t, values=values) if t == self.role.template:
                return Term("p", bits(values[0], NUMBER), self.me(), values[0])
            case Fresh() if self.fresh is not None:
                return self.fresh
            case Table():
                return self._table(e)
            case Op(name=name, args=args):
                return self._op(name, args)
        raise NotCovered(f"an expression of the form {type(e).__name__}")

    def _table(self, e: Table) -> Term:
        index = self.term(e.index)
        at = self.name(BITS, self.wide(index))
        text, owned = bits(0, NUMBER), "false"
        for n, value in enumerate(e.values):
            here = equals(at, bits(n, NUMBER))
            text = ite(here, bits(value, NUMBER), text)
            if e.sort >= 0 and value > 0:
                place = self.voc.program.sorts[e.sort].places[value - 1]
                owned = disj([owned, here]) if place.owner else owned
        text = self.name(BITS, text)
        if e.sort < 0:
            return Term("n", text)
        unknown = equals(index.who, "unknown")
        return Term("p", text, self.name("Id", ite(disj([owned, unknown]), index.who, NONE)))

    def _op(self, name: str, args: tuple[Expr, ...]) -> Term:
        if name in ("and", "or"):
            parts = [self.truth(a) for a in args]
            return boolean(conj(parts) if name == "and" else disj(parts))
        if name == "not":
            return boolean(neg(self.truth(args[0])))
        if name == "ite":
            return self._ite(self.truth(args[0]), self.term(args[1]), self.term(args[2]))
        terms = [self.term(a) for a in args]
        if name in ("==", "!="):
            same = self.equal(*terms)
            return boolean(same if name == "==" else neg(same))
        if name in ("<", "<="):
            less = f"({'bvslt' if name == '<' else 'bvsle'} {self.wide(terms[0])} {self.wide(terms[1])})"
            return boolean(self._unless_unknown(terms[0], terms[1], less))
        return self._arithmetic(name, terms)

    def _ite(self, condition: str, a: Term, b: Term) -> Term:
        if condition in ("true", "false"):
            return a if condition == "true" else b
        if a.sort == b.sort == "b":
            return Term("b", self.name("Bool", ite(condition, a.text, b.text)))
        if a.sort == "b" and b.value in (0, 1):
            return Term("b", self.name("Bool", ite(condition, a.text, "true" if b.value else "false")))
        if b.sort == "b" and a.value in (0, 1):
            return Term("b", self.name("Bool", ite(condition, "true" if a.value else "false", b.text)))
        text = self.name(BITS, ite(condition, self.wide(a), self.wide(b)))
        if "p" not in (a.sort, b.sort):
            return Term("n", text)
        return Term("p", text, self.name("Id", ite(condition, a.who, b.who)))

    def _arithmetic(self, name: str, terms: list[Term]) -> Term:
        owners = [t.who for t in terms if t.sort == "p"]
        if len(owners) > 1 or (owners and name not in ("+", "-", "*")) or (owners and terms[-1].sort == "p" == name):
            raise NotCovered(f"the operator {name} on references")
        if name == "neg":
            return Term("n", f"(bvneg {self.wide(terms[0])})")
        text = f"({OPERATORS[name]} {self.wide(terms[0])} {self.wide(terms[1])})"
        if name == "*" and all(t.value is None for t in terms):
            small = conj(_between(self.wide(t), -(1 << 34), 1 << 34) for t in terms)
            text = ite(small, text, self.any(BITS))
        return Term("p" if owners else "n", self.name(BITS, text), owners[0] if owners else NONE)


OPERATORS = {
    "+": "bvadd",
    "-": "bvsub",
    "*": "bvmul",
    "/": "bvsdiv",
    "%": "bvsrem",
    "&": "bvand",
    "|": "bvor",
    "^": "bvxor",
    "<<": "bvshl",
    ">>": "bvashr",
}


def _between(text: str, low: int, high: int) -> str:
    return f"(and (bvsle {bits(low, NUMBER)} {text}) (bvsle {text} {bits(high, NUMBER)}))"


def number(value: int) -> Term:
    """A literal."""
    return Term("n", bits(value, NUMBER), NONE, value)


def boolean(text: str) -> Term:
    """A Boolean."""
    return Term("b", text, NONE, {"true": 1, "false": 0}.get(text))
