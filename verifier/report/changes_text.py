"""The differences between two evidences as text for a terminal, or as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from verifier.evidence.result import Result
from verifier.records import dataclass
from verifier.report.changes import WORSE, Change, changes
from verifier.report.markup import plain, table


@dataclass(frozen=True, slots=True)
class Compared:
    """A model that is in both evidences, with its differences; or in one of them only, which `only` says."""

    model: str
    changes: tuple[Change, ...] = ()
    only: str = ""


def side_by_side(old: Mapping[str, Result], new: Mapping[str, Result]) -> tuple[Compared, ...]:
    """The models of two evidences, each with its differences."""
    if len(old) == len(new) == 1:
        # One model each, perhaps by another name: then the name is one of the differences.
        ((name, before),), ((now, after),) = old.items(), new.items()
        return (Compared(now if name == now else f"{name} -> {now}", changes(before, after)),)
    return tuple(
        Compared(name, only="old" if name in old else "new")
        if (name in old) != (name in new)
        else Compared(name, changes(old[name], new[name]))
        for name in dict.fromkeys([*old, *new])
    )


def worse(compared: Sequence[Compared]) -> int:
    """How many things got worse. A model that is gone is one of them."""
    return sum(c.way == WORSE for x in compared for c in x.changes) + sum(x.only == "old" for x in compared)


def text(compared: Sequence[Compared]) -> str:
    """A line a difference, and one that sums up."""
    lines: list[str] = []
    for x in compared:
        if x.only:
            lines.append(f"{x.model}: only in the {x.only} evidence")
        elif x.changes:
            lines.append(f"{x.model}:")
            about = max(len(c.about) for c in x.changes)
            lines += [f"  {c.way:<7}  {c.about:<{about}}  {c.words}" for c in x.changes]
    return "\n".join([*lines, summary(compared)]) + "\n"


def markdown(compared: Sequence[Compared]) -> str:
    """The same for a pull request."""
    lines = [f"**{summary(compared)}**"]
    for x in compared:
        if x.only:
            lines += ["", f"{plain(x.model)}: only in the {x.only} evidence."]
        elif x.changes:
            rows = [(f"**{c.way}**" if c.way == WORSE else c.way, plain(c.about), plain(c.words)) for c in x.changes]
            lines += ["", f"### {plain(x.model)}", "", *table(("", "about", "what changed"), rows)]
    return "\n".join(lines) + "\n"


def summary(compared: Sequence[Compared]) -> str:
    """`nothing changed`, or how much did."""
    number = worse(compared)
    if number:
        return f"{number} thing{'' if number == 1 else 's'} got worse"
    if any(x.changes or x.only for x in compared):
        return "changed, and nothing got worse"
    return "nothing changed"
