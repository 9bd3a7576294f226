"""The abstract machine: everything a goroutine of a configuration can do, with the ghosts kept up to date."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.program import Range, Union
from verifier.program.semantics import zero
from verifier.prove.compiled import Compiled, Compiler, Target
from verifier.prove.context import Configuration, Context, Member
from verifier.prove.ghosts import EXCLUSIVE, Ghosts, Keeper, Mark, Write
from verifier.prove.shape import NotCovered, Shape
from verifier.prove.values import ANY, HALF, LOST, NAME, Value, anonymous, is_lost, local, outsider, owned, who
from verifier.records import dataclass

Touch = tuple[int, int, bool, bool]
"""(owner's identity, absolute cell, write, plain)."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two members about to touch one cell, one of them writing and not both atomically."""

    owner: int
    cell: int
    members: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step led to: a configuration, or a failure (`after` None).

    `outside` and `others`: the owners it went through, absent and present ones. `lost`: through how many expressions
    it looked at blocks that are not tracked. `moved`: somebody else may see that it was taken.
    """

    after: Configuration | None
    step: Compiled
    outside: frozenset[int]
    others: frozenset[int]
    lost: int
    moved: bool


class Machine:
    """Executes steps of members of configurations."""

    def __init__(self, shape: Shape, ghosts: Ghosts | None = None) -> None:
        self.shape = shape
        self.ghosts = ghosts or Ghosts()
        self.keeper = Keeper(shape, self.ghosts)
        self.steps: dict[tuple[int, int], list[Compiled]] = {}
        for role in shape.roles:
            compiler = Compiler(shape, role)
            for number, s in enumerate(shape.program.templates[role.template].steps):
                self.steps.setdefault((role.template, s.src), []).append(compiler.step(s, number))
        first = shape.program.initial[: shape.size]
        self.package: tuple[Value, ...] = tuple(ANY if n in shape.ignored else v for n, v in enumerate(first))
        self._ranges = {
            cell: (c.domain.low, c.domain.high, shape.far(c.domain))
            for cell, c in enumerate(shape.program.cells)
            if isinstance(c.domain, Range)
        }
        self._exact = {
            cell
            for cell, c in enumerate(shape.program.cells)
            if cell in shape.lock_cells or not isinstance(c.domain, Range | Union)
        }

    def entry(self, template: int) -> Member:
        """A goroutine of a role before its first step."""
        role = self.shape.role(template)
        return Member(template, role.start, role.initial)

    # ---- steps

    def moves(self, c: Configuration, j: int, only: frozenset[int] | None = None) -> Iterator[Outcome]:
        """Every outcome of every step of member `j`, or of those whose numbers are in `only`."""
        member = c.members[j]
        x = Context(self.shape, c, j)
        for s in self.steps.get((member.template, member.location), ()):
            if only is not None and s.number not in only:
                continue
            x.own_reads = s.own_reads
            while True:
                x.reset()
                if s.guard(x):
                    yield self._outcome(x, s)
                # Leaves the script empty when all was tried: the next step begins anew.
                if not x.again():
                    break

    def _outcome(self, x: Context, s: Compiled) -> Outcome:
        if s.fail is not None:
            return Outcome(None, s, frozenset(x.outside), frozenset(x.others), len(x.lost), True)
        after, noticed = self._apply(x, s)
        seen = noticed or bool(x.others) or after.package != x.c.package
        return Outcome(after, s, frozenset(x.outside), frozenset(x.others), len(x.lost), seen)

    def accesses(self, c: Configuration, j: int) -> set[Touch]:
        """What member `j` may be about to access."""
        out: set[Touch] = set()
        member = c.members[j]
        for s in self.steps.get((member.template, member.location), ()):
            if not s.accesses:
                continue
            x = Context(self.shape, c, j)
            x.own_reads = s.own_reads
            while True:
                x.reset()
                if s.guard(x):
                    for a in s.accesses:
                        if a.when(x):
                            owner, cell = self._locate(x, a.target)
                            out.add((owner, cell, a.write, a.plain))
                if not x.again():
                    break
        return out

    def race(self, c: Configuration, outside_too: bool) -> Clash | None:
        """A conflict between two members; at cells of outside owners only if asked.

        Two members at an untracked block are not counted: in another run that very block is the tracked one.
        """
        seen: dict[tuple[int, int], list[tuple[int, bool, bool]]] = {}
        for j in range(len(c.members)):
            for owner, cell, write, plain in sorted(self.accesses(c, j)):
                if is_lost(owner) or (anonymous(owner) and not outside_too):
                    continue
                for other, w, p in seen.get((owner, cell), ()):
                    if other != j and (w or write) and (p or plain):
                        return Clash(owner, cell, (other, j))
                seen.setdefault((owner, cell), []).append((j, write, plain))
        return None

    def impossible(self, c: Configuration) -> bool:
        """Whether the ghosts contradict each other: no reachable state does."""
        return self.keeper.impossible(c)

    def _locate(self, x: Context, t: Target) -> tuple[int, int]:
        if t.index is not None:
            return x.locate(t.cells, t.stride, t.index(x))
        return 0 if t.package else x.j + 1, t.absolute

    def _apply(self, x: Context, s: Compiled) -> tuple[Configuration, bool]:
        y, forgotten = (x, False) if s.block is None else self._allocate(x, s.block)
        values = s.values(y)
        if s.direct and not any(v is not None and v >= HALF for v in values):
            # Nothing the ghosts are about: no lock, no reference.
            if y is not x:
                x.script_of(y)
            return self._stored(x, y.c, s, values), forgotten
        writes = [(*self._locate(y, t), v) for t, v in zip(s.targets, values, strict=True)]
        marks = [(op, *self._locate(y, t)) for op, t in s.locks]
        if y is not x:
            x.script_of(y)
        # Only a 1 is ever named, and only a name, which is a large number, is refused.
        if any(v == 1 or (v is not None and v >= HALF) for _, _, v in writes):
            writes = [(owner, cell, self._named(y, cell, v)) for owner, cell, v in writes]
        after = self._written(x, y.c, s, writes)
        return self.keeper.after(x, after, writes, marks), forgotten or self._lets_go(writes, marks)

    def _lets_go(self, writes: list[Write], marks: list[Mark]) -> bool:
        """Whether somebody who holds a lock may notice, wherever the lock is, although no cell he sees has changed."""
        kinds = self.shape.lock_cells
        locks = [(owner, cell) for owner, cell, _ in writes if cell in kinds]
        if not locks:
            return False
        counted = {(owner, cell) for op, owner, cell in marks if op in ("rlock", "runlock")}
        return any(owner > 0 or (kinds[cell] == "readers" and (owner, cell) not in counted) for owner, cell in locks)

    def _stored(self, x: Context, c: Configuration, s: Compiled, values: tuple[Value, ...]) -> Configuration:
        """What `_written` makes of numbers for the package's and the member's own cells."""
        package: list[Value] | None = None
        m = c.members[x.j]
        cells = list(m.cells)
        for t, v in zip(s.targets, values, strict=True):
            if v is not None:
                v = self._clipped(t.absolute, v)
            if not t.package:
                cells[t.cell] = v
            else:
                if package is None:
                    package = list(c.package)
                package[t.cell] = v
        members = list(c.members)
        members[x.j] = Member(m.template, s.step.dst, tuple(cells), m.reads, m.published, m.held)
        return Configuration(c.package if package is None else tuple(package), tuple(members))

    def _written(self, x: Context, c: Configuration, s: Compiled, writes: list[Write]) -> Configuration:
        changed: dict[int, list[Value]] = {}
        kinds, present = self.shape.lock_cells, len(c.members)
        for owner, cell, v in writes:
            if owner > present:
                if not is_lost(owner):
                    x.outside.add(owner)
                continue
            if owner not in (0, x.j + 1):
                x.others.add(owner)
            if kinds.get(cell) == "readers":
                continue
            own = self.shape.home(cell)[1]
            if owner not in changed:
                changed[owner] = list(c.members[owner - 1].cells if owner else c.package)
            changed[owner][own] = self._clipped(cell, v)
        members = list(c.members)
        for owner, cells in changed.items():
            if owner:
                m = members[owner - 1]
                members[owner - 1] = Member(m.template, m.location, tuple(cells), m.reads, m.published, m.held)
        m = members[x.j]
        members[x.j] = Member(m.template, s.step.dst, m.cells, m.reads, m.published, m.held)
        package = tuple(changed[0]) if 0 in changed else c.package
        return Configuration(package, tuple(members))

    def _named(self, x: Context, cell: int, v: Value) -> Value:
        """The holder's name instead of a 1 in an exclusive lock cell."""
        if v is not None and v >= HALF and local(v) == NAME:
            raise NotCovered("a copy of a lock that somebody holds")
        if v == 1 and self.ghosts.names and self.shape.lock_cells.get(cell) in EXCLUSIVE:
            return x.mine(NAME)
        return v

    def _clipped(self, cell: int, v: Value) -> Value:
        if v is None:
            return None
        if cell in self._exact:
            return int(v)
        if cell in self._ranges:
            if v >= HALF:
                raise NotCovered("a reference kept as a number")
            least, most, far = self._ranges[cell]
            return int(v) if least <= v <= most and not (far and v not in self.shape.constants) else None
        return v if v >= HALF else self.shape.clipped(self.shape.program.cells[cell].domain, int(v))

    # ---- allocation that can run again

    def _allocate(self, x: Context, block: int) -> tuple[Context, bool]:
        """The new object becomes the tracked one (the old one is lost), or is itself not tracked.

        Also tells whether others may have had references to the old one.
        """
        role = self.shape.role(x.me.template)
        _, place, start, end = role.blocks[block]
        lost = outsider(role.template, LOST)
        if x.choose() == 1:
            x.fresh = owned(place, lost)
            return x, False
        known = not self.ghosts.published or role.region[start] in x.me.published
        y = Context(self.shape, self._forget(x.c, x.j, start, end, lost), x.j)
        y.own_reads = x.own_reads
        y.script_of(x)
        y.fresh = owned(place, x.j + 1)
        return y, known

    def _zero(self, template: int, first: int, cell: int) -> Value:
        if first + cell in self.shape.ignored:
            return ANY
        return zero(self.shape.domain(template, cell), self.shape.program.sorts)

    def _forget(self, c: Configuration, j: int, start: int, end: int, lost: int) -> Configuration:
        """Every reference into the block of member `j` now refers to a lost block; the block itself is new."""
        role = self.shape.role(c.members[j].template)
        inside = range(role.first + start, role.first + end)
        sorts = self.shape.program.sorts

        def moved(template: int, cells: tuple[Value, ...]) -> tuple[Value, ...]:
            out = list(cells)
            for o in self.shape.named[template]:
                v = cells[o]
                if v is None or who(v) != j + 1 or local(v) == NAME:
                    continue
                found = self.shape.referent(self.shape.domain(template, o), local(v))
                place = sorts[found[0]].places[found[1] - 1].cells if found is not None else ()
                if place and place[0] in inside:
                    out[o] = owned(local(v), lost)
            return tuple(out)

        def lock(address: int) -> int:
            gone = who(address) == j + 1 and local(address) in inside
            return owned(local(address), lost) if gone else address

        members = []
        for n, m in enumerate(c.members):
            held = tuple(h for h in map(lock, m.held) if not is_lost(who(h)))
            cells, published = moved(m.template, m.cells), m.published
            if n == j:
                new = [self._zero(m.template, role.first, o) for o in range(start, end)]
                cells = (*cells[:start], *new, *cells[end:])
                published = tuple(r for r in published if r != role.region[start])
            reads = tuple(sorted(map(lock, m.reads)))
            members.append(m._replace(cells=cells, reads=reads, held=held, published=published))
        return Configuration(moved(0, c.package), tuple(members))
