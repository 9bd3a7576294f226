"""Where a stretch of a role is in the source: the lines a goroutine is at between two lock operations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from verifier.program.program import Call, Kind, Step
from verifier.prove.control import Edge
from verifier.prove.counters import Counters, Stretch
from verifier.records import dataclass
from verifier.source import Span


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place in the source, and in which function it is."""

    file: str
    line: int
    column: int
    function: str


@dataclass(frozen=True, slots=True)
class _Stop:
    """A statement a goroutine of a stretch is about to execute, with the calls it is in."""

    stack: tuple[Call, ...]
    span: Span


class Positions:
    """The places of all stretches of an abstraction, in words."""

    def __init__(self, c: Counters) -> None:
        self._c = c
        self._raw = c.program.raw or c.program
        self._stops = tuple(tuple(dict.fromkeys(self._stops_of(s))) for s in c.stretches)
        heads = {(s.template, stop) for s in c.stretches if not _dying(s) for stop in self._heads(s)}
        self._stops = tuple(
            # A goroutine that unwinds is at no statement, although the panic began at one.
            tuple(stop for stop in stops if not (_dying(s) and (s.template, stop) in heads))
            for s, stops in zip(c.stretches, self._stops, strict=True)
        )
        # What a goroutine goes through before it returns is in no stretch.
        self._leaving = {
            (s.template, stop)
            for s in c.stretches
            for e in s.edges
            if e.dst is None and e.step.fail is None
            for stop in self._tail(e, s)
        }
        self._files = {stop.span.file for stops in self._stops for stop in stops}
        self._calls = {
            (p.file, p.line, p.function)
            for stops in self._stops
            for stop in stops
            for p in list(_seen_in_all(stop))[:-1]
        }

    def where(self, numbers: Sequence[int], among: Collection[int] | None = None) -> str | None:
        """Where goroutines of these stretches of one role are, e.g. `between lines 18 and 19`.

        None when source lines do not tell them from the other stretches of the role; `among`: from those only.
        """
        template = self._c.stretches[numbers[0]].template
        elsewhere = [n for n, s in enumerate(self._c.stretches) if s.template == template and n not in numbers]
        apart = [n for n in elsewhere if among is None or n in among]
        announced = {self._announced(self._c.stretches[n]) for n in numbers}
        if all(announced):
            shared = announced & {self._announced(self._c.stretches[n]) for n in apart}
            return None if shared else f"waiting {joined(sorted(announced), 'or')} for its readers to leave"
        others = self._seen(elsewhere) | {p for t, stop in self._leaving if t == template for p in _seen_in_all(stop)}
        confusing = others if among is None else self._seen(apart)
        for mine in self._views(numbers):
            if mine and not mine & confusing:
                return joined([self._run(run, others - mine) for run in _runs(mine, others - mine)], "or")
        return None

    def _seen(self, numbers: Sequence[int]) -> set[Point]:
        return {p for n in numbers for stop in self._stops[n] for p in _seen_in_all(stop)}

    def _views(self, numbers: Sequence[int]) -> Iterator[set[Point]]:
        """The points of stretches, seen from one function, from one function each, and from where each stop is."""
        stops = [stop for n in numbers for stop in self._stops[n]]
        yield set(_points(stops))
        yield {p for n in numbers for p in _points(self._stops[n])}
        innermost = {_point(stop, len(stop.stack)) for stop in stops}
        # The rest of a statement that calls a function is no place of its own.
        yield {p for p in innermost if (p.file, p.line, p.function) not in self._calls}

    def announced(self, number: int) -> bool:
        """Whether goroutines of a stretch only wait for the readers of a lock they have announced themselves at."""
        return bool(self._announced(self._c.stretches[number]))

    def _stops_of(self, stretch: Stretch) -> Iterator[_Stop]:
        yield from self._heads(stretch)
        for e in stretch.arriving:
            yield from self._tail(e, stretch)

    def _tail(self, edge: Edge, stretch: Stretch) -> Iterator[_Stop]:
        """The statements a step goes through after its own; the end of its own is not a place by itself."""
        taken, after = self._split(edge, stretch)
        started = {(s.span.file, s.span.line) for s in taken if s.span}
        yield from (_Stop(s.stack, s.span) for s in after if s.span and (s.span.file, s.span.line) not in started)

    def _heads(self, stretch: Stretch) -> Iterator[_Stop]:
        for e in stretch.edges:
            taken, _ = self._split(e, stretch)
            yield from (_Stop(s.stack, s.span) for s in taken if s.span)

    def _split(self, edge: Edge, stretch: Stretch) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The raw steps of an edge: up to the visible one, which starts in the source state, and those after it."""
        raw = tuple(self._raw.templates[stretch.template].steps[n] for n in edge.step.origin) or (edge.step,)
        visible = next((n for n, s in enumerate(raw) if s.sync or s.accesses or s.kind is not Kind.LOCAL), len(raw) - 1)
        return raw[: visible + 1], raw[visible + 1 :]

    def _announced(self, stretch: Stretch) -> str:
        """`in mu.Lock() on line 17` for a writer that waits there for readers, else nothing."""
        steps = {e.step for e in stretch.edges if e.step.fail is None}
        if not steps or any([k.op for k in s.sync] != ["acquire"] for s in steps):
            return ""
        places = sorted({f"in {s.text} on line {s.span.line}{self._file(s.span.file)}" for s in steps if s.span})
        return joined(places, "or")

    def _run(self, run: Sequence[Point], others: set[Point]) -> str:
        first, last = run[0], run[-1]
        file = self._file(first.file)
        if {(p.file, p.line) for p in others} & {(p.file, p.line) for p in (first, last)}:
            ends = [f"{p.line}:{p.column}" for p in (first, last)]
            return f"at {ends[0]}{file}" if first == last else f"between {ends[0]} and {ends[1]}{file}"
        if first.line == last.line:
            return f"on line {first.line}{file}"
        return f"between lines {first.line} and {last.line}{file}"

    def _file(self, file: str) -> str:
        return f" of {file.rsplit('/', 1)[-1]}" if len(self._files) > 1 else ""


def _dying(stretch: Stretch) -> bool:
    """Whether all that is left to do is to fail."""
    return bool(stretch.edges) and all(e.step.fail is not None for e in stretch.edges)


def _points(stops: Sequence[_Stop]) -> frozenset[Point]:
    """The stops as seen in the innermost function that all of them are in: a deeper one is where it was called."""
    if not stops:
        return frozenset()
    depth = 0
    shortest = min(len(s.stack) for s in stops)
    while depth < shortest and len({s.stack[depth] for s in stops}) == 1:
        depth += 1
    return frozenset(_point(s, depth) for s in stops)


def _point(stop: _Stop, depth: int) -> Point:
    """Where a stop is, seen from the function that `depth` calls lead to."""
    called = stop.stack[depth].called_at if depth < len(stop.stack) else None
    span = called or stop.span
    function = stop.stack[depth - 1].function if 0 < depth <= len(stop.stack) else ""
    return Point(span.file, span.line, span.column, function)


def _seen_in_all(stop: _Stop) -> Iterator[Point]:
    """Where a stop is, seen from every function it is in."""
    return (_point(stop, depth) for depth in range(1, len(stop.stack) + 1))


def _runs(mine: set[Point], others: set[Point]) -> Iterator[list[Point]]:
    """The points in source order, cut where another stretch has a point in between, and at the end of functions."""
    run: list[Point] = []
    for p in sorted(mine | others):
        if run and (p in others or (p.file, p.function) != (run[-1].file, run[-1].function)):
            yield run
            run = []
        if p in mine:
            run.append(p)
    if run:
        yield run


def joined(parts: Sequence[str], word: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"
