"""Walking a schedule on the composed program and, step by step, on the raw one."""

from __future__ import annotations

from verifier.audit.interpret import AuditError, Interpreter, State
from verifier.program.concrete import Concrete
from verifier.program.program import Fail, Program
from verifier.records import dataclass, field, replace


@dataclass(frozen=True)
class Walk:
    """A schedule that was walked. `states[n]` and `raw_states[n]` are those after n choices; `taken` the steps.

    `failure`: what the last step failed with; then there is no state after it.
    """

    program: Program
    choices: tuple[int, ...]
    composed: Interpreter
    raw: Interpreter
    states: tuple[State, ...]
    raw_states: tuple[State, ...]
    taken: tuple[Concrete, ...]
    failure: Fail | None = None

    @property
    def last(self) -> State:
        """The last state reached."""
        return self.states[-1]


@dataclass
class _Going:
    states: list[State]
    raw_states: list[State]
    taken: list[Concrete] = field(default_factory=list)


def walk(program: Program, choices: tuple[int, ...]) -> Walk:
    """Take `choices` on `program`, and on `program.raw` the raw steps each of them stands for.

    Raises AuditError when a choice is not enabled, a raw step is not, or the two programs come to different states.
    """
    composed = Interpreter(program)
    raw = composed if program.raw is None else Interpreter(program.raw)
    start = composed.initial()
    going = _Going([start], [_prelude(program, raw, start)])
    for number, choice in enumerate(choices):
        enabled = composed.enabled(going.states[-1])
        if not 0 <= choice < len(enabled):
            raise AuditError(f"choice {number + 1} is {choice}, but {len(enabled)} steps are enabled")
        c = enabled[choice]
        going.taken.append(c)
        after = composed.take(going.states[-1], c)
        raw_after = raw_steps(raw, going.raw_states[-1], c)
        if isinstance(after, Fail) or isinstance(raw_after, Fail):
            failure = _same_failure(c, after, raw_after)
            if number + 1 < len(choices):
                raise AuditError(f"choice {number + 1} fails ({failure.message}), yet the schedule goes on")
            return _walked(program, choices, composed, raw, going, failure)
        _same_state(program, after, raw_after, f"after choice {number + 1}")
        going.states.append(after)
        going.raw_states.append(raw_after)
    return _walked(program, choices, composed, raw, going, None)


def raw_steps(raw: Interpreter, state: State, c: Concrete) -> State | Fail:
    """Take the raw steps that a composed step stands for, one by one."""
    for who, index in by_goroutine(raw, c):
        after = raw.take(state, raw_step(raw, state, who, index))
        if isinstance(after, Fail):
            # May be any of them: a `go` or `new` that finds nothing free fails before the local steps after it.
            return after
        state = after
    return state


def by_goroutine(raw: Interpreter, c: Concrete) -> list[tuple[Concrete, int]]:
    """Whose raw step comes when, as (half of the composed step, index of the raw step).

    Of a paired step: what either did before they meet, the meeting, what they do then.
    """
    mine = [(c, n) for n in c.step.origin or (c.index,)]
    if c.partner is None:
        return mine
    theirs = [(c.partner, n) for n in c.partner.step.origin or (c.partner.index,)]
    here, there = (_meeting(raw, steps) for steps in (mine, theirs))
    # The half that sends stands for the meeting.
    return [*mine[:here], *theirs[:there], mine[here], *mine[here + 1 :], *theirs[there + 1 :]]


def _meeting(raw: Interpreter, steps: list[tuple[Concrete, int]]) -> int:
    """The position of the half of a paired step among the raw steps of a goroutine."""
    for position, (c, index) in enumerate(steps):
        template = raw.program.templates[raw.program.instances[c.instance].template]
        if template.steps[index].offer is not None:
            return position
    raise AuditError(f"a paired step of {_name(raw, steps[0][0])} is none in the raw program")


def raw_step(raw: Interpreter, state: State, c: Concrete, index: int) -> Concrete:
    """The concrete raw step with this index, enabled in `state`. Raises AuditError when there is none."""
    standing = raw.steps(c.instance, state.locations[c.instance])
    found = [r for r in standing if r.index == index and raw.ready(state, r) and _with(r, c)]
    if len(found) != 1:
        raise AuditError(f"raw step {index} of {_name(raw, c)} is not enabled where the composed step takes it")
    if found[0].child != c.child and found[0].step.spawn is not None:
        raise AuditError(f"raw step {index} of {_name(raw, c)} starts another goroutine")
    return found[0]


def _with(raw: Concrete, c: Concrete) -> bool:
    """Whether a raw step is taken with the goroutine, and the half of it, that the composed step is taken with."""
    if raw.partner is None or c.partner is None:
        return raw.partner is None
    halves = c.partner.step.origin or (c.partner.index,)
    return raw.partner.instance == c.partner.instance and raw.partner.index in halves


def _prelude(program: Program, raw: Interpreter, start: State) -> State:
    """Take the raw steps done before the start, and compare."""
    state = raw.initial()
    for instance, indices in zip(program.instances, program.prelude, strict=False):
        for index in indices:
            standing = raw.steps(instance.number, state.locations[instance.number])
            enabled = [s for s in standing if raw.ready(state, s)]
            if [s.index for s in enabled] != [index]:
                raise AuditError(f"{instance.name} has a choice or no step before the start")
            after = raw.take(state, enabled[0])
            if isinstance(after, Fail):
                raise AuditError(f"{instance.name} fails before the start: {after.message}")
            state = after
    _same_state(program, start, state, "at the start")
    return state


def _same_state(program: Program, composed: State, raw: State, when: str) -> None:
    for instance, a, b in zip(program.instances[1:], composed.locations[1:], raw.locations[1:], strict=True):
        if a != b:
            raise AuditError(f"{when}: {instance.name} is at {b} in the raw program, at {a} in the composed one")
    for decl, a, b in zip(program.cells, composed.cells, raw.cells, strict=True):
        if a != b:
            raise AuditError(f"{when}: {decl.name} is {b} in the raw program, {a} in the composed one")


def _same_failure(c: Concrete, composed: State | Fail, raw: State | Fail) -> Fail:
    if not isinstance(composed, Fail) or not isinstance(raw, Fail) or composed != raw:
        raise AuditError(f"'{c.step.text}' fails differently: {_words(composed)} composed, {_words(raw)} raw")
    return composed


def _words(outcome: State | Fail) -> str:
    return f"{outcome.kind}: {outcome.message}" if isinstance(outcome, Fail) else "no failure"


def _name(raw: Interpreter, c: Concrete) -> str:
    return raw.program.instances[c.instance].name


def _walked(
    program: Program,
    choices: tuple[int, ...],
    composed: Interpreter,
    raw: Interpreter,
    going: _Going,
    fail: Fail | None,
) -> Walk:
    walked = Walk(
        program, choices, composed, raw, tuple(going.states), tuple(going.raw_states), tuple(going.taken), None
    )
    return replace(walked, failure=fail)
