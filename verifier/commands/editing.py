"""`--mutants`, `--fix`, `--odds`: what `verify MODEL` does with edits of the model, once it has been judged."""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

from verifier.commands.arguments import Parser
from verifier.records import replace

if TYPE_CHECKING:
    from verifier.commands.progress import Progress
    from verifier.evidence.result import Result
    from verifier.model.document import Document
    from verifier.mutate.pool import Pool
    from verifier.pipeline import Options


def add_editing(parser: Parser) -> None:
    """The options."""
    add = parser.add_argument
    words = "take every protective step away in turn (lock, check, atomic …): which properties then no longer hold"
    add("--mutants", action="store_true", help=words)
    add("--fix", action="store_true", help="look for the smallest single edits with which an UNSAFE model is SAFE")
    add(
        "--odds",
        action="store_true",
        help="would a test have seen it: how many schedules show a failure, and why others do not",
    )
    add("--no-cache", dest="cache", action="store_false", help="judge edited models anew, keep no verdicts of them")


def edited(found: Result, model: Document, asked: Options, given: argparse.Namespace, line: Progress | None) -> Result:
    """The result with what was asked about edits of the model."""
    from verifier.mutate.judge import Budget

    budget = Budget(clock=time.perf_counter)
    pool = _pool(given, line)
    try:
        if given.mutants:
            # Imported here, as below: few runs ask.
            from verifier.mutate.mutants import mutants

            found = replace(found, mutants=mutants(model, asked, found, pool, budget))
        if given.fix:
            from verifier.mutate.suggest import fixes

            found = replace(found, fixes=fixes(model, asked, found, pool, budget))
        if given.odds and not pool.stopped:
            from verifier.pipeline.odds import odds

            found = replace(found, odds=odds(model, asked, found))
    except KeyboardInterrupt:
        # The verdict stands: what was asked beside it is missing.
        pool.stopped = True
    if pool.stopped:
        return replace(found, notes=(*found.notes, "interrupted: what is known so far is shown"))
    return found


def _pool(given: argparse.Namespace, line: Progress | None) -> Pool:
    from verifier.evidence.build import tool_digest
    from verifier.mutate.cache import Cache, directory
    from verifier.mutate.pool import Pool, processors

    cache = Cache(directory(os.environ), tool_digest()) if given.cache else Cache(None, "")

    def told(done: int, of: int) -> None:
        if line is not None:
            line.show(f"{line.label}{done} of {of} edited models judged")

    return Pool(cache, processors(), told)
