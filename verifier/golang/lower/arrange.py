"""Arrangement: the goroutines that can exist, where their cells lie, and which places references can point to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import FamilyKey, PlaceKey, TableKey
from verifier.golang.lower.templates import Builder
from verifier.golang.lower.values import Region
from verifier.program.program import PACKAGE, Instance
from verifier.records import dataclass, field

StaticPath = tuple[str | int, ...]
Holes = tuple[str | int | tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place before it is numbered: a path in one block of a region, in one instance."""

    instance: int
    region: Region
    block: int
    path: StaticPath


@dataclass(slots=True)
class Arrangement:
    """Instances with the first cell of their block, and the numbered places of each sort."""

    instances: list[Instance] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    size: int = 0
    sorts: list[str] = field(default_factory=list)
    places: dict[str, list[Spot]] = field(default_factory=dict)
    numbers: dict[str, dict[Spot, int]] = field(default_factory=dict)

    def of_template(self, template: int) -> list[Instance]:
        """The instances of a template, by ordinal."""
        return [i for i in self.instances if i.template == template]

    def cell(self, spot: Spot, leaf: StaticPath = ()) -> int:
        """The absolute cell of a leaf of a place, or -1 when the place has no such cell."""
        at = spot.region.index.get((*spot.path, *leaf))
        if at is None:
            return -1
        return self.first[spot.instance] + spot.region.offset + spot.block * spot.region.size + at

    def cells(self, spot: Spot) -> tuple[int, ...]:
        """All cells of a place."""
        n = len(spot.path)
        start = self.first[spot.instance] + spot.region.offset + spot.block * spot.region.size
        return tuple(start + i for p, i in spot.region.index.items() if p[:n] == spot.path)

    def bases(self, base: Region | str) -> list[Spot | None]:
        """What a family's outermost index selects: the instances of a region, or nil and the places of a sort."""
        if isinstance(base, Region):
            return [Spot(i.number, base, 0, ()) for i in self.of_template(base.template)]
        return [None, *self.places.get(base, [])]


def arrange(m: Machine, roles: Sequence[tuple[int, str, int]]) -> Arrangement:
    """Instances for (template, name, count) of the roles and for the goroutines they start, then all places."""
    out = Arrangement()
    _add(m, out, m.builders[PACKAGE], "package", None, ())
    for template, name, count in roles:
        for k in range(count):
            _add(m, out, m.builders[template], name if count == 1 else f"{name}{k + 1}", None, out.instances[0].lineage)
    _number_places(m, out)
    return out


def _add(
    m: Machine, out: Arrangement, b: Builder, name: str, parent: int | None, lineage: tuple[tuple[int, int, int], ...]
) -> None:
    number, ordinal = len(out.instances), len(out.of_template(b.number))
    own = ((b.number, out.size, ordinal), *lineage)
    out.instances.append(Instance(number, name, b.number, ordinal, parent, own))
    out.first.append(out.size)
    out.size += len(b.cells)
    if b.number == PACKAGE:
        return
    for child in m.builders:
        if child.parent == b.number:
            suffix = child.name.rsplit(".", 1)[-1]
            for k in range(child.pool):
                label = f"{name}.{suffix}" if child.pool == 1 else f"{name}.{suffix}#{k + 1}"
                _add(m, out, child, label, number, own)


def _number_places(m: Machine, out: Arrangement) -> None:
    """Places in instance order. Tables of interior addresses make further places, so repeat until nothing is new."""
    known: dict[str, dict[tuple[Region, StaticPath], None]] = {s: dict(e) for s, e in m.sort_entries.items()}
    while True:
        for sort, entries in known.items():
            out.places[sort] = [spot for i in out.instances for spot in _spots(i, entries)]
        grown = False
        for key in list(m.pending):
            if isinstance(key, PlaceKey):
                grown |= _enter(known, key.sort, key.address.region, key.address.path)
            if isinstance(key, TableKey):
                for spot in interior(out, key.base, key.path):
                    if spot is not None:
                        grown |= _enter(known, key.sort, spot.region, spot.path)
        if not grown:
            break
    out.sorts = list(known)
    out.numbers = {s: {spot: n + 1 for n, spot in enumerate(out.places[s])} for s in out.sorts}


def _enter(known: dict[str, dict[tuple[Region, StaticPath], None]], sort: str, r: Region, path: StaticPath) -> bool:
    entries = known.setdefault(sort, {})
    if (r, path) in entries:
        return False
    entries[(r, path)] = None
    return True


def _spots(i: Instance, entries: dict[tuple[Region, StaticPath], None]) -> Iterator[Spot]:
    for region, path in entries:
        if region.template == i.template:
            for block in range(region.blocks):
                yield Spot(i.number, region, block, path)


def interior(out: Arrangement, base: Region | str, path: Holes) -> Iterator[Spot | None]:
    """The spots a computed address can name, in index order; None where there is none."""
    choices = [range(c[1]) if isinstance(c, tuple) else (c,) for c in path]
    for start in out.bases(base):
        for filled in product(*choices):
            if start is None:
                yield None
                continue
            spot = Spot(start.instance, start.region, start.block, (*start.path, *filled))
            yield spot if out.cells(spot) else None


def family_cells(out: Arrangement, key: FamilyKey) -> tuple[int, ...]:
    """The cells a family selects, in index order; -1 where there is none."""
    choices = [range(c[1]) if isinstance(c, tuple) else (c,) for c in key.path]
    return tuple(
        -1 if start is None else out.cell(start, filled)
        for start in out.bases(key.base)
        for filled in product(*choices)
    )


def stride(path: Holes) -> int:
    """How many entries a family or table has per base."""
    return prod(c[1] for c in path if isinstance(c, tuple))
