"""Channels: which steps are enabled, what they do, and the meetings of an unbuffered one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verifier.gosem import channel
from verifier.gosem.channel import ChannelObject
from verifier.gosem.fragment import DONE, ENTRY
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Const, Read, Received, equal
from verifier.program.program import Offer

from .machine import Memory, World, enabled, explore, run, touches


def _channel(capacity: int, nil: bool = False) -> tuple[Memory, ChannelObject]:
    memory = Memory()
    cells = memory.place("c", channel.layout((capacity,)))
    slots = tuple((cells("buffer", i),) for i in range(capacity))
    there = TRUE if nil else FALSE
    return memory, ChannelObject(cells, slots, there, Const(capacity), capacity == 0, "chan int", ONE)


def test_a_buffer_is_first_in_first_out():
    memory, c = _channel(2)
    out, ok = memory.cell("out"), memory.cell("ok")
    state = memory.zero()
    for v in (5, 7):
        state = run(memory, channel.send(c, (Const(v),)), state).state
    assert enabled(channel.send(c, (ONE,)), ENTRY, state) == []
    for v in (5, 7):
        state = run(memory, channel.receive(c, (out,), ok), state).state
        assert (state[out.number], state[ok.number]) == (v, 1)
    assert enabled(channel.receive(c, (out,), ok), ENTRY, state) == []
    assert not any(state[n] for n in range(out.number))


def test_what_is_left_in_a_closed_channel_comes_first():
    memory, c = _channel(2)
    out, ok = memory.cell("out"), memory.cell("ok")
    state = run(memory, channel.send(c, (Const(5),)), memory.zero()).state
    state = run(memory, channel.close(c), state).state
    assert run(memory, channel.send(c, (ONE,)), state).failure == "send on closed channel"
    assert run(memory, channel.close(c), state).failure == "close of closed channel"
    state = run(memory, channel.receive(c, (out,), ok), state).state
    assert (state[out.number], state[ok.number]) == (5, 1)
    state = run(memory, channel.receive(c, (out,), ok), state).state
    assert (state[out.number], state[ok.number]) == (0, 0)


def test_without_a_buffer_both_halves_name_the_channel():
    memory, c = _channel(0)
    out, ok = memory.cell("out"), memory.cell("ok")
    (send,) = enabled(channel.send(c, (Const(5),)), ENTRY, memory.zero())
    (receive,) = enabled(channel.receive(c, (out,), ok, polls=True), ENTRY, memory.zero())
    assert send.offer == Offer(True, ONE, "chan int", (Const(5),))
    assert receive.offer == Offer(False, ONE, "chan int", (), True)
    assert receive.updates == ((out, Received(0)), (ok, ONE))


def test_a_nil_channel_is_never_ready_and_close_panics():
    memory, c = _channel(1, nil=True)
    for fragment in (channel.send(c, (ONE,)), channel.receive(c, (), None)):
        assert fragment and enabled(fragment, ENTRY, memory.zero()) == []
    assert run(memory, channel.close(c), memory.zero()).failure == "close of nil channel"
    assert channel.enter((c,)) == ()
    (piece,) = channel.default((c,), (c,), DONE)
    assert piece.guard == TRUE


@pytest.mark.parametrize("held", range(3))
@pytest.mark.parametrize("closed", [False, True])
def test_default_is_enabled_exactly_when_nothing_is_ready(held: int, closed: bool):
    memory, c = _channel(2)
    state = memory.zero()
    for _ in range(held):
        state = run(memory, channel.send(c, (ONE,)), state).state
    if closed:
        state = run(memory, channel.close(c), state).state
    for sends, receives, pieces in (
        ((c,), (), channel.send(c, (ONE,))),
        ((), (c,), channel.receive(c, (), None)),
    ):
        ready = bool(enabled(pieces, ENTRY, state))
        assert bool(enabled(channel.default(sends, receives, DONE), ENTRY, state)) is not ready


def test_a_send_races_with_a_close_and_two_closes_do_not():
    memory, c = _channel(1)
    state = memory.zero()
    (begin,), closing = channel.enter((c,)), channel.close(c)
    (mark,) = touches(begin, state, c.cells("sync"))
    assert (mark.write, mark.atomic) == (False, False)
    assert explore(World(memory, ((channel.enter((c,)),), (closing,))), state).races
    assert not explore(World(memory, ((closing,), (closing,))), state).races


def test_a_dynamic_nil_is_looked_at_first():
    memory = Memory()
    nil = memory.cell("nil")
    cells = memory.place("c", channel.layout((1,)))
    c = ChannelObject(cells, ((cells("buffer", 0),),), equal(Read(nil), ZERO), ONE, False, "chan int", ZERO)
    assert run(memory, channel.close(c), memory.zero()).failure == "close of nil channel"
    out = memory.cell("len")
    state = run(memory, channel.length(c, out), memory.zero()).state
    assert state[out.number] == 0


def test_the_cited_lines_say_what_is_waited_for():
    source = _source()
    if source is None:
        pytest.skip("the Go source is not installed")
    told = {
        "runtime/chan.go:181": "waitReasonChanSendNilChan",
        "runtime/chan.go:536": "waitReasonChanReceiveNilChan",
        "runtime/chan.go:190": "racereadpc",
        "runtime/chan.go:224": "c.closed",
        "runtime/chan.go:229": "recvq.dequeue",
        "runtime/chan.go:236": "c.qcount < c.dataqsiz",
        "runtime/chan.go:416": "close of nil channel",
        "runtime/chan.go:430": "racewritepc",
        "runtime/chan.go:588": "c.closed",
        "runtime/chan.go:602": "sendq.dequeue",
        "runtime/chan.go:612": "c.qcount > 0",
        "runtime/select.go:103": "func block()",
        "runtime/select.go:288": "racereadpc",
        "runtime/select.go:293": "recvq.dequeue",
        "runtime/select.go:303": "!block",
    }
    for cite, word in told.items():
        file, line = cite.split(":")
        assert word in (source / file).read_text(encoding="utf-8").splitlines()[int(line) - 1], cite


def _source() -> Path | None:
    """The Go source that the toolchain of the test extra brings along, if it is the version the lines are of."""
    try:
        import go
    except ImportError:
        return None
    root = Path(next(iter(go.__path__)))
    version = root / "VERSION"
    if not version.exists() or not re.match(r"go1\.27", version.read_text(encoding="utf-8")):
        return None
    return root / "src"
