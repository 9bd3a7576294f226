"""What the two map runtimes share: a table of slots written inside a window that a plain flag byte marks.

Used to show what a race does to a map: a fatal error, a lost insert, a present key with a nil value, a stuck flag.
`swiss` (Go 1.24 to 1.27) and `hmap` (up to 1.23) differ in how the window is left, in the order of a few steps, and
in the lines they cite. The flag is read and written by separate plain steps, so toggles can be lost; readers check it
once, on entry, and not at all when the map looks empty; `len` never does. The value is read and written by the
*caller*, outside the window.

One group of slots, as many as there are keys; growth is not modelled. A probe (all control bytes and keys of the group)
is one step. Accesses are the race detector's: the header stands for flag, count, keys and control bytes.

`stored` is a ghost, not Go: the key was inserted (its slot marked full, or found) and not deleted since. It changes
with the slot and not with the flag, so that a deletion that overlaps an insert and removes its slot does not look like
a loss. `used` may leave `0..keys` when writers race on one key; below zero Go's `len` says a negative number too.
"""

from __future__ import annotations

from collections.abc import Mapping

from verifier.gosem.fragment import DONE, ENTRY, CellSpec, Fragment, Piece
from verifier.gosem.gomap import MapObject
from verifier.program.expr import FALSE, TRUE, ZERO, Const, Expr, Read, Ref, all_of, any_of, equal, ite, negate
from verifier.program.program import Access, Bool, Fail, Kind, Range
from verifier.records import dataclass, replace

NIL_VALUE = "a present key with a nil value"
"""The symptom of a reader that finds a slot whose value has not been stored yet, or has just been cleared."""

Updates = tuple[tuple[Ref, Expr], ...]


@dataclass(frozen=True)
class Runtime:
    """How one runtime differs. `cites` maps the parts of an operation, e.g. "assign: set", to their Go source.

    `toggles_back`: the window is left by another xor (swiss) and not by clearing the bit (hmap).
    `count_first`: a deletion decrements the count before it clears the slot (swiss), or after (hmap).
    """

    cites: Mapping[str, str]
    toggles_back: bool
    count_first: bool


def counts(keys: int) -> Range:
    """What the count of a map with racing writers may come to."""
    return Range(-keys, 2 * keys)


def layout(keys: int) -> tuple[CellSpec, ...]:
    """The cells of a map over `keys` keys, at least one."""
    out = [CellSpec(("writing",), Bool()), CellSpec(("used",), counts(keys))]
    for i in range(keys):
        out += [
            CellSpec(("slots", i, "full"), Bool()),
            CellSpec(("slots", i, "key"), Range(0, keys - 1)),
            CellSpec(("slots", i, "value"), None),
        ]
    return (*out, *(CellSpec(("stored", k), Bool()) for k in range(keys)))


@dataclass(frozen=True)
class Operation:
    """One operation of a runtime on one map: makes its steps, with their accesses and their Go lines."""

    runtime: Runtime
    name: str
    m: MapObject
    writes: bool

    def step(
        self,
        detail: str,
        part: str,
        src: int = ENTRY,
        dst: int = DONE,
        guard: Expr = TRUE,
        updates: Updates = (),
        values: tuple[Access, ...] = (),
        header: bool = True,
        fail: Fail | None = None,
    ) -> Piece:
        """A plain step that touches the header, unless told otherwise, and the given value cells."""
        head = Access(self.m.cells("writing"), self.writes, atomic=False, when=live(self.m))
        accesses = (head, *values) if header else values
        cite = self.runtime.cites[f"{self.name}: {part}"]
        return Piece(guard, updates, accesses, src, dst, Kind.PLAIN, detail, cite, fail)

    def check(self, message: str, guard: Expr, dst: int) -> Fragment:
        """The check of the write flag on entry, in the states where `guard` holds."""
        text, flag = "check the write flag", Read(self.m.cells("writing"))
        return (
            self.step(text, "check", guard=all_of(guard, flag), fail=Fail("fatal", message)),
            self.step(text, "check", dst=dst, guard=all_of(guard, negate(flag))),
        )


def live(m: MapObject) -> Expr:
    """The map is not nil."""
    return negate(m.is_nil)


def empty(m: MapObject) -> Expr:
    """The map is nil or its count says zero."""
    return any_of(m.is_nil, equal(Read(m.cells("used")), ZERO))


def full(m: MapObject, slot: int) -> Expr:
    """The slot's control byte says full."""
    return Read(m.cells("slots", slot, "full"))


def matches(m: MapObject, key: Expr) -> list[Expr]:
    """For each slot: it is full and holds the key."""
    return [all_of(full(m, i), equal(Read(m.cells("slots", i, "key")), key)) for i in range(m.keys)]


def first(conditions: list[Expr]) -> Expr:
    """The index of the first condition that holds; the last one when only it can."""
    index: Expr = Const(len(conditions) - 1)
    for i in reversed(range(len(conditions) - 1)):
        index = ite(conditions[i], Const(i), index)
    return index


def slots(m: MapObject) -> Range:
    """The domain of a slot number."""
    return Range(0, m.keys - 1)


def numbered(*pieces: Piece) -> Fragment:
    """Drop what can never run and number the locations consecutively, in order of appearance."""
    kept = [p for p in pieces if p.guard != FALSE]
    order = dict.fromkeys(p.src for p in kept if p.src != ENTRY)
    numbers = {old: new for new, old in enumerate(order, start=1)}
    return tuple(replace(p, src=numbers.get(p.src, p.src), dst=numbers.get(p.dst, p.dst)) for p in kept)


def lost(m: MapObject, key: int) -> Expr:
    """The key was inserted and not deleted since, and no slot holds it."""
    held = any_of(*matches(m, Const(key)))
    return all_of(live(m), Read(m.cells("stored", key)), negate(held))


def symptoms(m: MapObject) -> tuple[tuple[str, str, Expr], ...]:
    """What may be wrong with a map when all goroutines have returned: (name, sentence, when it is so)."""
    return (
        (
            "lost insert",
            "an insert has returned, nobody deleted the key, and the map does not hold it",
            any_of(*(lost(m, k) for k in range(m.keys))),
        ),
        (
            "stuck flag",
            "the write flag has stayed set: the next operation dies, however well it is synchronised",
            all_of(live(m), Read(m.cells("writing"))),
        ),
    )


def no_symptom(m: MapObject) -> Expr:
    """None of `symptoms`: the race left no trace in the map."""
    return negate(any_of(*(present for _, _, present in symptoms(m))))
