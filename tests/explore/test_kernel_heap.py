"""Recycled blocks and chains of references in the compiled back end."""

from __future__ import annotations

from dataclasses import replace

from verifier.explore.kernel.module import module
from verifier.explore.machine import machine
from verifier.explore.pyexpr import Writer
from verifier.explore.races import Races
from verifier.program.expr import At, Const, Expr, Family, Fresh, Op, Own, Read
from verifier.program.program import (
    Alloc,
    Domain,
    Kind,
    Place,
    Program,
    Range,
    Reference,
    Sort,
    Step,
    Union,
)

from .kernels import assigning, same
from .machines import Role, build


def linked(blocks: int, value: Domain, first: int = 0) -> Program:
    """`for { p = new(T); p.next = q; q = p }` until no block is free, or drop the list. A block is one link."""
    sort = Sort("T", tuple(Place(f"T#{n + 1}", 0, "new", n, (1 + n,)) for n in range(blocks)))
    head, fresh = Own(0, 0), Fresh() if not first else Op("+", (Fresh(), Const(first)))
    family = Family("next", (-1, *range(1, blocks + 1)))
    alloc = Alloc(0, 0, (tuple(range(1, blocks + 1)),), "new(T)")
    push = Step(2, 2, updates=((At(family, Fresh()), Read(head)), (head, fresh)), kind=Kind.SYNC, text="push")
    drop = Step(2, 2, Op("!=", (Read(head), Const(0))), ((head, Const(0)),), kind=Kind.SYNC, text="drop")
    cells = [("q", value, 0), *((f"T#{n + 1}.next", value, 0) for n in range(blocks))]
    recycled = tuple((0, n + 1) for n in range(blocks))
    return build(cells, [Role("r", 1, (replace(push, alloc=alloc), drop))], sorts=(sort,), recycled=recycled)


def test_many_recycled_blocks() -> None:
    found = same(linked(62, Reference(0)))
    assert found is not None and found.states == 63 and found.first("bound")
    left = same(linked(63, Reference(0)), compiled=False)
    assert left is not None and "62 blocks" in left.note


def test_references_beside_a_wide_range_of_numbers() -> None:
    """A table over every value of such an interface would not fit any memory."""
    wide = Union((("int", 1, Range(0, 1 << 40)), ("*T", (1 << 40) + 2, Reference(0))))
    found = same(linked(3, wide, (1 << 40) + 2))
    assert found is not None and found.states == 4
    apart = Union((("*T", 1, Reference(0)), ("int", 5, Range(0, 1 << 40)), ("**T", (1 << 40) + 6, Reference(0))))
    left = same(linked(3, apart, 1), compiled=False)
    assert left is not None and "both sides" in left.note


def test_a_chain_of_references_is_written_once_per_link() -> None:
    """Each is the index of the next; an index written twice would double the code with every link."""
    family = Family("next", (-1, 0, 1))

    def size(links: int) -> int:
        e: Expr = Read(Own(0, 0))
        for _ in range(links):
            e = Read(At(family, e))
        made = machine(assigning((Own(0, 1), e), cells=(("x", Range(0, 2), 1), ("y", Range(0, 2), 1))))
        return len(module(made, (), Races(made, Writer(made))).source)

    assert size(12) - size(11) < 2 * (size(2) - size(1))
