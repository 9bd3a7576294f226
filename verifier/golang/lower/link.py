"""Linking: everything lowering left open gets its number, and the templates become a `Program`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from verifier.golang.lower.arrange import Arrangement, Spot, family_cells, interior, stride
from verifier.golang.lower.interfaces import integer_range, packed
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import FamilyKey, LengthKey, OrdinalKey, PlaceKey, SegmentKey, TableKey
from verifier.golang.lower.values import Part, Region, Spec
from verifier.golang.types import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Slice,
    Struct,
    Type,
    is_integer,
    underlying,
)
from verifier.program.expr import (
    At,
    Cell,
    Const,
    Expr,
    Family,
    Judge,
    Op,
    Pc,
    PerInstance,
    Read,
    Received,
    Ref,
    Table,
    equal,
    rewrite,
    total,
)
from verifier.program.program import (
    PACKAGE,
    Access,
    Alloc,
    Bool,
    Domain,
    Enum_,
    Offer,
    Place,
    Range,
    Reference,
    Sort,
    Step,
    Sync,
    Union,
    high,
    low,
)
from verifier.records import replace


class Linker:
    """Resolves the placeholders of one lowering run against an arrangement."""

    def __init__(self, m: Machine, arrangement: Arrangement, locations: dict[tuple[int, int], int]) -> None:
        self.m = m
        self.at = arrangement
        self.locations = locations
        self.sort_number = {s: i for i, s in enumerate(arrangement.sorts)}
        self.sorts: tuple[Sort, ...] = ()
        self.sites = {r.site: r for b in m.builders for r in b.regions if r.blocks > 1}
        self._families: dict[int, Family] = {}
        self._values: dict[int, tuple[int, ...]] = {}
        self._union: Union | None = None

    # ---- domains and places

    def make_sorts(self) -> None:
        """The sorts with their places, named after the variable or allocation they are."""
        made = []
        for s in self.at.sorts:
            places = tuple(
                Place(
                    self._place_name(spot.instance, spot.region, spot.block, spot.path),
                    spot.instance,
                    f"{spot.region.site}:{'.'.join(map(str, spot.path))}",
                    spot.block,
                    self.at.cells(spot),
                )
                for spot in self.at.places[s]
            )
            made.append(Sort(s, places))
        self.sorts = tuple(made)

    def _place_name(self, instance: int, region: Region, block: int, path: tuple[str | int, ...]) -> str:
        name = cell_name(self.m, region, path) if path else region.name
        if region.blocks > 1:
            name += f"#{block + 1}"
        owner = "" if instance == 0 else f" of {self.at.instances[instance].name}"
        return f"&{name}{owner}"

    def domain(self, spec: Spec) -> Domain:
        """The domain of a cell."""
        if isinstance(spec, Bool | Range | Enum_ | Reference | Union):
            return spec
        few = self._few(spec)
        if few is not None:
            return few
        u = underlying(spec)
        match u:
            case Basic(name="bool"):
                return Bool()
            case Basic(name="string"):
                return Enum_(tuple(f'"{s}"' for s in self.m.layouts.strings))
            case Basic():
                return Range(*integer_range(self.m, u))
            case Pointer() | Map() | Slice() | Chan():
                key = self.m.layouts.object_key(spec)
                # A reference type nothing of which is ever created: only nil.
                return Reference(self.sort_number[key]) if key in self.sort_number else Range(0, 0)
            case Interface():
                return self.union()
            case Struct() | Array():
                return self._packed(spec)
        raise AssertionError(f"no domain for {spec}")

    def _few(self, t: Type) -> Range | None:
        """The values of a declared integer type that clients use as keys or values: there are no others to begin with.

        A value that is computed and leaves them is out of bounds, as for any integer.
        """
        client = self.m.settings.client
        if client is None or not isinstance(t, Named) or not is_integer(t):
            return None
        if t is client.keys[0].type:
            return Range(0, max(client.asked.keys - 1, client.asked.values if t is client.values[0].type else 0))
        return Range(0, client.asked.values) if t is client.values[0].type else None

    def _packed(self, t: Type) -> Domain:
        """The values of a struct type inside interfaces, as Go prints them."""
        parts = packed(self.m, t)
        assert parts is not None
        leaves = self.m.layouts.leaves(t)
        texts = [
            [self._text(leaf.spec, low + i) for i in range(size)]
            for leaf, (low, size) in zip(leaves, parts, strict=True)
        ]
        # The first field runs fastest.
        return Enum_(tuple(f"{t}{{{' '.join(reversed(row))}}}" for row in product(*reversed(texts))))

    def _text(self, spec: Spec, value: int) -> str:
        domain = self.domain(spec)
        if isinstance(domain, Enum_):
            return domain.names[value]
        return str(bool(value)).lower() if isinstance(domain, Bool) else str(value)

    def union(self) -> Union:
        """The domain of every interface cell: one segment per dynamic type that is ever put into one."""
        if self._union is None:
            alternatives: list[tuple[str, int, Domain]] = []
            first = 1
            for _, t in self.m.segments.items():
                domain = self.domain(t)
                alternatives.append((str(t), first, domain))
                first += high(domain, self.sorts) - low(domain) + 1
            self._union = Union(tuple(alternatives))
        return self._union

    def dynamic(self, value: int) -> tuple[Type, int]:
        """The dynamic type of an interface value that is not nil, and what it holds."""
        of = zip(self.m.segments.values(), self.union().alternatives, strict=True)
        t, (_, first, domain) = max((x for x in of if x[1][1] <= value), key=lambda x: x[1][1])
        return t, value - first + low(domain)

    # ---- placeholders

    def values(self, pending: int) -> tuple[int, ...]:
        """What a PerInstance or Table placeholder stands for."""
        if pending not in self._values:
            self._values[pending] = self._resolve(pending)
        return self._values[pending]

    def _resolve(self, pending: int) -> tuple[int, ...]:
        key = self.m.pending[pending]
        match key:
            case OrdinalKey():
                return tuple(range(len(self.at.instances)))
            case SegmentKey(type=t, last=last):
                position = list(self.m.segments).index(t)
                _, first, domain = self.union().alternatives[position]
                return (first + (high(domain, self.sorts) - low(domain) if last else 0),)
            case PlaceKey(address=a, sort=s):
                spots = [Spot(i.number, a.region, 0, a.path) for i in self.at.of_template(a.region.template)]
                return tuple(self.at.numbers[s][spot] for spot in spots)
            case TableKey(base=base, path=path, sort=s):
                found = interior(self.at, base, path)
                return tuple(0 if spot is None else self.at.numbers[s].get(spot, 0) for spot in found)
            case LengthKey(sort=s):
                return (0, *(self.m.slice_lengths.get(spot.region, 0) for spot in self.at.places[s]))
        raise AssertionError(key)

    def family(self, name: str) -> Family:
        """The family behind a placeholder name."""
        pending = int(name[1:])
        if pending not in self._families:
            key = self.m.pending[pending]
            assert isinstance(key, FamilyKey)
            base = key.base if isinstance(key.base, str) else key.base.name
            parts = "".join(f".{c}" for c in key.path if not isinstance(c, tuple))
            self._families[pending] = Family(f"{base}{parts}", family_cells(self.at, key), stride(key.path))
        return self._families[pending]

    # ---- expressions and steps

    def expr(self, e: Expr) -> Expr:
        """`e` with every placeholder resolved."""
        return rewrite(_strip(e, self), self._leaf)

    def _leaf(self, e: Expr) -> Expr | None:
        match e:
            case Read(ref=At(family=f, index=i)) if f.name.startswith("?"):
                return Read(self._at(f, i))
            case _:
                return None

    def _at(self, f: Family, index: Expr) -> Ref:
        family = self.family(f.name)
        if isinstance(index, Const) and 0 <= index.value < len(family.cells) and family.cells[index.value] >= 0:
            return Cell(family.cells[index.value])
        return At(family, index)

    def ref(self, r: Ref) -> Ref:
        """A reference with every placeholder resolved."""
        if isinstance(r, At) and r.family.name.startswith("?"):
            return self._at(r.family, self.expr(r.index))
        return r

    def count_at(self, template: int, location: int) -> Expr:
        """How many goroutines of a role stand at a location."""
        number = self.locations.get((template, location))
        if number is None:
            # The label stands where no run can come.
            return Const(0)
        return total([equal(Read(Pc(i.number)), Const(number)) for i in self.at.of_template(template)])

    def step(self, s: Step) -> Step:
        """A step with every placeholder resolved."""
        s = self._ranged(s)
        return replace(
            s,
            guard=self.expr(s.guard),
            updates=tuple((self.ref(r), self.expr(e)) for r, e in s.updates),
            accesses=tuple(Access(self.ref(a.ref), a.write, a.atomic, self.expr(a.when)) for a in s.accesses),
            sync=tuple(Sync(k.op, self.ref(k.ref)) for k in s.sync),
            alloc=None if s.alloc is None else self._alloc(s.alloc),
            offer=None if s.offer is None else self._offer(s.offer),
        )

    def _offer(self, o: Offer) -> Offer:
        return replace(o, channel=self.expr(o.channel), values=tuple(map(self.expr, o.values)))

    def _ranged(self, s: Step) -> Step:
        """A receiving half that knows between which values it is handed."""
        if s.offer is None or s.offer.sends:
            return s
        t = underlying(self.m.sort_types[s.offer.kind])
        assert isinstance(t, Chan)
        domains = [self.domain(leaf.spec) for leaf in self.m.layouts.leaves(t.elem)]

        def leaf(e: Expr) -> Expr | None:
            if not isinstance(e, Received):
                return None
            return replace(e, low=low(domains[e.index]), high=high(domains[e.index], self.sorts))

        return replace(s, updates=tuple((r, rewrite(e, leaf)) for r, e in s.updates))

    def _alloc(self, a: Alloc) -> Alloc:
        region = self.sites[a.site]
        numbers = self.at.numbers[region.sort]
        candidates = tuple(
            tuple(numbers[Spot(i.number, region, b, ())] for b in range(region.blocks))
            for i in self.at.of_template(region.template)
        )
        return Alloc(self.sort_number[region.sort], region.template, candidates, region.name)

    def recycled(self) -> tuple[tuple[int, int], ...]:
        """Every recyclable block as (sort, place number)."""
        out = []
        for region in self.sites.values():
            if region.template == PACKAGE and region not in self.m.pools.values():
                continue  # an initialiser never runs again
            for i in self.at.of_template(region.template):
                for b in range(region.blocks):
                    number = self.at.numbers[region.sort][Spot(i.number, region, b, ())]
                    out.append((self.sort_number[region.sort], number))
        return tuple(sorted(out))

    def pools(self) -> tuple[tuple[int, ...], ...]:
        """The blocks of each pool, as positions in `recycled`."""
        position = {key: n for n, key in enumerate(self.recycled())}
        out = []
        for region in self.m.pools.values():
            sort = self.sort_number[region.sort]
            spots = (Spot(0, region, b, ()) for b in range(region.blocks))
            out.append(tuple(position[sort, self.at.numbers[region.sort][s]] for s in spots))
        return tuple(out)


def _strip(e: Expr, linker: Linker) -> Expr:
    """Resolve what `rewrite` would fold too early: tables, per-instance constants and `at` counts."""
    match e:
        case PerInstance(template=t, values=(pending,)):
            values = linker.values(pending)
            return Const(values[0]) if len(set(values)) == 1 else PerInstance(t, values)
        case Table(values=(pending,), index=i):
            key = linker.m.pending[pending]
            index = _strip(i, linker)
            if isinstance(key, TableKey):
                return Table(linker.values(pending), index, linker.sort_number[key.sort], stride(key.path))
            return Table(linker.values(pending), index)
        case Op(name="at", args=(Const(value=t), Const(value=location))):
            return linker.count_at(t, location)
        case Op():
            return Op(e.name, tuple(_strip(a, linker) for a in e.args))
        case Read(ref=At(family=f, index=i)):
            return Read(At(f, _strip(i, linker)))
        case Judge():
            return replace(e, op=_strip(e.op, linker), result=_strip(e.result, linker))
        case _:
            return e


_PLAIN = ("v", "present", "value", "slots", "held", "state", "readers", "n", "sema", "waiter", "buffer", "set")
"""Parts of primitives and maps that reports call by the name of the whole."""


def cell_name(m: Machine, region: Region, path: Sequence[str | int]) -> str:
    """A cell in Go's notation: `users["alice"].Age`, `shards[0].mu`, `users (map header)`."""
    out, keyed = region.name, region.sort.startswith("map[")
    names = _key_names(m, region.sort) if keyed else ()
    for i, c in enumerate(path):
        if c in ("header", "writing") and keyed and i == 0:
            return f"{out} (map header)"
        if c == "sync" and isinstance(c, Part):
            return f"{out} (channel state)"
        if (isinstance(c, Part) and c in _PLAIN) or (isinstance(c, str) and c.startswith("·")):
            continue
        if isinstance(c, int) and keyed and path[0] == "slots" and i == 1:
            out += f" slot {c}"
        elif isinstance(c, int):
            first = i == 0 or (path[0] == "stored" and i == 1)
            out += f"[{names[c]}]" if keyed and first and c < len(names) else f"[{c}]"
        else:
            out += f".{c}"
    return out


def _key_names(m: Machine, sort: str) -> tuple[str, ...]:
    t: Type | None = m.sort_types.get(sort)
    u = underlying(t) if t is not None else None
    return m.layouts.key_names(u) if isinstance(u, Map) else ()
