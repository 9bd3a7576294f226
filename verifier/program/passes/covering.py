"""Whether a search may leave out a state in which the judge allows more than in one it has, all else being equal.

What the judge allows only says which returns refute it (`monitor.LINEARIZABLE`), and one that allows more after some
calls allows more after all further ones. So every refutation that can follow the state left out, and everything else
that can happen there, follows the other one as well, in as many steps: inclusion of sets of possibilities is a
simulation (De Wulf et al., "Antichains: a new algorithm for checking universality of finite automata", CAV 2006).
"""

from __future__ import annotations

from verifier.program.expr import Judge
from verifier.program.monitor import LINEARIZABLE
from verifier.program.passes.footprint import Footprint
from verifier.program.program import Program
from verifier.records import replace


def covering(program: Program) -> Program:
    """`program` with `clients.covering` set, if nobody but the judge and its clause looks at the judge's state."""
    clients = program.clients
    if clients is None:
        return program
    footprint = Footprint(program)
    state = 1 << clients.state
    for clause in program.clauses:
        if clause.name != LINEARIZABLE and footprint.reads(clause.expr) & state:
            return program
    for step in (s for t in program.templates for s in t.steps):
        read = footprint.reads(step.guard)
        for a in step.accesses:
            read |= footprint.reads(a.when) | footprint.index(a.ref) | footprint.cells(a.ref)
        for ref, value in step.updates:
            read |= footprint.reads(value) | footprint.index(ref)
            if footprint.cells(ref) & state and not isinstance(value, Judge):
                return program
        if read & state:
            return program
    return replace(program, clients=replace(clients, covering=True))
