"""`verify graph MODEL`: the state graph as a file for drawing and graph tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.progress import for_terminal
from verifier.commands.setup import add_limits, add_model_options, program
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
    add_model_options(made)
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
    found = program(given.model, given)
    limits = Limits(given.max_states or STATES, given.timeout, given.max_memory)
    line = for_terminal()
    try:
        explored = explore(found, limits, clock=time.monotonic, progress=line)
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
    """The state graph with words for people: where goroutines stand, shared objects, the statements taken."""
    from verifier.audit.describe import location, views
    from verifier.audit.interpret import Interpreter, State
    from verifier.explore.graph import FAILED, state_graph

    made = explored.machine
    interpreter = Interpreter(made.program)
    graph = state_graph(explored)
    places: dict[tuple[int, int], str] = {}
    for node, data in graph.nodes(data=True):
        if node == FAILED:
            data["failed"] = True
            continue
        state = State(*made.layout.unpack(explored.store.order[node]))
        for instance in made.program.goroutines:
            key = (instance.number, state.locations[instance.number])
            if key not in places:
                places[key] = location(made.program, state, interpreter, instance.number)
            data[instance.name] = places[key]
        data.update(zip((v.name for v in made.program.views), views(made.program, state, {}), strict=True))
    for _, _, data in graph.edges(data=True):
        step = made.steps[data["step"]].step
        data["goroutine"] = made.program.instances[data["goroutine"]].name
        data["text"] = f"{step.text} ({step.detail})" if step.detail else step.text
    return graph
