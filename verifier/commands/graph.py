"""`verify graph MODEL`: the state graph, or one schedule of it, as a file for drawing and graph tools."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.progress import for_terminal
from verifier.commands.setup import add_limits, add_lowering, document, lowering
from verifier.verdict import EXIT_OK, EXIT_UNKNOWN

if TYPE_CHECKING:
    import networkx

    from verifier.audit.interpret import State
    from verifier.explore.machine import Machine
    from verifier.explore.outcome import Exploration
    from verifier.model.document import Document
    from verifier.program.program import Program

    Graph = networkx.MultiDiGraph[int]

USAGE = "verify graph MODEL [--counterexample [--path]] [--format dot|graphml|json] [-o FILE]"

STATES = 100_000
"""States explored when the command line does not say; each costs a few kilobytes in the file."""


def parser() -> Parser:
    """The command line of `verify graph`."""
    made = Parser(USAGE, "Write the graph of all reachable states.")
    add = made.add_argument
    add("model", metavar="MODEL", help="model file")
    add("--format", choices=("dot", "graphml", "json"), default="dot", help="default: dot")
    add("-o", dest="output", metavar="FILE", help="write to FILE")
    add("--counterexample", action="store_true", help="judge the model and mark the first schedule that fails")
    add("--property", metavar="NAME", help="mark the schedule of this property")
    add("--schedule", metavar="CHOICES", help="mark this schedule, as reports print it after `replay`")
    add("--path", action="store_true", help="only the states of the schedule: no limit, nothing is explored")
    add_lowering(made)
    add_limits(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 3 when a limit left states out. Raises UsageError and ModelError."""
    given = parser().read(arguments)
    if given.output is not None:
        console.writable(given.output, [given.model])
    asked = given.counterexample or given.property is not None or given.schedule is not None
    if given.path and not asked:
        raise UsageError("--path: of which schedule?", "add --counterexample, --property NAME or --schedule CHOICES")
    if given.schedule is not None and (given.counterexample or given.property is not None):
        raise UsageError("--schedule is a schedule of your own", "leave out --counterexample and --property")
    model = document(given.model, given)
    if model.linearizable is not None:
        raise UsageError("the states of clients whose calls are judged (`linearizable:`) are not drawn")
    name, choices, property_ = _schedule(model, given) if asked else (lowering(given), None, "")
    from verifier.commands.setup import options
    from verifier.pipeline import load

    found = load(model, options(given), name)
    if given.path and choices is not None:
        console.deliver(_path(found, choices, property_, given.format), given.output)
        return EXIT_OK
    explored = _explored(found, given)
    graph = annotated(explored)
    if choices is not None:
        from verifier.commands.marking import mark, walked

        number = {state: n for n, state in enumerate(explored.store.order)} | {-1: len(explored.store.order)}
        moves = walked(explored.machine, choices)
        mark(graph, explored.machine, number, moves)
        _name_end(graph, number[moves[-1][2] if moves else explored.machine.initial], property_)
    console.deliver(_text(graph, given.format), given.output)
    if explored.complete:
        return EXIT_OK
    console.err(f"{given.model}: the graph is not complete: {explored.limit}")
    return EXIT_UNKNOWN


def _explored(found: Program, given: argparse.Namespace) -> Exploration:
    import time

    from verifier.explore.outcome import Limits
    from verifier.explore.search import explore

    limits = Limits(given.max_states or STATES, given.timeout, given.max_memory)
    line = for_terminal()
    try:
        engine = "kernel" if given.engine == "kernel" else "reference"
        return explore(found, limits, clock=time.monotonic, progress=line, engine=engine)
    finally:
        if line is not None:
            line.erase()


def _text(graph: Graph, format: str) -> str:
    from verifier.report import statefile

    try:
        return statefile.render(graph, format)
    except statefile.TooLarge as error:
        raise UsageError(str(error), "a schedule by itself always fits: --counterexample --path") from None


def _schedule(model: Document, given: argparse.Namespace) -> tuple[str, tuple[int, ...], str]:
    """Lowering and choices of the schedule that is meant, and the property it is about. Raises UsageError."""
    flags = lowering(given)
    if given.schedule is not None:
        from verifier.commands.replay import schedule

        name, choices = schedule(given.schedule)
        property_ = ""
    else:
        from verifier.commands.chosen import failing
        from verifier.commands.setup import options
        from verifier.pipeline import verify

        line = for_terminal()
        try:
            # Whether it holds for any number of goroutines is no question of a graph.
            given.any_number = False
            judged = verify(model, options(given, line))
        finally:
            if line is not None:
                line.erase()
        prop = failing(judged, given.property)
        if prop is None or prop.trace is None:
            words = f"{given.model} has no schedule that fails: {judged.verdict.value}"
            raise UsageError(words, "without --counterexample all states are drawn")
        name, choices, property_ = prop.trace.lowering, prop.trace.choices, prop.name
    if flags not in ("abstract", name.split(".")[0]):
        raise UsageError(f"--{flags}: the schedule is one of the {name} lowering", f"leave out --{flags}")
    return name, choices, property_


def _path(found: Program, choices: tuple[int, ...], property_: str, format: str) -> str:
    from verifier.commands.marking import alone, walked
    from verifier.explore.graph import FAILED
    from verifier.explore.machine import machine

    made = machine(found)
    moves = walked(made, choices)
    graph, order = alone(made, moves, FAILED)
    last = moves[-1][2] if moves else made.initial
    _name_end(graph, FAILED if last < 0 else order.index(last), property_)
    return _text(_worded(graph, made, order), format)


def _name_end(graph: Graph, node: int, property_: str) -> None:
    if property_:
        graph.nodes[node]["violated property"] = property_  # With a space: variables have attributes of their names.


def annotated(explored: Exploration) -> Graph:
    """The state graph with words for people: where goroutines stand, cells that are not zero, the statements taken."""
    from verifier.explore.graph import state_graph

    return _worded(state_graph(explored), explored.machine, explored.store.order)


def _worded(graph: Graph, made: Machine, order: Sequence[int]) -> Graph:
    import networkx

    from verifier.audit.interpret import State
    from verifier.explore.graph import FAILED

    program = made.program
    places = _places(made)
    for node, data in graph.nodes(data=True):
        if node == FAILED:
            data["failed"] = True
            continue
        locations, cells = made.layout.unpack(order[node])
        for instance in program.goroutines:
            data[instance.name] = places[instance.number, locations[instance.number]]
        data.update(_objects(program, State(tuple(locations), tuple(cells))))
    for _, _, data in graph.edges(data=True):
        step = made.steps[data["step"]].step
        data["goroutine"] = program.instances[data["goroutine"]].name
        data["text"] = f"{step.text} ({step.detail})" if step.detail else step.text
        if step.fail:
            data["text"] += f": {step.fail.message}"
    # File formats want plain numbers for states.
    return networkx.relabel_nodes(graph, {FAILED: len(order)}) if FAILED in graph else graph


def _objects(program: Program, state: State) -> dict[str, str]:
    """What is not as at first of a state: shared objects in words, then cells that belong to none of them."""
    from verifier.audit.describe import nonzero, views

    shown = [v for v in program.views if any(state.cells[n] for n in v.cells)]
    said = {n for v in shown for n in v.cells}
    objects = {v.name: text for v, text in zip(program.views, views(program, state, {}), strict=True) if v in shown}
    return {name: text for n, (name, text) in nonzero(program, state.cells).items() if n not in said} | objects


def _places(machine: Machine) -> dict[tuple[int, int], str]:
    """What to call each location of each instance: the statement that stands there, or how it is over."""
    from verifier.program.program import END, IDLE

    found = {(c.instance, c.step.dst): "waits for ever" for c in machine.steps}
    for instance in machine.program.goroutines:
        # Before END and IDLE: a goroutine may start at its end.
        found[instance.number, machine.program.starts[instance.number]] = "waits for ever"
        found[instance.number, END] = "returned"
        found[instance.number, IDLE] = "not started"
    for c in machine.steps:
        line = f"{c.step.span.brief} " if c.step.span else ""
        found[c.instance, c.step.src] = line + c.step.text
    return found
