"""The workload shared with the peers: W writers and R readers of one map key under a `sync.RWMutex`.

Writer round: announce, acquire, check the flag, set it, store, clear it, unlock. Reader round: rlock, check the flag,
load, runlock. Every step is visible, so all tools count the same states. Without the lock a round is check, set, store,
clear, or check, load: two goroutines check, one of them after the other has set the flag, and the runtime kills them.

A writer stores its own name. The name is a reference to the writer, so that tools may exchange writers by renaming.
"""

from __future__ import annotations

from verifier.program.expr import Const, Expr, Own, PerInstance, Read, both, equal, negate, op
from verifier.program.program import (
    END,
    Access,
    Bool,
    CellDecl,
    Fail,
    Instance,
    Kind,
    Place,
    Program,
    Range,
    Reference,
    Sort,
    Step,
    Sync,
    Template,
    View,
)

_LOCKED, _READERS, _WAITING, _WRITING, _MAP = (Own(0, n) for n in range(5))
_ROUNDS, _VALUE = 0, 1


def rwmap(writers: int, readers: int, rounds: int, locked: bool = True) -> Program:
    """The workload as a `Program`; with the lock it is SAFE: 370 states for (2, 2, 1), 3,816 for (2, 2, 2).

    Without it the shortest way to the fatal error has 3 steps, whatever the size.
    """
    package = (
        CellDecl("mu.writer", Bool()),
        CellDecl("mu.readers", Range(0, readers)),
        CellDecl("mu.waiting", Range(0, writers)),
        CellDecl("m.writing", Bool()),
        CellDecl('m["k"]', Reference(0)),
    )
    left = CellDecl("rounds", Range(0, rounds))
    writer = (left,)
    reader = (left, CellDecl("v", Reference(0)))
    cells, initial = list(package), [0] * len(package)
    instances = [Instance(0, "package", 0, 0, None, ((0, 0, 0),))]
    for template, name, count, block in ((1, "writer", writers, writer), (2, "reader", readers, reader)):
        for n in range(count):
            lineage = ((template, len(cells), n), (0, 0, 0))
            instances.append(Instance(len(instances), f"{name}{n + 1}", template, n, None, lineage))
            cells += block
            initial += [rounds, 0][: len(block)]
    begin = {0: 0, 1: 2, 2: 2} if locked else {0: 0, 1: 4, 2: 3}
    templates = (
        Template(0, "package", package, (), 2, END),
        Template(1, "writer", writer, _writer(tuple(range(1, writers + 1)), locked), 9, begin[1]),
        Template(2, "reader", reader, _reader(locked), 6, begin[2]),
    )
    return Program(
        name=f"rwmap({writers},{readers},{rounds}{'' if locked else ', unlocked'})",
        templates=templates,
        instances=tuple(instances),
        cells=tuple(cells),
        initial=tuple(initial),
        starts=tuple(begin[i.template] for i in instances),
        sorts=(Sort("writers", tuple(Place(f"writer{n}", n, "writer", 0, ()) for n in range(1, writers + 1))),),
        views=(View("mu", "rwmutex", (0, 1, 2)),),
    )


def _last(template: int) -> tuple[Expr, tuple[tuple[Own, Expr], ...]]:
    rounds = Own(template, _ROUNDS)
    return equal(Read(rounds), Const(1)), ((rounds, op("-", Read(rounds), Const(1))),)


def _writer(names: tuple[int, ...], locked: bool) -> tuple[Step, ...]:
    touches = (Access(_MAP, True, False),)
    last, less = _last(1)
    free = both(negate(Read(_LOCKED)), equal(Read(_READERS), Const(0)))
    fatal = Fail("fatal", "concurrent map writes")
    unlocked = ((_LOCKED, Const(0)), *less)
    lock = (Sync("announce", _LOCKED),)
    access = (
        Step(4, 4, Read(_WRITING), accesses=touches, kind=Kind.PLAIN, text="check", fail=fatal),
        Step(4, 5, negate(Read(_WRITING)), accesses=touches, kind=Kind.PLAIN, text="check"),
        Step(5, 6, updates=((_WRITING, Const(1)),), accesses=touches, kind=Kind.PLAIN, text="set"),
        Step(6, 7, updates=((_MAP, PerInstance(1, names)),), accesses=touches, kind=Kind.PLAIN, text="store"),
    )
    if not locked:
        cleared = ((_WRITING, Const(0)), *less)
        return (
            *access,
            Step(7, 4, negate(last), cleared, accesses=touches, kind=Kind.PLAIN, text="clear"),
            Step(7, END, last, cleared, accesses=touches, kind=Kind.PLAIN, text="clear"),
        )
    return (
        Step(2, 3, updates=((_WAITING, op("+", Read(_WAITING), Const(1))),), kind=Kind.SYNC, text="Lock", sync=lock),
        Step(
            3,
            4,
            free,
            ((_LOCKED, Const(1)), (_WAITING, op("-", Read(_WAITING), Const(1)))),
            kind=Kind.SYNC,
            text="Lock",
            sync=(Sync("acquire", _LOCKED),),
        ),
        *access,
        Step(7, 8, updates=((_WRITING, Const(0)),), accesses=touches, kind=Kind.PLAIN, text="clear"),
        Step(8, 2, negate(last), unlocked, kind=Kind.SYNC, text="Unlock", sync=(Sync("unlock", _LOCKED),)),
        Step(8, END, last, unlocked, kind=Kind.SYNC, text="Unlock", sync=(Sync("unlock", _LOCKED),)),
    )


def _reader(locked: bool) -> tuple[Step, ...]:
    touches = (Access(_MAP, False, False),)
    last, less = _last(2)
    open_ = both(negate(Read(_LOCKED)), equal(Read(_WAITING), Const(0)))
    left = ((_READERS, op("-", Read(_READERS), Const(1))), (Own(2, _VALUE), Const(0)), *less)
    fatal = Fail("fatal", "concurrent map read and map write")
    check = (
        Step(3, 3, Read(_WRITING), accesses=touches, kind=Kind.PLAIN, text="check", fail=fatal),
        Step(3, 4, negate(Read(_WRITING)), accesses=touches, kind=Kind.PLAIN, text="check"),
    )
    if not locked:  # the value read lives for one round, which ends with the load: it never shows
        return (
            *check,
            Step(4, 3, negate(last), less, accesses=touches, kind=Kind.PLAIN, text="load"),
            Step(4, END, last, less, accesses=touches, kind=Kind.PLAIN, text="load"),
        )
    inc = ((_READERS, op("+", Read(_READERS), Const(1))),)
    return (
        Step(2, 3, open_, inc, kind=Kind.SYNC, text="RLock", sync=(Sync("rlock", _LOCKED),)),
        *check,
        Step(4, 5, updates=((Own(2, _VALUE), Read(_MAP)),), accesses=touches, kind=Kind.PLAIN, text="load"),
        Step(5, 2, negate(last), left, kind=Kind.SYNC, text="RUnlock", sync=(Sync("runlock", _LOCKED),)),
        Step(5, END, last, left, kind=Kind.SYNC, text="RUnlock", sync=(Sync("runlock", _LOCKED),)),
    )
