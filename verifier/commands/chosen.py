"""Which schedule of a result is meant, where a command shows one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier.commands.arguments import UsageError
from verifier.source import suggestion
from verifier.verdict import Verdict

if TYPE_CHECKING:
    from verifier.evidence.result import Property, Result


def failing(found: Result, name: str | None) -> Property | None:
    """The property of that name, or the first that fails, None where none does.

    Raises UsageError when the property named has no schedule.
    """
    known = [p for p in found.properties if p.trace is not None]
    if name is None:
        return next((p for p in known if p.verdict is Verdict.UNSAFE), None)
    names = [p.name for p in known]
    if name not in names:
        has = f"those with one: {', '.join(names)}" if names else "no property of it has one"
        raise UsageError(f"--property: {found.path} has no schedule for '{name}'", *(suggestion(name, names) or (has,)))
    return known[names.index(name)]
