"""`python -m benchmarks.goexamples`: the most used models of the catalogue as Go programs, in examples/go.

A SAFE model becomes a test that looks for a contradiction to the verdict, an UNSAFE one the test that forces its
counterexample. `--check` writes nothing and names the files that are out of date.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from verifier.gotest.make import go_test, stress_test
from verifier.gotest.request import candidates, request
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.pipeline.load import read_front
from verifier.verdict import Verdict

ROOT = Path(__file__).resolve().parent.parent
GO = ROOT / "examples" / "go"

SAFE = (
    "append-locked",
    "atomic-pointer-cas",
    "atomic-pointer-publish",
    "atomic-value",
    "channel-owner",
    "cond",
    "copy-on-write",
    "generic-cache",
    "mutex",
    "once",
    "once-value",
    "pointer-per-object-lock",
    "rwmutex",
    "rwmutex-check-again",
    "sharded",
    "sync-map",
    "sync-map-load-or-store",
    "trylock",
)
UNSAFE = (
    "atomic-pointer-lost-update",
    "channel-leak",
    "copied-mutex",
    "double-checked-locking",
    "lock-order",
    "nil-map",
    "pointer-escape",
    "rwmutex-recursive-rlock",
    "rwmutex-write-under-rlock",
    "sharded-two-hashes",
    "sync-map-check-then-act",
    "unprotected",
)

MILLISECONDS = 500
"""How long a program of a SAFE model runs."""

MODULE = "module models\n\ngo 1.21\n"


def program(model: str) -> tuple[str, str]:
    """The file of a model, relative to examples/go, and its Go. Raises ValueError when the verdict is another one."""
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        document, options = read_model(f"models/{model}.yaml"), Options(any_number=False)
        result, front = verify(document, options), read_front(document, options)
    finally:
        os.chdir(here)
    folder = "safe" if model in SAFE else "unsafe"
    if (result.verdict is Verdict.SAFE) is not (folder == "safe"):
        raise ValueError(f"{model} is {result.verdict.value}")
    if folder == "safe":
        made = stress_test(front, result, MILLISECONDS)
    else:
        made = go_test(front, request(candidates(result)[0]))
    name = model.replace("-", "_")
    return f"{folder}/{name}/{name}_test.go", made.text


def files() -> Iterator[tuple[Path, str]]:
    """Every file of examples/go that is made, with what it should hold."""
    yield GO / "go.mod", MODULE
    for model in (*SAFE, *UNSAFE):
        path, text = program(model)
        yield GO / path, text


def main() -> int:
    """Write what differs, or name it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a file is out of date")
    given = parser.parse_args()
    made = dict(files())
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    gone = [path for path in GO.rglob("*_test.go") if path not in made]
    for path in [*stale, *gone]:
        print(path.relative_to(ROOT))
        if given.check:
            continue
        if path in gone:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    return 1 if given.check and (stale or gone) else 0


if __name__ == "__main__":
    sys.exit(main())
