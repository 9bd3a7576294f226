"""What has to be shown for an invariant to be one, as SMT-LIB2 scripts whose every `check-sat` must answer unsat.

Goroutine 1 moves. Goroutines 1 and 2 stand for any two, 3 for any third, so N >= 2 is covered:

* initial: two goroutines at their start satisfy the invariant, whatever their roles;
* inside: after a step of 1 that goes through objects of the package, of 1 and of 2 only, 1 and 2 still satisfy it;
* through: the same when the step goes through an object of 3;
* outside: after any step of 1, what holds between 2 and 3 still does (their views are covered by inside and through);
* reach: no step goes through objects of two other goroutines;
* safe: no step of 1 fails, and 1 and 2 are never about to access one cell, one of them writing, not both atomically.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations

from verifier.audit.invariant import Invariant, at, declarations, definitions, hidden, related, view, view_at
from verifier.audit.moves import Move, move
from verifier.audit.smt import bits, conj, disj, equals, neg
from verifier.audit.terms import NONE, Scope
from verifier.audit.vocabulary import CellInfo, Kind, Role, Vocabulary, cells_of
from verifier.evidence.proof import EMPTY, PLACE
from verifier.program.program import Access, Step
from verifier.records import dataclass

Maker = Callable[[Role, list[Step]], Iterator["Query"]]

OBLIGATIONS = ("initial", "inside", "through", "outside", "reach", "safe")


@dataclass(frozen=True)
class Query:
    """One `check-sat`: which obligation, for which step, in a scope of its own."""

    obligation: str
    about: str
    text: str


@dataclass(frozen=True)
class Script:
    """Declarations, views, what holds before the step; then queries, in groups that share a location of goroutine 1."""

    base: str
    views: dict[str, str]
    before: str
    groups: tuple[tuple[str, tuple[Query, ...]], ...]

    @property
    def queries(self) -> tuple[Query, ...]:
        """Every query, in order."""
        return tuple(q for _, queries in self.groups for q in queries)

    def question(self, head: str, query: Query) -> str:
        """One query as a text of its own, without `check-sat`; views it does not speak of are left out."""
        rest = "\n".join([self.before, head, query.text])
        used = set(_VIEW.findall(rest))
        return "\n".join([self.base, *(text for name, text in self.views.items() if name in used), rest])

    def text(self) -> str:
        """The whole script, for any solver of SMT-LIB2."""
        out = [self.base, *self.views.values(), self.before]
        for head, queries in self.groups:
            out += ["(push 1)", head]
            for q in queries:
                out += [f"; {q.obligation}: {q.about}".replace("\n", " "), "(push 1)", q.text, "(check-sat)", "(pop 1)"]
            out.append("(pop 1)")
        return "\n".join(out) + "\n"


_VIEW = re.compile(r"\((view\.[0-9]+\.[0-9]+) ")


@dataclass(frozen=True)
class Builder:
    """Writes the scripts for one program and one invariant."""

    voc: Vocabulary
    invariant: Invariant
    exactly: dict[int, int]

    def scripts(self) -> tuple[Script, ...]:
        """The start, then steps with one, two and three goroutines written down, then races."""
        views = definitions(self.voc, self.invariant)
        start = self._script(views, (1, 2), [], (("", tuple(self._initial())),))
        pair = self._related((1, 2))
        made: tuple[tuple[tuple[int, ...], list[str], Maker], ...] = (
            ((1,), [], self._single_queries),
            ((1, 2), [*self._seen((1, 2)), *pair], self._pair_queries),
            ((1, 2, 3), [*self._seen((1, 2, 3)), *self._related((1, 2, 3))], self._three_queries),
            ((1, 2), pair, self._races),
        )
        out = [self._script(views, present, before, self._groups(make)) for present, before, make in made]
        return (start, *(s for s in out if s.groups))

    def _script(
        self,
        views: dict[str, str],
        present: tuple[int, ...],
        before: list[str],
        groups: tuple[tuple[str, tuple[Query, ...]], ...],
    ) -> Script:
        base = "\n".join([*declarations(self.voc, present), *self._counts(present)])
        return Script(base, views, "\n".join(before), groups)

    def _counts(self, present: tuple[int, ...]) -> list[str]:
        """Roles that exist a fixed number of times."""
        out = []
        for template, n in self.exactly.items():
            if n < len(present):
                for chosen in _subsets(present, n + 1):
                    same = conj(f"(= t{j} {bits(template, self.voc.template_bits)})" for j in chosen)
                    out.append(f"(assert (not {same}))")
        return out

    def _seen(self, present: tuple[int, ...]) -> list[str]:
        """Everybody but goroutine 1 is in one of the views."""
        return [f"(assert {view(self.voc, self.invariant, j, {})})" for j in present if j != 1]

    def _related(self, present: tuple[int, ...]) -> list[str]:
        """What holds between any two."""
        facts = [related(self.voc, i, j, {}) for i in present for j in present if i < j]
        return [f"(assert {f})" for f in facts if f != "true"]

    def _groups(self, queries: Maker) -> tuple[tuple[str, tuple[Query, ...]], ...]:
        out = []
        for role in self.voc.roles:
            for location in sorted({s.src for s in role.steps}):
                key = role.template, location
                if key in self.invariant.groups:
                    facts = [at(self.voc, 1, key), view_at(self.voc, self.invariant, 1, key, {})]
                    found = tuple(queries(role, [s for s in role.steps if s.src == location]))
                    if found:
                        out.append(("\n".join(f"(assert {f})" for f in facts), found))
        return tuple(out)

    def _scope(self, role: Role, mover: int, present: tuple[int, ...], prefix: str = "x") -> Scope:
        def secret_of(place: str, info: CellInfo, who: str) -> str:
            return conj(hidden(self.voc, place, info, who, j, {}) for j in present)

        return Scope(self.voc, role, mover, present, secret_of, prefix=prefix)

    # ---- initial

    def _initial(self) -> Iterator[Query]:
        """Two goroutines of any roles, before their first step."""
        pairs = []
        for a in self.voc.roles:
            for b in self.voc.roles:
                if a.template != b.template or self.exactly.get(a.template, 2) > 1:
                    pairs.append(conj([*self._start(1, a), *self._start(2, b)]))
        good = conj([view(self.voc, self.invariant, j, {}) for j in (1, 2)] + [related(self.voc, 1, 2, {})])
        facts = [*self._package(), disj(pairs), neg(good)]
        yield Query("initial", "every pair of roles", "\n".join(f"(assert {f})" for f in facts))

    def _package(self) -> list[str]:
        out = []
        for name, info in self.voc.package_symbols():
            value = self.voc.program.initial[int(name[1:])]
            out += _initially(name, info, value, NONE)
        return out

    def _start(self, j: int, role: Role) -> list[str]:
        voc = self.voc
        out = [at(voc, j, (role.template, role.start))]
        for name, info in voc.own_symbols(j, role.template):
            offset = int(name.rsplit(".", 1)[1])
            value = voc.program.initial[role.first + offset]
            mine = value in voc.places(info.domain, role.template, frozenset(range(role.size)))
            out += _initially(name, info, value, f"id{j}" if mine else NONE)
        for slot in voc.slots(j):
            out += [equals(slot, bits(EMPTY, PLACE)), equals(f"{slot}.who", NONE)]
        return out + [neg(e) for e in voc.published(j, role.template)]

    # ---- steps

    def _single_queries(self, role: Role, steps: list[Step]) -> Iterator[Query]:
        """A step through nobody else's objects: what the mover sees then follows from what it saw."""
        for s in steps:
            scope = self._scope(role, 1, (1,))
            made = move(scope, s)
            near = self._near(made, ("id1",))
            if s.fail is None:
                yield _query("inside", s, scope, [made.guard, *near, neg(self._kept(role, s, made))])
            yield from self._safe(s, scope, made, near, _alone(made))

    def _pair_queries(self, role: Role, steps: list[Step]) -> Iterator[Query]:
        for s in steps:
            scope = self._scope(role, 1, (1, 2))
            made = move(scope, s)
            near = self._near(made, ("id1", "id2"))
            if s.fail is None:
                facts = [made.guard, *near]
                yield from self._watched("inside", s, scope, made, facts)
                if not _alone(made):
                    second = disj(equals(w, "id2") for w in made.through)
                    yield _query("inside", s, scope, [*facts, second, neg(self._kept(role, s, made))])
            yield from self._safe(s, scope, made, near, not _alone(made) or made.in_use)
            if len(made.through) > 1:
                yield from self._reach(role, s)

    def _safe(self, s: Step, scope: Scope, made: Move, near: list[str], here: bool) -> Iterator[Query]:
        """The step does not fail. With one goroutine written down if it goes through nobody else's object."""
        wrong = disj([made.wrong, made.unknown, conj([*near, _followed(made)]) if s.fail is not None else "false"])
        if here and wrong != "false":
            yield _query("safe", s, scope, [made.guard, wrong])

    def _watched(self, obligation: str, s: Step, scope: Scope, made: Move, facts: list[str]) -> Iterator[Query]:
        """What goroutine 2 sees of the step, and how it is then related to the mover: two queries, if need be."""
        changed = {n for n, value in made.after.items() if n != value}
        if any(n[0] == "g" or n[1] == "2" for n in changed - {"overflow"}):
            yield _query(obligation, s, scope, [*facts, neg(view(self.voc, self.invariant, 2, made.after))])
        if not made.plain or any(n[0] in "rh" for n in changed):
            kept = related(self.voc, 1, 2, made.after)
            if kept != "true":
                yield _query(obligation, s, scope, [*facts, neg(kept)])

    def _reach(self, role: Role, s: Step) -> Iterator[Query]:
        """Steps through objects of two others. Written for the script of two, with names of outsiders."""
        scope = self._scope(role, 1, (1, 2))
        made = move(scope, s)
        second = disj(equals(w, "id2") for w in made.through)
        away = [conj([neg(equals(w, x)) for x in ("id1", "id2", NONE)] + [neg(f"(lost {w})")]) for w in made.through]
        yield _query("reach", s, scope, [made.guard, second, disj(away)])

    def _three_queries(self, role: Role, steps: list[Step]) -> Iterator[Query]:
        for s in steps:
            if s.fail is not None:
                continue
            scope = self._scope(role, 1, (1, 2, 3))
            made = move(scope, s)
            if made.through:
                third = disj(equals(w, "id3") for w in made.through)
                if third != "false":
                    facts = [made.guard, third, *self._near(made, ("id1", "id3"))]
                    yield from self._watched("through", s, scope, made, facts)
            kept = related(self.voc, 2, 3, made.after)
            if not made.plain and kept != "true":
                yield _query("outside", s, scope, [made.guard, neg(kept)])

    def _near(self, made: Move, ids: tuple[str, ...]) -> list[str]:
        """Everything the step goes through is the package's, one of these goroutines', or no longer followed."""
        return [disj([*(equals(w, x) for x in (NONE, *ids)), f"(lost {w})"]) for w in made.through if w not in ids]

    def _kept(self, role: Role, s: Step, made: Move) -> str:
        """The mover's own view."""
        seen = view_at(self.voc, self.invariant, 1, (role.template, s.dst), made.after)
        return conj([seen, neg(made.after.get("overflow", "false"))])

    # ---- races

    def _races(self, role: Role, steps: list[Step]) -> Iterator[Query]:
        """Goroutine 1 is about to take a step, goroutine 2 another, and they touch one cell."""
        for s in steps:
            one = self._scope(role, 1, (1, 2))
            met = [
                self._meeting(one, s, a, other, number)
                for number, (a, other) in enumerate((a, other) for a in s.accesses for other in self.voc.roles)
            ]
            conflicts = disj(text for text, _ in met)
            if conflicts != "false":
                lines = [*one.lines, *(x for _, two in met for x in two), f"(assert {conflicts})"]
                yield Query("safe", f"race: {s.text}", "\n".join(lines))

    def _meeting(self, one: Scope, s: Step, a: Access, other: Role, number: int) -> tuple[str, list[str]]:
        """That an access of goroutine 1 and one of goroutine 2, which runs `other`, are a race; and definitions."""
        two = self._scope(other, 2, (1, 2), f"y{number}.")
        found = [(t, b) for t in other.steps for b in t.accesses if self._may_conflict(one.role, a, other, b)]
        out = []
        for t, b in found:
            if (other.template, t.src) in self.invariant.groups:
                who, cell = one.address(one.target(a.ref))
                whose, which = two.address(two.target(b.ref))
                same = [equals(who, whose), equals(cell, which), neg(f"(lost {who})") if who != NONE else "true"]
                mine = [one.truth(s.guard), one.truth(a.when)]
                key = other.template, t.src
                there = [at(self.voc, 2, key), view_at(self.voc, self.invariant, 2, key, {})]
                out.append(conj([*mine, *there, two.truth(t.guard), two.truth(b.when), *same]))
        return disj(out), two.lines

    def _may_conflict(self, role: Role, a: Access, other: Role, b: Access) -> bool:
        if not (a.write or b.write) or (a.atomic and b.atomic):
            return False
        return bool(set(cells_of(a.ref, role)) & set(cells_of(b.ref, other)))


def _query(obligation: str, s: Step, scope: Scope, facts: list[str]) -> Query:
    lines = [*scope.lines, *(f"(assert {f})" for f in facts if f != "true")]
    return Query(obligation, f"{s.src} -> {s.dst}: {s.text}", "\n".join(lines))


def _alone(made: Move) -> bool:
    """Whether the step can only go through objects of the package and of the mover."""
    return all(w == "id1" for w in made.through)


def _followed(made: Move) -> str:
    """A failure that looked at one object nobody follows does not count: in another run it is the one followed."""
    gone = [f"(lost {w})" for w in made.through if not w.startswith("id")]
    two = disj(conj(pair) for pair in combinations(gone, 2))
    return disj([conj(neg(g) for g in gone), two])


def _initially(name: str, info: CellInfo, value: int, who: str) -> list[str]:
    out = []
    if info.kind is Kind.BOOL:
        out.append(name if value else neg(name))
    else:
        out.append(equals(name, bits(value, info.width)))
    return [*out, equals(f"{name}.who", who)] if info.owned else out


def _subsets(present: tuple[int, ...], size: int) -> list[tuple[int, ...]]:
    return list(combinations(present, size))
