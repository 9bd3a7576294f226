"""Goroutines that can be exchanged, as they lie in packed states, and the slots that may say which one is meant."""

from __future__ import annotations

from verifier.explore.heap import targets
from verifier.explore.machine import Machine
from verifier.explore.mixing import mix
from verifier.program.layout import Region, Slot
from verifier.program.passes.exchange import subtree
from verifier.program.program import Domain, Place, Program
from verifier.records import dataclass

Subtrees = dict[int, tuple[int, int]]
"""Instance → the member it belongs to, and its position among the instances of that member."""


@dataclass(frozen=True)
class Names:
    """What the numbers stored in slots of one kind name. Everything is listed by stored number.

    `member[v]` is the member named, -1 for none. `other[v]` is a number for the value that is the same whichever
    member of the class is meant, and `own[v]` the one used where the member named holds the slot itself.
    `renamed[v][p]` is the stored number when the member named becomes the one at position p of its class.
    """

    member: tuple[int, ...]
    other: tuple[int, ...]
    own: tuple[int, ...]
    renamed: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Identity:
    """A slot that may name a member: `shift` counts from the start of the region, or of the state if shared.

    `into[v]`, a number of 64 bits by stored number v, tells this slot from others when colours are added up: it is
    what a member named here gets; `out[v]` is what the member that holds the slot gets.
    """

    shift: int
    width: int
    names: Names
    into: tuple[int, ...]
    out: tuple[int, ...]

    @property
    def mask(self) -> int:
        """The slot's bits, moved down to bit 0."""
        return (1 << self.width) - 1


@dataclass(frozen=True)
class Group:
    """One class of goroutines. `first` is the number of its first member; members are counted through all groups.

    `instances[k]` lists the instances of the k-th member, `regions[k]` is where they are. `named`: some slot may name
    a member. `identities` are the slots within each region that may name some member of any group.
    """

    first: int
    instances: tuple[tuple[int, ...], ...]
    regions: tuple[Region, ...]
    named: bool
    identities: tuple[Identity, ...]

    @property
    def width(self) -> int:
        """The length of each region."""
        return self.regions[0].width


@dataclass(frozen=True)
class Identities:
    """All groups of a machine, the slots outside their regions that may name a member, and the rounds of colouring.

    One round tells members apart for certain when nothing connects two of them: no region of a named group has
    identities, and no other region more than one.
    """

    groups: tuple[Group, ...]
    shared: tuple[Identity, ...]
    rounds: int


def identities(machine: Machine) -> Identities:
    """The groups of `machine.program.classes` whose members lie alike in a state, and who may name them."""
    program = machine.program
    classes = [c for c in program.classes if _alike(machine, c)]
    members = [[subtree(program, root) for root in c] for c in classes]
    firsts = [sum(map(len, members[:n])) for n in range(len(members))]
    where: Subtrees = {
        i: (firsts[n] + k, position)
        for n, group in enumerate(members)
        for k, tree in enumerate(group)
        for position, i in enumerate(tree)
    }
    finder = _Finder(machine, where, [(f, len(m)) for f, m in zip(firsts, members, strict=True)])
    shared, inside = finder.slots()
    groups = tuple(
        Group(
            first,
            tuple(group),
            tuple(machine.layout.regions[tree[0]] for tree in group),
            not finder.named.isdisjoint(range(first, first + len(group))),
            inside.get(first, ()),
        )
        for first, group in zip(firsts, members, strict=True)
    )
    simple = all(len(g.identities) <= (0 if g.named else 1) for g in groups)
    return Identities(groups, shared, 1 if simple else 2)


def _alike(machine: Machine, members: tuple[int, ...]) -> bool:
    """Whether the regions of the members have the same inside, slot by slot."""
    return len({_shape(machine, root) for root in members}) == 1


def _shape(machine: Machine, root: int) -> tuple[object, ...]:
    layout, program = machine.layout, machine.program
    start = layout.regions[root].shift
    out: list[object] = [layout.regions[root].width]
    for i in subtree(program, root):
        slots = [layout.pcs[i], *(layout.cells[n] for n in _block(program, i))]
        out.append((layout.locations[i], tuple((s.shift - start, s.width, s.low) if s.width else None for s in slots)))
    return tuple(out)


def _block(program: Program, instance: int) -> range:
    """The cells of an instance."""
    first = program.instances[instance].lineage[0][1]
    return range(first, first + len(program.templates[program.instances[instance].template].cells))


class _Finder:
    """Finds the slots that may name a member. `groups`: first member and number of members of each."""

    def __init__(self, machine: Machine, where: Subtrees, groups: list[tuple[int, int]]) -> None:
        self._machine = machine
        self._where = where
        self._groups = groups
        self._names: dict[tuple[Domain, int], Names | None] = {}
        self.named: set[int] = set()

    def slots(self) -> tuple[tuple[Identity, ...], dict[int, tuple[Identity, ...]]]:
        """Those outside all regions, and for the first member of each group those inside its region."""
        program, layout = self._machine.program, self._machine.layout
        firsts = {first for first, _ in self._groups}
        shared: list[Identity] = []
        inside: dict[int, list[Identity]] = {}
        for i in program.instances:
            member, _ = self._where.get(i.number, (-1, 0))
            for n in _block(program, i.number):
                slot = layout.cells[n]
                names = self._of(program.cells[n].domain, slot)
                if names is None:
                    continue
                if member == -1:
                    shared.append(_identity(slot.shift, slot, names, len(shared), 0))
                elif member in firsts:
                    mine = inside.setdefault(member, [])
                    start = layout.regions[self._root(i.number)].shift
                    mine.append(_identity(slot.shift - start, slot, names, len(mine), 1))
        return tuple(shared), {m: tuple(found) for m, found in inside.items()}

    def _root(self, instance: int) -> int:
        parent = self._machine.program.instances[instance].parent
        return instance if parent is None else self._root(parent)

    def _of(self, domain: Domain, slot: Slot) -> Names | None:
        """What a slot names; None when that can be no member."""
        if slot.width == 0:
            return None
        key = (domain, slot.low)
        if key not in self._names:
            self._names[key] = self._make(domain, slot)
        return self._names[key]

    def _make(self, domain: Domain, slot: Slot) -> Names | None:
        program = self._machine.program
        size = 1 << slot.width
        member, rest = [-1] * size, [0] * size
        kinds: dict[object, int] = {}
        stored: dict[tuple[int, int], int] = {}
        for value, sort, number in targets(domain, program):
            place = program.sorts[sort].places[number - 1]
            if place.owner in self._where:
                v = value - slot.low
                member[v], position = self._where[place.owner]
                first, _ = self._group(member[v])
                rest[v] = kinds.setdefault(_kind(first, position, sort, place, value - number), len(kinds))
                stored[member[v], rest[v]] = v
        if not stored:
            return None
        self.named.update(m for m in member if m >= 0)
        renamed = []
        for v in range(size):
            first, count = self._group(member[v]) if member[v] >= 0 else (0, 0)
            renamed.append(tuple(stored[first + p, rest[v]] for p in range(count)))
        other = tuple(v if member[v] < 0 else size + rest[v] for v in range(size))
        own = tuple(v if member[v] < 0 else size + len(kinds) + rest[v] for v in range(size))
        return Names(tuple(member), other, own, tuple(renamed))

    def _group(self, member: int) -> tuple[int, int]:
        return next((first, count) for first, count in self._groups if first <= member < first + count)


def _kind(first: int, position: int, sort: int, place: Place, segment: int) -> object:
    """What is meant, whichever member of the group it belongs to."""
    return first, position, sort, place.site, place.block, segment


def _identity(shift: int, slot: Slot, names: Names, number: int, inside: int) -> Identity:
    def constants(use: int) -> tuple[int, ...]:
        return tuple(mix(use << 56 | number << 28 | label) for label in names.other)

    return Identity(shift, slot.width, names, constants(1 + inside), constants(3))
