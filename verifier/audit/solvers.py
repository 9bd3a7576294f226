"""Solvers that are asked: z3 in this process, cvc5 in one of its own that is killed when its time is up.

Both are imported only when they are used. An answer is `unsat`, `sat` or `unknown`; nothing else counts as one.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from verifier.audit.interpret import AuditError

SECONDS = 20
"""Time for one question."""

Solver = Callable[[str], str]

_CVC5 = """
import sys, cvc5
solver = cvc5.Solver()
parser = cvc5.InputParser(solver)
parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, sys.stdin.read(), "query")
symbols = parser.getSymbolManager()
while True:
    command = parser.nextCommand()
    if command.isNull():
        break
    sys.stdout.write(str(command.invoke(solver, symbols)))
"""


def z3_solver(seconds: float = SECONDS) -> Solver:
    """z3: preprocessing, bit-blasting and SAT, each question on its own. Raises ImportError."""
    import z3

    def ask(text: str) -> str:
        context = z3.Context()
        steps = ("simplify", "propagate-values", "solve-eqs", "bit-blast", "sat")
        solver = z3.Then(*steps, ctx=context).solver()
        solver.set("timeout", int(seconds * 1000))
        try:
            solver.from_string(text)
        except z3.Z3Exception as error:
            raise AuditError(f"z3 does not understand an obligation: {str(error)[:200]}") from None
        return str(solver.check())

    return ask


def cvc5_solver(seconds: float = SECONDS) -> Solver:
    """cvc5, if it is installed. Raises ImportError."""
    import importlib.util

    if importlib.util.find_spec("cvc5") is None:
        raise ImportError("cvc5")

    def ask(text: str) -> str:
        whole = text + "\n(check-sat)\n"
        try:
            done = subprocess.run(
                [sys.executable, "-c", _CVC5], input=whole, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return "unknown"
        answer = done.stdout.strip()
        return answer if answer in ("sat", "unsat") else "unknown"

    return ask


SOLVERS: dict[str, Callable[[float], Solver]] = {"z3": z3_solver, "cvc5": cvc5_solver}
