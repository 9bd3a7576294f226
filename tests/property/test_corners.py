"""Programs at the corners where unwinding, locks and allocation meet: the whole product against the interpreter."""

from __future__ import annotations

from pathlib import Path

import pytest

from .compare import compare
from .dialects import DIALECTS
from .programs import (
    AtomicCas,
    AtomicLoad,
    DeferLocked,
    GetField,
    If,
    IfPointer,
    Inc,
    Locked,
    LockOnly,
    Loop,
    New,
    OnceDo,
    Panic,
    Program,
    Publish,
    Read,
    SetField,
    Take,
    UnlockOnly,
    Write,
)
from .text import to_yaml

ALWAYS = (If(True, 0, (Panic(),), ()),)
"""A panic, when the register is still 0."""
SEES = (Locked("mu", (Read("x"),)), If(True, 1, (Write("y", 1),), ()))

CORNERS = {
    "a panic releases the deferred lock": Program(((DeferLocked("mu", (Write("x", 1), *ALWAYS)),), SEES)),
    "a panic keeps the other lock": Program(((Locked("mu", (Write("x", 1), *ALWAYS)),), SEES)),
    "defers run inside out": Program(
        (
            (DeferLocked("mu", (DeferLocked("rw", (Write("x", 1), *ALWAYS)),)),),
            (Locked("rw", (Read("x"),)), Locked("mu", (If(True, 1, (Write("y", 1),), ()),))),
        )
    ),
    "stuck, and the process always dies": Program(((Locked("mu", (Locked("mu", ()),)),), ALWAYS)),
    "locked out, and the process always dies": Program(
        ((LockOnly("mu"), Locked("mu", ())), (AtomicLoad("a"), *ALWAYS))
    ),
    "Once counts a panic as done": Program(
        ((OnceDo((Write("x", 1), *ALWAYS)),), (OnceDo((Write("x", 2),)), Read("x")))
    ),
    "Once inside itself": Program(((OnceDo((OnceDo(()),)),), (Inc("y"),))),
    "Once and a lock in both orders": Program(((OnceDo((Locked("mu", ()),)),), (Locked("mu", (OnceDo(()),)),))),
    "a deferred unlock that is fatal": Program(((DeferLocked("mu", (UnlockOnly("mu"),)),), (Inc("x"),))),
    "fatal while panicking": Program(((DeferLocked("mu", (UnlockOnly("mu"), *ALWAYS)),), (Inc("x"),))),
    "recursive RLock beside a writer": Program(((Locked("rw.R", (Locked("rw.R", ()),)),), (Locked("rw", ()),))),
    "RLock then Lock": Program(((Locked("rw.R", (Locked("rw", ()),)),), (Locked("rw.R", ()),))),
    "two writers and a recursive reader": Program(
        ((Locked("rw.R", (Locked("rw.R", ()),)),), (Locked("rw", (Inc("x"),)),), (Locked("rw", (Inc("x"),)),))
    ),
    "objects made in a loop": Program(
        (
            (Loop((New(), SetField("p", 1), Locked("mu", (Publish(),)))),),
            (Locked("mu", (Take(),)), IfPointer((GetField("p"),))),
        )
    ),
    "an object used after it was published": Program(
        (
            (Loop((New(), Locked("mu", (Publish(),)), Locked("mu", (SetField("p", 2),)))),),
            (Loop((Locked("mu", (Take(), IfPointer((GetField("p"), SetField("p", 1))))),)),),
        )
    ),
    "a nil package pointer": Program(((SetField("q", 1),), ())),
    "a chain of CompareAndSwap": Program(
        (
            (Loop((AtomicCas("a", 0, 1, (Inc("x"),), (AtomicCas("a", 1, 2, (), ()),)),)),),
            (AtomicCas("a", 0, 1, (), ()),),
        )
    ),
}


@pytest.mark.parametrize("name", CORNERS)
def test_corner(name: str, tmp_path: Path) -> None:
    for dialect in DIALECTS:
        result = compare(CORNERS[name], tmp_path, dialect=dialect)
        model = to_yaml(CORNERS[name], dialect=dialect)
        assert result.kind == "race-free", model
        assert not result.differences + result.unknown, f"{dialect}: {result}\n{model}"
