"""The record of real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.gotest.toolchain import NoToolchain, go_command

from .conformance.record import NO_GO
from .conformance.session import recorded


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What every conformance program did on the real toolchain. Skips where there is none."""
    try:
        go_command()
    except NoToolchain:
        pytest.skip(NO_GO)
    return recorded(common_folder(tmp_path_factory))


def common_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this session share."""
    base = factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base
