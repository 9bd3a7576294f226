"""What the rules would be if they were wrong: each replaces a fragment of `gosem` by another one.

`WRONG[name]` says which rule it breaks and which program notices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType

import pytest

from verifier.golang.lower import layout, primitives
from verifier.gosem import mutex, rwmutex, waitgroup
from verifier.gosem.fragment import Fragment, Piece

Change = Callable[..., Fragment]
"""A fragment and the arguments it was made with → the fragment of the wrong rule."""

METHODS: dict[tuple[ModuleType, str], tuple[str, str]] = {
    (mutex, "lock"): ("sync.Mutex", "Lock"),
    (mutex, "unlock"): ("sync.Mutex", "Unlock"),
    (mutex, "try_lock"): ("sync.Mutex", "TryLock"),
    (rwmutex, "lock"): ("sync.RWMutex", "Lock"),
    (rwmutex, "unlock"): ("sync.RWMutex", "Unlock"),
    (rwmutex, "rlock"): ("sync.RWMutex", "RLock"),
    (rwmutex, "runlock"): ("sync.RWMutex", "RUnlock"),
    (rwmutex, "try_lock"): ("sync.RWMutex", "TryLock"),
    (rwmutex, "try_rlock"): ("sync.RWMutex", "TryRLock"),
    (waitgroup, "add"): ("sync.WaitGroup", "Add"),
    (waitgroup, "wait"): ("sync.WaitGroup", "Wait"),
}
"""Fragments that the front end has in a table; the others it finds in their modules."""


@dataclass(frozen=True)
class Swap:
    """Puts other fragments into the place of those of `gosem`, for one test."""

    patch: pytest.MonkeyPatch

    def __call__(self, module: ModuleType, name: str, change: Change) -> None:
        """Let the fragment be what `change` makes of it."""
        original = getattr(module, name)

        def made(*args: object, **more: object) -> Fragment:
            return change(original(*args, **more), *args)

        self.patch.setattr(module, name, made)
        method = METHODS.get((module, name))
        if method is not None:
            row = primitives._try(made) if name.startswith("try") else primitives._plain(made)
            self.patch.setitem(primitives._SIMPLE, method, row)

    def cells(self, primitive: str, specs: tuple[object, ...]) -> None:
        """Let a primitive have other cells."""
        self.patch.setitem(layout._FIXED, primitive, specs)


@dataclass(frozen=True)
class Wrong:
    """A wrong rule: the rule it breaks, the programs of which one at least must notice, and the change."""

    rule: str
    cases: tuple[str, ...]
    apply: Callable[[Swap], None]


WRONG: dict[str, Wrong] = {}


def wrong(rule: str, *cases: str) -> Callable[[Callable[[Swap], None]], Callable[[Swap], None]]:
    """The decorated function makes a rule wrong; its name, with blanks, is the wrong rule."""

    def keep(apply: Callable[[Swap], None]) -> Callable[[Swap], None]:
        WRONG[apply.__name__.replace("_", " ")] = Wrong(rule, cases, apply)
        return apply

    return keep


def about(piece: Piece, what: str) -> bool:
    """Whether a piece has this detail, fails in this way, or (`meets`) is half of a pair; "" has none of these."""
    own = piece.fail.kind if piece.fail is not None else "meets" if piece.offer is not None else piece.detail
    return own == what


def each(what: str, **changes: object) -> Change:
    """Change the pieces that are about something."""
    return lambda f, *_: tuple(replace(p, **changes) if about(p, what) else p for p in f)


def all_pieces(**changes: object) -> Change:
    """Change every piece."""
    return lambda f, *_: tuple(replace(p, **changes) for p in f)


def without(what: str) -> Change:
    """Leave out the pieces that are about something."""
    return lambda f, *_: tuple(p for p in f if not about(p, what))


def also(make: Callable[..., Piece]) -> Change:
    """One more piece."""
    return lambda f, *args: (*f, make(*args))
