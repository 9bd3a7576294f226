"""Random programs: the compiled back end finds exactly what the reference finds."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from verifier.explore.kernel.jit import _binding
from verifier.explore.kernel.module import module
from verifier.explore.kernel.words import Unsupported
from verifier.explore.machine import machine
from verifier.explore.pyexpr import Writer
from verifier.explore.races import Races
from verifier.explore.reference import watches
from verifier.explore.search import Limits
from verifier.program.passes.compose import compose
from verifier.program.program import Program

from .kernels import same
from .random_programs import small_programs
from .wide_programs import wide_program

LITTLE = Limits(max_states=800)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(small_programs())
def test_small_programs_as_they_are_and_composed(program: Program) -> None:
    same(program)
    same(compose(program))


@QUICK
@given(st.randoms(use_true_random=False))
def test_wide_programs(r: Random) -> None:
    same(wide_program(r), LITTLE, compiled=False)


@pytest.mark.parametrize("seed", range(60))
def test_wide_programs_of_fixed_seeds(seed: int) -> None:
    same(wide_program(Random(seed)), LITTLE, compiled=False)


def test_few_of_the_wide_programs_are_left_to_the_reference_and_few_are_faulty() -> None:
    """Else the tests above would compare the reference with itself."""
    found = [same(wide_program(Random(seed)), Limits(max_states=50), compiled=False) for seed in range(60)]
    assert sum(e is not None and e.engine == "kernel" for e in found) > 40
    assert sum(e is not None and bool(e.machine.program.recycled) for e in found) > 20
    assert {e.machine.layout.words for e in found if e is not None} >= {1, 2, 3, 4}


@pytest.mark.parametrize("seed", range(60, 90))
def test_the_text_of_a_module_is_sound(seed: int) -> None:
    """Parsing does not look whether every value is computed before it is used; the verifier does."""
    made = machine(wide_program(Random(seed)))
    try:
        text = module(made, watches(made), Races(made, Writer(made))).source
    except Unsupported:
        return
    _binding().parse_assembly(text).verify()
