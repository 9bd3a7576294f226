"""`verify replay MODEL CHOICES`: walk a schedule with the auditor's interpreter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from verifier.commands import console
from verifier.commands.arguments import Parser, UsageError
from verifier.commands.setup import add_counts, add_scheme, add_verbose, program

if TYPE_CHECKING:
    from verifier.audit.confirm import Claim
    from verifier.audit.interpret import Interpreter, State
    from verifier.evidence.trace import Trace
    from verifier.program.program import Program

USAGE = "verify replay MODEL CHOICES [--at N]"

LOWERINGS = ("abstract", "runtime", "spurious", "unordered", "lost-update", "starvation", "ordered[0-9]{1,3}")


def parser() -> Parser:
    """The command line of `verify replay`."""
    made = Parser(USAGE, "Walk a schedule step by step. CHOICES is what a report prints after `replay`.")
    made.add_argument("model", metavar="MODEL", help="model file")
    made.add_argument("choices", metavar="CHOICES", nargs="?", help="such as 0/0/1; `-` takes no step")
    made.add_argument("--at", type=int, metavar="N", help="print the whole state after step N (0: the start)")
    add_counts(made)
    add_scheme(made)
    add_verbose(made)
    return made


def schedule(text: str) -> tuple[str, tuple[int, ...]]:
    """The lowering that a schedule is of, and its choices. Raises UsageError."""
    match = re.fullmatch(r"(?:([a-z0-9.-]+):)?(-|[0-9]{1,6}(?:/[0-9]{1,6})*)", text)
    lowering = (match[1] or "abstract") if match else ""
    if match is None or not re.fullmatch(rf"(?:{'|'.join(LOWERINGS)})(?:\.(?:heap|goroutines)[0-9]{{1,3}})*", lowering):
        raise UsageError(f"'{text}' is no schedule", "such as 0/0/1, runtime:0/2, or - for no step")
    return lowering, () if match[2] == "-" else tuple(map(int, match[2].split("/")))


def run(arguments: Sequence[str]) -> int:
    """Run the command. Raises UsageError and ModelError."""
    given = parser().read(arguments)
    if given.choices is None:
        words = (
            f"`verify {given.model}` prints one below each failure; to go step by step: verify replay {given.model} -"
        )
        raise UsageError("CHOICES are missing: which schedule?", words)
    lowering, taken = schedule(given.choices)
    if given.at is not None and not 0 <= given.at <= len(taken):
        raise UsageError(f"--at {given.at}: the schedule has the steps 1 to {len(taken)}; 0 is the start")
    found = program(given.model, given, lowering)
    from verifier.audit.interpret import Interpreter

    interpreter = Interpreter(found)
    last = _walk(interpreter, taken)
    if given.at is not None:
        from verifier.audit.replay import state_text

        after = "at the start" if given.at == 0 else f"after step {given.at}"
        console.out(f"{after}:\n{state_text(found, taken, given.at)}\n")
        return 0
    trace = _trace(found, interpreter, last, taken)
    console.out("\n".join([*_lines(trace), *_next(interpreter, last)]) + "\n")
    return 0


def _walk(interpreter: Interpreter, taken: tuple[int, ...]) -> State | None:
    """The state after the schedule, None when its last step fails. Raises UsageError where it cannot go on."""
    from verifier.program.program import Fail

    state = interpreter.initial()
    for number, choice in enumerate(taken, start=1):
        enabled = interpreter.enabled(state)
        if choice >= len(enabled):
            can = f"the choices there are 0 to {len(enabled) - 1}" if enabled else "no step is possible there"
            raise UsageError(f"step {number} of the schedule takes choice {choice}, but {can}")
        after = interpreter.take(state, enabled[choice])
        if isinstance(after, Fail):
            if number < len(taken):
                raise UsageError(f"step {number} of the schedule fails ({after.message}): nothing can follow it")
            return None
        state = after
    return state


def _trace(found: Program, interpreter: Interpreter, last: State | None, taken: tuple[int, ...]) -> Trace:
    """The replay, with the race or the deadlock it ends in, if there is one."""
    from verifier.audit.replay import AuditError, replay

    for claim in _claims(interpreter, last) if last is not None else ():
        try:
            return replay(found, taken, claim)
        except AuditError:
            # Only a guess that was wrong; what the two programs disagree on, the plain replay raises again.
            continue
    return replay(found, taken)


def _claims(interpreter: Interpreter, state: State) -> Iterator[Claim]:
    from verifier.audit.confirm import Claim
    from verifier.program.program import END, IDLE

    enabled = interpreter.enabled(state)
    for n, x in enumerate(enabled):
        others = {c.instance for c in enabled[n + 1 :] if c.instance != x.instance}
        names = dict.fromkeys(interpreter.program.cells[interpreter.cell(a.ref, state)].name for a in x.step.accesses)
        yield from (Claim("race", name, (x.instance, other)) for name in names for other in sorted(others))
    if not enabled:
        yield Claim("deadlock")
        return
    moving = {g for c in enabled for g in c.movers}
    blocked = [i.number for i in interpreter.program.goroutines if i.number not in moving]
    waiting = tuple(i for i in blocked if state.locations[i] not in (END, IDLE))
    # Others can still run on: these may be stuck for good all the same, all of them or one alone.
    yield from (Claim("deadlock", "", stuck) for stuck in (waiting, *((i,) for i in waiting)) if stuck)


def _lines(trace: Trace) -> list[str]:
    from verifier.evidence.result import Property
    from verifier.report.blocks import block
    from verifier.report.draw import timeline
    from verifier.verdict import Verdict

    drawn = timeline(trace)
    if not (trace.race or trace.waiting or trace.failure):
        return drawn
    return [*block(Property("replay", "replay", Verdict.UNSAFE, None, "", "replayed", 0, trace=trace)), "", *drawn]


def _next(interpreter: Interpreter, state: State | None) -> list[str]:
    """What can come next, by choice number."""
    if state is None:
        return []
    lines = ["", "next:"]
    for number, c in enumerate(interpreter.enabled(state)):
        name = interpreter.program.instances[c.instance].name
        line = f"  {c.step.span.brief}" if c.step.span else ""
        meets = "" if c.partner is None else f", to {interpreter.program.instances[c.partner.instance].name}"
        detail = f" ({c.step.detail})" if c.step.detail else ""
        lines.append(f"{number:>4}  {name}: {c.step.text}{detail}{meets}{line}")
    return lines if len(lines) > 2 else ["", "no step can follow"]
