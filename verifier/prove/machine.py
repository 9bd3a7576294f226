"""The abstract machine: everything a goroutine of a configuration can do, with the ghosts kept up to date.

Ghosts (design: "any number", section 2): the holder's *name* in every exclusive lock cell, the locks a goroutine holds
for reading and, for locks in heap objects, exclusively; and which of its objects it has *published*, that is, to which
a reference was written anywhere but into its own unpublished objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verifier.program.program import Range
from verifier.prove.compiled import Compiled, Compiler, Target
from verifier.prove.context import NAME, Configuration, Context, Member
from verifier.prove.shape import Shape
from verifier.prove.values import LOST, Value, anonymous, is_lost, local, outsider, owned, who

SMALL = 16
"""Ranges up to this size (locks, counts of our own) are kept exactly."""

Write = tuple[int, int, Value]
"""(owner's identity, absolute cell, value)."""


@dataclass(frozen=True, slots=True)
class Ghosts:
    """Which ghosts are kept; all of them unless a measurement wants to know what they are worth."""

    names: bool = True
    published: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step led to: a configuration, or a failure (`after` None). `outside`: owners it went through."""

    after: Configuration | None
    step: Compiled
    outside: frozenset[int]
    others: frozenset[int]


class Machine:
    """Executes steps of members of configurations."""

    def __init__(self, shape: Shape, ghosts: Ghosts | None = None) -> None:
        self.shape = shape
        self.ghosts = ghosts or Ghosts()
        self.steps: dict[tuple[int, int], list[Compiled]] = {}
        for role in shape.roles:
            compiler = Compiler(shape, role)
            for s in shape.program.templates[role.template].steps:
                self.steps.setdefault((role.template, s.src), []).append(compiler.step(s))
        self.package: tuple[Value, ...] = tuple(shape.program.initial[: shape.size])

    def entry(self, template: int) -> Member:
        """A goroutine of a role before its first step."""
        role = self.shape.role(template)
        return Member(template, role.start, tuple(role.initial))

    # ---- steps

    def moves(self, c: Configuration, j: int) -> Iterator[Outcome]:
        """Every outcome of every step of member `j`."""
        member = c.members[j]
        for s in self.steps.get((member.template, member.location), ()):
            x = Context(self.shape, c, j)
            x.own_reads = s.own_reads
            while True:
                x.reset()
                if x.truth(s.guard(x)):
                    after = None if s.fail is not None else self._apply(x, s)
                    yield Outcome(after, s, frozenset(x.outside), frozenset(x.others))
                if not x.again():
                    break

    def accesses(self, c: Configuration, j: int) -> set[tuple[int, int, bool, bool]]:
        """What member `j` may be about to access: (owner, cell, write, plain)."""
        out: set[tuple[int, int, bool, bool]] = set()
        member = c.members[j]
        for s in self.steps.get((member.template, member.location), ()):
            if not s.accesses:
                continue
            x = Context(self.shape, c, j)
            x.own_reads = s.own_reads
            while True:
                x.reset()
                if x.truth(s.guard(x)):
                    for a in s.accesses:
                        if x.truth(a.when(x)):
                            owner, cell = self._locate(x, a.target)
                            out.add((owner, cell, a.write, a.plain))
                if not x.again():
                    break
        return out

    def race(self, c: Configuration, outside_too: bool) -> tuple[int, int] | None:
        """(owner, cell) of a conflict between two members; at cells of outside owners only if asked."""
        seen: dict[tuple[int, int], list[tuple[int, bool, bool]]] = {}
        for j in range(len(c.members)):
            for owner, cell, write, plain in self.accesses(c, j):
                if is_lost(owner) or (anonymous(owner) and not outside_too):
                    continue
                for other, w, p in seen.get((owner, cell), ()):
                    if other != j and (w or write) and (p or plain):
                        return owner, cell
                seen.setdefault((owner, cell), []).append((j, write, plain))
        return None

    def _locate(self, x: Context, t: Target) -> tuple[int, int]:
        if t.index is not None:
            return x.locate(t.cells, t.stride, t.index(x))
        if t.package:
            return 0, t.cell
        return x.j + 1, self.shape.role(x.me.template).first + t.cell

    def _apply(self, x: Context, s: Compiled) -> Configuration:
        y = x
        if s.block is not None:
            y = self._allocate(x, s.block)
        writes = [(*self._locate(y, t), e(y)) for t, e in s.updates]
        marks = [(op, *self._locate(y, t)) for op, t in s.locks]
        if y is not x:
            x.script_of(y)
        c = y.c
        cells = {0: list(c.package), **{n + 1: list(m.cells) for n, m in enumerate(c.members)}}
        writes = [(owner, cell, self._named(y, cell, v)) for owner, cell, v in writes]
        for owner, cell, v in writes:
            self._write(x, cells, owner, cell, v)
        members = [
            m._replace(cells=tuple(cells[n + 1]), location=s.step.dst if n == y.j else m.location)
            for n, m in enumerate(c.members)
        ]
        self._readers(x, members, y.j, marks)
        if self.ghosts.names:
            for owner, cell, v in writes:
                self._held(members, y.j, owner, cell, v)
        after = Configuration(tuple(cells[0]), tuple(members))
        if self.ghosts.published:
            after = self._publish(after, writes)
        return after

    def _write(self, x: Context, cells: dict[int, list[Value]], owner: int, cell: int, v: Value) -> None:
        if self.shape.lock_cells.get(cell) == "readers":
            return
        if owner in cells:
            template, own = self.shape.home(cell)
            cells[owner][own] = self._clipped(template, own, v)
            if owner not in (0, x.j + 1):
                x.others.add(owner)
        elif not is_lost(owner):
            x.outside.add(owner)

    def _named(self, x: Context, cell: int, v: Value) -> Value:
        """The holder's name instead of a 1 in an exclusive lock cell."""
        kind = self.shape.lock_cells.get(cell)
        if v == 1 and self.ghosts.names and kind in ("held", "pending", "writer", "running"):
            return x.mine(NAME)
        return v

    def _clipped(self, template: int, cell: int, v: Value) -> Value:
        """An integer that no constant of the program is near becomes any value: proofs hold for unbounded counters."""
        if v is None:
            return None
        domain = self.shape.domain(template, cell)
        if isinstance(domain, Range) and who(v) == 0:
            counts = domain.high - domain.low > SMALL and v not in self.shape.constants
            if counts or not domain.low <= v <= domain.high:
                return None
        return int(v)

    # ---- ghosts

    def _readers(self, x: Context, members: list[Member], j: int, marks: list[tuple[str, int, int]]) -> None:
        for op, owner, cell in marks:
            if op not in ("rlock", "runlock"):
                continue
            if anonymous(owner):
                x.outside.add(owner)
            lock, held = owned(cell, owner), list(members[j].reads)
            if op == "rlock":
                held.append(lock)
            elif lock in held:
                held.remove(lock)
            members[j] = members[j]._replace(reads=tuple(sorted(held)))

    def _held(self, members: list[Member], j: int, owner: int, cell: int, v: Value) -> None:
        """Who wrote its name into a lock cell holds it; any other write to the cell ends that."""
        kind = self.shape.lock_cells.get(cell)
        if kind not in ("held", "pending", "writer", "running") or owner == 0:
            return
        lock = owned(cell, owner)
        for n, m in enumerate(members):
            if lock in m.held:
                members[n] = m._replace(held=tuple(h for h in m.held if h != lock))
        if v == owned(NAME, j + 1) and not is_lost(owner):
            members[j] = members[j]._replace(held=tuple(sorted((*members[j].held, lock))))

    def _publish(self, c: Configuration, writes: list[Write]) -> Configuration:
        """Objects a reference to which was written outside their owner's own unpublished objects."""
        for owner, cell, v in writes:
            if v is None or not 0 < who(v) <= len(c.members) or local(v) == NAME:
                continue
            target = self._region(c, cell, v)
            if target is None:
                continue
            holder = who(v)
            member = c.members[holder - 1]
            if owner == holder:
                _, own = self.shape.home(cell)
                region = self.shape.role(member.template).region[own]
                if region < 0 or region not in member.published:
                    continue
            c = self._published(c, holder, target)
        return c

    def _region(self, c: Configuration, cell: int, v: int) -> int | None:
        """The region of its owner that the value `v` in `cell` refers to."""
        template, own = self.shape.home(cell)
        found = self.shape.referent(self.shape.domain(template, own), local(v))
        if found is None:
            return None
        role = self.shape.role(c.members[who(v) - 1].template)
        sort, place = found
        cells = self.shape.program.sorts[sort].places[place - 1].cells
        return role.region[cells[0] - role.first] if cells else None

    def _published(self, c: Configuration, holder: int, region: int) -> Configuration:
        """`region` of a member published, with everything it refers to."""
        member = c.members[holder - 1]
        role = self.shape.role(member.template)
        todo, known = [region], set(member.published)
        while todo:
            r = todo.pop()
            if r in known:
                continue
            known.add(r)
            for o, v in enumerate(member.cells):
                if role.region[o] == r and v is not None and who(v) == holder and local(v) != NAME:
                    further = self._region(c, role.first + o, v)
                    if further is not None:
                        todo.append(further)
        if len(known) == len(member.published):
            return c
        members = list(c.members)
        members[holder - 1] = member._replace(published=tuple(sorted(known)))
        return c._replace(members=tuple(members))

    # ---- allocation that can run again

    def _allocate(self, x: Context, block: int) -> Context:
        """The new object becomes the tracked one (the old one is lost), or is itself not tracked."""
        role = self.shape.role(x.me.template)
        _, place, start, end = role.blocks[block]
        lost = outsider(role.template, LOST)
        if x.choose() == 1:
            x.fresh = owned(place, lost)
            return x
        c = self._forget(x.c, x.j, start, end, lost)
        y = Context(self.shape, c, x.j)
        y.own_reads = x.own_reads
        y.script_of(x)
        y.fresh = owned(place, x.j + 1)
        return y

    def _forget(self, c: Configuration, j: int, start: int, end: int, lost: int) -> Configuration:
        """Every reference into the block of member `j` now refers to a lost block."""
        role = self.shape.role(c.members[j].template)
        inside = range(role.first + start, role.first + end)

        def moved(template: int, cell: int, v: Value) -> Value:
            if v is None or who(v) != j + 1 or local(v) == NAME:
                return v
            found = self.shape.referent(self.shape.domain(template, cell), local(v))
            if found is None:
                return v
            cells = self.shape.program.sorts[found[0]].places[found[1] - 1].cells
            return owned(local(v), lost) if cells and cells[0] in inside else v

        def lock(address: int) -> int:
            gone = who(address) == j + 1 and local(address) in inside
            return owned(local(address), lost) if gone else address

        package = tuple(moved(0, n, v) for n, v in enumerate(c.package))
        members = []
        for n, m in enumerate(c.members):
            held = tuple(h for h in map(lock, m.held) if not is_lost(who(h)))
            published = m.published
            if n == j:
                gone = role.region[start]
                published = tuple(r for r in published if r != gone)
            cells = tuple(moved(m.template, o, v) for o, v in enumerate(m.cells))
            members.append(
                m._replace(cells=cells, reads=tuple(sorted(map(lock, m.reads))), held=held, published=published)
            )
        return Configuration(package, tuple(members))

    # ---- configurations that cannot be

    def impossible(self, c: Configuration) -> bool:
        """Whether the ghosts contradict each other: no reachable state does."""
        return (self.ghosts.published and self._leaks(c)) or (self.ghosts.names and self._torn(c))

    def _leaks(self, c: Configuration) -> bool:
        """Somebody holds a reference into what its owner has not published."""
        for n, (template, cells) in enumerate(((0, c.package), *((m.template, m.cells) for m in c.members))):
            for o, v in enumerate(cells):
                if v is None or v < 0 or v < NAME:
                    continue
                holder = who(v)
                if not 0 < holder <= len(c.members) or holder == n or local(v) == NAME:
                    continue
                region = self._region(c, self._absolute(template, o), v)
                if region is not None and region not in c.members[holder - 1].published:
                    return True
        return False

    def _absolute(self, template: int, cell: int) -> int:
        return cell if template == 0 else self.shape.role(template).first + cell

    def _torn(self, c: Configuration) -> bool:
        """Lock cells and the holders' own records disagree."""
        seen: set[int] = set()
        for n, m in enumerate(c.members):
            for lock in m.held:
                if lock in seen:
                    return True
                seen.add(lock)
                owner = who(lock)
                if owner <= len(c.members):
                    role = self.shape.role(c.members[owner - 1].template)
                    if c.members[owner - 1].cells[local(lock) - role.first] != owned(NAME, n + 1):
                        return True
        for n, m in enumerate(c.members):
            first = self.shape.role(m.template).first
            for o, v in enumerate(m.cells):
                named = v is not None and v > NAME and local(v) == NAME and 0 < who(v) <= len(c.members)
                if named and v is not None and owned(first + o, n + 1) not in c.members[who(v) - 1].held:
                    return True
        return self._read_and_written(c)

    def _read_and_written(self, c: Configuration) -> bool:
        """Two members hold one lock, one of them exclusively."""
        reading = {lock for m in c.members for lock in m.reads}
        if not reading:
            return False
        for lock in reading:
            writer = lock + 2
            owner = who(lock)
            if owner == 0 and c.package[local(writer)] not in (0, None):
                return True
            if any(writer in m.held for m in c.members):
                return True
        return False
