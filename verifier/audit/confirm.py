"""Checking by re-execution that a walk really ends in what an engine claims."""

from __future__ import annotations

from verifier.audit.history import history
from verifier.audit.interpret import AuditError, Interpreter, State
from verifier.audit.walk import Walk, raw_step
from verifier.program.concrete import Concrete
from verifier.program.program import END, IDLE, Access, Clause, Fail
from verifier.records import dataclass

FORWARD = 20_000
"""States re-walked at most to see that a stuck goroutine never moves again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an engine says about the end of a schedule.

    `kind`: race, panic, fatal, bound, assert, lost-update, deadlock, starvation, always, sometimes, finally or symptom.
    `name`: the message of a failure, the name of a clause or symptom, the cell raced on. `goroutines`: instances that
    race or are stuck.
    """

    kind: str
    name: str = ""
    goroutines: tuple[int, ...] = ()
    loop: int = 0
    """For starvation: how many of the last choices repeat for ever."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two enabled steps with conflicting accesses to `cell`, in the order of the claim's goroutines."""

    cell: int
    steps: tuple[Concrete, Concrete]
    accesses: tuple[Access, Access]


def confirm(walk: Walk, claim: Claim) -> str:
    """Check the claim at the end of the walk; the answer says how far. Raises AuditError when it does not hold."""
    match claim.kind:
        case "race":
            conflict(walk, claim)
            return "replayed: both accesses are possible in the last state"
        case "deadlock":
            return _deadlock(walk, claim)
        case "starvation":
            # Imported here: few models ask for it.
            from verifier.audit.lasso import confirm_lasso

            if len(claim.goroutines) != 1:
                raise AuditError("starvation is claimed of one goroutine")
            return confirm_lasso(walk, claim.goroutines[0], claim.loop)
        case "always" | "finally" | "sometimes":
            _clause(walk, claim)
            return "replayed: evaluated in the last state"
        case "linearizable":
            history(walk)
            return "replayed: no order of the calls fits"
        case "symptom":
            _symptom(walk, claim)
            return "replayed"
        case "panic" | "fatal" | "bound" | "assert" | "lost-update":
            _failure(walk, claim)
            return "replayed: the last step fails"
    raise AuditError(f"nobody can confirm a claim of kind {claim.kind}")


def _failure(walk: Walk, claim: Claim) -> None:
    fail = walk.failure
    initial = walk.program.init_fail
    if not walk.choices and initial is not None:
        fail = initial
    if fail is None or (fail.kind, fail.message) != (claim.kind, claim.name):
        raise AuditError(f"the schedule does not end in {claim.kind}: {claim.name}")


def _clause(walk: Walk, claim: Claim) -> None:
    clause = _find(walk, claim)
    for interpreter, state in ((walk.composed, walk.last), (walk.raw, walk.raw_states[-1])):
        holds = interpreter.value(clause.expr, state) != 0
        if holds != (claim.kind == "sometimes"):
            raise AuditError(f"'{claim.name}' is {holds} in the last state")
    if claim.kind == "finally" and not _finished(walk.last):
        raise AuditError(f"'{claim.name}' is judged although some goroutine has not returned")


def _symptom(walk: Walk, claim: Claim) -> None:
    if walk.taken and walk.taken[-1].step.symptom == claim.name:
        return
    clause = _find(walk, claim)
    if walk.composed.value(clause.expr, walk.last) == 0 or (clause.when == "finally" and not _finished(walk.last)):
        raise AuditError(f"the symptom '{claim.name}' does not show")


def _find(walk: Walk, claim: Claim) -> Clause:
    for clause in walk.program.clauses:
        if clause.name == claim.name and claim.kind in (clause.when, "symptom"):
            return clause
    raise AuditError(f"there is no clause '{claim.name}'")


def _finished(state: State) -> bool:
    return all(at in (END, IDLE) for at in state.locations[1:])


def conflict(walk: Walk, claim: Claim) -> Conflict:
    """The racing steps of the claim's two goroutines in the last state, checked on the raw program too."""
    if len(claim.goroutines) != 2 or len(set(claim.goroutines)) != 2:
        raise AuditError("a race needs two goroutines")
    a, b = claim.goroutines
    enabled = walk.composed.enabled(walk.last)
    for x in (c for c in enabled if c.instance == a):
        for y in (c for c in enabled if c.instance == b):
            found = _meet(walk.composed, walk.last, x, y, claim.name)
            if found is None:
                continue
            if _raw_access(walk, x, found.accesses[0], found.cell) and _raw_access(
                walk, y, found.accesses[1], found.cell
            ):
                return found
            raise AuditError("the racing accesses are not those of the raw program")
    raise AuditError(f"no race on {claim.name} in the last state")


def _meet(interpreter: Interpreter, state: State, x: Concrete, y: Concrete, name: str) -> Conflict | None:
    for p in x.step.accesses:
        for q in y.step.accesses:
            if not (p.write or q.write) or (p.atomic and q.atomic):
                continue
            if not interpreter.value(p.when, state) or not interpreter.value(q.when, state):
                continue
            cell = interpreter.cell(p.ref, state)
            if cell == interpreter.cell(q.ref, state) and interpreter.program.cells[cell].name == name:
                return Conflict(cell, (x, y), (p, q))
    return None


def _raw_access(walk: Walk, c: Concrete, access: Access, cell: int) -> bool:
    """Whether the raw step that `c` stands for makes the same access to the same cell."""
    raw, state = walk.raw, walk.raw_states[-1]
    for index in c.step.origin or (c.index,):
        step = raw_step(raw, state, c, index)
        if step.step.accesses:
            return any(
                (p.write, p.atomic) == (access.write, access.atomic)
                and raw.value(p.when, state) != 0
                and raw.cell(p.ref, state) == cell
                for p in step.step.accesses
            )
        after = raw.take(state, step)
        if isinstance(after, Fail):
            return False
        state = after
    return False


def stuck(walk: Walk, claim: Claim) -> tuple[int, ...]:
    """The goroutines the claim calls stuck; all that have not returned when it does not say."""
    if claim.goroutines:
        return claim.goroutines
    return tuple(i.number for i in walk.program.goroutines if walk.last.locations[i.number] not in (END, IDLE))


def _deadlock(walk: Walk, claim: Claim) -> str:
    waiting = stuck(walk, claim)
    if not waiting or any(walk.last.locations[i] in (END, IDLE) for i in waiting):
        raise AuditError("a goroutine that has returned is not stuck")
    if not walk.composed.enabled(walk.last) and not walk.raw.enabled(walk.raw_states[-1]):
        return "replayed: no step is possible in the last state"
    seen = {walk.last}
    todo = [walk.last]
    while todo:
        state = todo.pop()
        for c in walk.composed.enabled(state):
            after = walk.composed.take(state, c)
            for g in c.movers:
                if g in waiting:
                    raise AuditError(f"{walk.program.instances[g].name} can still move")
            if isinstance(after, Fail):
                if after.kind == "bound":
                    raise AuditError("a limit of the model can be hit: what follows is not known")
                continue  # a run that panics ends there; in the others the goroutine waits for ever
            if after not in seen:
                seen.add(after)
                todo.append(after)
        if len(seen) > FORWARD:
            return f"replayed; that it never moves again was re-walked for {FORWARD:,} states only"
    return f"replayed: it moves in none of the {len(seen):,} states that can follow"
