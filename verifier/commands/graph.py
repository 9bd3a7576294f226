"""`verify graph MODEL`: the state graph as a file for drawing and graph tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.progress import for_terminal
from verifier.commands.setup import add_limits, add_lowering, lowering, program
from verifier.verdict import EXIT_OK, EXIT_UNKNOWN

if TYPE_CHECKING:
    import networkx

    from verifier.explore.outcome import Exploration

USAGE = "verify graph MODEL [--format dot|graphml|json] [-o FILE]"

STATES = 100_000
"""States explored when the command line does not say; each costs a few kilobytes in the file."""


def parser() -> Parser:
    """The command line of `verify graph`."""
    made = Parser(USAGE, "Write the graph of all reachable states.")
    made.add_argument("model", metavar="MODEL", help="model file")
    made.add_argument("--format", choices=("dot", "graphml", "json"), default="dot", help="default: dot")
    made.add_argument("-o", dest="output", metavar="FILE", help="write to FILE")
    add_lowering(made)
    add_limits(made)
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command: exit code 3 when a limit left states out. Raises UsageError and ModelError."""
    import time

    from verifier.explore.outcome import Limits
    from verifier.explore.search import explore
    from verifier.report import statefile

    given = parser().read(arguments)
    if given.output is not None:
        console.writable(given.output, [given.model])
    found = program(given.model, given, lowering(given))
    if found.clients is not None:
        raise UsageError("the states of clients whose calls are judged (`linearizable:`) are not drawn")
    limits = Limits(given.max_states or STATES, given.timeout, given.max_memory)
    line = for_terminal()
    try:
        engine = "kernel" if given.engine == "kernel" else "reference"
        explored = explore(found, limits, clock=time.monotonic, progress=line, engine=engine)
    finally:
        if line is not None:
            line.erase()
    try:
        text = statefile.render(annotated(explored), given.format)
    except statefile.TooLarge as error:
        raise UsageError(str(error)) from None
    console.deliver(text, given.output)
    if explored.complete:
        return EXIT_OK
    console.err(f"{given.model}: the graph is not complete: {explored.limit}")
    return EXIT_UNKNOWN


def annotated(explored: Exploration) -> networkx.MultiDiGraph[int]:
    """The state graph with words for people: where goroutines stand, cells that are not zero, the statements taken."""
    import networkx

    from verifier.explore.graph import FAILED, state_graph
    from verifier.program.program import show

    made = explored.machine
    program = made.program
    places = _places(explored)
    graph = state_graph(explored)
    for node, data in graph.nodes(data=True):
        if node == FAILED:
            data["failed"] = True
            continue
        locations, cells = made.layout.unpack(explored.store.order[node])
        for instance in program.goroutines:
            data[instance.name] = places[instance.number, locations[instance.number]]
        for decl, value in zip(program.cells, cells, strict=True):
            if value:
                data[decl.name] = show(value, decl.domain, program.sorts)
    for _, _, data in graph.edges(data=True):
        step = made.steps[data["step"]].step
        data["goroutine"] = program.instances[data["goroutine"]].name
        data["text"] = f"{step.text} ({step.detail})" if step.detail else step.text
        if step.fail:
            data["text"] += f": {step.fail.message}"
    # File formats want plain numbers for states.
    return networkx.relabel_nodes(graph, {FAILED: len(explored.store.order)}) if FAILED in graph else graph


def _places(explored: Exploration) -> dict[tuple[int, int], str]:
    """What to call each location of each instance: the statement that stands there, or how it is over."""
    from verifier.program.program import END, IDLE

    machine = explored.machine
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
