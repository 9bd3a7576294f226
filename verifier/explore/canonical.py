"""One state for each orbit: interchangeable goroutines sorted, and whatever names them renamed.

1. Members of named groups get colours: of what is in their region, then of who names them from where, and of whom they
   name. Colours do not depend on the order of members.
2. Members of each named group are sorted by colour, equal ones in their order; every slot that names one is renamed.
3. Members of the other groups are sorted by what is in their regions.

Any order of members is a state that behaves the same. Equal colours of members that differ all the same, two rounds of
references apart, only mean that an orbit is kept more than once.
"""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.heap import Heap
from verifier.explore.identities import Group, Identities, identities
from verifier.explore.machine import Machine
from verifier.explore.mixing import WORD, mix
from verifier.explore.orders import Orders as Judge
from verifier.explore.pools import Pools
from verifier.explore.values import values
from verifier.records import dataclass, replace

CACHE = 100_000
"""States remembered at most."""

Orders = dict[int, list[int]]
"""First member of a group → the old position of the member that comes to each position; groups in order left out."""


@dataclass(frozen=True)
class Sorted:
    """A group with the numbers that taking its regions apart and putting them together needs."""

    group: Group
    shifts: tuple[int, ...]
    mask: int
    plain: int
    """Bits of a region that name nobody."""
    words: range
    seed: int
    rest: int
    """Bits of a state outside the regions."""


def settling(machine: Machine, heap: Heap, judge: Judge | None = None) -> Callable[[int], int]:
    """What every new state goes through: blocks that nobody reaches are zeroed, then goroutines are sorted.

    `judge` tells what its state becomes when clients change places; without it that stays as it is.
    """
    if not machine.program.classes:
        if not machine.program.pools:
            return heap.canonical
        pooled = Pools(machine).settled
        return pooled if all_pooled(machine) else lambda state: pooled(heap.canonical(state))
    sort = Canonical(machine, judge).canonical
    if all_pooled(machine):
        return sort
    if not machine.program.recycled:
        return sort
    return lambda state: sort(heap.canonical(state))


def all_pooled(machine: Machine) -> bool:
    """Whether renumbering zeroes all that nobody reaches."""
    program = machine.program
    return bool(program.pools) and sum(map(len, program.pools)) == len(program.recycled)


def apart(machine: Machine) -> Machine:
    """The same machine, step by step and bit by bit, with no goroutines exchanged."""
    return replace(machine, program=replace(machine.program, classes=()))


class Canonical:
    """The canonical form of the states of one machine. Call `canonical`; `exchange` also tells who became whom.

    `named` and `anonymous` groups are sorted, `naming` ones have slots to rename, `coloured` ones take part in colours;
    `members` is how many there are in all groups. The kernel's code does the same from the same numbers.
    """

    def __init__(self, machine: Machine, judge: Judge | None = None) -> None:
        self.identities: Identities = identities(machine)
        self._judge = judge
        self._pools = Pools(machine) if machine.program.pools else None
        self._clients = () if machine.program.clients is None else machine.program.clients.instances
        self._judged = None if judge is None else machine.layout.cells[judge.cell]
        self._instances = tuple(i.number for i in machine.program.instances)
        all_bits = (1 << machine.layout.bits) - 1
        made = [_prepared(n, g, all_bits) for n, g in enumerate(self.identities.groups)]
        self.named = [g for g in made if g.group.named]
        self.anonymous = [g for g in made if not g.group.named and g.mask]
        self.naming = [g for g in made if g.group.identities]
        self.coloured = [g for g in made if g.group.named or g.group.identities]
        self.members = sum(len(g.instances) for g in self.identities.groups)
        self._values = values(machine, judge)
        self._known: dict[int, int] = {}

    def canonical(self, state: int) -> int:
        """The one state kept of all those that exchanging goroutines, and values, makes of `state`."""
        known = self._known.get(state)
        if known is None:
            if len(self._known) >= CACHE:
                self._known.clear()
            known = self._known[state] = self._least(state)
        return known

    def _least(self, state: int) -> int:
        """With values exchanged if that is less in all but the judge's state."""
        found = self._one(state)
        if self._values is None:
            return found
        other = self._one(self._values.exchanged(state))
        return other if self._values.apart(other) < self._values.apart(found) else found

    def _one(self, state: int) -> int:
        out, orders = self._ordered(state)
        return self._rejudged(out, orders) if orders and self._judge else out

    def _rejudged(self, state: int, orders: Orders) -> int:
        """The state with the judge's state following the clients that have changed places."""
        slot, judge = self._judged, self._judge
        assert slot is not None and judge is not None
        order = list(range(len(self._clients)))
        for group in self.identities.groups:
            for to, old in enumerate(orders.get(group.first, ())):
                for a, b in zip(group.instances[old], group.instances[to], strict=True):
                    if a in self._clients:
                        order[self._clients.index(b)] = self._clients.index(a)
        old_state = state >> slot.shift & slot.mask
        return state ^ (old_state ^ judge.permuted(old_state, order)) << slot.shift

    def exchange(self, state: int) -> tuple[int, tuple[int, ...]]:
        """The canonical state, and for every instance the one that plays its part there."""
        out, orders = self._ordered(state)
        moved = list(self._instances)
        for group in self.identities.groups:
            for to, old in enumerate(orders.get(group.first, ())):
                for a, b in zip(group.instances[old], group.instances[to], strict=True):
                    moved[a] = b
        return out, tuple(moved)

    def _ordered(self, s: int) -> tuple[int, Orders]:
        if self._pools is None:
            return self._sort(s)
        # Who comes first is decided where the numbers of blocks say nothing, then everybody moves.
        _, orders = self._sort(self._pools.begun(s))
        for g in (*self.named, *self.anonymous):
            if g.group.first in orders:
                s = _moved(
                    self._renamed(s, {g.group.first: orders[g.group.first]}) if g.group.named else s,
                    g,
                    orders[g.group.first],
                )
        return self._pools.settled(s), orders

    def _sort(self, s: int) -> tuple[int, Orders]:
        orders: Orders = {}
        if self.named:
            colours = self._colours(s)
            for g in self.named:
                first, count = g.group.first, len(g.shifts)
                mine = colours[first : first + count]
                order = sorted(range(count), key=mine.__getitem__)
                if order != list(range(count)):
                    orders[first] = order
            if orders:
                s = self._renamed(s, orders)
                for g in self.named:
                    if g.group.first in orders:
                        s = _moved(s, g, orders[g.group.first])
        for g in self.anonymous:
            contents = [s >> shift & g.mask for shift in g.shifts]
            order = sorted(range(len(contents)), key=contents.__getitem__)
            if order != list(range(len(contents))):
                orders[g.group.first] = order
                s = _moved(s, g, order)
        return s, orders

    def _colours(self, s: int) -> list[int]:
        colours = [0] * self.members
        for g in self.coloured:
            member = g.group.first
            for shift in g.shifts:
                inside = s >> shift & g.mask
                plain = inside & g.plain
                h = g.seed
                for w in g.words:
                    h = mix(h ^ plain >> w & WORD)
                for i in g.group.identities:
                    v = inside >> i.shift & i.mask
                    h = mix(h ^ (i.names.own[v] if i.names.member[v] == member else i.names.other[v]))
                colours[member] = h
                member += 1
        for left in reversed(range(self.identities.rounds)):
            colours = self._round(s, colours, left > 0)
        return colours

    def _round(self, s: int, colours: list[int], more: bool) -> list[int]:
        """Colours that also say who names a member and, as far as it matters, whom it names."""
        sums = list(colours)
        for i in self.identities.shared:
            v = s >> i.shift & i.mask
            named = i.names.member[v]
            if named >= 0:
                sums[named] += i.into[v]
        for g in self.naming:
            member = g.group.first
            outward = g.group.named or more
            for shift in g.shifts:
                for i in g.group.identities:
                    v = s >> shift + i.shift & i.mask
                    named = i.names.member[v]
                    if named >= 0 and named != member:
                        sums[named] += mix(colours[member] ^ i.into[v])
                        if outward:
                            sums[member] += mix(colours[named] ^ i.out[v])
                member += 1
        return [mix(c & WORD) for c in sums] if more else [c & WORD for c in sums]

    def _renamed(self, s: int, orders: Orders) -> int:
        """The state with every name of a member that will stand elsewhere changed; nobody has moved yet."""
        position = [0] * self.members
        for g in self.named:
            first = g.group.first
            for to, old in enumerate(orders.get(first, range(len(g.shifts)))):
                position[first + old] = to
        t = s
        for i in self.identities.shared:
            v = s >> i.shift & i.mask
            named = i.names.member[v]
            if named >= 0:
                t ^= (v ^ i.names.renamed[v][position[named]]) << i.shift
        for g in self.naming:
            for shift in g.shifts:
                for i in g.group.identities:
                    v = s >> shift + i.shift & i.mask
                    named = i.names.member[v]
                    if named >= 0:
                        t ^= (v ^ i.names.renamed[v][position[named]]) << shift + i.shift
        return t


def _moved(s: int, g: Sorted, order: list[int]) -> int:
    out = s & g.rest
    for to, old in enumerate(order):
        out |= (s >> g.shifts[old] & g.mask) << g.shifts[to]
    return out


def _prepared(number: int, group: Group, all_bits: int) -> Sorted:
    mask = (1 << group.width) - 1
    shifts = tuple(r.shift for r in group.regions)
    naming = sum(i.mask << i.shift for i in group.identities)
    rest = all_bits & ~sum(mask << shift for shift in shifts)
    return Sorted(group, shifts, mask, mask & ~naming, range(0, group.width, 64), mix(number + 1), rest)
