"""Goroutines of a role, counted in words: `2 readers`, `1 touch`, `3 x r_1`."""

from __future__ import annotations

from collections.abc import Sequence

_HISSING = ("s", "x", "z", "ch", "sh")


def several(role: str) -> str:
    """More than one goroutine of a role; the bare name where an ending would make it another one.

    >>> several("reader"), several("touch"), several("stats"), several("r_1")
    ('readers', 'touches', 'stats', 'r_1')
    """
    if not role.isalpha() or role.endswith("s"):
        return role
    return f"{role}es" if role.endswith(_HISSING) else f"{role}s"


def counted(number: int, role: str) -> str:
    """A number of goroutines of a role.

    >>> counted(2, "reader"), counted(1, "reader"), counted(2, "touch"), counted(2, "r_1")
    ('2 readers', '1 reader', '2 touches', '2 x r_1')
    """
    if number == 1:
        return f"1 {role}"
    return f"{number} x {role}" if several(role) == role else f"{number} {several(role)}"


def listed(names: Sequence[str]) -> str:
    """Several of them in one sentence.

    >>> listed(["getters"]), listed(["getters", "setters"]), listed(["getters", "setters", "clocks"])
    ('getters', 'getters and setters', 'getters, setters and clocks')
    """
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
