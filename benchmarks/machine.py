"""The machine in general terms, and the versions of everything that takes part."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path


def described() -> tuple[str, ...]:
    """One line for each thing that figures depend on."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores, {processor()}, {memory()}, {platform.system()}",
        f"Python {platform.python_version()}",
        f"gcc {version(['gcc', '-dumpfullversion'], r'(.+)')}",
        f"SPIN {version(['spin', '-V'], r'Version ([0-9.]+)')}",
        f"Rumur {version(['rumur', '--version'], r'v?([0-9][0-9.]+)')}",
        *_libraries(),
    )


def processor() -> str:
    """The family of the processor: its name without model numbers."""
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return family(found[1]) if found else platform.machine()


def family(name: str) -> str:
    """The words of a processor's name that say what kind it is.

    >>> family("Intel(R) Xeon(R) Platinum 8488C CPU @ 2.40GHz"), family("AMD EPYC 7R13 48-Core Processor")
    ('Intel Xeon Platinum', 'AMD EPYC')
    """
    words = re.sub(r"\((R|TM)\)", "", name.split("@")[0]).split()
    return " ".join(w for w in words if not re.search(r"\d", w) and w not in ("CPU", "Processor"))


def memory() -> str:
    """Main memory, in whole GB."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{total / 2**30:.0f} GB"


def version(command: list[str], pattern: str) -> str:
    """What a program calls its version, or that it is not installed."""
    if shutil.which(command[0]) is None:
        return "not installed"
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, ended.stdout + ended.stderr)
    return found[1].strip() if found else "of unknown version"


def _libraries() -> tuple[str, ...]:
    from importlib.metadata import PackageNotFoundError, version as installed

    found = []
    for name in ("llvmlite", "z3-solver"):
        try:
            found.append(f"{name} {installed(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return tuple(found)
