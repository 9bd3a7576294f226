"""Who hangs, decided on plain lists of edges: the same as on the state graph that networkx holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.catalogue import CATALOGUE, document, name
from verifier.explore.graph import FAILED, backward, dies, doomed, mobile, state_graph
from verifier.explore.search import Exploration, Limits, explore
from verifier.pipeline.load import program as load, read_front
from verifier.pipeline.options import Options
from verifier.program.passes.compose import compose
from verifier.program.passes.symmetry import symmetric
from verifier.program.program import Program

from .exchange import naming_programs
from .random_programs import small_programs

if TYPE_CHECKING:
    import networkx

SMALL = Limits(max_states=2_000)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def lost(graph: networkx.MultiDiGraph[int], found: Exploration) -> set[int]:
    """The states after which nothing but the end of the process is left, forwards and to the letter."""
    steps = found.machine.steps
    out: set[int] = set()
    more = True
    while more:
        new = {
            n
            for n in graph.nodes
            if n != FAILED
            and graph.out_degree(n)
            and all(
                to in out or (to == FAILED and dies(steps[data["step"]]))
                for _, to, data in graph.out_edges(n, data=True)
            )
        }
        more = new > out
        out = new
    return out


def can_move(graph: networkx.MultiDiGraph[int], found: Exploration) -> list[set[int]]:
    """Who can move now or later, state by state, until nothing is added."""
    steps = found.machine.steps
    everybody = set(range(len(found.machine.program.instances)))
    out: list[set[int]] = [set() for _ in found.store.order]
    more = True
    while more:
        more = False
        for n, to, data in graph.edges(data=True):
            step = steps[data["step"]]
            now = set(step.movers)
            if to == FAILED:
                now |= set() if dies(step) else everybody
            else:
                played = data.get("exchanged", tuple(sorted(everybody)))
                now |= {i for i in everybody if played[i] in out[to]}
            if not now <= out[n]:
                out[n] |= now
                more = True
    return out


def agree(program: Program) -> None:
    found = explore(program, SMALL)
    if found.machine.program.init_fail is not None:
        return
    drawn, plain = state_graph(found), backward(found)
    edges = sorted((n, to, data.get("exchanged")) for n, to, data in drawn.edges(data=True) if to != FAILED)
    assert sorted((n, to, who) for to, before in enumerate(plain.before) for n, who in before) == edges
    assert doomed(plain) == lost(drawn, found)
    assert [{g for g in range(bits.bit_length()) if bits >> g & 1} for bits in mobile(plain)] == can_move(drawn, found)


@pytest.mark.parametrize("path", CATALOGUE, ids=name)
def test_every_model_of_the_catalogue(path: Path) -> None:
    program = load(read_front(document(path), Options()))
    if explore(program, SMALL).complete:
        agree(program)


@QUICK
@given(small_programs())
def test_random_programs_with_and_without_symmetry(program: Program) -> None:
    assume(explore(program, SMALL).complete)
    agree(program)
    agree(symmetric(program))
    agree(compose(program))


@QUICK
@given(naming_programs())
def test_goroutines_that_store_references_to_each_other(program: Program) -> None:
    assume(explore(program, SMALL).complete)
    agree(symmetric(program))
