"""Random programs over channels: the product finds what an interpreter of their own finds, on both back ends."""

from __future__ import annotations

import pytest

from .enumerator import Found, enumerated
from .product import audited, explored, found, graph_agrees, lowered
from .programs import body, declare, random_program

PROGRAMS = 160


def compared(seed: int) -> list[str]:
    """The differences, and the program they are of."""
    p = random_program(seed)
    want = enumerated(p)
    if want is None:
        return []
    made = lowered(p)
    reference = explored(made)
    audited(reference)
    different = _differences(want, found(reference), "reference")
    if not graph_agrees(reference):
        different.append("graph: deadlock")
    kernel = explored(made, "kernel")
    if [kernel.states, kernel.transitions, kernel.coverage] != [
        reference.states,
        reference.transitions,
        reference.coverage,
    ]:
        different.append("kernel: states, transitions or coverage")
    different += _differences(found(reference), found(kernel), "kernel")
    text = [f"--- g{n}\n{body(p, n)}" for n in range(len(p.goroutines))]
    return [*different, declare(p), *text] if different else []


def _differences(want: Found, got: Found, who: str) -> list[str]:
    names = ("panics", "deadlock", "races", "finals")
    pairs = [(name, getattr(want, name), getattr(got, name)) for name in names]
    return [f"{who}: {name}: {b}, not {a}" for name, a, b in pairs if a != b]


@pytest.mark.parametrize("first", range(0, PROGRAMS, 20))
def test_like_the_enumerator(first: int) -> None:
    for seed in range(first, first + 20):
        assert not compared(seed), f"seed {seed}"
