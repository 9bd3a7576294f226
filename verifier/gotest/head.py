"""What a generated test says about itself: model, property, schedule, how to run it, what Go then reports."""

from __future__ import annotations

from verifier.gotest.gofile import GoTest
from verifier.gotest.request import Request
from verifier.source import Span


def command(test: GoTest) -> str:
    """How to run a test, in its directory. With inlining, functions would be missing in the stacks of a race."""
    return f"go test {'-race -gcflags=-l ' if test.race else ''}-run '^{test.name}$' -count=1"


def head(path: str, asked: Request, name: str, loose: tuple[str, ...], two: tuple[str, ...] = ()) -> str:
    """The comment at the top of a test. `two`: statements of the model that are two in it."""
    prop, trace = asked.property, asked.trace
    lines = [f"{name} shows on the real runtime what `verify {path}` found:", ""]
    lines += [f"    {prop.name}: {prop.sentence}", ""]
    if asked.hammer:
        lines += ["No test can force the schedule that leads there, because", f"{asked.hammer}."]
        lines += ["So the goroutines run freely, over and over, until it happens. Where it can happen, they wait for"]
        lines += ["each other a moment. The schedule:"]
    else:
        lines += [
            "Its goroutines run in the order of a schedule: at(n) holds each of them before its n-th place until it"
        ]
        lines += ["is its turn. The same steps, one by one:"]
    lines += ["", f"    verify replay {path} {trace.path}", ""]
    lines += ["Put this file into a directory of its own and run", ""]
    lines += [f"    {command(GoTest('', name, asked.race()))}"]
    lines += _outcome(asked)
    if two:
        lines += [
            "",
            "Others come between what a statement reads and what it writes, so that it stands here as two:",
            "",
        ]
        lines += [f"    {text}" for text in two]
    if loose and not asked.hammer:
        lines += ["", "Within one statement nothing can be held. In the schedule others come between the steps of", ""]
        lines += [f"    {text}" for text in loose]
    return comment(lines)


def _outcome(asked: Request) -> list[str]:
    prop, trace = asked.property, asked.trace
    match prop.kind:
        case "race":
            out = ["", "Go then reports these two accesses, which nothing orders:", ""]
            for r in trace.race:
                what = "write" if r.write else "read"
                out.append(f"    {what} of {r.location} by {r.goroutine}: {r.text} ({_place(r.span)})")
            return out
        case "ordered":
            out = [
                "",
                "Go then reports that nothing orders a write of `probe` and a read of it. They stand at the",
            ]
            return [*out, "labels between which the model demands an edge:", "", f"    {prop.formula}"]
        case "deadlock":
            out = ["", "It fails with the stacks of all goroutines when these wait for ever:", ""]
            return out + [f"    {w.goroutine} [{w.operation}] ({_place(w.span)})" for w in trace.waiting]
        case "starvation":
            last = len(trace.steps)
            out = ["", "It fails when this goroutine has got no further although others have gone round and round,"]
            out += [f"in steps {last - trace.loop + 1} to {last}:", ""]
            return out + [f"    {w.goroutine} [{w.operation}] ({_place(w.span)})" for w in trace.waiting]
        case "panic" | "fatal":
            words = "panic" if prop.kind == "panic" else "fatal error"
            return ["", "The process then dies with", "", f"    {words}: {trace.failure}"]
        case _:
            return []


def comment(lines: list[str]) -> str:
    """Lines as a Go comment; what is indented by four blanks is shown as it is."""
    return "\n".join(f"//\t{line[4:]}" if line.startswith("    ") else f"// {line}".rstrip() for line in lines)


def _place(span: Span | None) -> str:
    return f"{span.file}:{span.line}" if span is not None else "?"
