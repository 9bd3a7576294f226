"""The order in which package variables are initialised (Go spec, "Package initialization")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from verifier.golang import syntax as ast, types as t
from verifier.records import dataclass
from verifier.source import Note, Span, fail


@dataclass(frozen=True, eq=False, slots=True)
class Unit:
    """Variables initialised together: by one call with several results, or one of `var a, b = 1, 2` (`index`)."""

    variables: tuple[t.Var, ...]
    spec: ast.VarSpec
    index: int | None

    def as_spec(self) -> ast.VarSpec:
        """The unit as a specification of its own."""
        if self.index is None or len(self.spec.names) == 1:
            return self.spec
        i = self.index
        return ast.VarSpec(self.spec.span, (self.spec.names[i],), self.spec.type, (self.spec.values[i],))


Depends = dict[t.Object, dict[t.Object, Span]]


def initialisation_order(
    units: list[Unit], depends: Depends
) -> tuple[tuple[tuple[tuple[t.Var, ...], ast.VarSpec], ...], tuple[Callable[[], Exception], ...]]:
    """The variables with their specifications in initialisation order, and the errors for those on a cycle."""
    owner = {var: unit for unit in units for var in unit.variables}
    needs = {unit: _needs(unit, owner, depends) for unit in units}
    order: list[Unit] = []
    waiting = list(units)
    while waiting:
        ready = next((u for u in waiting if not (needs[u] - set(order))), None)
        if ready is None:
            return _grouped(order), (lambda: _cycle(waiting, needs, owner, depends),)
        order.append(ready)
        waiting.remove(ready)
    return _grouped(order), ()


def _needs(unit: Unit, owner: dict[t.Var, Unit], depends: Depends) -> set[Unit]:
    """The units whose variables the unit's initialiser reads, itself or through functions it refers to."""
    found: set[Unit] = set()
    seen: set[t.Object] = set()
    work: list[t.Object] = [unit.variables[0]]
    while work:
        for what in depends.get(work.pop(), {}):
            if isinstance(what, t.Var):
                if what in owner:
                    found.add(owner[what])
            elif what not in seen:
                seen.add(what)
                work.append(what)
    return found


def _grouped(order: Iterable[Unit]) -> tuple[tuple[tuple[t.Var, ...], ast.VarSpec], ...]:
    """Neighbours of one specification in their written order become one entry again."""
    entries: list[list[Unit]] = []
    for unit in order:
        last = entries[-1][-1] if entries else None
        follows = last is not None and last.spec is unit.spec and last.index is not None and unit.index is not None
        if follows and last is not None and last.index is not None and unit.index == last.index + 1:
            entries[-1].append(unit)
        else:
            entries.append([unit])
    return tuple(_entry(units) for units in entries)


def _entry(units: list[Unit]) -> tuple[tuple[t.Var, ...], ast.VarSpec]:
    variables = tuple(v for unit in units for v in unit.variables)
    spec = units[0].spec
    if len(variables) == len(spec.names):
        return variables, spec
    made = [unit.as_spec() for unit in units]
    names = tuple(n for s in made for n in s.names)
    return variables, ast.VarSpec(spec.span, names, spec.type, tuple(v for s in made for v in s.values))


def _cycle(waiting: list[Unit], needs: dict[Unit, set[Unit]], owner: dict[t.Var, Unit], depends: Depends) -> Exception:
    first = next((u for u in waiting if u in _reachable(u, needs)), waiting[0])
    path = _path(first, owner, depends)
    notes = []
    for (_, a), (place, b) in pairwise(path):
        notes.append(Note(f"{_name(a)} refers to {_name(b)}", place))
    return fail(f"initialization cycle for {first.variables[0].name}", first.variables[0].span, *notes)


def _reachable(unit: Unit, needs: dict[Unit, set[Unit]]) -> set[Unit]:
    found: set[Unit] = set()
    work = [unit]
    while work:
        for other in needs[work.pop()] - found:
            found.add(other)
            work.append(other)
    return found


def _path(unit: Unit, owner: dict[t.Var, Unit], depends: Depends) -> list[tuple[Span, t.Object]]:
    """The shortest chain of references from the unit back to itself."""
    start = unit.variables[0]
    level: list[list[tuple[Span, t.Object]]] = [[(start.span, start)]]
    seen: set[t.Object] = set()
    while level:
        following: list[list[tuple[Span, t.Object]]] = []
        for path in level:
            for what, place in depends.get(path[-1][1], {}).items():
                node: t.Object = owner[what].variables[0] if isinstance(what, t.Var) and what in owner else what
                if node is start:
                    return [*path, (place, start)]
                if node not in seen:
                    seen.add(node)
                    following.append([*path, (place, node)])
        level = following
    return []


def _name(what: t.Object) -> str:
    return what.full_name if isinstance(what, t.Func) else str(getattr(what, "name", ""))
