"""Channels (runtime/chan.go and runtime/select.go, Go 1.27): a buffer, whether it is closed, and meetings.

Cells: `closed`, `len`, the `buffer` with what is received next at 0 (the rest is zero, so that equal channels have
equal cells), `cap` where channels of one type differ in it, and `sync`, a location of no bits for the race detector. A
nil channel has no cells: everything read or written below stands behind `not is_nil`.

On a channel with a buffer each operation is a step of one goroutine. Go hands a value to a receiver that waits and
wakes senders in the order they came; here a waiting goroutine is merely not enabled yet, which adds nothing and loses
nothing: a goroutine that takes its step late is one that came late, and arriving cannot be observed.

Without a buffer a send and a receive are the two halves of one step (`Offer`). A `select` with `default` polls: it
never waits, so two of them never meet, and `default` stays enabled though a partner stands at its operation, for
standing there is not yet waiting there. Room in a buffer, values in it and being closed are facts: there `default` is
enabled exactly when no other case is.

`-race` reports a send that is unordered with a close: `chansend` reads the channel's race address on entry, also when
it blocks afterwards (chan.go:190, select.go:288), and `closechan` writes it (chan.go:430). Two closes do not race, the
second one panics before it writes; so close writes *atomically*, and the entry of a send reads plainly.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece
from verifier.gosem.rule import Rules
from verifier.program.expr import (
    FALSE,
    ONE,
    TRUE,
    ZERO,
    Const,
    Expr,
    Op,
    Read,
    Received,
    Ref,
    all_of,
    any_of,
    equal,
    ite,
    negate,
    op,
)
from verifier.program.program import Access, Bool, Fail, Kind, Offer, Range
from verifier.records import dataclass, replace

MOST = 16
"""The largest buffer that is modelled."""

NEVER = Op("==", (ZERO, ONE))
"""A guard that never holds and is not folded: its step stays, to say what is waited for."""

_SEND, _RECEIVE, _SELECT = "chan send", "chan receive", "select"
WAITS = {
    "runtime/chan.go:181": f"{_SEND} (nil chan)",
    "runtime/chan.go:224": _SEND,
    "runtime/chan.go:229": _SEND,
    "runtime/chan.go:236": _SEND,
    "runtime/chan.go:536": f"{_RECEIVE} (nil chan)",
    "runtime/chan.go:545": _RECEIVE,
    "runtime/chan.go:588": _RECEIVE,
    "runtime/chan.go:602": _RECEIVE,
    "runtime/chan.go:612": _RECEIVE,
    "runtime/select.go:187": _SELECT,
    "runtime/select.go:276": _SELECT,
    "runtime/select.go:280": _SELECT,
    "runtime/select.go:283": _SELECT,
    "runtime/select.go:290": _SELECT,
    "runtime/select.go:293": _SELECT,
    "runtime/select.go:297": _SELECT,
    "runtime/select.go:103": "select (no cases)",
}
"""What a goroutine that stands before a step waits for, in the words of Go's dump, by the line the step cites."""

_SELECTED = {
    "runtime/chan.go:181": "runtime/select.go:293",
    "runtime/chan.go:224": "runtime/select.go:290",
    "runtime/chan.go:229": "runtime/select.go:293",
    "runtime/chan.go:236": "runtime/select.go:297",
    "runtime/chan.go:536": "runtime/select.go:276",
    "runtime/chan.go:545": "runtime/select.go:187",
    "runtime/chan.go:588": "runtime/select.go:283",
    "runtime/chan.go:602": "runtime/select.go:276",
    "runtime/chan.go:612": "runtime/select.go:280",
}
"""The same step in `chansend` or `chanrecv` and in `selectgo`."""

RULES = Rules(
    "channel",
    """
    order: a send happens before its receive completes, a close before a receive that sees it
        ref/mem
        steps  send, receive, close
    capacity: the k-th receive happens before the send k + capacity completes
        ref/mem
        steps  send, receive
    buffer: a send waits while the buffer is full, a receive while it is empty; first in, first out
        runtime/chan.go:236  if c.qcount < c.dataqsiz {
        steps  send, receive
    meeting: without a buffer a send and a receive complete together, each ordered before what follows the other
        runtime/chan.go:229  if sg := c.recvq.dequeue(); sg != nil {
        steps  send: meets, receive: meets
    send-closed: a send on a closed channel panics, also one that waits when it is closed
        runtime/chan.go:224  if c.closed != 0 {
        steps  send: panic
    receive-closed: a receive from a closed channel drains the buffer, then gives zero and false
        runtime/chan.go:588  if c.closed != 0 {
        steps  receive, receive: the channel is closed
    close-closed: a close of a closed channel panics
        runtime/chan.go:423  if c.closed != 0 {
        steps  close: panic
    close-nil: a close of a nil channel panics
        runtime/chan.go:416  panic(plainError("close of nil channel"))
        steps  close: panic
    nil: a send and a receive on a nil channel wait for ever
        runtime/chan.go:181  gopark(nil, nil, waitReasonChanSendNilChan, traceBlockForever, 2)
        steps  send: the channel is nil, receive: the channel is nil
    close-race: a send that is unordered with a close is a race, a receive is not
        runtime/chan.go:190  racereadpc(c.raceaddr(), callerpc, abi.FuncPCABIInternal(chansend))
        steps  enter: begin, close
    len: len says what is in the buffer, and orders nothing
        runtime/chan.go:818  func chanlen(c *hchan) int {
        steps  length, length: perhaps *
    select: select takes any case that is ready
        runtime/select.go:191  j := cheaprandn(uint32(norder + 1))
        steps  selected: *
    select-evaluates: the operands of all cases are evaluated before one is taken
        ref/spec
        steps  enter: begin, selected: *
    default: default is taken when no case is ready, and only then
        runtime/select.go:303  if !block {
        steps  default: default, default: perhaps default
    default-meets: a select with default never waits: two of them never meet
        runtime/select.go:303  if !block {
        steps  default: default, send: meets, receive: meets
    select-nil: a case with a nil channel is never ready
        runtime/select.go:174  if cas.c == nil {
        steps  selected: *
    select-none: select without cases waits for ever
        runtime/select.go:103  func block() {
        steps  no_cases
    """,
)


@dataclass(frozen=True)
class ChannelObject:
    """One channel: its cells, the leaves of each slot of the buffer, whether it is nil, and how long the buffer is.

    `kind` is its type and `number` its place, by which the halves of a paired step know each other. `unbuffered`:
    whether some channel of the type has no buffer. `capacity` is read where channels of the type differ.
    """

    cells: Cells
    slots: tuple[tuple[Ref, ...], ...]
    is_nil: Expr
    capacity: Expr
    unbuffered: bool
    kind: str
    number: Expr


def nothing_ready() -> ChannelObject:
    """What `default` sees of a channel that makes it wait for nothing: the same as of a nil one."""

    def cells(*path: object) -> Ref:
        raise AssertionError(path)

    return ChannelObject(cells, (), TRUE, ZERO, False, "", ZERO)


def on_nil() -> Fragment:
    """A receive from a channel that is always nil."""
    return receive(nothing_ready(), (), None)


def layout(capacities: Sequence[int]) -> tuple[CellSpec, ...]:
    """The cells of channels whose buffers have these lengths."""
    most = max(capacities, default=0)
    out = [CellSpec(("closed",), Bool()), CellSpec(("sync",), Range(0, 0))]
    if most:
        out.append(CellSpec(("len",), Range(0, most)))
    if len(set(capacities)) > 1:
        out.append(CellSpec(("cap",), Range(0, most)))
    return (*out, *(CellSpec(("buffer", i), None) for i in range(most)))


def enter(channels: Sequence[ChannelObject]) -> Fragment:
    """What a send, or a `select` with these sends, shows the race detector before anything else."""
    accesses = tuple(
        Access(c.cells("sync"), write=False, atomic=False, when=negate(c.is_nil)) for c in channels if c.is_nil != TRUE
    )
    if not accesses:
        return ()
    return (Piece(accesses=accesses, kind=Kind.PLAIN, detail="begin", cite="runtime/chan.go:190"),)


def send(c: ChannelObject, values: tuple[Expr, ...], polls: bool = False) -> Fragment:
    """`c <- values`: into the buffer, to a receiver, or the panic of a closed channel."""
    there = negate(c.is_nil)
    pieces: list[Piece] = []
    if c.slots:
        length = Read(c.cells("len"))
        filled = tuple(
            (leaf, ite(equal(length, Const(i)), v, Read(leaf)))
            for i, slot in enumerate(c.slots)
            for leaf, v in zip(slot, values, strict=True)
        )
        pieces.append(
            Piece(
                guard=all_of(there, negate(_closed(c)), op("<", length, c.capacity)),
                updates=(*filled, (c.cells("len"), op("+", length, ONE))),
                cite="runtime/chan.go:236",
            )
        )
    if c.unbuffered:
        pieces.append(
            Piece(
                guard=all_of(there, negate(_closed(c)), equal(c.capacity, ZERO)),
                offer=Offer(True, c.number, c.kind, values, polls),
                cite="runtime/chan.go:229",
            )
        )
    pieces.append(
        Piece(
            guard=all_of(there, _closed(c)),
            cite="runtime/chan.go:224",
            fail=Fail("panic", "send on closed channel"),
        )
    )
    return _possible(c, pieces, "runtime/chan.go:181")


def receive(c: ChannelObject, out: tuple[Ref, ...], ok: Ref | None, polls: bool = False) -> Fragment:
    """`out, ok = <-c`: from the buffer, from a sender, or zero and false from a closed channel.

    An empty `out` means that the value is not used.
    """
    there = negate(c.is_nil)
    said = (lambda e: ((ok, e),)) if ok is not None else (lambda e: ())
    pieces: list[Piece] = []
    empty: Expr = TRUE
    if c.slots:
        length = Read(c.cells("len"))
        empty = equal(length, ZERO)
        taken = tuple((o, Read(leaf)) for o, leaf in zip(out, c.slots[0], strict=bool(out)))
        pieces.append(
            Piece(
                guard=all_of(there, negate(empty)),
                updates=(*taken, *said(ONE), *_shifted(c), (c.cells("len"), op("-", length, ONE))),
                cite="runtime/chan.go:612",
            )
        )
    if c.unbuffered:
        handed = tuple((o, Received(i)) for i, o in enumerate(out))
        pieces.append(
            Piece(
                guard=there,
                updates=(*handed, *said(ONE)),
                offer=Offer(False, c.number, c.kind, polls=polls),
                cite="runtime/chan.go:602",
            )
        )
    pieces.append(
        Piece(
            guard=all_of(there, _closed(c), empty),
            updates=(*((o, ZERO) for o in out), *said(ZERO)),
            detail="the channel is closed",
            cite="runtime/chan.go:588",
        )
    )
    return _possible(c, pieces, "runtime/chan.go:536")


def close(c: ChannelObject) -> Fragment:
    """`close(c)`: panics where c is nil or closed already (runtime/chan.go:414-430)."""
    there = negate(c.is_nil)
    pieces = (
        Piece(
            guard=all_of(there, negate(_closed(c))),
            updates=() if c.is_nil == TRUE else ((c.cells("closed"), ONE),),
            accesses=() if c.is_nil == TRUE else (Access(c.cells("sync"), write=True, atomic=True),),
            cite="runtime/chan.go:430",
        ),
        Piece(
            guard=all_of(there, _closed(c)),
            cite="runtime/chan.go:423",
            fail=Fail("panic", "close of closed channel"),
        ),
        Piece(guard=c.is_nil, cite="runtime/chan.go:416", fail=Fail("panic", "close of nil channel")),
    )
    return tuple(p for p in pieces if p.guard != FALSE)


def length(c: ChannelObject, out: Ref, unordered: bool = False) -> Fragment:
    """`len(c)` into `out`: looks at the channel and orders nothing (runtime/chan.go:818).

    With `unordered` it is any number that a channel of the type can hold, whatever is in this one.
    """
    if not c.slots:
        return ()
    if unordered:
        return tuple(
            Piece(updates=((out, Const(n)),), kind=Kind.SYNC, detail=f"perhaps {n}", cite="runtime/chan.go:818")
            for n in range(len(c.slots) + 1)
        )
    return (Piece(updates=((out, ite(c.is_nil, ZERO, Read(c.cells("len")))),), cite="runtime/chan.go:818"),)


def selected(pieces: Fragment, end: int, alone: bool) -> Fragment:
    """The steps of an operation as those of a case of a `select`, which goes on at `end`.

    gc makes the operation itself of a `select` with that case `alone` (walk/select.go:42).
    """
    return tuple(replace(p, dst=end, cite=p.cite if alone else _SELECTED.get(p.cite, p.cite)) for p in pieces)


def no_cases() -> Fragment:
    """`select {}`: waits for ever."""
    return (Piece(guard=NEVER, cite="runtime/select.go:103"),)


def default(
    sends: Sequence[ChannelObject], receives: Sequence[ChannelObject], end: int, unordered: bool = False
) -> Fragment:
    """The `default` of a `select` with these cases: enabled when no buffer and no closed channel makes one ready.

    With `unordered` it always is.
    """
    if unordered:
        return (Piece(dst=end, kind=Kind.SYNC, detail="perhaps default", cite="runtime/select.go:303"),)
    ready = [all_of(negate(c.is_nil), any_of(_closed(c), _has_room(c))) for c in sends if c.is_nil != TRUE]
    ready += [all_of(negate(c.is_nil), any_of(_closed(c), _has_value(c))) for c in receives if c.is_nil != TRUE]
    return (Piece(guard=negate(any_of(*ready)), dst=end, detail="default", cite="runtime/select.go:303"),)


def _closed(c: ChannelObject) -> Expr:
    return FALSE if c.is_nil == TRUE else Read(c.cells("closed"))


def _has_room(c: ChannelObject) -> Expr:
    return op("<", Read(c.cells("len")), c.capacity) if c.slots else FALSE


def _has_value(c: ChannelObject) -> Expr:
    return op("<", ZERO, Read(c.cells("len"))) if c.slots else FALSE


def _shifted(c: ChannelObject) -> tuple[tuple[Ref, Expr], ...]:
    """Every value of the buffer one slot closer; behind the last one all slots are zero already."""
    updates: list[tuple[Ref, Expr]] = []
    for i, slot in enumerate(c.slots):
        for k, leaf in enumerate(slot):
            updates.append((leaf, Read(c.slots[i + 1][k]) if i + 1 < len(c.slots) else ZERO))
    return tuple(updates)


def _possible(c: ChannelObject, pieces: list[Piece], nil: str) -> Fragment:
    """The pieces that can ever be taken. On a channel that is always nil there is one that never can."""
    if c.is_nil == TRUE:
        return (Piece(guard=NEVER, detail="the channel is nil", cite=nil),)
    return tuple(p for p in pieces if p.guard != FALSE)
