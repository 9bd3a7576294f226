from __future__ import annotations

from dataclasses import replace

import pytest
from explore.machines import Role, build, counter, hanging, lock, server, spawner, two_locks

from verifier.audit.confirm import Claim, confirm
from verifier.audit.describe import nonzero, views as views_of
from verifier.audit.interpret import State
from verifier.audit.replay import AuditError, replay, state_text, walk
from verifier.explore.search import Exploration, choices_of, explore
from verifier.program.expr import Cell, Const, Own, Read, both, equal, negate, op
from verifier.program.passes.compose import compose
from verifier.program.program import (
    END,
    Bool,
    Call,
    Clause,
    Enum_,
    Fail,
    Kind,
    Program,
    Range,
    Step,
    Sync,
    View,
)
from verifier.source import Span


def claim_of(found: Exploration, kind: str) -> tuple[tuple[int, ...], Claim]:
    v = found.first(kind)
    assert v is not None
    return choices_of(found, v), Claim(v.kind, v.name, v.goroutines)


def recursive_rlock() -> Program:
    """Sum holds RLock and calls Get, which takes it again; put arrives in between (the report's mock-up)."""
    readers, pending, writer = Own(0, 0), Own(0, 1), Own(0, 2)
    idle = both(negate(Read(pending)), negate(Read(writer)))

    def rlock(src: int, dst: int, line: int, *stack: Call) -> Step:
        more = ((readers, op("+", Read(readers), Const(1))),)
        mark = (Sync("rlock", readers),)
        return Step(
            src, dst, idle, more, (), Kind.SYNC, "c.mu.RLock()", span=Span("m", line, 1), stack=stack, sync=mark
        )

    def runlock(src: int, dst: int) -> Step:
        less = ((readers, op("-", Read(readers), Const(1))),)
        return Step(src, dst, updates=less, kind=Kind.SYNC, text="c.mu.RUnlock()", sync=(Sync("runlock", readers),))

    at = Span("m", 28, 1)
    put = (
        Step(
            2,
            3,
            idle,
            ((pending, Const(1)),),
            kind=Kind.SYNC,
            text="c.mu.Lock()",
            detail="announce",
            span=at,
            sync=(Sync("announce", readers),),
        ),
        Step(
            3,
            4,
            equal(Read(readers), Const(0)),
            ((pending, Const(0)), (writer, Const(1))),
            kind=Kind.SYNC,
            text="c.mu.Lock()",
            detail="acquire",
            span=at,
            sync=(Sync("acquire", readers),),
        ),
        Step(4, END, updates=((writer, Const(0)),), kind=Kind.SYNC, text="Unlock", sync=(Sync("unlock", readers),)),
    )
    get = Call("(*Cache).Get", Span("m", 21, 1))
    body = (rlock(2, 3, 20), rlock(3, 4, 14, get), runlock(4, 5), runlock(5, END))
    return build(
        [("c.mu.readers", Range(0, 4), 0), ("c.mu.pending", Bool(), 0), ("c.mu.writer", Bool(), 0)],
        [Role("sum", 1, body), Role("put", 1, put)],
        views=(View("c.mu", "rwmutex", (0, 1, 2)),),
    )


def test_the_deadlock_of_the_recursive_rlock_reads_like_the_mock_up() -> None:
    program = compose(recursive_rlock())
    choices, claim = claim_of(explore(program), "deadlock")
    trace = replay(program, choices, claim)
    rows = [(r.number, r.goroutine, r.text, r.waits, r.objects) for r in trace.steps]
    assert rows == [
        (1, "sum", "c.mu.RLock()", False, ("R:sum",)),
        (2, "put", "c.mu.Lock()", True, ("R:sum  next:put",)),
        (3, "sum", "c.mu.RLock()", True, ("R:sum  next:put",)),
    ]
    assert trace.start == ("free",) and trace.columns == ("c.mu",) and len(trace.choices) == 2
    waits = [(w.goroutine, w.operation, w.lock, w.held_by, w.since) for w in trace.waiting]
    assert waits == [
        ("sum", "sync.RWMutex.RLock", "c.mu", ("put",), 3),
        ("put", "sync.RWMutex.Lock", "c.mu", ("sum",), 2),
    ]
    assert [(h.goroutine, h.mode, h.since) for h in trace.held] == [("sum", "R", 1), ("put", "next", 2)]
    assert trace.steps[2].stack[0].function == "(*Cache).Get"


def test_two_locks_wait_for_each_other() -> None:
    program = compose(two_locks())
    choices, claim = claim_of(explore(program), "deadlock")
    trace = replay(program, choices, claim)
    assert [(r.text, r.waits, r.objects) for r in trace.steps] == [
        ("p.Lock()", False, ("a", "free")),
        ("q.Lock()", False, ("a", "b")),
        ("q.Lock()", True, ("a", "b")),
        ("p.Lock()", True, ("a", "b")),
    ]
    assert [(w.goroutine, w.operation, w.lock, w.held_by) for w in trace.waiting] == [
        ("a", "sync.Mutex.Lock", "q", ("b",)),
        ("b", "sync.Mutex.Lock", "p", ("a",)),
    ]


def test_a_race_names_both_accesses_and_what_is_held() -> None:
    body = counter(locked=False).templates[1].steps
    cells = (("t", Range(0, 3), 0),)
    # The first goroutine takes the lock, the second does not.
    careless = Role("get", 1, (lock(2, 3, 0), *body[1:]), cells)
    mixed = build(
        [("mu", Bool(), 0), ("x", Range(0, 3), 0)],
        [careless, Role("put", 1, tuple(_as(2, s) for s in body), cells)],
        views=(View("mu", "mutex", (0,)),),
    )
    small = compose(mixed)
    choices, claim = claim_of(explore(small), "race")
    trace = replay(small, choices, claim)
    assert [(a.goroutine, a.write, a.location) for a in trace.race] == [("get", True, "x"), ("put", False, "x")]
    assert trace.race[0].holds == (("mu", "W", 1),) and trace.race[1].holds == ()


def _as(template: int, step: Step) -> Step:
    from verifier.program.expr import Expr, rewrite

    def leaf(e: Expr) -> Expr | None:
        return Read(Own(template, e.ref.offset)) if isinstance(e, Read) and e.ref == Own(1, 0) else None

    updates = tuple(
        (Own(template, 0) if ref == Own(1, 0) else ref, rewrite(value, leaf)) for ref, value in step.updates
    )
    return replace(step, updates=updates, guard=rewrite(step.guard, leaf))


def test_a_stuck_goroutine_beside_a_running_one_is_walked_forward() -> None:
    program = compose(hanging())
    choices, claim = claim_of(explore(program), "deadlock")
    walked = walk(program, choices)
    assert confirm(walked, claim) == "replayed: it moves in none of the 2 states that can follow"
    with pytest.raises(AuditError, match="can still move"):
        confirm(walked, Claim("deadlock", "", (3,)))


def test_a_choice_that_is_not_enabled_is_refused() -> None:
    with pytest.raises(AuditError, match="2 steps are enabled"):
        walk(compose(two_locks()), (2,))


@pytest.mark.parametrize(
    "claim",
    [
        Claim("race", "x", (1, 2)),
        Claim("deadlock", "", (1, 2)),
        Claim("panic", "boom"),
        Claim("always", "both counted"),
        Claim("finally", "both counted"),
        Claim("symptom", "lost"),
        Claim("starvation", "x"),
    ],
)
def test_false_claims_do_not_survive(claim: Claim) -> None:
    with pytest.raises(AuditError):
        replay(compose(counter(locked=True)), (0, 0), claim)


def test_a_wrong_composition_is_noticed() -> None:
    program = compose(counter(locked=True))
    template = program.templates[1]
    for wrong in (
        replace(template.steps[2], updates=()),
        replace(template.steps[2], origin=(0,)),
        replace(template.steps[2], dst=template.steps[2].src),
        replace(template.steps[2], fail=Fail("panic", "boom")),
    ):
        steps = (*template.steps[:2], wrong, *template.steps[3:])
        broken = replace(program, templates=(program.templates[0], replace(template, steps=steps)))
        with pytest.raises(AuditError):
            walk(broken, (0, 0, 0))


def test_a_wrong_prelude_is_noticed() -> None:
    program = compose(counter(locked=False))
    assert program.prelude == ((), (0,), (0,))
    with pytest.raises(AuditError, match="at the start"):
        walk(replace(program, prelude=()), ())
    with pytest.raises(AuditError, match="before the start"):
        walk(replace(program, prelude=((), (1,), (0,))), ())


def test_a_failing_step_is_the_last_row() -> None:
    program = compose(server(1))
    choices, claim = claim_of(explore(program), "bound")
    trace = replay(program, choices, claim)
    assert trace.failure_kind == "bound" and trace.failure == "no free block for new(T) (bounds: heap)"
    assert trace.steps[-1].text == "p = new(T)" and len(trace.steps) == len(choices) == 4
    with pytest.raises(AuditError):
        replay(program, choices, Claim("bound", "something else"))
    with pytest.raises(AuditError, match="goes on"):
        walk(program, (*choices, 0))


def test_a_witness_and_a_clause_at_the_end() -> None:
    x = Read(Cell(1))
    clauses = (Clause("two", "sometimes", equal(x, Const(2))), Clause("three", "finally", equal(x, Const(3))))
    program = compose(replace(counter(locked=True), clauses=clauses))
    found = explore(program)
    for kind in ("sometimes", "finally"):
        choices, claim = claim_of(found, kind)
        assert replay(program, choices, claim).steps[-1].objects[1] == "2"


def test_the_whole_state_as_text() -> None:
    program = compose(counter(locked=True))
    text = state_text(program, (0, 0), 1)
    assert "  mu  inc1" in text and "inc1  t := x" in text and "inc2  mu.Lock()" in text
    assert "enabled steps:\n  0  inc1  t := x" in text and "inc2" not in text.split("enabled steps:")[1]
    assert "none" in state_text(program, (), 0).split("goroutines:")[0]
    assert "not started" in state_text(compose(spawner(3)), (), 0)


def test_views_show_maps_and_values_in_go_words() -> None:
    store = Step(2, END, updates=((Own(0, 0), Const(1)), (Own(0, 1), Const(1))), kind=Kind.SYNC, text='m["a"] = "b"')
    views = (View("m", "map", (0, 1, 2, 3), ('"a"', '"z"')), View("v", "value", (1,)), View("o", "once", (0,)))
    words = Enum_(('""', '"b"'))
    cells = [("p", Bool(), 0), ("v", words, 0), ("p2", Bool(), 0), ("v2", words, 0)]
    program = build(cells, [Role("w", 1, (store,))], views=views)
    trace = replay(compose(program), (0,))
    assert trace.start == ("{}", '""', "not run") and trace.steps[0].objects == ('{a:"b"}', '"b"', "running")


def test_a_state_says_what_is_in_a_map_and_who_holds_a_lock() -> None:
    cells = [("m", Bool(), 0), ("m", Range(0, 3), 0), ("mu", Range(0, 3), 0), ("mu.pending", Bool(), 0)]
    locked = Step(
        2, 3, updates=((Own(0, 2), Const(1)),), sync=(Sync("rlock", Own(0, 2)),), kind=Kind.SYNC, text="RLock"
    )
    stored = Step(3, END, updates=((Own(0, 0), Const(1)),), kind=Kind.SYNC, text="store")
    views = (View("mu", "rwmutex", (2, 3)),)
    program = compose(build(cells, [Role("w", 1, (locked, stored))], views=views))
    assert list(nonzero(program, (1, 2, 0, 0)).values()) == [("m is in the map", "true"), ("m", "2")]
    assert nonzero(program, (1, 0, 0, 0)) == {0: ("m is in the map", "true")}, "not a value that happens to be zero"
    text = state_text(program, (0, 0), 1)
    assert "shared objects:\n  mu  R:w\n" in text and "mu =" not in text
    assert views_of(program, State((2,), (0, 0, 2, 1)), {}) == ("read-locked 2 times  a writer waits",)
    assert views_of(program, State((2,), (0, 0, 0, 0)), {}) == ("free",)
