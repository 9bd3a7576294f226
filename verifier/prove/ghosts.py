"""The ghosts: what the abstract machine remembers beside the program's own cells, and what follows from it.

The holder's *name* stands in every exclusive lock cell; a goroutine knows the locks it holds for reading and, for locks
in heap objects, exclusively; and which of its objects it has *published*, that is, to which a reference was written
anywhere but into its own unpublished objects. They change nothing a program can do, and rule out candidates in which
they contradict each other (any-number report, section 2).
"""

from __future__ import annotations

from verifier.prove.context import Configuration, Context, Member
from verifier.prove.shape import NotCovered, Shape
from verifier.prove.values import BITS, HALF, NAME, Value, anonymous, is_lost, local, owned, who
from verifier.records import dataclass

EXCLUSIVE = ("held", "pending", "writer", "running")
"""Kinds of lock cells that hold a name."""

Write = tuple[int, int, Value]
"""(owner's identity, absolute cell, value)."""

Mark = tuple[str, int, int]
"""(lock operation, owner's identity, absolute cell)."""


@dataclass(frozen=True, slots=True)
class Ghosts:
    """Which ghosts are kept; all of them unless a measurement wants to know what they are worth."""

    names: bool = True
    published: bool = True


class Keeper:
    """Keeps the ghosts of configurations."""

    def __init__(self, shape: Shape, ghosts: Ghosts) -> None:
        self.shape = shape
        self.ghosts = ghosts

    def after(self, x: Context, c: Configuration, writes: list[Write], marks: list[Mark]) -> Configuration:
        """The configuration with its ghosts brought up to date with a step of member `x.j`."""
        if not marks and not any(cell in self.shape.lock_cells for _, cell, _ in writes):
            return self._publish(c, writes) if self.ghosts.published else c
        members = list(c.members)
        self._readers(x, members, writes, marks)
        if self.ghosts.names:
            for owner, cell, v in writes:
                self._held(members, x.j, owner, cell, v)
        after = Configuration(c.package, tuple(members))
        return self._publish(after, writes) if self.ghosts.published else after

    # ---- locks

    def _readers(self, x: Context, members: list[Member], writes: list[Write], marks: list[Mark]) -> None:
        counted = set()
        for op, owner, cell in marks:
            if op not in ("rlock", "runlock"):
                continue
            counted.add((owner, cell))
            if anonymous(owner):
                x.outside.add(owner)
            lock, held = owned(cell, owner), list(members[x.j].reads)
            if op == "rlock":
                held.append(lock)
            elif lock in held:
                held.remove(lock)
            members[x.j] = members[x.j]._replace(reads=tuple(sorted(held)))
        for owner, cell, v in writes:
            if self.shape.lock_cells.get(cell) == "readers" and (owner, cell) not in counted:
                self._overwritten(members, owner, cell, v)

    def _overwritten(self, members: list[Member], owner: int, cell: int, v: Value) -> None:
        """A lock that is assigned to: nobody holds it any more."""
        if is_lost(owner):
            return
        if v != 0:
            raise NotCovered("a copy of a lock that somebody may hold for reading")
        lock = owned(cell, owner)
        for n, m in enumerate(members):
            if lock in m.reads:
                members[n] = m._replace(reads=tuple(r for r in m.reads if r != lock))

    def _held(self, members: list[Member], j: int, owner: int, cell: int, v: Value) -> None:
        """Who wrote its name into a lock cell holds it; any other write to the cell ends that."""
        if owner == 0 or self.shape.lock_cells.get(cell) not in EXCLUSIVE:
            return
        lock = owned(cell, owner)
        for n, m in enumerate(members):
            if lock in m.held:
                members[n] = m._replace(held=tuple(h for h in m.held if h != lock))
        if v == owned(NAME, j + 1) and not is_lost(owner):
            members[j] = members[j]._replace(held=tuple(sorted((*members[j].held, lock))))

    # ---- publication

    def _publish(self, c: Configuration, writes: list[Write]) -> Configuration:
        """Objects a reference to which was written outside their owner's own unpublished objects."""
        for owner, cell, v in writes:
            if v is None or v < HALF or who(v) > len(c.members) or local(v) == NAME:
                continue
            template, own = self.shape.home(cell)
            holder = who(v)
            member = c.members[holder - 1]
            target = self.region(template, own, v, member.template)
            if target is None:
                continue
            if owner == holder:
                region = self.shape.role(member.template).region[own]
                if region < 0 or region not in member.published:
                    continue
            c = self._published(c, holder, target)
        return c

    def region(self, template: int, own: int, v: int, owner: int) -> int | None:
        """The region that the value `v` in a cell of a template refers to; its owner is of the template `owner`."""
        found = self.shape.referent(self.shape.domain(template, own), local(v))
        if found is None:
            return None
        role = self.shape.role(owner)
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
            for o in self.shape.named[member.template]:
                v = member.cells[o]
                if role.region[o] == r and v is not None and who(v) == holder and local(v) != NAME:
                    further = self.region(member.template, o, v, member.template)
                    if further is not None:
                        todo.append(further)
        if len(known) == len(member.published):
            return c
        members = list(c.members)
        members[holder - 1] = member._replace(published=tuple(sorted(known)))
        return c._replace(members=tuple(members))

    # ---- configurations that cannot be

    def impossible(self, c: Configuration) -> bool:
        """Whether the ghosts contradict each other: no reachable state does."""
        return (self.ghosts.published and self._leaks(c)) or (self.ghosts.names and self._torn(c))

    def _leaks(self, c: Configuration) -> bool:
        """Somebody holds a reference into what its owner has not published."""
        present = len(c.members)
        for n, (template, cells) in enumerate(((0, c.package), *[(m.template, m.cells) for m in c.members])):
            for o in self.shape.named[template]:
                v = cells[o]
                if v is None or v < HALF:
                    continue
                holder = (v + HALF) >> BITS
                if holder > present or holder == n or local(v) == NAME:
                    continue
                region = self.region(template, o, v, c.members[holder - 1].template)
                if region is not None and region not in c.members[holder - 1].published:
                    return True
        return False

    def _torn(self, c: Configuration) -> bool:
        """Lock cells and the holders' own records disagree."""
        present = len(c.members)
        seen: set[int] = set()
        for n, m in enumerate(c.members):
            for lock in m.held:
                if lock in seen:
                    return True
                seen.add(lock)
                owner = who(lock)
                if owner <= present:
                    role = self.shape.role(c.members[owner - 1].template)
                    if c.members[owner - 1].cells[local(lock) - role.first] != owned(NAME, n + 1):
                        return True
        for n, m in enumerate(c.members):
            first = self.shape.role(m.template).first
            for o in self.shape.named[m.template]:
                v = m.cells[o]
                if v is None or v < HALF or local(v) != NAME or who(v) > present:
                    continue
                if owned(first + o, n + 1) not in c.members[who(v) - 1].held:
                    return True
        return self._announced_and_inside(seen) or self._read_and_written(c)

    def _announced_and_inside(self, held: set[int]) -> bool:
        """Of one RWMutex, a writer is announced and a writer is inside: announcing waits until there is neither."""
        return any(lock + 1 in held for lock in held if self.shape.lock_cells[local(lock)] == "pending")

    def _read_and_written(self, c: Configuration) -> bool:
        """Two members hold one lock, one of them exclusively."""
        for lock in {lock for m in c.members for lock in m.reads}:
            writer = lock + 2
            if who(lock) == 0 and c.package[local(writer)] not in (0, None):
                return True
            if any(writer in m.held for m in c.members):
                return True
        return False
