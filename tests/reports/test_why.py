"""Why two accesses race, told from the locks in the columns of the timeline."""

from __future__ import annotations

from dataclasses import replace

from verifier.evidence.trace import Trace
from verifier.report.why import ORDERS, why

from .builders import deadlock_trace, race_trace, step


def escaped(*columns: str) -> Trace:
    """As `race_trace`, after rows in which the lock looks like that."""
    trace = race_trace()
    steps = tuple(step(n, "put", "mu", 9, shown) for n, shown in enumerate(columns, 1))
    bare = tuple(replace(a, holds=()) for a in trace.race)
    return replace(trace, columns=("mu",), start=("free",), steps=steps, race=bare)


def test_a_lock_that_is_still_held_is_named_with_the_step() -> None:
    text = "\n".join(why(race_trace()))
    assert "`get` holds `mu` for writing, since step 1." in text
    assert "`put` takes no lock on the way there." in text
    assert '`get` is about to read `m["a"]` (line 17) and `put` is about to write `m["a"]` (line 9)' in text


def test_a_lock_that_was_let_go_is_named_with_both_steps() -> None:
    for held, how in (("R:get,put", "`mu` for reading"), ("put", "`mu`"), ("W:put  next:get", "`mu` for writing")):
        lines = why(escaped(held, "free"))
        assert f"`put` held {how} from step 1 on and let it go in step 2, before that access." in lines
        assert lines[-1] == ORDERS


def test_a_writer_that_only_waits_has_held_nothing() -> None:
    assert "`get` takes no lock on the way there." in why(escaped("R:put  next:get", "free"))


def test_what_is_no_lock_is_not_taken_for_one() -> None:
    for value in ("{a:1}", "7", "stranger", "X:put"):
        lines = why(escaped(value, "free"))
        assert "`put` takes no lock on the way there." in lines and ORDERS not in lines


def test_only_races_have_such_a_reason() -> None:
    assert why(deadlock_trace()) == []
