"""Reading the slots of a state that lies in memory as words of 64 bits."""

from __future__ import annotations

from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.program.layout import WORD, Layout, Slot

MASK = (1 << WORD) - 1
"""A word of ones."""
NARROW = 1 << WORD - 2
"""Numbers below this size leave room in a word: the sum of two, or of one and the least of a slot, still fits."""


class Unsupported(Exception):
    """The program needs more than compiled code can do here; the reference back end has to explore it."""


class Words:
    """The words of one state, each loaded where it is first needed on a path that dominates its uses.

    `preload` loads all of them at once: right where nearly every word is looked at anyway.
    """

    def __init__(self, within: Function, pointer: Value, count: int) -> None:
        self.within = within
        self.pointer = pointer
        self.words = [within.load(pointer, n) for n in range(count)]

    def field(self, slot: Slot) -> Value:
        """The stored number of a slot of at least one bit, from 0."""
        word, shift = divmod(slot.shift, WORD)
        value = self.words[word] >> shift
        return value if shift + slot.width == WORD else value & slot.mask

    def value(self, slot: Slot) -> Value:
        """The number a slot stands for."""
        return self.field(slot) + slot.low if slot.width else self.within.constant(slot.low)

    def matches(self, slot: Slot, value: int) -> Value | None:
        """Whether the slot holds `value`; None when it never can. For slots of at least one bit."""
        stored = value - slot.low
        if not 0 <= stored <= slot.mask:
            return None
        word, shift = divmod(slot.shift, WORD)
        return (self.words[word] & signed(slot.mask << shift)).equals(signed(stored << shift))


def check(layout: Layout) -> None:
    """Raise Unsupported if the layout has a slot that this module cannot read."""
    for slot in layout.cells:
        if slot.width and (slot.mask >= NARROW or abs(slot.low) >= NARROW):
            raise Unsupported(f"a variable of {slot.width} bits from {slot.low}")


def signed(word: int) -> int:
    """An unsigned word as the signed number with the same bits: how constants are written."""
    word &= MASK
    return word - (1 << WORD) if word >> (WORD - 1) else word


def positions(slots: list[Slot | None], constants: Constants, within: Function) -> Value:
    """A constant table of the bit positions of slots; 0 where there is none."""
    return constants.array(within, [0 if s is None else s.shift for s in slots], "i32")
