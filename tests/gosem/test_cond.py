"""sync.Cond: tickets, wake-ups that belong to them, and wake-ups that are lost."""

from __future__ import annotations

from verifier.gosem import cond
from verifier.gosem.fragment import ENTRY

from .machine import Memory, enabled, run


def _queue(*places: int):
    """A Cond whose first places are these, and the ticket of a goroutine."""
    memory = Memory()
    cells = memory.place("c", cond.LAYOUT)
    ticket = memory.cell("ticket")
    return memory, cells, ticket, (*places, *(0,) * (cond.MOST - len(places)), 0)


def test_a_ticket_is_the_lowest_free_place():
    memory, cells, ticket, state = _queue(cond.WAITING, cond.FREE, cond.WOKEN)
    after = run(memory, cond.enqueue(cells, ticket), state).state
    assert after[:3] == (cond.WAITING, cond.WAITING, cond.WOKEN)
    assert after[-1] == 1


def test_a_waiter_goes_on_only_when_its_own_ticket_was_woken():
    memory, cells, ticket, state = _queue(cond.WAITING, cond.WOKEN)
    park = cond.park(cells, ticket)
    assert enabled(park, ENTRY, state) == []
    mine = (*state[:-1], 1)
    assert run(memory, park, mine).state[:2] == (cond.WAITING, cond.FREE)


def test_signal_wakes_any_one_waiter_and_only_one():
    _, cells, _, state = _queue(cond.WAITING, cond.WOKEN, cond.WAITING)
    pieces = enabled(cond.signal(cells), ENTRY, state)
    assert [p.updates[0][0] for p in pieces] == [cells(0, "waiter"), cells(2, "waiter")]
    assert all(len(p.updates) == 1 for p in pieces)


def test_with_nobody_waiting_a_wake_up_is_lost():
    memory, cells, ticket, state = _queue(cond.WOKEN)
    for make in (cond.signal, cond.broadcast):
        outcome = run(memory, make(cells), state)
        assert (outcome.details, outcome.state) == (("nobody waits",), state)
    waiting = run(memory, cond.enqueue(cells, ticket), state).state
    assert enabled(cond.park(cells, ticket), ENTRY, waiting) == []


def test_broadcast_wakes_all_that_wait_now():
    memory, cells, ticket, state = _queue(cond.WAITING, cond.FREE, cond.WAITING)
    after = run(memory, cond.broadcast(cells), state).state
    assert after[:3] == (cond.WOKEN, cond.FREE, cond.WOKEN)
    later = run(memory, cond.enqueue(cells, ticket), after).state
    assert later[:3] == (cond.WOKEN, cond.WAITING, cond.WOKEN)


def test_one_waiter_too_many_is_a_limit_of_the_model():
    _, cells, ticket, state = _queue(*(cond.WAITING,) * cond.MOST)
    (piece,) = enabled(cond.enqueue(cells, ticket), ENTRY, state)
    assert piece.fail is not None and piece.fail.kind == "bound"
