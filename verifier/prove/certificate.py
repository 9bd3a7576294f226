"""The views of one goroutine as an invariant in SMT-LIB2 text (vocabulary: `evidence/proof.py`).

Only what a goroutine sees is written here. Steps and obligations are the auditor's, made from the model again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations

from verifier.evidence.proof import EMPTY, NUMBER, PLACE, Certificate
from verifier.program.program import Bool, Domain, Range, Reference, Union
from verifier.prove.context import Configuration, Member
from verifier.prove.shape import Role, Shape
from verifier.prove.values import NAME, Value, is_lost, local, template_of, who
from verifier.prove.views import Fixpoint

View = tuple[frozenset[str], ...]
"""Facts that hold together, in a fixed order; each is a choice of facts."""


def certificate(
    shape: Shape, proof: Fixpoint, heap: int, exactly: tuple[tuple[str, int], ...] = ()
) -> Certificate | None:
    """The certificate of a proof; None for k > 1, which has no certificate."""
    if not proof.proved or proof.k != 1:
        return None
    reads = max((len(_followed(v.members[0].reads)) for v in proof.views), default=0)
    holds = max((len(v.members[0].held) for v in proof.views), default=0)
    groups: dict[tuple[int, int], list[Configuration]] = {}
    for v in proof.views:
        groups.setdefault((v.members[0].template, v.members[0].location), []).append(v)
    text, count = "", 0
    for (template, location), views in sorted(groups.items(), key=lambda g: g[0]):
        writer = _Writer(shape, shape.role(template), reads, holds)
        alternatives = _merged({writer.view(v) for v in views})
        text += _group(template, location, alternatives)
        count += len(alternatives)
    names = tuple(r.name for r in shape.roles)
    return Certificate(1, names, exactly, heap, reads, holds, count, text)


def _followed(locks: Sequence[int]) -> tuple[int, ...]:
    """Without those in objects that are no longer tracked: a certificate does not speak of them."""
    return tuple(lock for lock in locks if not is_lost(who(lock)))


def _merged(views: set[View]) -> list[View]:
    """Views that differ in one fact only become one, with either; so do those that another one covers.

    The disjunction stays the same: `A and x` or `A and y` is `A and (x or y)`.
    """
    width = len(next(iter(views)))
    before = -1
    while before != len(views):
        before = len(views)
        for k in range(width):
            rest: dict[View, set[frozenset[str]]] = {}
            for v in views:
                rest.setdefault((*v[:k], *v[k + 1 :]), set()).add(v[k])
            views = {(*r[:k], _either(options), *r[k:]) for r, options in rest.items()}
    out: list[View] = []
    for v in sorted(views, key=lambda v: (sum("true" not in x for x in v), [sorted(x) for x in v])):
        if not any(all("true" in wide or mine <= wide for mine, wide in zip(v, w, strict=True)) for w in out):
            out.append(v)
    return out


def _either(options: set[frozenset[str]]) -> frozenset[str]:
    merged = frozenset().union(*options)
    return frozenset(("true",)) if "true" in merged else merged


def _group(template: int, location: int, alternatives: list[View]) -> str:
    same = [len({a[k] for a in alternatives}) == 1 for k in range(len(alternatives[0]))]
    common = [_text(x) for x, all_ in zip(alternatives[0], same, strict=True) if all_]
    rest = [[_text(x) for x, all_ in zip(a, same, strict=True) if not all_] for a in alternatives]
    lines = "\n    ".join(_and(r) for r in rest)
    body = f"(and true {' '.join(x for x in common if x != 'true')}\n  (or false\n    {lines}))"
    return f"(define-fun view.{template}.{location} () Bool {body})\n"


def _text(facts: frozenset[str]) -> str:
    return next(iter(facts)) if len(facts) == 1 else f"(or {' '.join(sorted(facts))})"


def _and(facts: Iterable[str]) -> str:
    return f"(and true {' '.join(x for x in facts if x != 'true')})"


class _Writer:
    """Writes the views of one role."""

    def __init__(self, shape: Shape, role: Role, reads: int, holds: int) -> None:
        self.shape, self.role, self.reads, self.holds = shape, role, reads, holds

    def view(self, v: Configuration) -> View:
        """One view as facts that hold together: one entry per cell, per kind of lock and per object."""
        member = v.members[0]
        self.known: dict[int, str] = {}
        out: list[list[str]] = []
        for n, value in enumerate(v.package):
            out.append(self._cell(f"g{n}", n, value))
        for n, value in enumerate(member.cells):
            out.append(self._cell(f"c{n}", self.role.first + n, value))
        out.append(self._locks("r", _followed(member.reads), self.reads))
        out.append(self._locks("h", member.held, self.holds))
        out += [[e] for e in self._published(member)]
        return tuple(frozenset((_and(x) if len(x) > 1 else (x or ["true"])[0],)) for x in out)

    def _cell(self, name: str, cell: int, value: Value) -> list[str]:
        domain = self.shape.program.cells[cell].domain
        kind = self.shape.lock_cells.get(cell)
        if value is None or kind == "readers" or (isinstance(domain, Range) and domain.low == domain.high):
            return []
        if kind is not None:
            named = local(value) == NAME
            held = self._number(name, domain, 1 if named else value)
            return [held, *self._owner(f"{name}.who", who(value) if named else 0)]
        if isinstance(domain, Reference | Union):
            width = PLACE if isinstance(domain, Reference) else NUMBER
            return [f"(= {name} {_bits(local(value), width)})", *self._owner(f"{name}.who", who(value))]
        return [self._number(name, domain, value)]

    def _number(self, name: str, domain: Domain, value: int) -> str:
        if isinstance(domain, Bool):
            return name if value else f"(not {name})"
        return f"(= {name} {_bits(value, NUMBER)})"

    def _owner(self, name: str, identity: int) -> list[str]:
        """Whose it is: the same outsider is named by the first symbol that has it."""
        if identity == 0:
            return [f"(= {name} none)"]
        if identity == 1:
            return [f"(= {name} me)"]
        if is_lost(identity):
            return [f"(lost {name})"]
        if identity in self.known:
            return [f"(= {name} {self.known[identity]})"]
        template = template_of(identity)
        differs = [f"(distinct {name} {x})" for i, x in self.known.items() if template_of(i) == template]
        self.known[identity] = name
        return [f"(other.{template} {name} me)", *differs]

    def _locks(self, letter: str, locks: Sequence[int], slots: int) -> list[str]:
        """The locks in any order, the other slots empty."""
        if not slots:
            return []
        padded: list[int | None] = [*locks, *[None] * (slots - len(locks))]
        before = dict(self.known)
        orders = sorted(set(permutations(padded)), key=repr)
        arranged = []
        for order in orders:
            self.known = dict(before)
            facts = [f for n, lock in enumerate(order) for f in self._slot(f"{letter}{n}", lock)]
            arranged.append("(and true " + " ".join(facts) + ")")
        if len(arranged) == 1:
            return arranged
        # Which slot names a new outsider differs from arrangement to arrangement: nothing later may refer to it.
        self.known = before
        return ["(or false " + " ".join(arranged) + ")"]

    def _slot(self, name: str, lock: int | None) -> list[str]:
        if lock is None:
            return [f"(= {name} {_bits(EMPTY, PLACE)})", f"(= {name}.who none)"]
        return [f"(= {name} {_bits(local(lock), PLACE)})", *self._owner(f"{name}.who", who(lock))]

    def _published(self, member: Member) -> Iterable[str]:
        for region in sorted({r for r in self.role.region if r >= 0}):
            name = f"e{self.role.region.index(region)}"
            yield name if region in member.published else f"(not {name})"


def _bits(value: int, width: int) -> str:
    return f"(_ bv{value % (1 << width)} {width})"
