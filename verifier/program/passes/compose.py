"""Compose local steps into the visible step before them, so that a goroutine only rests before visible steps.

A LOCAL step touches nothing another goroutine, a clause or the collector can see. Running it at once therefore keeps
every race, failure, clause and deadlock, and saves the states in between. Wherever a substitution cannot be exact the
run simply ends: composing less is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from verifier.program.expr import FALSE, TRUE, Expr, any_of, both, negate
from verifier.program.passes.footprint import mentions_fresh
from verifier.program.passes.named import Named, named_locations
from verifier.program.passes.prelude import run_prelude
from verifier.program.passes.symbolic import Apart, Inexact, Path, Symbolic, exhaustive
from verifier.program.program import END, IDLE, Kind, Program, Step, Template
from verifier.records import replace

MAX_PREFIX = 40
"""Steps at the beginning of a run that others cannot tell from later ones, at most."""

ROUNDS = 4
"""How often a run of a client may come to one location: a loop over the few keys of a map is then no cycle."""

MAX_PATHS = 64
"""Runs composed for one visible step at most; the others rest earlier."""


def compose(program: Program) -> Program:
    """`program` with local steps composed away. Locations keep their numbers; `raw` is `program` itself.

    Roles start where their first local steps lead (`prelude` lists them); a goroutine started by `go` keeps its
    entry, and the local steps there are taken together with its first visible step.
    """
    named = named_locations(program)
    passed = [_silent_locations(t, names) for t, names in zip(program.templates, named, strict=True)]
    return run_on(program, passed, silent)


def run_on(
    program: Program,
    passed: list[frozenset[int]],
    taken: Callable[[Step], bool],
    known: Callable[[int, int], Expr] = lambda template, location: TRUE,
    right: Callable[[int, int], bool] = lambda template, step: False,
    *,
    arrays: bool = False,
    apart: Apart | None = None,
) -> Program:
    """`program` with runs of steps that do not rest at the locations `passed` (per template) composed into one each.

    A location may be passed if all steps out of it may: those that end in a state are joined, the state before one
    that fails is still seen. `taken`: steps that may be taken before the start. `known(template, location)` holds
    whenever a goroutine stands there. `right(template, step)`: such steps at the beginning of a run need not be seen.
    `arrays`, `apart`: see `Symbolic`.
    """
    named = named_locations(program)
    symbolic = Symbolic(program, arrays=arrays, apart=apart)
    clients = {program.instances[n].template for n in program.clients.instances} if program.clients else set()
    composers = [
        _Composer(t, named[t.number], passed[t.number], symbolic, known, right, t.number in clients)
        for t in program.templates
    ]
    cells, starts = list(program.initial), list(program.starts)
    prelude: list[tuple[int, ...]] = [()] * len(program.instances)
    for i in program.goroutines:
        if i.parent is None and starts[i.number] not in (END, IDLE):
            c = composers[i.template]
            starts[i.number], prelude[i.number] = run_prelude(program, i, c.rests, taken, cells)
    templates = []
    for t, c in zip(program.templates, composers, strict=True):
        roots = {starts[i.number] for i in program.goroutines if i.template == t.number} - {END, IDLE}
        if t.parent is not None:
            roots.add(t.entry)
        templates.append(replace(t, steps=c.compose(roots)))
    return replace(
        program,
        templates=tuple(templates),
        initial=tuple(cells),
        starts=tuple(starts),
        prelude=tuple(prelude),
        raw=program,
    )


def silent(step: Step) -> bool:
    """Whether a step can be composed away: local, ends in a state, and has no effect that is reported."""
    reported = step.accesses or step.sync or step.alloc or step.spawn is not None or step.symptom
    return step.kind is Kind.LOCAL and step.fail is None and step.offer is None and not reported


class _Composer:
    """Composes the steps of one template. `passed`: the locations where its goroutines need not be seen.

    `calls`: its goroutines are clients whose calls are judged (`monitor.Clients`).
    """

    def __init__(
        self,
        template: Template,
        named: Named,
        passed: frozenset[int],
        symbolic: Symbolic,
        known: Callable[[int, int], Expr],
        right: Callable[[int, int], bool],
        calls: bool,
    ) -> None:
        self._calls = calls
        self._right = right
        self._template = template
        self._named = named
        self._passed = passed
        self._symbolic = symbolic
        self._known = known
        self._leaving: dict[int, list[tuple[int, Step]]] = {}
        for n, step in enumerate(template.steps):
            self._leaving.setdefault(step.src, []).append((n, step))

    def rests(self, location: int) -> bool:
        """Whether a goroutine must be seen at `location`."""
        return location not in self._passed

    def compose(self, roots: set[int]) -> tuple[Step, ...]:
        """The composed steps of everything reachable from `roots`, in the order of their first raw step."""
        out: list[Step] = []
        todo, known = sorted(roots), set(roots)
        while todo:
            location = todo.pop()
            steps = list(self._from(location))
            out += steps
            for step in steps:
                if step.fail is None and step.dst not in known:
                    known.add(step.dst)
                    todo.append(step.dst)
        return tuple(sorted(out, key=lambda s: s.origin[0]))

    def _from(self, location: int) -> Iterator[Step]:
        """The composed steps out of a resting location."""
        number = self._template.number
        begun = [Path((location,), known=self._known(number, location), template=number)]
        if location == self._template.entry and self._template.parent is not None and not self.rests(location):
            begun = list(self._prefixes(begun[0]))
        elif location == self._template.entry and self._calls:
            begun += [p for call in self._calling(begun[0]) for p in self._prefixes(call)]
        for path in begun:
            if path.origin and self._ends(path):
                yield self._local(path)
                continue
            heads: list[Step] = []
            try:
                for n, step in self._leaving.get(path.location, ()):
                    if self._right(self._template.number, n):
                        heads += self._transactions(path, n, step)
                    elif path.origin or not (self._calls and location == self._template.entry and silent(step)):
                        heads += self._headed(path, n, step)
            except Inexact:
                heads = [self._local(path)] if path.origin else []
            if not heads and not path.origin:
                # Nothing is ever possible here, but reports say what a goroutine waits for.
                heads = [replace(s, origin=(n,)) for n, s in self._leaving.get(location, ()) if s.kind is Kind.SYNC]
            yield from heads

    def _transactions(self, path: Path, number: int, step: Step) -> list[Step]:
        """The steps that begin with one that others cannot tell from a later one, up to the first that they can.

        Lipton, "Reduction: a method of proving properties of parallel programs", CACM 1975: such steps, then one of any
        kind, then steps that might as well come earlier, are as one. Where that is not exact the step stands alone.
        So it does before one that may race, if it locks something: two such runs are never past their locks.
        """
        out: list[Step] = []
        try:
            guard = self._symbolic.decided(path, self._symbolic.value(path, step.guard))
            if guard == FALSE:
                return []
            after = self._symbolic.extend(path, number, step, guard)
            fits = self._symbolic.decided(after, self._symbolic.in_range(after, step, after.alloc))
            if self._ends(after) or len(after.visited) > MAX_PREFIX or mentions_fresh(guard) or mentions_fresh(fits):
                raise Inexact
            if fits != TRUE:
                # Out of range is a failure of this step; it must not come to it where the run goes on.
                out += self._headed(path, number, step, after=after.given(negate(fits)))
                after = after.given(fits)
            for n, next_ in self._leaving[after.location]:
                second = next_.alloc is not None and after.alloc is not None
                again = self._right(self._template.number, n)
                racing = bool(next_.accesses) and not again and any(self._template.steps[m].sync for m in after.origin)
                if second or racing or mentions_fresh(self._symbolic.value(after, next_.guard)):
                    raise Inexact
                out += self._transactions(after, n, next_) if again else self._headed(after, n, next_)
        except Inexact:
            return self._headed(path, number, step)
        return out if len(out) <= MAX_PATHS else self._headed(path, number, step)

    def _calling(self, path: Path) -> Iterator[Path]:
        """A client's choice of its next call: part of the first visible step of the call.

        A call that begins later overlaps with fewer others, so that fewer orders fit: nothing is missed.
        """
        for n, step in self._leaving[path.location]:
            if silent(step):
                yield self._symbolic.extend(path, n, step, step.guard)

    def _prefixes(self, path: Path) -> Iterator[Path]:
        """Follow the local steps at the entry while the choice among them is determined by the state.

        A real choice must be made before the visible step, which may block: so it ends the prefix.
        """
        steps = self._leaving.get(path.location, [])
        if self.rests(path.location) or len(path.visited) > len(set(path.visited)):
            yield path
            return
        try:
            guards = [self._symbolic.value(path, s.guard) for _, s in steps]
            if not _determined(guards) or not all(silent(s) for _, s in steps):
                raise Inexact
            further = [
                self._symbolic.extend(path, n, s, g) for (n, s), g in zip(steps, guards, strict=True) if g != FALSE
            ]
            last = [s for (_, s), g in zip(steps, guards, strict=True) if g != FALSE]
            if any(self._symbolic.in_range(p, s, None) != TRUE for p, s in zip(further, last, strict=True)):
                raise Inexact
        except Inexact:
            yield path
            return
        for p in further:
            yield from self._prefixes(p)

    def _headed(self, prefix: Path, number: int, step: Step, after: Path | None = None) -> list[Step]:
        """The prefix, then `step`, then every run of local steps after it, as composed steps.

        `after` is what `step` comes to if nothing is to follow it.
        """
        guard = self._symbolic.decided(prefix, self._symbolic.value(prefix, step.guard))
        if guard == FALSE:
            return []
        visible = replace(
            step,
            accesses=self._symbolic.accesses(prefix, step),
            sync=self._symbolic.sync(prefix, step),
            offer=self._symbolic.offer(prefix, step),
            alloc=step.alloc or prefix.alloc,
            src=prefix.visited[0],
        )
        first = self._symbolic.extend(prefix, number, step, guard) if after is None else after
        if after is not None:
            return [replace(visible, dst=after.location, guard=after.guard, updates=after.updates, origin=after.origin)]
        if step.fail is not None:
            return [replace(visible, guard=first.guard, updates=first.updates, origin=first.origin)]
        return [
            replace(visible, dst=p.location, guard=p.guard, updates=p.updates, origin=p.origin, alloc=p.alloc)
            for p in self._runs(first, visible)
        ]

    def _ends(self, prefix: Path) -> bool:
        """Whether a prefix must stay a step of its own: nothing follows, or a clause would miss the goroutine there."""
        location = prefix.location
        if self._round(prefix) or location not in self._leaving:
            return True
        return location in (END, IDLE) or not self._named.passes(location)

    def _local(self, path: Path) -> Step:
        """The run itself as one local step."""
        first = self._template.steps[path.origin[0]]
        return replace(
            first,
            src=path.visited[0],
            dst=path.location,
            guard=path.guard,
            updates=path.updates,
            origin=path.origin,
        )

    def _runs(self, first: Path, step: Step) -> list[Path]:
        """Every run of local steps after `step`, which `first` ends with."""
        if self._returns(first):
            return [first]
        fits = self._symbolic.in_range(first, step, step.alloc)
        if mentions_fresh(fits):
            return [first]
        # Out of range is a failure of the visible step: then nothing follows it.
        done = [] if fits == TRUE else [first.given(negate(fits))]
        todo = [first if fits == TRUE else first.given(fits)]
        while todo:
            path = todo.pop()
            if len(done) + len(todo) >= MAX_PATHS or self._returns(path):
                done.append(path)
                continue
            try:
                rest, further = self._onward(path)
            except Inexact:
                done.append(path)
                continue
            done += rest
            todo += reversed(further)
        return done

    def _returns(self, path: Path) -> bool:
        return self.rests(path.location) or self._round(path)

    def _round(self, path: Path) -> bool:
        """Whether a run has come to a location as often as it may: a client's goes through a loop a few times."""
        return path.visited.count(path.location) > (ROUNDS if self._calls else 1)

    def _onward(self, path: Path) -> tuple[list[Path], list[Path]]:
        """One more local step: the runs that end here all the same, and those that go on.

        A local step that fails, or whose value is out of range, is never joined: the state before it must be seen,
        others may go on from there.
        """
        further: list[Path] = []
        going: list[Expr] = []
        failing: list[Expr] = []
        for n, step in self._leaving[path.location]:
            if step.alloc is not None and path.alloc is not None:
                raise Inexact
            guard = self._symbolic.decided(path, self._symbolic.value(path, step.guard))
            if mentions_fresh(guard):
                raise Inexact
            (failing if step.fail else going).append(guard)
            if step.fail is not None or guard == FALSE:
                continue
            after = self._symbolic.extend(path, n, step, guard)
            fits = self._symbolic.in_range(after, step, after.alloc)
            if mentions_fresh(fits):
                raise Inexact
            if fits != TRUE:
                failing.append(both(guard, negate(fits)))
                after = after.given(fits)
            further.append(after)
        stays = list(failing)
        if not exhaustive(going + failing):
            stays.append(negate(any_of(*going)))
        if any_of(*stays) == FALSE:
            return [], further
        return [path.given(any_of(*stays))], further


def _silent_locations(template: Template, named: Named) -> frozenset[int]:
    """Where nobody has to see a goroutine: it is not done, no clause cares, and all it can do next is local."""
    leaving: dict[int, list[Step]] = {}
    for step in template.steps:
        leaving.setdefault(step.src, []).append(step)
    return frozenset(
        location
        for location, steps in leaving.items()
        if location not in (END, IDLE)
        and named.passes(location)
        and all(s.fail is not None or named.shows(s.dst) for s in steps)
        and any(silent(s) for s in steps)
        and all(silent(s) or _quiet_failure(s) for s in steps)
    )


def _quiet_failure(step: Step) -> bool:
    """A failing step whose condition only its own goroutine can change."""
    seen = step.accesses or step.sync or step.alloc or step.spawn is not None or step.symptom
    return step.fail is not None and step.kind is Kind.LOCAL and not seen


def _determined(guards: list[Expr]) -> bool:
    """Whether exactly one of the guards holds in every state, as far as can be seen."""
    real = [g for g in guards if g != FALSE]
    return real == [TRUE] or (len(real) == 2 and negate(real[0]) == real[1])
