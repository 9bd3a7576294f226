"""State graphs to look at: every state of a small one, groups of states of a larger one, else only what is near."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from verifier.audit.describe import views
from verifier.audit.interpret import Interpreter, State
from verifier.audit.walk import walk
from verifier.evidence.picture import Arrow, Picture, Spot
from verifier.evidence.trace import Trace
from verifier.explore.graph import FAILED, state_graph
from verifier.explore.search import Exploration, Limits, explore
from verifier.program.concrete import Concrete
from verifier.program.program import END, IDLE, Fail, Program
from verifier.records import dataclass

if TYPE_CHECKING:
    import networkx

    Graph = networkx.MultiDiGraph[int]

SPOTS = 150
"""More than so many cannot be told apart on a page."""
STATES = 20_000
"""States that are explored in order to draw them in groups; of a larger graph only a part is shown."""
NAMED = 4
"""Steps named at an arrow that stands for many."""
CLIENTS = "The states of clients whose calls are judged (linearizable) are not drawn."


@dataclass(frozen=True)
class _Drawn:
    """A graph with the states of its nodes (none for `FAILED`), and where each schedule goes, by its name."""

    graph: Graph
    states: dict[int, State]
    paths: dict[str, tuple[int, ...]]


def picture(program: Program, lowering: str, traces: Sequence[Trace], complete: bool = True) -> Picture:
    """The states of a program, with the `traces` that are its schedules.

    Where the run that a page is about was not `complete`, its picture does not go further than the schedules either.
    """
    if program.clients is not None:
        return Picture(lowering, 0, 0, CLIENTS, (), (), ())
    interpreter = Interpreter(program)
    if not complete:
        return _near(interpreter, lowering, traces, "not all of which were explored")
    found = explore(program, Limits(max_states=STATES))
    if not found.complete:
        return _near(interpreter, lowering, traces, f"of which there are more than {STATES:,}")
    drawn = _whole(found, traces)
    size = (found.states, found.transitions)
    if drawn.graph.number_of_nodes() <= SPOTS:
        return _folded(interpreter, lowering, drawn, size, {}, "")
    for key, words in ((_places, PLACES), (_crowd, CROWD)):
        groups = {n: key(program, state) for n, state in drawn.states.items()}
        many = len(set(groups.values()))
        if many < SPOTS:
            said = words.format(n=f"{many:,}", states=f"{found.states:,}")
            return _folded(interpreter, lowering, drawn, size, groups, said)
    return _near(interpreter, lowering, traces, f"of which there are {found.states:,}", size)


PLACES = (
    "{states} states, drawn as {n} groups: states are one where every goroutine stands at the same place. "
    "Steps that stay within a group are left out."
)
CROWD = (
    "{states} states, drawn as {n} groups: states are one where as many goroutines of each role stand at each place, "
    "whoever they are. Steps that stay within a group are left out."
)


def _places(program: Program, state: State) -> Hashable:
    return state.locations


def _crowd(program: Program, state: State) -> Hashable:
    return tuple(sorted((i.template, state.locations[i.number]) for i in program.goroutines))


def _whole(found: Exploration, traces: Sequence[Trace]) -> _Drawn:
    """All states, numbered as the search found them."""
    program, layout = found.machine.program, found.machine.layout
    graph = state_graph(found)
    for _, _, data in graph.edges(data=True):
        data["says"] = says(program, found.machine.steps[data["step"]])
    number = {packed: n for n, packed in enumerate(found.store.order)}
    states = {n: State(*layout.unpack(packed)) for n, packed in enumerate(found.store.order)}
    paths: dict[str, tuple[int, ...]] = {}
    for trace in traces:
        walked = walk(program, trace.choices)
        passed = [number[layout.pack(s.locations, s.cells)] for s in walked.states]
        paths[trace.path] = (*passed, FAILED) if walked.failure else tuple(passed)
    return _Drawn(graph, states, paths)


def _near(
    interpreter: Interpreter, lowering: str, traces: Sequence[Trace], many: str, size: tuple[int, int] = (0, 0)
) -> Picture:
    """The states of the schedules and those one step away; without a schedule the first ones there are."""
    import networkx

    walks = [(t.path, walk(interpreter.program, t.choices)) for t in traces]
    number: dict[State, int] = {}
    first = [interpreter.initial(), *(s for _, w in walks for s in w.states)]
    for state in first:
        number.setdefault(state, len(number))
    graph: Graph = networkx.MultiDiGraph()
    graph.add_nodes_from(number.values())
    todo = list(number)
    for at in todo:
        for c in interpreter.enabled(at):
            after = interpreter.take(at, c)
            target = FAILED if isinstance(after, Fail) else number.get(after)
            if target is None and len(number) < SPOTS:
                assert isinstance(after, State)
                target = number[after] = len(number)
                if not walks:
                    todo.append(after)
            if target is not None:
                graph.add_edge(number[at], target, says=says(interpreter.program, c))
    paths = {
        path: (*(number[s] for s in w.states), FAILED) if w.failure else tuple(number[s] for s in w.states)
        for path, w in walks
    }
    which = "those that the schedules pass, and some one step away" if walks else "those nearest to the start"
    shown = f"{len(number):,} of the states, {many}: {which}."
    drawn = _Drawn(graph, {n: s for s, n in number.items()}, paths)
    return _folded(interpreter, lowering, drawn, size, {}, shown, whole=False)


def _folded(
    interpreter: Interpreter,
    lowering: str,
    drawn: _Drawn,
    size: tuple[int, int],
    groups: Mapping[int, Hashable],
    words: str,
    whole: bool = True,
) -> Picture:
    """The picture with a spot for each group of nodes, and for each node in none, in the order they were found."""
    members: dict[Hashable, list[int]] = {}
    for node in sorted(drawn.graph.nodes, key=lambda n: (n == FAILED, n)):
        members.setdefault(groups.get(node, node), []).append(node)
    position = {node: n for n, nodes in enumerate(members.values()) for node in nodes}
    arrows: dict[tuple[int, int], list[str]] = {}
    for a, b, data in drawn.graph.edges(data=True):
        ends = (position[a], position[b])
        if ends[0] != ends[1] or drawn.graph.number_of_nodes() == len(members):
            arrows.setdefault(ends, []).append(data["says"])
    depth = _depths(arrows, len(members), position[0])
    spots = tuple(_spot(interpreter, drawn, nodes, depth[n], whole) for n, nodes in enumerate(members.values()))
    return Picture(
        lowering,
        *size,
        words,
        spots,
        tuple(Arrow(a, b, len(all_), _some(all_)) for (a, b), all_ in sorted(arrows.items())),
        tuple((path, tuple(position[n] for n in nodes)) for path, nodes in drawn.paths.items()),
    )


def _depths(arrows: Iterable[tuple[int, int]], spots: int, start: int) -> dict[int, int]:
    """Steps from the start to every spot, at least."""
    import networkx

    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from(range(spots))
    graph.add_edges_from(arrows)
    return dict(networkx.single_source_shortest_path_length(graph, start))


def _some(said: list[str]) -> tuple[str, ...]:
    different = list(dict.fromkeys(said))
    rest = len(different) - NAMED
    return (*different[:NAMED], *([f"and {rest} more"] if rest > 0 else []))


def _spot(interpreter: Interpreter, drawn: _Drawn, nodes: list[int], depth: int, whole: bool) -> Spot:
    if nodes == [FAILED]:
        said = sorted({d["says"] for _, _, d in drawn.graph.in_edges(FAILED, data=True)})
        return Spot(depth, 1, "fails", _some(said))
    states = [drawn.states[n] for n in nodes]
    marks = {_mark(drawn, n, whole) for n in nodes}
    mark = "start" if 0 in nodes else marks.pop() if len(marks) == 1 else ""
    lines = [f"{i.name}: {place(interpreter, i.number, states[0])}" for i in interpreter.program.goroutines]
    if len(states) == 1:
        seen = zip(interpreter.program.views, views(interpreter.program, states[0], {}), strict=True)
        lines += [f"{view.name} = {text}" for view, text in seen]
    return Spot(depth, len(states), mark, tuple(lines))


def _mark(drawn: _Drawn, node: int, whole: bool) -> str:
    if all(at in (END, IDLE) for at in drawn.states[node].locations[1:]):
        return "done"
    return "stuck" if whole and not drawn.graph.out_degree(node) else ""


def place(interpreter: Interpreter, instance: int, state: State) -> str:
    """Where a goroutine stands in a state, in a few words."""
    at = state.locations[instance]
    if at in (END, IDLE):
        return "returned" if at == END else "not started"
    program = interpreter.program
    steps = program.templates[program.instances[instance].template].steps
    here = next((s for s in steps if s.src == at), None)
    if here is None:
        return "blocked for ever"
    return f"{here.span.words}  {here.text}" if here.span else here.text


def says(program: Program, c: Concrete) -> str:
    """A step in a few words: who does what."""
    detail = f" ({c.step.detail})" if c.step.detail else ""
    fails = f", fails: {c.step.fail.message}" if c.step.fail else ""
    return f"{program.instances[c.instance].name}: {c.step.text}{detail}{fails}"
