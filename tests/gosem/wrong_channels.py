"""Wrong rules for channels, select and timers."""

from __future__ import annotations

from dataclasses import replace

from verifier.gosem import channel, timer
from verifier.gosem.fragment import Piece
from verifier.program.expr import ONE, TRUE, ZERO, Read, negate
from verifier.program.program import Fail

from .wrong import Swap, all_pieces, also, each, without, wrong


@wrong("channel.order", "channel-send-orders")
def a_receive_does_not_wait(swap: Swap) -> None:
    def nothing(c, out, ok, polls=False):
        return Piece(updates=tuple((o, ZERO) for o in out), cite="x")

    swap(channel, "receive", also(nothing))


@wrong("channel.capacity", "channel-semaphore")
def a_buffer_holds_one_more(swap: Swap) -> None:
    def more(c, values, polls=False):
        # What is sent beyond the buffer is lost.
        return Piece(guard=negate(Read(c.cells("closed"))), cite="x")

    swap(channel, "send", also(more))


@wrong("channel.buffer", "channel-fifo")
def a_buffer_is_last_in_first_out(swap: Swap) -> None:
    def send(f, c, values, polls=False):
        if not c.slots:
            return f
        pushed = list(zip(c.slots[0], values, strict=True))
        for i in range(1, len(c.slots)):
            pushed += [(a, Read(b)) for a, b in zip(c.slots[i], c.slots[i - 1], strict=True)]
        return (replace(f[0], updates=(*pushed, f[0].updates[-1])), *f[1:])

    swap(channel, "send", send)


@wrong("channel.buffer", "channel-full")
def a_send_into_a_full_buffer_is_dropped(swap: Swap) -> None:
    a_buffer_holds_one_more(swap)


@wrong("channel.meeting", "channel-no-receiver", "channel-waits-for-receiver")
def an_unbuffered_send_does_not_wait(swap: Swap) -> None:
    def alone(f, c, values, polls=False):
        return (*f, Piece(guard=negate(Read(c.cells("closed"))), cite="x")) if c.unbuffered else f

    swap(channel, "send", alone)


@wrong("channel.send-closed", "channel-send-closed")
def a_send_on_a_closed_channel_does_nothing(swap: Swap) -> None:
    swap(channel, "send", each("panic", fail=None))


@wrong("channel.send-closed", "channel-send-waits-closed")
def a_send_that_waits_when_the_channel_is_closed_waits_on(swap: Swap) -> None:
    swap(channel, "send", without("panic"))


@wrong("channel.receive-closed", "channel-drains", "channel-range")
def a_receive_from_a_closed_channel_waits(swap: Swap) -> None:
    swap(channel, "receive", without("the channel is closed"))


@wrong("channel.receive-closed", "channel-drains")
def a_close_discards_the_buffer(swap: Swap) -> None:
    swap(channel, "close", lambda f, c: (replace(f[0], updates=(*f[0].updates, (c.cells("len"), ZERO))), *f[1:]))


@wrong("channel.close-closed", "channel-close-closed")
def a_second_close_does_nothing(swap: Swap) -> None:
    swap(channel, "close", each("panic", fail=None))


@wrong("channel.close-nil", "channel-close-nil")
def a_close_of_a_nil_channel_does_nothing(swap: Swap) -> None:
    swap(channel, "close", each("panic", fail=None))


@wrong("channel.nil", "channel-send-nil")
def a_send_on_a_nil_channel_is_dropped(swap: Swap) -> None:
    swap(channel, "send", each("the channel is nil", guard=TRUE))


@wrong("channel.nil", "channel-receive-nil")
def a_receive_from_a_nil_channel_returns(swap: Swap) -> None:
    swap(channel, "receive", each("the channel is nil", guard=TRUE))


@wrong("channel.close-race", "channel-close-beside-send", "channel-send-waits-closed")
def close_beside_send_is_no_race(swap: Swap) -> None:
    swap(channel, "close", all_pieces(accesses=()))


@wrong("channel.len", "channel-len")
def len_is_always_zero(swap: Swap) -> None:
    swap(channel, "length", lambda f, c, out, *_: tuple(replace(p, updates=((out, ZERO),)) for p in f))


@wrong("channel.select", "select-any")
def select_takes_the_first_case(swap: Swap) -> None:
    calls: list[int] = []

    def selected(f, *_):
        calls.append(1)
        return f if len(calls) == 1 else tuple(replace(p, guard=channel.NEVER) for p in f)

    swap(channel, "selected", selected)


@wrong("channel.select", "select-waits", "select-closed")
def select_does_not_wait(swap: Swap) -> None:
    swap(channel, "selected", lambda f, pieces, end: (*f, Piece(dst=end, cite="x")))


@wrong("channel.default", "select-no-default", "select-full")
def default_is_taken_though_a_case_is_ready(swap: Swap) -> None:
    swap(channel, "default", all_pieces(guard=TRUE))


@wrong("channel.default", "select-default", "select-full")
def default_is_never_taken(swap: Swap) -> None:
    swap(channel, "default", all_pieces(guard=channel.NEVER))


@wrong("channel.default-meets", "select-two-polls")
def two_selects_with_default_may_meet(swap: Swap) -> None:
    def waits(f, *_):
        return tuple(replace(p, offer=replace(p.offer, polls=False)) if p.offer else p for p in f)

    swap(channel, "send", waits)
    swap(channel, "receive", waits)


@wrong("channel.select-nil", "select-nil", "select-nil-only")
def a_nil_channel_is_always_ready(swap: Swap) -> None:
    swap(channel, "receive", each("the channel is nil", guard=TRUE))


@wrong("channel.select-none", "select-none")
def select_without_cases_does_nothing(swap: Swap) -> None:
    swap(channel, "no_cases", all_pieces(guard=TRUE))


@wrong("timer.any-time", "timer-once")
def a_timer_fires_again(swap: Swap) -> None:
    swap(timer, "receive", lambda f, cells, nil, ok: tuple(replace(p, updates=((ok, ONE),)) for p in f))


@wrong("timer.any-time", "ticker-ticks")
def a_ticker_ticks_once(swap: Swap) -> None:
    def receive(f, cells, nil, ok):
        return tuple(replace(p, updates=((ok, ONE), (cells("armed"), ZERO))) for p in f)

    swap(timer, "receive", receive)


def _only_tells(f, cells, nil, armed, was, *_):
    return tuple(replace(p, updates=((was, Read(cells("armed"))),)) if p.updates else p for p in f)


@wrong("timer.stop", "timer-stopped")
def a_stopped_timer_fires(swap: Swap) -> None:
    swap(timer, "set_to", _only_tells)


@wrong("timer.reset", "timer-reset")
def Reset_does_not_start_a_timer(swap: Swap) -> None:
    swap(timer, "set_to", _only_tells)


@wrong("timer.uninitialized", "timer-zero", "timer-zero-reset")
def a_zero_timer_is_fine(swap: Swap) -> None:
    swap(timer, "set_to", each("panic", fail=None))


@wrong("timer.uninitialized", "ticker-zero-stop")
def Stop_of_a_zero_ticker_panics(swap: Swap) -> None:
    swap(timer, "set_to", each("there is no timer", fail=Fail("panic", "time: Stop called on uninitialized Timer")))
