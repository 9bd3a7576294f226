"""The compiled back end at its limits: tables that grow, memory that ends, time that is up, Ctrl-C at any moment."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.rwmap import rwmap
from verifier.explore.kernel import buffers, jit, search as kernel
from verifier.explore.kernel.loop import BATCH, Shape
from verifier.explore.outcome import Exploration
from verifier.explore.reference import successors
from verifier.explore.search import Limits, choices_of, choices_to, explore
from verifier.program.expr import Const, Own
from verifier.program.passes.compose import compose
from verifier.program.program import END, Bool, Kind, Program, Step

from .kernels import facts, prefix, same
from .machines import Role, build, counter, hanging

SMALL, LARGE = rwmap(2, 2, 2), rwmap(3, 3, 1)


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Everything that happens at millions of states happens at tens; whether each module was compiled with passes."""
    for name, value in (("_SMALL", 4), ("_LARGE", 9), ("_PAUSE", 16), ("_REHASH", 10), ("_WORTH", 300), ("_RACES", 2)):
        monkeypatch.setattr(kernel, name, value)
    tuned: list[bool] = []

    def compiled(source: str, *, passes: bool) -> jit.Compiled:
        tuned.append(passes)
        return jit.compiled(source, passes=passes)

    monkeypatch.setattr(kernel, "compiled", compiled)
    return tuned


@pytest.mark.parametrize("program", [SMALL, LARGE, rwmap(2, 2, 1, locked=False), hanging(), counter(False)])
def test_tables_grow_and_the_module_is_exchanged(program: Program, tight: list[bool]) -> None:
    found = same(program, Limits())
    assert found is not None and found.complete
    # Only large searches are worth it, and those change once.
    assert tight == ([False, True] if found.states > 1_000 else [False])


def test_a_table_may_be_nearly_full(tight: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_LOAD", 0.97)
    assert same(SMALL, Limits()) is not None


@pytest.mark.parametrize("most", [0, 1, 2, 3, 7, 8, 9, 50, 3_815, 3_816, 3_817])
def test_the_number_of_states_is_limited(most: int) -> None:
    limits = Limits(max_states=most)
    found, all_of_it = explore(SMALL, limits, engine="kernel"), explore(SMALL, engine="kernel")
    if most > 3_816:
        assert found.complete
        return
    assert not found.complete and found.limit == f"{found.states:,} states reached (--max-states)"
    # A batch is finished: its states have a successor for every goroutine at most.
    assert max(most, 1) <= found.states <= max(most, 1) + BATCH * 4
    assert list(found.store.order) == all_of_it.store.order[: found.states]
    assert list(found.store.links) == all_of_it.store.links[: found.states]


@pytest.mark.parametrize("most", [5_000, 8_000, 12_000, 20_000, 40_000, 87_675])
def test_there_is_a_table_for_as_many_states_as_are_asked_for(most: int) -> None:
    """However many times the first one that is: it must not be the memory that is said to end."""
    found = explore(rwmap(4, 4, 1), Limits(max_states=most), engine="kernel")
    assert found.states >= most and found.limit == f"{found.states:,} states reached (--max-states)"


@pytest.mark.parametrize("most", [0, 1_000, 60_000, 100_000])
def test_memory_is_limited(most: int, tight: list[bool]) -> None:
    found = explore(rwmap(4, 4, 1), Limits(max_memory=most), engine="kernel")
    assert not found.complete and found.limit == "0 MiB of states reached (--max-memory)"
    prefix(found, explore(rwmap(4, 4, 1), Limits(max_states=2_000)))


def test_a_system_that_promises_less_memory_is_asked_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Poor(buffers.Buffer):
        def __init__(self, size: int) -> None:
            asked.append(size)
            if size > 1 << 20:
                raise MemoryError
            super().__init__(size)

    monkeypatch.setattr(buffers, "Buffer", Poor)
    found = explore(rwmap(4, 4, 1), engine="kernel")
    assert max(asked) > 1 << 20
    assert not found.complete and "--max-memory" in found.limit
    assert found.states > 30_000
    prefix(found, explore(rwmap(4, 4, 1), Limits(max_states=2_000)))


def test_a_table_that_cannot_grow_ends_the_search(tight: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    def poor(size: int, least: int) -> buffers.Buffer:
        return buffers.reserved(max(min(size, 1 << 12), least), least)

    monkeypatch.setattr(kernel, "reserved", poor)
    found = explore(LARGE, engine="kernel")
    assert not found.complete and "--max-memory" in found.limit
    prefix(found, explore(LARGE, Limits(max_states=600)))


def test_a_system_without_huge_pages_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(mmap.mmap):
        def madvise(self, *_: Any) -> None:
            raise OSError(22, "Invalid argument")

    names = {n: getattr(mmap, n) for n in ("PAGESIZE", "MAP_PRIVATE", "MAP_ANONYMOUS")}
    monkeypatch.setattr(buffers, "mmap", SimpleNamespace(mmap=Plain, MADV_HUGEPAGE=14, **names))
    assert explore(SMALL, engine="kernel").states == 3_816


def test_time_is_limited(tight: list[bool]) -> None:
    ticks = iter(range(1_000))
    found = explore(LARGE, Limits(timeout=20), clock=lambda: float(next(ticks)), engine="kernel")
    assert not found.complete and found.limit == "20 s passed (--timeout)"
    prefix(found, explore(LARGE, Limits(max_states=600)))


def test_it_stops_when_everything_asked_is_violated() -> None:
    program = rwmap(3, 3, 1, locked=False)
    found = explore(program, stop_when=frozenset({"race", "fatal"}), engine="kernel")
    assert found.limit == "stopped: everything asked is violated"
    assert found.first("race") is not None and found.first("fatal") is not None
    first = explore(program).first("fatal")
    assert first is not None and found.first("fatal") == first
    assert found.states < explore(program).states


def test_progress_is_told_and_ends_with_everything(tight: list[bool]) -> None:
    calls: list[tuple[int, int, int]] = []
    found = explore(SMALL, progress=lambda *numbers: calls.append(numbers), engine="kernel")
    assert calls == sorted(calls, key=lambda c: c[:2]) and len(calls) > 100
    assert calls[-1] == (found.states, found.transitions, 0)


def usable(found: Exploration, whole: Exploration) -> None:
    """Assert that an interrupted search can be asked everything."""
    assert found.limit == "interrupted" and not found.complete and not found.deadlock_decided
    assert list(found.store.order) == whole.store.order[: found.states]
    for v in (*found.violations, *found.witnesses):
        assert v in (*whole.violations, *whole.witnesses)
        choices_of(found, v)
    after, here = successors(found.machine), found.store.order[0]
    for choice in choices_to(found, found.states - 1):
        here = after(here)[choice][1]
    assert here == found.store.order[-1]


@pytest.mark.parametrize("call", [1, 2, 3, 20])
def test_an_interrupt_between_two_calls(call: int, tight: list[bool]) -> None:
    program = rwmap(2, 2, 1, locked=False)
    whole = explore(program, engine="kernel")
    calls = iter(range(1, 1_000))

    def progress(*_: int) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt

    usable(explore(program, progress=progress, engine="kernel"), whole)


@pytest.mark.parametrize("where", ["_event", "_race", "_grow", "_enter", "_remembered", "_over", "_compile"])
@pytest.mark.parametrize("after", [False, True])
def test_an_interrupt_wherever_python_is_at_work(
    where: str, after: bool, tight: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after the body of a method, in a search that has begun."""
    program = rwmap(2, 2, 2, locked=False)
    whole = explore(program, engine="kernel")
    method = getattr(kernel.KernelSearch, where)
    used: list[bool] = []

    def interrupted(self: kernel.KernelSearch, *given: Any, **named: Any) -> Any:
        begun = hasattr(self, "findings") and self.count > 100
        if begun:
            used.append(True)
        if begun and not after:
            raise KeyboardInterrupt
        found = method(self, *given, **named)
        if begun:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(kernel.KernelSearch, where, interrupted)
    found = explore(program, engine="kernel")
    assert used
    usable(found, whole)


def test_steps_have_numbers_of_two_bytes_and_then_of_four() -> None:
    assert [Shape(1, n, 1).choice for n in (1, 1 << 16, (1 << 16) + 1)] == ["i16", "i16", "i32"]


def test_numbers_of_four_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shape, "choice", property(lambda _: "i32"))
    assert same(SMALL) is not None


def chains(count: int) -> Iterator[Step]:
    for n in range(2, count + 2):
        to = n + 1 if n < count + 1 else END
        yield Step(n, to, updates=((Own(0, n % 7), Const(n % 2)),), kind=Kind.SYNC, text=f"{n}")


def test_a_program_of_two_thousand_steps() -> None:
    found = same(build([(f"x{n}", Bool(), 0) for n in range(7)], [Role("r", 2, tuple(chains(1_000)))]), Limits(3_000))
    assert found is not None and len(found.machine.steps) == 2_000 and found.states >= 3_000


def test_many_steps_out_of_one_state() -> None:
    """Batches, and the first table with them, are as large as the successors of a batch of states."""
    cells = [(f"x{n}", Bool(), 0) for n in range(8)]
    steps = tuple(Step(2, 2, updates=((Own(0, n % 8), Const(n // 8 % 2)),), text=f"{n}") for n in range(600))
    found = same(build(cells, [Role("r", 2, steps)]))
    assert found is not None and (found.states, found.transitions) == (256, 256 * 1_200)


def test_what_an_exploration_keeps_outlives_the_code() -> None:
    found = explore(compose(counter(False)), engine="kernel")
    again = explore(compose(counter(False)), engine="kernel")
    assert facts(found) == facts(again) and list(found.store.order) == list(again.store.order)
    assert found.store.order[-1] == found.store.order[found.states - 1]
    with pytest.raises(IndexError):
        found.store.order[found.states]
    with pytest.raises(IndexError):
        found.store.links[-found.states - 1]
